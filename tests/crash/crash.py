"""The real programs over a bad network, killed again and again while clients send.

  crash.py [--kills N] [--seed S] [--seconds LIMIT]

Several clients send to several conversations through the real harkd, which talks to the real hark-backend through a fault
proxy. At random times the daemon or the backend gets kill -9 and is started again at once. At the end the faults stop,
everything is delivered, and the backend's REST history is compared with what the clients were told: no accepted send may
be lost, doubled or out of order, and every watcher that resumed must show what the store has. Ends by itself, with 0 if
all of that held and all kills were made in time."""

import argparse
import faulthandler
import os
import random
import sys
import threading
import time
import uuid

import grpc

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))

from fault_proxy import FaultProxy  # noqa: E402
from harness import PATIENCE, Delivery, State, World, messages_pb2, sync_pb2  # noqa: E402
from judge import ANY, GONE, LONGEST, Accepted, View, bound, judge, judge_changes, limit_for  # noqa: E402

CLIENTS = 4
CONVERSATIONS = ["conversation-%d" % n for n in range(3)]
BACKLOG = 1_000  # messages on their way to the backend, above which the storm pauses
SENDS_PER_KILL = (4, 24)  # between one kill and the next
PAGE = 50
CALL = 10  # seconds after which a call is repeated, under the same id
PASSING = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED)


class CrashWorld(World):
    """A daemon that reaches the backend through the proxy only."""

    def __init__(self, seed):
        super().__init__(backend_flags=("--heartbeat-ms", "500"))
        self.seed = seed
        self.proxy = None

    def start_backend(self):
        super().start_backend()
        if self.proxy is None:
            self.proxy = FaultProxy(self.seed, self.port)

    def url(self):
        return f"ws://127.0.0.1:{self.proxy.port}/api/v1/sync"

    def __exit__(self, *error):
        super().__exit__(*error)
        if self.proxy:
            self.proxy.stop()


class Worker(threading.Thread):
    """A thread whose failure is the run's."""

    failures = []

    def __init__(self, name):
        super().__init__(name=name, daemon=True)

    def run(self):
        try:
            self.work()
        except Exception as error:  # noqa: BLE001: reported and judged by main()
            Worker.failures.append(f"{self.name}: {error!r}")


class Sender(Worker):
    """One client: sends one message after the other, each until the daemon says that it has it, and changes some of its own
    afterwards. `permits` is how many it may still send; `accepted` what it was told is safe, `changed` what it made of it."""

    PADDING = (0, 10, 300, 5000)

    def __init__(self, number, world, seed, permits, progress):
        super().__init__(f"sender-{number}")
        self.number, self.client, self.random = number, world.client(), random.Random(f"{seed} sender {number}")
        self.permits, self.progress = permits, progress
        self.accepted, self.changed = [], {}
        self.repeated = 0

    def work(self):
        for n in range(10**9):
            if not self.permits.take():
                return
            conversation = self.random.choice(CONVERSATIONS)
            text = f"client {self.number} message {n} " + "x" * self.random.choice(self.PADDING)
            key = str(uuid.UUID(int=self.random.getrandbits(128), version=4))
            self.call("SendMessage", conversation_id=conversation, content=text, id=key)
            self.accepted.append(Accepted(self.number, conversation, key, text))
            self.progress.add()
            if self.random.random() < 0.25:
                self.change(n)

    def change(self, n):
        """Edits, deletes or cancels one of its last messages, wherever that is on its way."""
        message = self.random.choice(self.accepted[-5:])
        if self.changed.get(message.id, message.text) is GONE:
            return
        names = {"conversation_id": message.conversation, "message_id": message.id}
        verb = self.random.choice(("EditMessage", "EditMessage", "DeleteMessage", "CancelMessage"))
        if verb == "EditMessage":
            text = f"client {self.number} edit {n}"
            self.call(verb, content=text, **names)
            self.changed[message.id] = text
        elif self.call(verb, **names):
            self.changed[message.id] = GONE

    def call(self, verb, **fields):
        """Until it is answered. False: only that it came too late to cancel, which withdraws an edit at most."""
        request = getattr(messages_pb2, f"{verb}Request")(**fields)
        deadline, repeated = time.monotonic() + PATIENCE, False
        while True:
            try:
                answer = getattr(self.client.messages, verb)(request, timeout=CALL, wait_for_ready=True).message
            except grpc.RpcError as error:
                if verb == "CancelMessage" and error.code() == grpc.StatusCode.FAILED_PRECONDITION:
                    if repeated and request.message_id in self.changed:
                        self.changed[request.message_id] = ANY
                    return False
                if error.code() not in PASSING or time.monotonic() > deadline:
                    raise
                self.repeated += 1
                repeated = True
                continue
            if verb == "CancelMessage" and answer.delivery == Delivery.DELIVERY_STATE_SENT and not answer.deleted:
                # Of a message at the backend, an edit that waited is withdrawn: its text is the one before, or, when the
                # edit before was under way, that one's.
                self.changed[request.message_id] = answer.content
                return False
            return True


class Watcher(Worker):
    """A UI that follows one conversation over all restarts, the daemon's and now and then its own, continuing after the
    last event that it handled."""

    def __init__(self, conversation, world, seed):
        super().__init__(f"watcher-{conversation}")
        self.conversation, self.client = conversation, world.client()
        self.random = random.Random(f"{seed} {self.name}")
        self.view, self.token = View(), ""
        self.resumed = self.snapshots = 0
        self.last = None  # The id that ends the run: shown as sent.
        self.caught_up = threading.Event()
        self.changed = threading.Lock()

    def work(self):
        while not self.caught_up.is_set():
            stream = self.client.messages.WatchMessages(messages_pb2.WatchMessagesRequest(
                conversation_id=self.conversation, resume_token=self.token, snapshot_size=200), wait_for_ready=True)
            try:
                for event in stream:
                    self.handle(event)
                    if self.caught_up.is_set() or self.random.random() < 0.02:
                        stream.cancel()
                        break
            except grpc.RpcError as error:
                if error.code() not in (*PASSING, grpc.StatusCode.INTERNAL):
                    raise

    def handle(self, event):
        kind = event.WhichOneof("event")
        with self.changed:
            self.view.apply(event)
            self.token = event.resume_token
            self.resumed += kind == "resumed"
            self.snapshots += kind == "snapshot"
            self.judge_end()

    def end_with(self, message):
        with self.changed:
            self.last = message
            self.judge_end()

    def judge_end(self):
        known = self.view.messages.get(self.last)
        if known is not None and known[1].sequence > 0:
            self.caught_up.set()


class Nudger(Worker):
    """What a person does who sees "offline": tries again at once. So the run does not wait for the backoff."""

    def __init__(self, world):
        super().__init__("nudger")
        self.client = world.client()
        self.over = threading.Event()
        self.drained = threading.Event()
        self.pending = 0  # as last heard
        self.heard = threading.Condition()

    def work(self):
        while not self.over.is_set():
            try:
                for event in self.client.sync.WatchStatus(sync_pb2.WatchStatusRequest(), wait_for_ready=True):
                    status = event.status
                    with self.heard:
                        self.pending = status.pending_count
                        self.heard.notify_all()
                    (self.drained.set if status.state == State.STATE_LIVE and status.pending_count == 0
                     else self.drained.clear)()
                    if status.state == State.STATE_OFFLINE:
                        self.client.sync.SyncNow(sync_pb2.SyncNowRequest(), timeout=CALL)
                    if self.over.is_set():
                        return
            except grpc.RpcError:
                self.drained.clear()


    def breathe(self, most):
        """Waits, when more than so many messages wait, until few do: else a slow machine that is killed faster than it delivers
        ends with a full outbox, which is refused as it should be."""
        with self.heard:
            if self.pending <= most:
                return
            while (least := self.pending) >= most / 10:
                if not self.heard.wait_for(lambda: self.pending < least, PATIENCE):
                    raise AssertionError(f"{self.pending} messages wait, and do not get fewer")


class Permits:
    """How many messages may be sent; handed out by the main thread, so that sending and killing keep pace."""

    def __init__(self):
        self.condition = threading.Condition()
        self.left, self.closed = 0, False

    def give(self, count):
        with self.condition:
            self.left += count
            self.condition.notify_all()

    def take(self):
        with self.condition:
            self.condition.wait_for(lambda: self.left > 0 or self.closed)
            if self.left == 0:
                return False
            self.left -= 1
            return True

    def close(self):
        with self.condition:
            self.closed = True
            self.condition.notify_all()


class Progress:
    def __init__(self):
        self.condition = threading.Condition()
        self.count = 0

    def add(self):
        with self.condition:
            self.count += 1
            self.condition.notify_all()

    def reach(self, count):
        with self.condition:
            if not self.condition.wait_for(lambda: self.count >= count or Worker.failures, PATIENCE):
                raise AssertionError(f"only {self.count} of {count} sends were accepted within {PATIENCE} s")
        if Worker.failures:
            raise AssertionError("; ".join(Worker.failures))


class Run:
    def __init__(self, world, kills, seed, deadline):
        self.world, self.kills, self.seed, self.deadline = world, kills, seed, deadline
        self.random = random.Random(f"{seed} kills")
        self.permits, self.progress = Permits(), Progress()
        self.done = {"daemon": 0, "backend": 0}

    def start(self):
        world = self.world
        token = world.add_user("ada")
        world.import_conversations([{"conversation_id": c, "title": c, "messages": [
            {"role": "user", "content": f"{c} before {n}"} for n in range(20)]} for c in CONVERSATIONS], "ada")
        world.start_backend()
        world.proxy.faults = False
        world.start_daemon()
        client = world.client()
        client.sign_in(token)
        client.wait_for(State.STATE_LIVE)
        for conversation in CONVERSATIONS:
            client.open(conversation)
        world.proxy.faults = True
        self.token, self.client = token, client
        self.senders = [Sender(n, world, self.seed, self.permits, self.progress) for n in range(CLIENTS)]
        self.watchers = [Watcher(c, world, self.seed) for c in CONVERSATIONS]
        self.nudger = Nudger(world)
        for worker in [*self.senders, *self.watchers, self.nudger]:
            worker.start()

    def storm(self):
        """Kills until there were enough, or the time is over."""
        given = 0
        while sum(self.done.values()) < self.kills and time.monotonic() < self.deadline:
            batch = self.random.randint(*SENDS_PER_KILL)
            self.nudger.breathe(BACKLOG)
            self.permits.give(batch)
            # Somewhere in the batch, or after it: while messages are on their way.
            self.progress.reach(given + self.random.randint(0, batch))
            given += batch
            time.sleep(self.random.uniform(0, 0.05))  # random times are what is tested
            victim = self.random.choice(("daemon", "daemon", "backend", "both"))
            if victim != "backend":
                self.world.daemon.kill()
                self.done["daemon"] += 1
            if victim != "daemon":
                self.world.backend.kill()
                self.done["backend"] += 1
                self.world.start_backend()
            if victim != "backend":
                self.world.start_daemon()
            if given - self.progress.count > 4 * SENDS_PER_KILL[1]:
                self.progress.reach(given - SENDS_PER_KILL[1])

    def settle(self):
        """No more faults: everything is delivered, and every watcher has seen the end."""
        self.permits.close()
        for sender in self.senders:
            sender.join(PATIENCE)
        self.world.proxy.faults = False
        self.progress.reach(self.progress.count)  # raises if a thread failed
        ends = {c: self.client.send(c, f"the end of {c}").id for c in CONVERSATIONS}
        for watcher in self.watchers:
            watcher.end_with(ends[watcher.conversation])
            if not watcher.caught_up.wait(PATIENCE):
                raise AssertionError(f"{watcher.name} never saw the end; the status is {self.client.status()}")
        if not self.nudger.drained.wait(PATIENCE):
            raise AssertionError(f"not drained: {self.client.status()}")
        self.nudger.over.set()

    def stored(self, conversation):
        """All that the daemon has of it; nothing if that has a gap, which the end of a run may not leave."""
        try:
            return self.client.all_messages(conversation, size=200)
        except AssertionError as gap:
            print(f"the store: {gap}")
            return []

    def differ(self, name, shown, expected):
        """Whether messages are not the expected [(id, text), …]; says how."""
        shown = [(m.id, m.content) for m in shown]
        if shown == expected:
            return False
        for what, some in (("too many", set(shown) - set(expected)), ("missing", set(expected) - set(shown))):
            for key, text in sorted(some)[:5]:
                print(f"{name}: {what}: {key} {text[:40]!r}")
        return True

    def report(self):
        accepted = [a for sender in self.senders for a in sender.accepted]
        histories = {c: [(m["id"], m["content"]) for m in self.world.rest(self.token, c)] for c in CONVERSATIONS}
        changed = {key: text for sender in self.senders for key, text in sender.changed.items()}
        returned, wrong, expected = judge_changes(accepted, changed, histories)
        faults = dict(zip(("lost", "doubled", "out of order"), map(len, judge(expected, histories))))
        faults |= {"deleted and there": len(returned), "with another text": len(wrong)}
        # The backend's history leaves deleted messages out; here they keep their place.
        faults["stores that differ"] = sum(self.differ(
            f"the store's {c}", [m for m in self.stored(c) if not m.deleted or changed.get(m.id, "kept") is not GONE],
            histories[c]) for c in CONVERSATIONS)
        faults["watchers that differ"] = sum(self.differ(
            w.name, w.view.newest(PAGE), [(m.id, m.content) for m in self.client.page(w.conversation, size=PAGE).messages])
            for w in self.watchers)
        kills = sum(self.done.values())
        print(f"kills         {kills} of {self.kills} (daemon {self.done['daemon']}, backend {self.done['backend']})")
        print(f"sends         {len(accepted)} accepted, {len(changed)} of them edited, deleted or cancelled; "
              f"{sum(s.repeated for s in self.senders)} calls repeated")
        print(f"watchers      {sum(w.resumed for w in self.watchers)} times resumed, "
              f"{sum(w.snapshots for w in self.watchers)} snapshots")
        print(f"network       {self.world.proxy.connections} connections, "
              + ", ".join(f"{count} × {name}" for name, count in sorted(self.world.proxy.done.items())))
        print("failures      " + ", ".join(f"{count} {name}" for name, count in faults.items()))
        if any(faults.values()):
            return 1
        print(f"95 % bound    below {bound(len(accepted)):.6f} a send, below {bound(kills):.4f} a kill")
        return 0 if kills >= self.kills else 1


def main():
    options = argparse.ArgumentParser(description="Kills the real programs while clients send.")
    options.add_argument("--kills", type=int, default=200)
    options.add_argument("--seed", type=int, default=None, help="a random one unless given")
    options.add_argument("--seconds", type=int, default=None,
                         help=f"for the kills; unless given as many as they need three times over, {LONGEST} at most")
    chosen = options.parse_args()
    seed = random.SystemRandom().randrange(10**9) if chosen.seed is None else chosen.seed
    limit = limit_for(chosen.kills) if chosen.seconds is None else chosen.seconds
    print(f"seed          {seed}   (tools/dev crash --kills {chosen.kills} --seed {seed})")
    print(f"limit         {limit:.0f} s for the kills", flush=True)
    faulthandler.dump_traceback_later(limit + 4 * PATIENCE, exit=True)  # whatever hangs, the run ends
    started = time.monotonic()
    with CrashWorld(seed) as world:
        run = Run(world, chosen.kills, seed, started + limit)
        run.start()
        run.storm()
        run.settle()
        code = run.report()
    print(f"time          {time.monotonic() - started:.0f} s")
    print("FAILED" if code else "ok")
    return code


if __name__ == "__main__":
    sys.exit(main())
