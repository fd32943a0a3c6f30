#!/usr/bin/env python3
"""The smallest backend that harkd is content with, written from docs/sync-protocol.md (§15) with the standard library alone:
JSON, no features, everything in memory, so what it acknowledges does not outlive it. To read, and to try things with.

  tiny_backend.py --token TOKEN [--port N] [--data FILE.jsonl]    prints the port it listens on
"""

import argparse
import asyncio
import base64
import datetime
import hashlib
import json
import secrets
import struct

LIMIT = 262_144
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class ProtocolError(Exception):
    """Ends the session as CODE_MALFORMED."""


class User:
    """Conversations and the log of what changed: position n is log[n - 1]."""

    def __init__(self):
        self.epoch = secrets.token_hex(8)
        self.conversations = {}
        self.by_id = {}
        self.log = []
        self.grown = asyncio.Condition()

    def add_conversation(self, name, title):
        self.conversations[name] = {"id": name, "title": title, "messages": [], "read": 0, "since": now()}
        self.log.append((name, 0))

    def add_message(self, message):
        messages = self.conversations[message["conversationId"]]["messages"]
        stored = {"id": message["id"], "conversationId": message["conversationId"], "sequence": str(len(messages) + 1),
                  "revision": "1", "role": message["role"], "content": message["content"],
                  "createdAt": message.get("createdAt") or now()}
        for name in ("contentType", "metadata"):
            if message.get(name):
                stored[name] = message[name]
        messages.append(stored)
        self.by_id[stored["id"]] = stored
        self.log.append((stored["conversationId"], len(messages)))
        return stored

    def summary(self, name):
        item = self.conversations[name]
        messages = item["messages"]
        newest = messages[-1] if messages else {"createdAt": item["since"], "content": ""}
        unread = sum(message["role"] != "ROLE_USER" for message in messages[item["read"]:])
        return {"id": name, "title": item["title"], "lastSequence": str(len(messages)), "messageCount": str(len(messages)),
                "readSequence": str(item["read"]), "unreadCount": str(unread), "lastActivityAt": newest["createdAt"],
                "preview": newest["content"][:200]}


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class WebSocket:
    """RFC 6455, the server's side, as far as it is needed: no extensions."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    async def accept(self):
        lines = (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 10)).decode("latin-1").split("\r\n")
        fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        offered = [name.strip() for name in fields.get("sec-websocket-protocol", "").split(",")]
        if not lines[0].startswith("GET /api/v1/sync ") or "hark.sync.v1.json" not in offered:
            self.writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return False
        accept = base64.b64encode(hashlib.sha1((fields["sec-websocket-key"] + GUID).encode()).digest()).decode()
        self.writer.write(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                           f"Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: hark.sync.v1.json\r\n\r\n").encode())
        return True

    async def send(self, frame, opcode=1):
        data = json.dumps(frame, ensure_ascii=False).encode() if opcode == 1 else frame
        size = len(data)
        head = bytes([0x80 | opcode]) + (bytes([size]) if size < 126 else b"\x7e" + struct.pack(">H", size) if size < 65536
                                         else b"\x7f" + struct.pack(">Q", size))
        self.writer.write(head + data)
        await asyncio.wait_for(self.writer.drain(), 60)

    async def receive(self):
        """One frame; None when the client closed."""
        message = b""
        while True:
            first, second = await self.reader.readexactly(2)
            size = second & 0x7F
            if size >= 126:
                size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8), "big")
            if first & 0x70 or not second & 0x80 or len(message) + size > LIMIT:
                raise ProtocolError("a WebSocket frame that is not allowed")
            mask = await self.reader.readexactly(4)
            data = bytes(byte ^ mask[i % 4] for i, byte in enumerate(await self.reader.readexactly(size)))
            opcode = first & 0x0F
            if opcode == 8:
                return None
            if opcode == 9:
                await self.send(data, 10)
            elif opcode in (0, 1):
                message += data
                if first & 0x80:
                    return json.loads(message.decode("utf-8"))
            elif opcode != 10:
                raise ProtocolError("a binary message in a JSON session")


class Session:
    def __init__(self, socket, user, token):
        self.socket, self.user, self.token = socket, user, token
        self.subscribed = set()

    async def run(self):
        hello = (await asyncio.wait_for(self.socket.receive(), 10) or {}).get("hello")
        if hello is None:
            raise ProtocolError("the first frame is Hello")
        if hello.get("token") != self.token:
            await self.refuse("0", "CODE_UNAUTHENTICATED", "the token is not known")
            return
        head = len(self.user.log)
        cursor = hello.get("cursor")
        place = int(cursor.get("position", 0)) if cursor else 0
        if not cursor:
            resume = "RESUME_NO_CURSOR"
        elif cursor.get("epoch") != self.user.epoch or place > head:
            resume = "RESUME_OTHER_EPOCH"
        else:
            resume = "RESUME_OK"
        begin = place if resume == "RESUME_OK" else head
        await self.socket.send({"welcome": {"userId": "tiny", "server": "tiny_backend", "resume": resume,
                                            "cursor": {"epoch": self.user.epoch, "position": str(head)},
                                            "limits": {"maxFrameBytes": LIMIT, "maxContentBytes": 4096, "maxPageSize": 10,
                                                       "maxInFlight": 4, "maxSubscriptions": 100}}})
        changes = asyncio.create_task(self.changes(begin))
        try:
            while (frame := await self.socket.receive()) is not None:
                await self.handle(frame)
        finally:
            changes.cancel()

    async def changes(self, place):
        while True:
            async with self.user.grown:
                await self.user.grown.wait_for(lambda: len(self.user.log) > place)  # pylint: disable=cell-var-from-loop
            entries = self.user.log[place:place + 10]
            items, told = [], set()
            for name, sequence in entries:
                if sequence and name in self.subscribed:
                    items.append({"message": self.user.conversations[name]["messages"][sequence - 1]})
                told.add(name)
            items += [{"conversation": self.user.summary(name)} for name in told]
            end = place + len(entries)
            await self.socket.send({"changes": {"from": {"epoch": self.user.epoch, "position": str(place)},
                                                "to": {"epoch": self.user.epoch, "position": str(end)}, "changes": items}})
            place = end

    async def refuse(self, request, code, sentence):
        await self.socket.send({"refused": {"requestId": request, "code": code, "message": sentence}})

    async def handle(self, frame):
        for kind, handler in (("listConversations", self.list), ("getHistory", self.history), ("append", self.append),
                              ("markRead", self.mark_read)):
            if kind in frame:
                await handler(frame[kind], str(frame[kind].get("requestId", "0")))
                return
        if "hello" in frame:
            raise ProtocolError("a second Hello")
        if "subscribe" in frame:
            self.subscribed -= set(frame["subscribe"].get("remove", []))
            self.subscribed |= set(frame["subscribe"].get("add", [])) & set(self.user.conversations)
        elif "ping" in frame:
            await self.socket.send({"pong": frame["ping"]})
        for kind in ("edit", "delete", "renewToken"):
            if kind in frame:
                await self.refuse(str(frame[kind].get("requestId", "0")), "CODE_UNSUPPORTED", "not here")

    async def list(self, ask, request):
        names = sorted(self.user.conversations, key=lambda name: self.user.summary(name)["lastActivityAt"], reverse=True)
        begin = int(ask.get("pageToken") or 0)
        page = names[begin:begin + 10]
        answer = {"requestId": request, "conversations": [self.user.summary(name) for name in page], "totalCount": str(len(names))}
        if begin + len(page) < len(names):
            answer["nextPageToken"] = str(begin + len(page))
        await self.socket.send({"conversationPage": answer})

    async def history(self, ask, request):
        item = self.user.conversations.get(ask.get("conversationId"))
        if item is None:
            await self.refuse(request, "CODE_NOT_FOUND", "no such conversation")
            return
        messages = item["messages"]
        end = min(int(ask.get("beforeSequence", len(messages) + 1)) - 1, len(messages))
        begin = max(0, end - (int(ask.get("pageSize", 0)) or 10))
        answer = {"requestId": request, "conversationId": item["id"], "messages": messages[begin:end], "hasMore": begin > 0,
                  "totalCount": str(len(messages))}
        if end > begin:
            answer.update(fromSequence=str(begin + 1), toSequence=str(end))
        await self.socket.send({"history": answer})

    async def append(self, ask, request):
        message = ask["message"]
        stored = self.user.by_id.get(message["id"])
        if stored and (stored["conversationId"], stored["content"]) != (message["conversationId"], message["content"]):
            await self.refuse(request, "CODE_CONFLICT", "this id has another content")
        elif message["conversationId"] not in self.user.conversations:
            await self.refuse(request, "CODE_NOT_FOUND", "no such conversation")
        elif not 1 <= len(message.get("content", "").encode()) <= 4096:
            await self.refuse(request, "CODE_TOO_LARGE" if message.get("content") else "CODE_INVALID", "empty or too long")
        else:
            stored = stored or self.user.add_message(message)
            await self.socket.send({"ack": {"requestId": request, "messageId": stored["id"], "sequence": stored["sequence"],
                                            "revision": "1"}})
            async with self.user.grown:
                self.user.grown.notify_all()

    async def mark_read(self, ask, request):
        item = self.user.conversations.get(ask.get("conversationId"))
        if item is None:
            await self.refuse(request, "CODE_NOT_FOUND", "no such conversation")
            return
        target = min(int(ask.get("readSequence", 0)), len(item["messages"]))
        if target > item["read"]:
            item["read"] = target
            self.user.log.append((item["id"], 0))
        await self.socket.send({"ack": {"requestId": request}})
        async with self.user.grown:
            self.user.grown.notify_all()


async def serve(arguments):
    user = User()
    if arguments.data:
        with open(arguments.data, encoding="utf-8") as file:
            for line in file:
                item = json.loads(line)
                user.add_conversation(item["conversation_id"], item["title"])
                for number, part in enumerate(item["messages"], 1):
                    user.add_message({"id": f"{item['conversation_id']}-{number}", "conversationId": item["conversation_id"],
                                      "role": "ROLE_" + part["role"].upper(), "content": part["content"]})

    async def connected(reader, writer):
        socket = WebSocket(reader, writer)
        try:
            if await socket.accept():
                await Session(socket, user, arguments.token).run()
        except (ProtocolError, ValueError, KeyError, TypeError, AttributeError):
            await socket.send({"refused": {"code": "CODE_MALFORMED", "message": "the frame is not as the protocol says"}})
        except (asyncio.IncompleteReadError, asyncio.TimeoutError, OSError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", arguments.port, limit=LIMIT)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--token", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--data")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
