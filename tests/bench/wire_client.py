"""A device that speaks hark.sync.v1 to the backend, for measuring: just enough WebSocket (RFC 6455), proto frames, one append
at a time."""

import base64
import os
import socket
import struct
import threading
import time
import uuid

from hark.sync.v1 import sync_pb2 as pb


class WireClient:
    def __init__(self, port, token):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.data = b""
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f"GET /api/v1/sync HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
                             "Sec-WebSocket-Protocol: hark.sync.v1.proto\r\n\r\n").encode())
        while b"\r\n\r\n" not in self.data:
            self._more()
        self.data = self.data.partition(b"\r\n\r\n")[2]
        self._send(pb.ClientFrame(hello=pb.Hello(token=token, device_id="bench")))
        while self._receive().WhichOneof("frame") != "welcome":
            pass
        self.request = 0
        self.acknowledged = {}
        self.changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def append(self, conversation, content):
        """Stores a message at the backend; its id, and when the backend's acknowledgement was here (monotonic)."""
        self.request += 1
        message = pb.Message(id=str(uuid.uuid4()), conversation_id=conversation, role=pb.ROLE_USER, content=content)
        message.created_at.GetCurrentTime()
        self._send(pb.ClientFrame(append=pb.Append(request_id=self.request, message=message)))
        with self.changed:
            if not self.changed.wait_for(lambda: self.request in self.acknowledged, 30):
                raise SystemExit("the backend did not acknowledge an append within 30 s")
            return message.id, self.acknowledged.pop(self.request)

    def close(self):
        self.socket.close()

    def _read(self):
        try:
            while True:
                frame = self._receive()
                now = time.monotonic()
                kind = frame.WhichOneof("frame")
                if kind == "ping":
                    continue
                if kind in ("ack", "refused"):
                    with self.changed:
                        if kind == "ack":
                            self.acknowledged[frame.ack.request_id] = now
                        self.changed.notify_all()
        except (OSError, EOFError):
            pass

    def _more(self):
        part = self.socket.recv(1 << 16)
        if not part:
            raise EOFError
        self.data += part

    def _take(self, count):
        while len(self.data) < count:
            self._more()
        out, self.data = self.data[:count], self.data[count:]
        return out

    def _send(self, frame):
        payload = frame.SerializeToString()
        size = len(payload)
        head = struct.pack("!BB", 0x82, 0x80 | size) if size < 126 else struct.pack("!BBH", 0x82, 0x80 | 126, size)
        self.socket.sendall(head + b"\0\0\0\0" + payload)

    def _receive(self):
        payload = b""
        while True:
            first, second = self._take(2)
            size = second & 127
            if size == 126:
                size = struct.unpack("!H", self._take(2))[0]
            elif size == 127:
                size = struct.unpack("!Q", self._take(8))[0]
            payload += self._take(size)
            if first & 15 == 8:
                raise EOFError
            if first & 0x80:
                return pb.ServerFrame.FromString(payload)
