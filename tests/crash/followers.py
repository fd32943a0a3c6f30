"""UIs that follow a conversation or the list, and are cancelled, stopped, killed and started again while they do; and what
each of them must show in the end. A follower knows the .proto files only, and does what docs/streams.md says, no more."""

import hashlib
import pickle
import random
import threading

import grpc

from crash import PASSING, Worker
from harness import PATIENCE, conversations_pb2, messages_pb2, types_pb2

NEWEST = 50  # rows of a snapshot

# What befalls a follower after an event, in thousandths.
BEFALLS = (("cancelled", 12), ("killed", 8))
PERSISTS = 100  # in thousandths: how often it writes down what it shows, with the token that belongs to it


class World:
    """What followers have to know of the world around them. `lives` of the daemon so far: rises just before it is killed."""

    def __init__(self, client):
        self.client = client  # makes one, with a connection of its own
        self.lives = 1
        self.condition = threading.Condition()
        self.bytes_sent = {}  # {conversation: bytes of content accepted}; "": sends
        self.deltas = 0

    def sent(self, conversation, size):
        with self.condition:
            self.bytes_sent[conversation] = self.bytes_sent.get(conversation, 0) + size
            self.bytes_sent[""] = self.bytes_sent.get("", 0) + 1
            self.condition.notify_all()

    def told(self, deltas):
        with self.condition:
            self.deltas += deltas
            self.condition.notify_all()


class Follower(Worker):
    """`rows`: {id: row} as shown; `token`: of the last event that was handled; `life`: of the daemon that gave it; `opened`: in
    which one the stream was opened.

    `sabotage`: "drop" makes it lose one delta after lose_one(), "ahead" makes it write down its token without its rows: what
    the comparison has to find."""

    # Until so much has been sent, a stopped one does not read: more than a queue and a socket hold.
    STOPPED_FOR = 0

    def __init__(self, name, world, seed, folder, sabotage=None):
        super().__init__(name)
        self.world, self.sabotage = world, sabotage
        self.random = random.Random(f"{seed} {name}")
        self.file = folder / f"{name}.state"
        self.rows, self.token, self.floor, self.life, self.opened = {}, "", 0, 0, 0
        self.client, self.stream = world.client(), None
        self.over, self.stop_reading, self.lose = threading.Event(), threading.Event(), threading.Event()
        self.changing = threading.Lock()
        self.counts = dict.fromkeys(("resumed", "over_kills", "first_snapshots", "later_snapshots", "deltas", "passing",
                                     "cancelled", "killed", "stopped", "reloaded"), 0)

    def work(self):
        while not self.over.is_set():
            self.opened, first = self.world.lives, True
            self.stream = self.open()
            try:
                for event in self.stream:
                    self.handle(event, first)
                    first = False
                    if self.over.is_set() or self.befall():
                        break
            except grpc.RpcError as error:
                if error.code() not in (*PASSING, grpc.StatusCode.INTERNAL):
                    raise
            finally:
                self.stream.cancel()

    def handle(self, event, first):
        kind = event.WhichOneof("event")
        with self.changing:
            if kind == "snapshot":
                self.rows, self.floor = {}, self.floor_of(event.snapshot)
                self.counts["first_snapshots" if first else "later_snapshots"] += 1
            elif kind == "resumed":
                assert first, f"{self.name}: resumed in the middle of a stream"
                self.counts["resumed"] += 1
                self.counts["over_kills"] += self.life < self.opened
            elif kind == "delta":
                self.counts["deltas"] += 1
            else:
                self.counts["passing"] += 1
            if not self.loses(event, kind):
                self.apply(event)
            self.token, self.life = event.resume_token, self.world.lives
        self.world.told(kind == "delta")

    def loses(self, event, kind):
        if kind == "delta" and self.lose.is_set() and self.upserted(event):
            self.lose.clear()
            return True
        return False

    def befall(self):
        """What happens to it now. True: it needs a new stream."""
        if self.stop_reading.is_set():
            self.stand_still()
        if self.random.random() * 1000 < PERSISTS:
            self.persist()
        value = self.random.random() * 1000
        for what, share in BEFALLS:
            value -= share
            if value < 0:
                self.counts[what] += 1
                if what == "killed":
                    self.die()
                return True
        return False

    def persist(self):
        rows = None
        if self.sabotage == "ahead" and self.file.exists():
            rows = pickle.loads(self.file.read_bytes())[0]
        shown = {key: row.SerializeToString() for key, row in self.rows.items()} if rows is None else rows
        new = self.file.with_suffix(".new")
        new.write_bytes(pickle.dumps((shown, self.token, self.floor, self.life)))
        new.rename(self.file)

    def die(self):
        """Its connection goes and all that it had in memory; what it wrote down last is what it starts with."""
        self.stream.cancel()
        self.client.channel.close()  # as the kernel does it for a process that is gone
        with self.changing:
            self.rows, self.token, self.floor, self.life = {}, "", 0, 0
            if self.file.exists():
                shown, self.token, self.floor, self.life = pickle.loads(self.file.read_bytes())
                self.rows = {key: self.ROW.FromString(row) for key, row in shown.items()}
                self.counts["reloaded"] += 1
        self.client = self.world.client()

    def stand_still(self):
        """As with SIGSTOP: the stream stays open, and nobody reads."""
        self.counts["stopped"] += 1
        place = self.place()
        with self.world.condition:
            until = self.world.bytes_sent.get(place, 0) + self.STOPPED_FOR
            self.world.condition.wait_for(
                lambda: self.over.is_set() or not self.stop_reading.is_set() or self.world.bytes_sent.get(place, 0) >= until)
        self.stop_reading.clear()

    def go_on(self):
        """Stands still no longer."""
        with self.world.condition:
            self.stop_reading.clear()
            self.world.condition.notify_all()

    def end(self):
        self.over.set()
        self.go_on()
        if self.stream is not None:
            self.stream.cancel()

    def differences(self, stored):
        """Between what is shown and `stored`, [row, …] of the whole store: sentences, and the hash of either side. Every row
        shown must be in the store and equal; every stored one that the last snapshot or a later event was of must be shown."""
        with self.changing:
            return differences(self.rows, {row.id: row for row in stored}, self.owed(stored))


def differences(shown, stored, owed):
    found = [f"missing: {key}" for key in owed if key not in shown]
    found += [f"not in the store: {key}" for key in shown if key not in stored]
    found += [f"another state: {key}: shown {brief(row)}, stored {brief(stored[key])}"
              for key, row in shown.items() if key in stored and exact(row) != exact(stored[key])]
    wanted = sorted({*owed, *(key for key in shown if key in stored)})
    return found, digest(shown[key] for key in sorted(shown)), digest(stored[key] for key in wanted)


def exact(row):
    return row.SerializeToString(deterministic=True)


def digest(rows):
    total = hashlib.sha256()
    for row in rows:
        data = exact(row)
        total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()[:16]


def brief(row):
    names = ("sequence", "revision", "deleted", "delivery", "last_sequence", "read_sequence", "message_count", "unread_count",
             "pending_count", "active")
    values = {name: getattr(row, name) for name in names if hasattr(row, name)}
    return " ".join(f"{name}={value}" for name, value in values.items() if value) or "nothing"


class MessageFollower(Follower):
    ROW = types_pb2.Message
    STOPPED_FOR = 700_000  # bytes of content, each told about three times

    def __init__(self, number, conversation, *arguments, **options):
        super().__init__(f"follower-{number}", *arguments, **options)
        self.conversation = conversation

    def open(self):
        return self.client.messages.WatchMessages(messages_pb2.WatchMessagesRequest(
            conversation_id=self.conversation, resume_token=self.token, snapshot_size=NEWEST), wait_for_ready=True)

    def apply(self, event):
        for key in event.delta.removed:
            self.rows.pop(key, None)
        for message in [*event.snapshot.messages, *event.delta.upserted]:
            self.rows[message.id] = message

    def upserted(self, event):
        return any(m.sequence for m in event.delta.upserted)

    def floor_of(self, snapshot):
        """Sequence of the oldest row that it is told of from here on."""
        return min((m.sequence for m in snapshot.messages if m.sequence), default=2**63)

    def owed(self, stored):
        return [m.id for m in stored if not m.sequence or m.sequence >= self.floor]

    def place(self):
        return self.conversation

    def stored(self, client):
        return client.all_messages(self.conversation, size=200)


class ListFollower(Follower):
    ROW = types_pb2.Conversation
    STOPPED_FOR = 400  # sends, each told about three times

    def __init__(self, number, *arguments, **options):
        super().__init__(f"list-follower-{number}", *arguments, **options)

    def open(self):
        return self.client.conversations.WatchConversations(conversations_pb2.WatchConversationsRequest(
            resume_token=self.token, snapshot_size=NEWEST), wait_for_ready=True)

    def apply(self, event):
        for conversation in [*event.snapshot.conversations, *event.delta.upserted]:
            self.rows[conversation.id] = conversation

    def upserted(self, event):
        return bool(event.delta.upserted)

    def floor_of(self, snapshot):
        return 0

    def owed(self, stored):
        return [c.id for c in stored]  # fewer than a snapshot holds

    def place(self):
        return ""

    def stored(self, client):
        return client.all_conversations(size=200)


def wait_until_equal(followers, client, world, patience=PATIENCE):
    """{follower: (differences, hash shown, hash stored)}, as soon as nothing differs any more; when `patience` is over, as it
    is. What is missing then is missing for good: nobody changes anything."""
    stores, results = {}, {}

    def compare():
        stores.clear()
        for follower in followers:
            if follower.place() not in stores:
                stores[follower.place()] = follower.stored(client)
            results[follower] = follower.differences(stores[follower.place()])
        return not any(found for found, _, _ in results.values())

    with world.condition:
        world.condition.wait_for(compare, patience)
    return results
