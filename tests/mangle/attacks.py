"""What a broken or hostile client can do to the socket below gRPC. Each attack is a function of the wire and a source of
chance; it is bounded in time and bytes, leaves nothing open but what it hands to wire.keep(), and expects nothing."""

import socket
import struct

import frames as h2

VERSION, STATUS = b"/hark.v1.Admin/GetVersion", b"/hark.v1.Sync/WatchStatus"
ECHO = 0.05  # seconds that an attack waits for an answer, at most; nothing depends on one


class Wire:
    """Connections to one socket."""

    def __init__(self, path):
        self.path, self.kept, self.refused = str(path), [], 0

    def connect(self, say=b""):
        end = socket.socket(socket.AF_UNIX)
        end.connect(self.path)  # waits while the queue of connections is full
        end.settimeout(2)
        self.say(end, say)
        return end

    def say(self, end, data):
        """As much as the other side takes. False: it has closed, or has had enough."""
        try:
            end.sendall(data)
            return True
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            return False

    def hear(self, end, size=65536):
        end.settimeout(ECHO)
        try:
            return end.recv(size)
        except (TimeoutError, ConnectionResetError):
            return b""

    def once(self, *parts):
        """Opens, says it, hears an answer, and closes."""
        with self.connect() as end:
            for part in parts:
                if not self.say(end, part):
                    break
            self.hear(end)

    def keep(self, end):
        """Stays open until release()."""
        self.kept.append(end)

    def release(self):
        for end in self.kept:
            end.close()
        self.kept.clear()


def bad_preface(wire, chance):
    for start in (chance.randbytes(200), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
                  h2.PREFACE[:chance.randrange(1, 24)], h2.PREFACE, h2.PREFACE + h2.frame(h2.PING, payload=bytes(8)),
                  b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", b"\0" * 5000):
        wire.once(start)


def garbage_frames(wire, chance):
    for _ in range(20):
        parts = [h2.opening()]
        for _ in range(chance.randint(1, 40)):
            payload = chance.randbytes(chance.choice((0, 1, 4, 5, 8, 9, 40, 2000)))
            parts.append(h2.frame(chance.choice((*range(10), 10, 77, 255)), chance.getrandbits(8),
                                  chance.choice((0, 1, 2, 3, 5, 2**31 - 1)), payload))
        wire.once(b"".join(parts))


def bit_flips(wire, chance):
    good = h2.opening() + h2.call(1, VERSION, b"") + h2.frame(h2.SETTINGS, h2.ACK) + h2.call(3, STATUS, b"")
    for _ in range(40):
        bad = bytearray(good)
        for _ in range(chance.randint(1, 6)):
            bad[chance.randrange(24, len(bad))] ^= 1 << chance.randrange(8)
        wire.once(bytes(bad[:chance.randint(24, len(bad))] if chance.random() < 0.3 else bad))


def frame_sizes(wire, chance):
    for length in (2**24 - 1, 2**24 - 1, 16385, 1):
        wire.once(h2.opening(), h2.frame(chance.choice((h2.DATA, h2.HEADERS, h2.SETTINGS, h2.PING)), 0, 1,
                                         chance.randbytes(20_000), length=length))
    big = h2.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.call_headers(VERSION))
    wire.once(h2.opening(), big, h2.frame(h2.DATA, h2.END_STREAM, 1, bytes(1_000_000)))


def broken_lengths_of_frames(wire, chance):
    for kind, payload in ((h2.SETTINGS, b"12345"), (h2.PING, b"1"), (h2.WINDOW_UPDATE, b"123"), (h2.RST_STREAM, b""),
                          (h2.GOAWAY, b"1"), (h2.PRIORITY, b"12"), (h2.PUSH_PROMISE, b"1234"), (h2.CONTINUATION, b"x")):
        wire.once(h2.opening(), h2.frame(kind, 0, chance.choice((0, 1)), payload))
    padded = h2.frame(h2.DATA, h2.PADDED, 1, b"\xff" + b"short")
    wire.once(h2.opening(), h2.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.call_headers(VERSION)), padded)


def settings_flood(wire, chance):
    end = wire.connect(h2.opening())
    flood = b"".join(h2.settings(INITIAL_WINDOW=chance.getrandbits(16), HEADER_TABLE=chance.getrandbits(12))
                     for _ in range(1000))
    for _ in range(30):  # nobody reads the answers
        if not wire.say(end, flood):
            break
    end.close()


def ping_flood(wire, chance):
    end = wire.connect(h2.opening())
    flood = b"".join(h2.frame(h2.PING, payload=chance.randbytes(8)) for _ in range(1000))
    for _ in range(30):
        if not wire.say(end, flood):
            break
    end.close()


def rapid_reset(wire, chance):
    method = chance.choice((VERSION, STATUS, b"/hark.v1.Messages/WatchMessages", b"/no/such"))
    end, cancel = wire.connect(h2.opening()), struct.pack(">I", 8)
    for first in range(1, 8000, 200):
        burst = b"".join(h2.call(stream, method, b"", h2.END_STREAM) + h2.frame(h2.RST_STREAM, 0, stream, cancel)
                         for stream in range(first, first + 200, 2))
        if not wire.say(end, burst):
            break
    end.close()


def calls_that_never_end(wire, chance):
    """More than one connection may have, none of them finished."""
    end = wire.connect(h2.opening())
    flags = chance.choice((0, h2.END_STREAM))
    for stream in range(1, 4001, 2):
        if not wire.say(end, h2.call(stream, STATUS, b"", flags)):
            break
    wire.hear(end)
    end.close()


def header_bomb(wire, chance):
    """One large header in the dynamic table, named again and again."""
    large = h2.literal(b"x-bomb", b"b" * 3500, indexed=True)
    block = h2.call_headers(VERSION) + large + h2.indexed(62) * 12_000
    wire.once(h2.opening(), h2.frame(h2.HEADERS, h2.END_HEADERS, 1, block[:16_000]), h2.call(3, VERSION, b""))
    wire.once(h2.opening(), h2.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.call_headers(
        VERSION, *(h2.literal(b"x-%d" % n, chance.randbytes(20).hex().encode()) for n in range(200)))))
    wire.once(h2.opening(), h2.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.call_headers(VERSION, h2.literal(b"a-bin", b"!" * 9000))))


def broken_headers(wire, chance):
    bad = [h2.indexed(0), h2.indexed(10_000), b"\x40\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", b"\x00\x85\xff\xff\xff\xff\xff",
           b"\x3f\xff\xff\xff\xff\x7f", h2.literal(b"", b"x"), h2.literal(b"UPPER", b"x"), h2.literal(b"x\0y", b"\r\n\r\n"),
           h2.literal(b":path", b"/twice"), h2.literal(b"grpc-timeout", b"99999999999999H"), h2.literal(b"grpc-timeout", b"-1S"),
           h2.literal(b"grpc-encoding", b"gzip"), h2.literal(b"content-length", b"18446744073709551616"), chance.randbytes(300)]
    for block in bad:
        wire.once(h2.opening(), h2.frame(h2.HEADERS, h2.END_HEADERS | h2.END_STREAM, 1, h2.call_headers(VERSION, block)))
    wire.once(h2.opening(), h2.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.literal(b":path", b"/" + b"p" * 15_000)))


def continuation_flood(wire, chance):
    """A header block that never ends: 16 MiB of it."""
    for piece in (h2.literal(b"x-more", b"m" * 8000), h2.literal(b"x-more", b"m" * 3000, indexed=True) * 5, b""):
        end = wire.connect(h2.opening())
        going = wire.say(end, h2.frame(h2.HEADERS, 0, 1, h2.call_headers(VERSION)))
        for _ in range(1000 if going else 0):
            if not wire.say(end, h2.frame(h2.CONTINUATION, 0, 1, piece)):
                break
        end.close()
    # One value that is announced as 256 MiB and comes in small pieces.
    end = wire.connect(h2.opening())
    wire.say(end, h2.frame(h2.HEADERS, 0, 1, h2.call_headers(VERSION) + b"\x00" + h2.text(b"x-long") + h2.integer(2**28, 7)))
    for _ in range(1000):
        if not wire.say(end, h2.frame(h2.CONTINUATION, 0, 1, b"v" * 16_000)):
            break
    end.close()


def window_games(wire, chance):
    top = 2**31 - 1
    for part in (h2.window_update(0, 0), h2.window_update(0, top) * 3, h2.window_update(1, top) * 2,
                 h2.settings(INITIAL_WINDOW=2**32 - 1), h2.settings(MAX_FRAME=1), h2.settings(HEADER_TABLE=2**32 - 1),
                 b"".join(h2.settings(INITIAL_WINDOW=chance.choice((0, 1, top))) for _ in range(500))):
        wire.once(h2.opening(), h2.call(1, VERSION, b""), part, h2.call(3, VERSION, b""))
    # Streams whose window never opens: they stay.
    end = wire.connect(h2.opening(INITIAL_WINDOW=0))
    for stream in range(1, 41, 2):
        wire.say(end, h2.call(stream, STATUS, b""))
    wire.keep(end)


def bodies(wire, chance):
    start = h2.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.call_headers(VERSION))
    for message in (h2.body(b"", length=2**32 - 1), h2.body(b"x", compressed=1), h2.body(b"x", compressed=77), b"\0", b"\0\0\0",
                    h2.body(b"") * 300, h2.body(bytes(10_000)), h2.body(b"x", length=4 * 1024 * 1024)):
        wire.once(h2.opening(), start, h2.frame(h2.DATA, h2.END_STREAM, 1, message))
    # Too large a message, sent to the end; and a call that stops in its middle, and stays.
    end = wire.connect(h2.opening() + start + h2.frame(h2.DATA, 0, 1, h2.body(b"", length=5 * 1024 * 1024)))
    for _ in range(40):
        if not wire.say(end, h2.frame(h2.DATA, 0, 1, bytes(16_000))):
            break
    end.close()
    wire.keep(wire.connect(h2.opening() + start + h2.frame(h2.DATA, 0, 1, h2.body(b"half", length=4_000_000))))


def half_open(wire, chance):
    """Connections that say nothing, or only how they would begin."""
    for say in (b"", b"PRI", h2.PREFACE, h2.PREFACE + h2.frame(h2.SETTINGS, length=60)) * 10:
        wire.keep(wire.connect(say))


def slow_call(wire, chance):
    """A good call, byte by byte; dropped somewhere."""
    whole = h2.opening() + h2.call(1, VERSION, b"")
    with wire.connect() as end:
        for byte in whole[:chance.randint(24, len(whole))]:
            if not wire.say(end, bytes([byte])):
                break


def other_frames(wire, chance):
    wire.once(h2.opening(), h2.frame(h2.PUSH_PROMISE, h2.END_HEADERS, 1, struct.pack(">I", 2) + h2.call_headers(VERSION)))
    wire.once(h2.opening(), h2.frame(h2.GOAWAY, 0, 0, struct.pack(">II", 0, 11) + b"x" * 10_000), h2.call(1, VERSION, b""))
    wire.once(h2.opening(), *(h2.frame(h2.PRIORITY, 0, n, struct.pack(">IB", n, 255)) for n in range(1, 2000)))
    wire.once(h2.opening(), h2.call(1, VERSION, b""), h2.call(1, VERSION, b""), h2.call(2, VERSION, b""))
    wire.once(h2.opening(), h2.frame(h2.DATA, h2.END_STREAM, 9, h2.body(b"to nobody")))
    wire.once(h2.opening(), *(h2.frame(h2.DATA, 0, n, b"") for n in range(1, 3000)))


def connect_and_close(wire, chance):
    for _ in range(300):
        wire.connect(h2.opening() if chance.random() < 0.5 else b"").close()


def thousands_of_connections(wire, chance):
    """As many as the daemon takes, all alive. Every one above that has to be told why."""
    ends = []
    try:
        for _ in range(2000):
            ends.append(wire.connect(h2.opening()))
    except (OSError, TimeoutError):
        pass  # our own descriptors, or a full backlog
    for end in ends[-300:-200]:  # the last ones still wait to be accepted
        wire.refused += b"too many connections" in wire.hear(end)
    for end in ends:
        end.close()


def endless_headers(wire, chance):
    """A header block that goes on until somebody ends it. gRPC 1.51 keeps all of it. True: it was ended."""
    end = wire.connect(h2.opening())
    end.settimeout(60)
    wire.say(end, h2.frame(h2.HEADERS, 0, 1, h2.call_headers(VERSION)))
    pieces = h2.frame(h2.CONTINUATION, 0, 1, h2.literal(b"x-more", b"m" * 16_000)) * 64
    ended = not all(wire.say(end, pieces) for _ in range(8000))  # 8 GB
    end.close()
    return ended


ATTACKS = (bad_preface, garbage_frames, bit_flips, frame_sizes, broken_lengths_of_frames, settings_flood, ping_flood, rapid_reset,
           calls_that_never_end, header_bomb, broken_headers, continuation_flood, window_games, bodies, half_open, slow_call,
           other_frames, connect_and_close, thousands_of_connections)
