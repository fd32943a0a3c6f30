"""Who takes part in a storm: persons at harkd, other devices at the backend, and those who watch."""

import time
import uuid
import zlib

import grpc
from crash import CALL, PASSING, Worker
from harness import PATIENCE, Delivery, conversations_pb2, messages_pb2
from judge import Accepted
import compare

from hark.sync.v1 import sync_pb2 as pb

REFUSED = (grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.NOT_FOUND)  # came too late: nothing to blame


class Storming(Worker):
    """Acts at random, many times, until told to stop."""

    ACTIONS = {}
    PAUSE = 0.01

    def __init__(self, name, world, seed):
        super().__init__(name)
        self.world, self.over = world, world.over
        self.random = world.chance(f"{seed} {name}")

    def work(self):
        while not self.over.wait(self.random.uniform(0, 2 * self.PAUSE)):  # random times are what is tested
            try:
                getattr(self, self.random.choices(list(self.ACTIONS), list(self.ACTIONS.values()))[0])()
            except grpc.RpcError as error:
                if error.code() not in PASSING:  # harkd was killed
                    raise


class Person(Storming):
    """One UI. `accepted`: the sends that harkd has taken; `withdrawn`: the messages that it has deleted or cancelled since;
    `unsure`: what it tried to withdraw, and nobody can say; `seen`: what pages have shown."""

    ACTIONS = {"send": 40, "edit": 12, "delete": 5, "cancel": 4, "mark_read": 6, "page": 20, "open": 4, "retry": 2}

    def __init__(self, number, world, seed):
        super().__init__(f"person-{number}", world, seed)
        self.number, self.client, self.sent = number, world.client(), 0
        self.accepted, self.withdrawn, self.unsure, self.seen, self.complaints = [], set(), set(), {}, []

    def call(self, verb, **fields):
        """The message as it is then; None if it came too late."""
        request, deadline = getattr(messages_pb2, f"{verb}MessageRequest")(**fields), time.monotonic() + PATIENCE
        while True:
            try:
                return getattr(self.client.messages, f"{verb}Message")(request, timeout=CALL, wait_for_ready=True).message
            except grpc.RpcError as error:
                if error.code() in REFUSED and verb != "Send":
                    return None
                if error.code() not in PASSING or time.monotonic() > deadline:
                    raise
                if verb != "Send":
                    self.unsure.add(fields["message_id"])

    def send(self):
        conversation = self.random.choice(self.world.places)
        self.sent += 1
        text = f"{self.name} {self.world.round}.{self.sent} {self.world.text(self.random)}"
        key = str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        self.call("Send", conversation_id=conversation, content=text, id=key)
        self.accepted.append(Accepted(self.number, conversation, key, text))

    def page(self):
        """Somewhere in a conversation: neighbours in the page are neighbours at the backend."""
        conversation, before, pending = self.random.choice(self.world.places), "", False
        for _ in range(self.random.randint(1, 4)):
            dropped = self.world.excuses.dropped[conversation]
            try:
                page = self.client.page(conversation, before, self.random.choice((1, 7, 50)))
            except grpc.RpcError as error:
                if error.code() == grpc.StatusCode.NOT_FOUND and pending:
                    return []  # another person has withdrawn it meanwhile
                raise
            dropped = max(dropped, self.world.excuses.dropped[conversation])
            if conversation not in self.world.excuses.rewound:
                self.complaints += compare.holes(conversation, page.messages, dropped)
            self.seen.update((m.id, conversation) for m in page.messages if m.sequence)
            if not page.messages or not page.has_more:
                return []
            before, pending = page.messages[0].id, not page.messages[0].sequence
        return page.messages

    def one(self):
        """A message that nobody else takes: one that this person may change."""
        page = self.client.page(self.random.choice(self.world.places), size=40).messages
        mine = [m for m in page if zlib.crc32(m.id.encode()) % self.world.persons == self.number]
        return self.random.choice(mine) if mine else None

    def change(self, verb, **fields):
        message = self.one()
        if message is None:
            return
        self.world.excuses.changed.add(message.id)
        after = self.call(verb, conversation_id=message.conversation_id, message_id=message.id, **fields)
        if after is None:
            return
        if verb == "Delete" or after.delivery == Delivery.DELIVERY_STATE_CANCELLED:
            self.withdrawn.add(message.id)
        else:
            self.withdrawn.discard(message.id)

    def edit(self):
        self.sent += 1
        self.change("Edit", content=f"{self.name} edits {self.sent} {self.world.text(self.random)}")

    def delete(self):
        self.change("Delete")

    def cancel(self):
        self.change("Cancel")

    def mark_read(self):
        conversation = self.random.choice(self.world.places)
        page = self.client.page(conversation, size=20).messages
        shown = [m for m in page if m.sequence]
        if shown:
            self.client.conversations.MarkRead(conversations_pb2.MarkReadRequest(
                conversation_id=conversation, message_id=self.random.choice(shown).id), timeout=PATIENCE)

    def open(self):
        self.client.open(self.random.choice(self.world.places))

    def retry(self):
        self.client.retry_all()


class Others(Storming):
    """The user's other devices and the assistant, at the backend itself."""

    ACTIONS = {"answer": 45, "edit": 15, "delete": 6, "mark_read": 6, "retitle": 6, "create": 1, "forget": 3}

    def work(self):
        while not self.over.wait(self.random.uniform(0, 2 * self.PAUSE)):
            action = self.random.choices(list(self.ACTIONS), list(self.ACTIONS.values()))[0]
            self.world.server.do(lambda: self.world.server.rewound or getattr(self, action)(self.world.library))

    def any(self, library):
        return self.random.choice([*library.conversations.values()])

    def message(self, library):
        kept = list(self.any(library).messages.values())
        return self.random.choice(kept[-30:]) if kept else None

    def answer(self, library):
        role = self.random.choice((pb.ROLE_ASSISTANT, pb.ROLE_ASSISTANT, pb.ROLE_USER, pb.ROLE_SYSTEM, 77))
        fields = {"metadata": {"lang": "de", "é": "日本"}, "content_type": "text/markdown"} if self.random.random() < 0.2 else {}
        library.born(self.any(library).id, role, self.world.text(self.random), **fields)

    def edit(self, library):
        message = self.message(library)
        if message and not message.deleted:
            library.edit(message.conversation_id, message.id, message.revision, "edited: " + self.world.text(self.random))

    def delete(self, library):
        message = self.message(library)
        # What a person here sent stays, so that a send that is missing is a send that was lost.
        if message and message.content.startswith(("edited: ", "dialogue ")):
            library.delete(message.conversation_id, message.id)

    def mark_read(self, library):
        conversation = self.any(library)
        library.mark_read(conversation.id, self.random.randint(0, conversation.last_sequence))

    def retitle(self, library):
        library.retitle(self.any(library).id, "title %x" % self.random.getrandbits(32))

    def create(self, library):
        library.create("born-%x" % self.random.getrandbits(40), "a conversation from elsewhere")

    def forget(self, library):
        """Retention that is shorter than harkd's."""
        conversation = self.any(library)
        self.world.excuses.see(library)
        below = self.random.randint(0, max(0, conversation.last_sequence - 60))
        below = max(below, self.world.excuses.dropped[conversation.id])
        self.world.excuses.dropped[conversation.id] = below
        library.forget_before(conversation.id, below)


class ListWatcher(Worker):
    """A UI that follows the list: the snapshot has its newest part, the rest is read as pages."""

    SNAPSHOT = 200

    def __init__(self, world):
        super().__init__("list-watcher")
        self.client, self.over = world.client(), world.over
        self.shown, self.token = {}, ""
        self.condition = world.listed

    def work(self):
        while not self.over.is_set():
            stream = self.client.conversations.WatchConversations(conversations_pb2.WatchConversationsRequest(
                resume_token=self.token, snapshot_size=self.SNAPSHOT), wait_for_ready=True)
            self.stream = stream
            try:
                for event in stream:
                    more = len(event.snapshot.conversations) == self.SNAPSHOT
                    rest = self.client.all_conversations() if more else []
                    with self.condition:
                        if event.HasField("snapshot"):
                            self.shown = {c.id: c for c in rest}
                        for c in [*event.snapshot.conversations, *event.delta.upserted]:
                            self.shown[c.id] = c
                        self.token = event.resume_token
                        self.condition.notify_all()
            except grpc.RpcError as error:
                if error.code() not in PASSING:
                    raise
