"""The way from the hostile backend to harkd: each frame may be repeated, late, older than it should be, not what it says, or
lost with the connection cut at any byte. Only what the protocol lets a client recover from, and told in the end: a summary
that was falsified is noted in Faults.lied, so that the storm can have the truth told once more."""

import asyncio
import collections

from hark.sync.v1 import sync_pb2 as pb
import garbage
import websocket

ANSWERS = ("history", "histories", "conversation_page", "ack", "refused")
TRANSIENT = (pb.Refused.CODE_RATE_LIMITED, pb.Refused.CODE_UNAVAILABLE, pb.Refused.CODE_INTERNAL, 99)
PERMANENT = (pb.Refused.CODE_PERMISSION, pb.Refused.CODE_INVALID, pb.Refused.CODE_TOO_LARGE, pb.Refused.CODE_CONFLICT)
UNKNOWN_FIELD = b"\xc2\x3e\x07unknown"  # number 1000, bytes

# What happens to frames: (name, kinds or () for all, how often in 1,000).
FAULTS = (
    ("repeat", (), 30),
    ("late", ("changes", *ANSWERS), 30),
    ("cut", (), 10),
    ("lost", ("changes", *ANSWERS), 8),
    ("mute", (), 2),
    ("garbage", (), 6),
    ("fragments", (), 30),
    ("unknown", (), 30),
    ("ephemeral", ("changes", *ANSWERS), 30),
    ("going_away", ("changes", *ANSWERS), 4),
    ("unasked", ANSWERS, 20),
    ("repeat_old", ("changes",), 40),
    ("overlap", ("changes",), 15),
    ("stale_before", ("changes",), 40),
    ("stale_after", ("changes",), 40),
    ("no_more", ("history", "histories"), 30),
    ("more", ("history", "histories"), 30),
    ("empty", ("history", "histories", "conversation_page"), 40),
    ("none", ("histories",), 20),
    ("left_out", ("histories",), 20),
    ("other_log", ("welcome",), 15),
    ("bare_welcome", ("welcome",), 15),
)


class Faults:
    """One for the whole backend. `on` switches everything off at once; `done` counts."""

    def __init__(self, random, sabotage=""):
        self.random, self.sabotage, self.on = random, sabotage, False
        self.done = collections.Counter()
        self.lied = set()
        self.summaries, self.versions = {}, {}  # what was told of an item before, by id

    def happens(self, name, per_thousand):
        if self.on and self.random.random() * 1000 < per_thousand:
            self.done[name] += 1
            return True
        return False

    def draw(self, kind):
        """What happens to this frame: a name, or nothing."""
        if not self.on:
            return ""
        left = self.random.random() * 1000
        for name, kinds, often in FAULTS:
            if not kinds or kind in kinds:
                left -= often
                if left < 0:
                    self.done[name] += 1
                    return name
        return ""

    def refuse(self, kind):
        """A refusal of this request, that has no reason; or None."""
        if kind in ("append", "edit", "delete") and self.happens("refused for good", 10):
            return pb.Refused(code=self.random.choice(PERMANENT))
        if self.happens("refused for now", 50):
            return pb.Refused(code=self.random.choice(TRANSIENT), retry_after_ms=self.random.choice((0, 1, 30, 100)))
        return None

    def done_all_the_same(self, refusal):
        return refusal.code in TRANSIENT and self.happens("refused and done", 500)

    def cold(self):
        """Says "too old" of a cursor that is not."""
        return not self.sabotage and self.happens("too old", 60)

    def shorter(self, size):
        return self.random.randint(1, size) if self.happens("short page", 300) else size

    def stretch(self):
        return self.random.randint(1, 40) if self.on else 40

    def upgrade(self, writer, response):
        """Answers the upgrade; whether a session begins."""
        if self.happens("upgrade refused", 30):
            writer.write(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
        elif self.happens("upgrade cut", 30):
            writer.write(response[:self.random.randrange(len(response))])
        elif self.happens("upgrade falsified", 30):
            writer.write(response.replace(*self.random.choice((
                (b"Sec-WebSocket-Accept: ", b"Sec-WebSocket-Accept: x"), (b"sync.v1", b"sync.v9"), (b"101", b"200"),
                (b"\r\n\r\n", b"\r\n" + b"X-Long: " + b"x" * 100_000 + b"\r\n\r\n")))))
        else:
            writer.write(response)
            return True
        return False

    def remember(self, frame):
        for change in frame.changes.changes:
            kind = change.WhichOneof("change")
            memory, item = (self.versions, change.message) if kind == "message" else (self.summaries, change.conversation)
            memory.setdefault(item.id, collections.deque(maxlen=4)).append(item)


class Way:
    """Of one session. `epoch` and `place`: where its change stream begins."""

    def __init__(self, faults, writer, encoding):
        self.faults, self.random, self.writer, self.encoding = faults, faults.random, writer, encoding
        self.muted = False
        self.held = []
        self.later = set()
        self.told = collections.deque(maxlen=10)
        self.epoch, self.place = "", 0

    async def send(self, frame, request=None):
        kind = frame.WhichOneof("frame")
        name = self.faults.draw(kind)
        if kind == "changes":
            if self.faults.on and self.faults.sabotage == "silent" and self.random.random() < 0.3:
                del frame.changes.changes[:]
            self.faults.remember(frame)
        held, self.held = self.held, []
        await getattr(self, "do_" + name, self.put)(frame, request)
        for late in held:
            await self.put(late)
        if kind == "changes":
            self.told.append(frame)

    async def put(self, frame, _=None):
        await self.put_bytes(websocket.frame(self.encoding.opcode, self.encoding.encode(frame)))

    async def put_bytes(self, data):
        if self.muted:
            await asyncio.sleep(0)  # others have their turn
        else:
            self.writer.write(data)
            await self.writer.drain()

    def cut(self):
        self.writer.transport.abort()

    # ---- what happens to a frame ----

    async def do_repeat(self, frame, _):
        await self.put(frame)
        await self.put(frame)

    async def do_late(self, frame, _):
        """After the next one, or after a while."""
        self.held.append(frame)

        async def at_last():
            await asyncio.sleep(0.1)  # the delay is what is tested
            if frame in self.held and not self.writer.transport.is_closing():
                self.held.remove(frame)
                await self.put(frame)
        task = asyncio.ensure_future(at_last())
        self.later.add(task)  # the loop itself does not keep it alive
        task.add_done_callback(self.later.discard)

    async def do_cut(self, frame, _):
        data = websocket.frame(self.encoding.opcode, self.encoding.encode(frame))
        await self.put_bytes(data[:self.random.randrange(len(data))])
        self.writer.close()  # what was written goes out first

    async def do_lost(self, *_):
        asyncio.get_running_loop().call_later(self.random.uniform(0, 0.2), self.cut)

    async def do_mute(self, *_):
        """Open, and nothing comes any more: for the heartbeat to find."""
        self.muted = True

    async def do_garbage(self, frame, _):
        await self.put_bytes(garbage.make(self.random, self.encoding, frame))
        await self.put(frame)

    async def do_fragments(self, frame, _):
        payload = self.encoding.encode(frame)
        await self.put_bytes(websocket.fragments(self.encoding.opcode, payload, self.random.randrange(len(payload) + 1)))

    async def do_unknown(self, frame, _):
        """Fields and a kind of frame that the client does not know."""
        payload = b'{"somethingNew": {"a": [1, null]}}' if self.encoding.opcode == websocket.TEXT else UNKNOWN_FIELD
        await self.put_bytes(websocket.frame(self.encoding.opcode, payload))
        more = pb.ServerFrame()
        more.CopyFrom(frame)
        getattr(more, more.WhichOneof("frame")).MergeFromString(UNKNOWN_FIELD)
        await self.put(more)

    async def do_ephemeral(self, frame, _):
        conversation = self.random.choice([*self.faults.summaries, "nowhere"])
        partial = pb.Partial(message_id="nothing comes of it", role=77, offset=self.random.choice((0, 0, 3, 2**40)),
                             text="é" * self.random.randint(0, 50))
        for what in ({"typing": pb.Typing(role=pb.ROLE_ASSISTANT, active=True)}, {"partial": partial}, {}):
            await self.put(pb.ServerFrame(ephemeral=pb.Ephemeral(conversation_id=conversation, **what)))
        await self.put(frame)

    async def do_going_away(self, frame, _):
        await self.put(pb.ServerFrame(going_away=pb.GoingAway(reason="because", reconnect_after_ms=20)))
        self.writer.close()

    async def do_unasked(self, frame, _):
        """The same answer to a request that nobody made, then the answer."""
        other = pb.ServerFrame()
        other.CopyFrom(frame)
        getattr(other, other.WhichOneof("frame")).request_id += 1_000_000
        await self.put(other)
        await self.put(frame)

    async def do_repeat_old(self, frame, _):
        if self.told:
            await self.put(self.random.choice(self.told))
        await self.put(frame)

    async def do_overlap(self, frame, _):
        """A stretch that begins before the client's place."""
        if self.told:
            old, new = self.told[-1].changes, frame.changes
            frame = pb.ServerFrame(changes={"from": getattr(old, "from"), "to": new.to,
                                            "changes": [*old.changes, *new.changes]})
        await self.put(frame)

    def stale(self, frame):
        """Older states of what the frame tells."""
        old = []
        for change in frame.changes.changes:
            if change.WhichOneof("change") == "message":
                old += [pb.Change(message=m) for m in self.faults.versions[change.message.id]]
            else:
                old += [pb.Change(conversation=c) for c in self.faults.summaries[change.conversation.id]]
        return old

    async def do_stale_before(self, frame, _):
        changed = pb.ServerFrame()
        changed.CopyFrom(frame)
        del changed.changes.changes[:]
        changed.changes.changes.extend(self.stale(frame) + list(frame.changes.changes))
        await self.put(changed)

    async def do_stale_after(self, frame, _):
        changed = pb.ServerFrame()
        changed.CopyFrom(frame)
        changed.changes.changes.extend(reversed(self.stale(frame)))
        self.faults.lied |= {c.conversation.id for c in frame.changes.changes if c.HasField("conversation")}
        await self.put(changed)

    async def do_no_more(self, frame, _):
        """There is more, and it says that there is not; of the range it says the truth."""
        await self.put(self.saying_more(frame, False))

    async def do_more(self, frame, _):
        await self.put(self.saying_more(frame, True))

    def saying_more(self, frame, more):
        falsified = pb.ServerFrame()
        falsified.CopyFrom(frame)
        pages = falsified.histories.pages if frame.HasField("histories") else [falsified.history]
        self.random.choice(pages).has_more = more
        return falsified

    async def do_empty(self, frame, request):
        if frame.HasField("history"):
            await self.put(pb.ServerFrame(history=pb.History(request_id=request.request_id,
                                                             conversation_id=request.conversation_id, has_more=True)))
        elif frame.HasField("histories"):
            pages = [pb.History(conversation_id=ask.conversation_id, has_more=True) for ask in request.asks]
            await self.put(pb.ServerFrame(histories=pb.Histories(request_id=request.request_id, pages=pages)))
        else:
            await self.put(pb.ServerFrame(conversation_page=pb.ConversationPage(
                request_id=request.request_id, next_page_token=request.page_token or "0",
                total_count=frame.conversation_page.total_count)))

    async def do_none(self, _, request):
        """An answer without any page."""
        await self.put(pb.ServerFrame(histories=pb.Histories(request_id=request.request_id)))

    async def do_left_out(self, frame, _):
        """The pages are not those that were asked for."""
        falsified = pb.ServerFrame()
        falsified.CopyFrom(frame)
        falsified.histories.pages.pop(0)
        await self.put(falsified)

    async def do_other_log(self, frame, _):
        """Says that it goes on, with a log that is not the client's."""
        welcome = pb.ServerFrame()
        welcome.CopyFrom(frame)
        welcome.welcome.resume = pb.Welcome.RESUME_OK
        if self.random.random() < 0.5 and self.place > 0:
            welcome.welcome.cursor.position = self.place - 1
        else:
            welcome.welcome.cursor.epoch = "another"
        await self.put(welcome)

    async def do_bare_welcome(self, frame, _):
        """Leaves out what a client has defaults for."""
        welcome = pb.ServerFrame()
        welcome.CopyFrom(frame)
        for field in ("limits", "heartbeat_ms", "server_time", "session_id", "server"):
            welcome.welcome.ClearField(field)
        await self.put(welcome)
