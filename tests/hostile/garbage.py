"""Frames that end a session: too large, not what they say, against the protocol."""

import struct

from hark.sync.v1 import sync_pb2 as pb
import websocket


def make(random, encoding, frame):
    """The bytes of one that comes before `frame`, made out of it or not."""
    return random.choice(BYTES + FRAMES)(random, encoding, frame)


def _message(opcode):
    """A maker of whole WebSocket messages out of a maker of payloads."""
    def wrap(payload):
        return lambda random, encoding, frame: websocket.frame(opcode or encoding.opcode, payload(random))
    return wrap


def _falsified(change):
    """A maker of well-formed frames with contents that break a rule; where there is nothing to break, of an unfinished one."""
    def make_one(random, encoding, frame):
        false = pb.ServerFrame()
        false.CopyFrom(frame)
        if change(random, false) is None:
            return websocket.frame(encoding.opcode, encoding.encode(frame)[:-1] + b"\xff")
        return websocket.frame(encoding.opcode, encoding.encode(false))
    return make_one


def _messages(frame):
    told = [c.message for c in frame.changes.changes if c.HasField("message")]
    return told + [m for page in _pages(frame) for m in page.messages]


def _pages(frame):
    return list(frame.histories.pages) if frame.HasField("histories") else [frame.history]


def _break_message(random, frame):
    for message in _messages(frame)[:1]:
        what = random.choice(("sequence", "revision", "id", "long id", "content", "metadata"))
        if what in ("sequence", "revision"):
            setattr(message, what, random.choice((0, 2**63, 2**64 - 1)))
        elif what == "content":
            message.content = "x" * 65537
        elif what == "metadata":
            message.metadata["x"] = "x" * 5000
        else:
            message.id = "" if what == "id" else "x" * 129
        return frame


def _break_page(random, frame):
    page = random.choice(_pages(frame))
    if len(page.messages) < 2:
        return None
    what = random.choice(("order", "conversation", "range"))
    if what == "order":
        page.messages.reverse()
    elif what == "conversation":
        page.messages[0].conversation_id = "another"
    else:
        page.to_sequence = page.messages[-1].sequence - 1
    return frame


def _break_cursor(random, frame):
    if not frame.HasField("changes"):
        return None
    what = random.choice(("epoch", "back", "hole", "far"))
    if what == "epoch":
        frame.changes.to.epoch = "another"
    elif what == "back":
        frame.changes.to.position = getattr(frame.changes, "from").position - 1 if frame.changes.to.position > 1 else 0
    elif what == "hole":
        getattr(frame.changes, "from").position += 1000
        frame.changes.to.position += 1000
    else:
        frame.changes.to.position = 2**63
    return frame


def _break_ack(_, frame):
    if not frame.ack.message_id:
        return None
    frame.ack.sequence = 0
    return frame


text, binary, own = _message(websocket.TEXT), _message(websocket.BINARY), _message(0)
BYTES = [
    own(lambda random: random.randbytes(random.randint(1, 200))),
    own(lambda random: b"\x0a" + b"\xff" * random.randint(1, 12)),
    own(lambda _: b" " * (1 << 20) + b" "),
    own(lambda _: b""),
    text(lambda _: b'{"changes": {"from": {"epoch": "\xff\xfe"}}}'),
    text(lambda _: b'{"changes": ' * 100_000),
    text(lambda _: b"[" * 200_000),
    text(lambda _: b'{"ack": {"requestId": "1"}, "pong": {"nonce": "1"}}'),
    text(lambda _: b'{"ack": {"requestId": "abc"}}'),
    text(lambda _: b'{"changes": {"changes": [{"message": "a string"}]}}'),
    binary(lambda _: b"\x22\x06\x1a\x04\x12\x02\x0a\x00"),
    lambda random, encoding, _: websocket.frame(encoding.opcode, b"reserved", reserved=random.randint(1, 7)),
    lambda *_: websocket.frame(3, b"an opcode that is not one"),
    lambda *_: websocket.frame(0, b"a continuation of nothing"),
    lambda *_: websocket.frame(websocket.PING, b"x" * 200),
    lambda *_: struct.pack("!BBQ", 0x82, 127, 2**63 + 5),
    lambda *_: websocket.frame(websocket.CLOSE, b"\x03"),
    lambda *_: websocket.frame(websocket.CLOSE, struct.pack("!H", 1011) + b"\xff\xff"),
]
FRAMES = [_falsified(change) for change in (_break_message, _break_page, _break_cursor, _break_ack)] * 3
