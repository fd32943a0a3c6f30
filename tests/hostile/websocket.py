"""The server's side of WebSocket (RFC 6455), by hand: the upgrade, and frames in both directions. No compression."""

import asyncio
import base64
import hashlib
import struct

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Broken(Exception):
    """The connection is over; `code` is what to close it with, 0 if there is nobody to tell."""

    def __init__(self, code=0):
        super().__init__(code)
        self.code = code


async def read_request(reader):
    """The path, and the header's fields by their names in lower case."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
        raise Broken from None
    fields = (line.partition(":") for line in head[1:] if line)
    return head[0].split(" ")[1], {name.strip().lower(): value.strip() for name, _, value in fields}


def upgraded(fields, subprotocol):
    accept = base64.b64encode(hashlib.sha1(fields["sec-websocket-key"].encode() + GUID).digest()).decode()
    return (f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: {subprotocol}\r\n\r\n").encode()


def frame(opcode, payload, final=True, reserved=0):
    first = (0x80 if final else 0) | reserved << 4 | opcode
    if len(payload) < 126:
        return struct.pack("!BB", first, len(payload)) + payload
    if len(payload) < 65536:
        return struct.pack("!BBH", first, 126, len(payload)) + payload
    return struct.pack("!BBQ", first, 127, len(payload)) + payload


def fragments(opcode, payload, at):
    """One message in two frames, with a ping between them, as the RFC allows."""
    return frame(opcode, payload[:at], final=False) + frame(PING, b"between") + frame(0, payload[at:])


async def read_message(reader, writer, limit):
    """The next message: (opcode, payload). Answers pings on the way. Raises Broken."""
    kind, message = 0, b""
    while True:
        opcode, final, payload = await _read_frame(reader, limit)
        if opcode == PING:
            writer.write(frame(PONG, payload))
        elif opcode == CLOSE:
            raise Broken(1000)
        elif opcode != PONG:
            if (opcode == 0) == (kind == 0):
                raise Broken(1002)
            kind, message = kind or opcode, message + payload
            if len(message) > limit:
                raise Broken(1009)
            if final:
                return kind, message


async def _read_frame(reader, limit):
    try:
        first, second = await reader.readexactly(2)
        size = second & 0x7F
        if size == 126:
            size = struct.unpack("!H", await reader.readexactly(2))[0]
        elif size == 127:
            size = struct.unpack("!Q", await reader.readexactly(8))[0]
        if first & 0x70 or not second & 0x80:
            raise Broken(1002)
        if size > limit:
            raise Broken(1009)
        mask = await reader.readexactly(4)
        payload = await reader.readexactly(size)
    except (asyncio.IncompleteReadError, ConnectionError):
        raise Broken from None
    key = (mask * (size // 4 + 1))[:size]
    clear = int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")
    return first & 0x0F, bool(first & 0x80), clear.to_bytes(size, "big")
