"""A backend of its own for hark.sync.v1, written from docs/sync-protocol.md and sync.proto alone, with nothing of hark-backend.
It serves its Library correctly; what it says goes through a Way (way.py), where it is falsified, and lost."""

import asyncio
import contextlib
import threading

from google.protobuf import json_format

from hark.sync.v1 import sync_pb2 as pb
from library import Refusal
from way import Way
import websocket

Code = pb.Refused
PAGE = 40
LIMITS = pb.Limits(max_frame_bytes=1 << 20, max_content_bytes=65536, max_page_size=PAGE, max_in_flight=8, max_subscriptions=100)
FEATURES = ("edit", "delete", "ephemeral", "renew", "histories")


class Proto:
    opcode = websocket.BINARY

    def encode(self, frame):
        return frame.SerializeToString()

    def decode(self, payload):
        return pb.ClientFrame.FromString(payload)


class Json:
    opcode = websocket.TEXT

    def encode(self, frame):
        return json_format.MessageToJson(frame, indent=None, ensure_ascii=False).encode()

    def decode(self, payload):
        return json_format.Parse(payload.decode(), pb.ClientFrame(), ignore_unknown_fields=True)


ENCODINGS = {"hark.sync.v1.proto": Proto, "hark.sync.v1.json": Json}


class Backend:
    """Runs in a thread of its own; do() is how others get in. `users`: {token: user}, `libraries`: {user: Library}."""

    def __init__(self, faults, users, libraries, limits=LIMITS):
        self.faults, self.users, self.libraries, self.limits = faults, users, libraries, limits
        self.sessions, self.serving = set(), set()
        self.rewound = set()  # users whose log went back and whose client may not know yet: nobody writes
        self.count = 0
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, name="backend", daemon=True).start()
        self.server = self.wait_for(asyncio.start_server(self.serve, "127.0.0.1", 0, limit=1 << 21))
        self.port = self.server.sockets[0].getsockname()[1]

    def wait_for(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(60)

    def do(self, call):
        """Runs call() in the backend's thread and tells the sessions what it changed; its result."""
        async def inside():
            result = call()
            self.tell()
            return result
        return self.wait_for(inside())

    def restart(self, user, library, rewound):
        """As if the process had ended and come back with this. `rewound`: its log went back, in the same epoch."""
        if library is not self.libraries[user]:
            self.rewound.discard(user)
        if rewound:
            self.rewound.add(user)
        self.libraries[user] = library
        self.hang_up()

    def stop(self):
        self.server.close()
        self.wait_for(self.end_all())
        self.loop.call_soon_threadsafe(self.loop.stop)

    async def end_all(self):
        for task in self.serving:
            task.cancel()
        if self.serving:
            await asyncio.wait(self.serving, timeout=5)

    def hang_up(self):
        for session in list(self.sessions):
            session.writer.transport.abort()

    def tell(self):
        for session in self.sessions:
            session.moved.set()

    async def serve(self, reader, writer):
        session, task = None, asyncio.current_task()
        self.serving.add(task)  # nobody else holds it when the connection is gone
        try:
            path, fields = await websocket.read_request(reader)
            encoding = ENCODINGS.get(fields.get("sec-websocket-protocol"))
            if path != "/api/v1/sync" or encoding is None:
                writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                return
            self.count += 1
            if not self.faults.upgrade(writer, websocket.upgraded(fields, fields["sec-websocket-protocol"])):
                return
            session = Session(self, reader, writer, encoding())
            self.sessions.add(session)
            await session.run()
        except websocket.Broken as broken:
            if broken.code and not writer.transport.is_closing():
                writer.write(websocket.frame(websocket.CLOSE, broken.code.to_bytes(2, "big")))
        except ConnectionError:
            pass
        finally:
            if session:
                self.sessions.discard(session)
                session.streaming.cancel()
            writer.close()
            self.serving.discard(task)


class Session:
    def __init__(self, backend, reader, writer, encoding):
        self.backend, self.reader, self.writer, self.encoding = backend, reader, writer, encoding
        self.way = Way(backend.faults, writer, encoding)
        self.subscribed, self.listing = set(), []
        self.moved, self.heard = asyncio.Event(), asyncio.Event()
        self.streaming = asyncio.get_running_loop().create_future()
        self.user = self.library = None

    async def run(self):
        try:
            frame = await asyncio.wait_for(self.receive(), 10)
        except asyncio.TimeoutError:
            return
        place = await self.greet(frame.hello if frame.WhichOneof("frame") == "hello" else None)
        self.streaming = asyncio.ensure_future(self.stream(place))
        self.backend.serving.add(self.streaming)  # ended with the others
        self.streaming.add_done_callback(self.backend.serving.discard)
        while True:
            frame = await self.receive()
            if self.library is not self.backend.libraries[self.user]:
                raise websocket.Broken  # read after the restart that ended this session
            self.heard.set()
            # It has read the Welcome: from here on it knows that the log went back.
            self.backend.rewound.discard(self.user)
            kind = frame.WhichOneof("frame")
            if kind == "hello":
                await self.end(Code.CODE_MALFORMED, "a second hello")
            if kind is not None:
                await self.handle(kind, getattr(frame, kind))

    async def receive(self):
        opcode, payload = await websocket.read_message(self.reader, self.writer, self.backend.limits.max_frame_bytes)
        try:
            if opcode != self.encoding.opcode:
                raise ValueError("the other type of message")
            return self.encoding.decode(payload)
        except Exception:  # noqa: BLE001: whatever the decoder says, the frame does not parse
            await self.end(Code.CODE_MALFORMED, "this does not parse")

    async def end(self, code, text, retry=0):
        await self.way.send(pb.ServerFrame(refused=pb.Refused(code=code, message=text, retry_after_ms=retry)))
        raise websocket.Broken(1008)

    async def greet(self, hello):
        if hello is None:
            await self.end(Code.CODE_MALFORMED, "hello comes first")
        if hello.token not in self.backend.users:
            await self.end(Code.CODE_UNAUTHENTICATED, "unknown token")
        refusal = self.backend.faults.refuse("hello")
        if refusal:
            await self.end(refusal.code, "not now", refusal.retry_after_ms)
        self.user = self.backend.users[hello.token]
        library = self.library = self.backend.libraries[self.user]
        head = library.head
        welcome = pb.Welcome(user_id=self.user, session_id=f"s-{self.backend.count}", server="hostile/1.0",
                             heartbeat_ms=400, features=FEATURES, cursor=pb.Cursor(epoch=library.epoch, position=head),
                             limits=self.backend.limits)
        place = head
        if not hello.HasField("cursor"):
            welcome.resume = pb.Welcome.RESUME_NO_CURSOR
        elif hello.cursor.epoch != library.epoch or hello.cursor.position > head:
            welcome.resume = pb.Welcome.RESUME_OTHER_EPOCH
        elif hello.cursor.position < library.dropped or self.backend.faults.cold():
            welcome.resume = pb.Welcome.RESUME_TOO_OLD
        else:
            welcome.resume = pb.Welcome.RESUME_OK
            place = hello.cursor.position
            self.backend.rewound.discard(self.user)
        self.way.epoch, self.way.place = library.epoch, place
        await self.way.send(pb.ServerFrame(welcome=welcome))
        return place

    async def stream(self, place):
        with contextlib.suppress(ConnectionError):  # the reader finds out, too
            await self.stream_on(place)

    async def stream_on(self, place):
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.heard.wait(), 0.25)
        library = self.library
        while True:
            self.moved.clear()
            while library.dropped <= place < library.head:  # what was dropped meanwhile, the restart has ended
                end, changes = library.changes(place, self.subscribed, self.backend.faults.stretch())
                cursors = [pb.Cursor(epoch=library.epoch, position=p) for p in (place, end)]
                await self.way.send(pb.ServerFrame(changes={"from": cursors[0], "to": cursors[1], "changes": changes}))
                place = end
            await self.moved.wait()

    async def handle(self, kind, request):
        if kind == "subscribe":
            self.subscribed -= set(request.remove)
            self.subscribed |= {c for c in request.add if c in self.library.conversations}
            return
        if kind == "ping":
            await self.way.send(pb.ServerFrame(pong=pb.Pong(nonce=request.nonce)))
            return
        number = request.request_id
        refusal = self.backend.faults.refuse(kind)
        writes = kind in ("append", "edit", "delete", "mark_read")
        if writes and self.user in self.backend.rewound:
            refusal = pb.Refused(code=Code.CODE_UNAVAILABLE, message="just restored", retry_after_ms=50)
        try:
            if number == 0:
                raise Refusal(Code.CODE_INVALID, "a request needs a number")
            if refusal and not (writes and self.backend.faults.done_all_the_same(refusal)):
                raise Refusal(refusal.code, "not now")
            answer = getattr(self, "on_" + kind)(request)
            if writes:
                self.backend.tell()
            if refusal:
                raise Refusal(refusal.code, "not now, it says, and did it")
        except Refusal as no:
            answer = pb.ServerFrame(refused=pb.Refused(request_id=number, code=no.code, message=no.text,
                                                       retry_after_ms=refusal.retry_after_ms if refusal else 0))
        await self.way.send(answer, request)

    def on_list_conversations(self, request):
        size = min(request.page_size or PAGE, PAGE)
        if not request.page_token:
            self.listing = sorted(self.library.conversations.values(), reverse=True,
                                  key=lambda c: c.summary().last_activity_at.ToMilliseconds())
            start = 0
        elif request.page_token.isdigit() and int(request.page_token) <= len(self.listing):
            start = int(request.page_token)
        else:
            raise Refusal(Code.CODE_INVALID, "unknown token")
        size = self.backend.faults.shorter(size)
        page = pb.ConversationPage(request_id=request.request_id, total_count=len(self.listing),
                                   total_messages=sum(len(c.messages) for c in self.listing),
                                   conversations=[c.summary() for c in self.listing[start:start + size]])
        if start + size < len(self.listing):
            page.next_page_token = str(start + size)
        return pb.ServerFrame(conversation_page=page)

    def on_get_history(self, request):
        size = self.backend.faults.shorter(min(request.page_size or PAGE, PAGE))
        return pb.ServerFrame(history=self.library.history(request, size))

    def on_get_histories(self, request):
        if not request.asks:
            raise Refusal(Code.CODE_INVALID, "nothing is asked for")
        pages = []
        for ask in request.asks[:self.backend.faults.shorter(len(request.asks))]:
            try:
                size = self.backend.faults.shorter(min(ask.page_size or PAGE, PAGE))
                pages.append(self.library.history(ask, size))
            except Refusal:
                pages.append(pb.History(conversation_id=ask.conversation_id, has_more=True))
        return pb.ServerFrame(histories=pb.Histories(request_id=request.request_id, pages=pages))

    def on_append(self, request):
        library, wanted = self.library, request.message
        sabotage = self.backend.faults.sabotage
        if sabotage == "lose" and self.backend.faults.random.random() < 0.1:
            return self.ack(request, wanted.id, library.find(wanted.conversation_id).last_sequence + 1, 1)
        if sabotage == "double" and wanted.id in library.firsts:
            library.born(wanted.conversation_id, wanted.role, wanted.content)
        return self.ack(request, wanted.id, library.append(wanted), 1)

    def on_edit(self, request):
        edited_at = request.edited_at.ToMilliseconds() if request.HasField("edited_at") else None
        message = self.library.edit(request.conversation_id, request.message_id, request.base_revision, request.content,
                                    edited_at)
        return self.ack(request, message.id, message.sequence, message.revision)

    def on_delete(self, request):
        message = self.library.delete(request.conversation_id, request.message_id, request.base_revision)
        return self.ack(request, message.id, message.sequence, message.revision)

    def on_mark_read(self, request):
        self.library.mark_read(request.conversation_id, request.read_sequence)
        return pb.ServerFrame(ack=pb.Ack(request_id=request.request_id))

    def on_renew_token(self, request):
        token = f"token-{self.user}-{len(self.backend.users)}"
        self.backend.users[token] = self.user
        return pb.ServerFrame(token_renewed=pb.TokenRenewed(request_id=request.request_id, token=token))

    @staticmethod
    def ack(request, key, sequence, revision):
        return pb.ServerFrame(ack=pb.Ack(request_id=request.request_id, message_id=key, server_id="srv-" + key[:8],
                                         sequence=sequence, revision=revision))
