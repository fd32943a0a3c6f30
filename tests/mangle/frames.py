"""HTTP/2 as bytes: just enough of RFC 9113 and of HPACK to say anything, right or wrong. No I/O."""

import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8
INITIAL_WINDOW, MAX_FRAME, HEADER_TABLE = 4, 5, 1  # settings


def frame(kind, flags=0, stream=0, payload=b"", length=None):
    """`length`: what the frame says of itself, if that is not the truth."""
    size = len(payload) if length is None else length
    return struct.pack(">I", size)[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def settings(**values):
    """settings(INITIAL_WINDOW=0)"""
    return frame(SETTINGS, payload=b"".join(struct.pack(">HI", globals()[name], value) for name, value in values.items()))


def window_update(stream, increment):
    return frame(WINDOW_UPDATE, stream=stream, payload=struct.pack(">I", increment))


def integer(value, bits, first=0):
    """An integer of HPACK with a prefix of so many bits."""
    most = (1 << bits) - 1
    if value < most:
        return bytes([first | value])
    out, value = [first | most], value - most
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    return bytes([*out, value])


def text(value):
    return integer(len(value), 7) + value


def literal(name, value, indexed=False):
    """One header; `indexed` puts it into the dynamic table."""
    return (b"\x40" if indexed else b"\x00") + text(name) + text(value)


def indexed(index):
    return integer(index, 7, 0x80)


def call_headers(method, *more):
    """The header block of a gRPC call, e.g. of b"/hark.v1.Admin/GetVersion"."""
    return b"".join([literal(b":method", b"POST"), literal(b":scheme", b"http"), literal(b":path", method),
                     literal(b":authority", b"localhost"), literal(b"content-type", b"application/grpc"),
                     literal(b"te", b"trailers"), *more])


def body(message, compressed=0, length=None):
    """A message of gRPC within DATA."""
    return struct.pack(">BI", compressed, len(message) if length is None else length) + message


def call(stream, method, message, flags=END_STREAM):
    return (frame(HEADERS, END_HEADERS, stream, call_headers(method)) + frame(DATA, flags, stream, body(message)))


def opening(**values):
    return PREFACE + settings(**values)
