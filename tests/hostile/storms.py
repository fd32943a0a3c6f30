"""harkd against a backend that was written without ours, and that lies, repeats, reorders, forgets and restarts.

  storms.py [--encoding proto|json] [--rounds N] [--seconds S] [--seed S] [--data FILE] [--kill] [--sabotage KIND]

Each round is a storm, in which persons use the real harkd through its local API while its backend (backend.py) misbehaves
on the way (way.py), restarts with another log, or with an old copy of itself; with --kill, harkd is killed, too. Then the
faults stop, and everything is compared row by row: the cache as gRPC pages it with the backend's store, what the persons
were told with what is there, what watchers have put together with what a page shows. `--sabotage` makes the backend break
what cannot be recovered from (lose, double, silent), to see that the comparison finds it: the run must fail then."""

import argparse
import collections
import faulthandler
import json
import os
import random
import subprocess
import sys
import threading
import time

import grpc

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "crash"), os.path.join(HERE, "..", "integration")]

from crash import CALL, Nudger, Watcher, Worker  # noqa: E402
from harness import PATIENCE, Delivery, State, World, messages_pb2  # noqa: E402
from judge import ANY, judge  # noqa: E402
from backend import Backend  # noqa: E402
from library import Library  # noqa: E402
from people import ListWatcher, Others, Person  # noqa: E402
from way import Faults  # noqa: E402
import compare  # noqa: E402

from hark.sync.v1 import sync_pb2 as pb  # noqa: E402

PERSONS = 3
WATCHED = 3
PAGE = 50
DAY = 86_400_000


class HostileWorld(World):
    """harkd, and the backend in this process."""

    def __init__(self, options, seed):
        super().__init__(encoding=options.encoding)
        self.seed, self.persons, self.round = seed, PERSONS, 0
        self.over, self.listed = threading.Event(), threading.Condition()
        self.excuses = compare.Excuses()
        self.texts = []
        self.now = int(time.time() * 1000) - DAY  # of the backend's own clock, which only counts
        self.faults = Faults(self.chance(f"{seed} faults"), options.sabotage)
        ada = self.fill(options.data)
        bob = Library(self.chance("bob"), self.tick)
        bob.create("bob's", "bob's own")
        bob.born("bob's", pb.ROLE_USER, "nothing for ada")
        self.backend = None
        self.server = Backend(self.faults, {"token-ada": "ada", "token-bob": "bob"}, {"ada": ada, "bob": bob})
        self.port = self.server.port

    def __exit__(self, *error):
        super().__exit__(*error)
        self.server.stop()

    @staticmethod
    def chance(seed):
        return random.Random(seed)

    def tick(self):
        self.now += 7
        return self.now

    @property
    def library(self):
        return self.server.libraries["ada"]

    def text(self, chance):
        if self.texts:
            return f"{chance.choice(self.texts)} ({chance.getrandbits(40):x})"
        return "é 日本 %x " % chance.getrandbits(60) + "x" * chance.choice((0, 10, 300, 5000))

    def fill(self, data):
        library, chance = Library(self.chance(f"{self.seed} library"), self.tick), self.chance(f"{self.seed} fill")
        if data:
            made = real_dialogues(data, chance)
            self.texts = [m["content"] for c in made for m in c["messages"]]
        else:
            made = [{"conversation_id": f"c-{n}", "title": f"made {n}", "messages": [
                {"role": chance.choice(("user", "assistant")), "content": f"dialogue {n}.{m} " + self.text(chance)}
                for m in range(chance.choice((0, 3, 150, 400)))]} for n in range(12)]
        for conversation in made:
            library.create(conversation["conversation_id"], conversation["title"])
            for message in conversation["messages"]:
                library.born(conversation["conversation_id"], pb.Role.Value("ROLE_" + message["role"].upper()),
                             message["content"])
        library.create("sentinel", "sentinel")
        self.places = [c["conversation_id"] for c in made][:12]
        return library


def real_dialogues(path, chance, count=60):
    """Some of a file of conversations, a JSON object a line."""
    with subprocess.Popen(["zstd", "-dc", path], stdout=subprocess.PIPE) as unpacked:
        made = [json.loads(line) for line in unpacked.stdout]
    made = [c for c in made if all(m["content"] for m in c["messages"])]
    chosen = chance.sample(made, count)
    # A few long ones, so that there is something to page through.
    for conversation in chosen[:6]:
        for other in chance.sample(made, 25):
            conversation["messages"] = conversation["messages"] + other["messages"]
    return chosen


class Storm:
    def __init__(self, world, rounds, seconds, kill):
        self.world, self.rounds, self.seconds = world, rounds, seconds
        self.kills = ("harkd killed",) if kill else ()
        self.random = world.chance(f"{world.seed} storm")
        self.complaints, self.accepted, self.withdrawn, self.unsure = [], [], set(), set()
        self.seen = {}
        self.restarts = collections.Counter()
        self.checked = collections.Counter()

    def start(self):
        self.world.start_daemon()
        self.world.faults.on = True  # the first sync is a storm already
        self.client = self.world.client()
        self.sign_in()
        self.nudger = Nudger(self.world)
        self.nudger.start()
        self.client.wait_for(State.STATE_LIVE)

    def sign_in(self):
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return self.client.sign_in("token-ada")
            except grpc.RpcError:
                if time.monotonic() > deadline:
                    raise

    def go(self):
        """Storm, calm, comparison, as often as asked; ends with the first complaints."""
        self.start()
        for _ in range(self.rounds):
            self.storm()
            self.calm()
            self.compare()
            if self.complaints:
                break
        self.nudger.over.set()
        self.report()
        if self.complaints:
            raise AssertionError("\n".join([f"{len(self.complaints)} complaints:", *self.complaints[:30]]))

    # ---- the storm ----

    def kinds(self):
        """What may restart, and how. What an old copy has forgotten cannot be compared strictly, so that comes last."""
        if self.world.faults.sabotage:
            return ("plain",)  # the others fetch everything again, and mend what it broke
        if self.world.round <= 2 * self.rounds // 3:
            return "plain", "log dropped", "epoch", *self.kills
        return "plain", "log dropped", "epoch", "copy", "copy and epoch", *self.kills

    def storm(self):
        world = self.world
        world.round += 1
        world.over.clear()
        world.faults.on = True
        self.persons = [Person(n, world, f"{world.seed} {world.round}") for n in range(PERSONS)]
        self.list_watcher = ListWatcher(world)
        self.watchers = [Watcher(c, world, f"{world.seed} {world.round}") for c in
                         self.random.sample(world.places, WATCHED)]
        self.workers = [*self.persons, Others("others", world, f"{world.seed} {world.round}")]
        for worker in [*self.workers, self.list_watcher, *self.watchers]:
            worker.start()
        end = time.monotonic() + self.seconds
        copy = world.server.do(lambda: world.library.copy())
        while time.monotonic() < end and not Worker.failures:
            time.sleep(self.random.uniform(0.1, self.seconds / 4))  # random times are what is tested
            kind = self.random.choice(self.kinds())
            self.restarts[kind] += 1
            if kind == "harkd killed":
                world.daemon.kill()
                world.start_daemon()
                continue
            before = world.library
            after = self.restart(kind, copy)
            if kind.startswith("copy"):
                self.checked["messages forgotten"] = len(world.excuses.forgotten)
            if self.random.random() < 0.5 or after is not before:
                copy = world.server.do(lambda: world.library.copy())
        world.over.set()
        for worker in self.workers:
            worker.join(PATIENCE)
        self.fail_with_workers()

    def restart(self, kind, copy):
        """The backend goes down and comes back: as it was, with a shorter log, another one, or an old copy of itself."""
        world = self.world

        def swap():
            library = world.library
            if kind.startswith("copy"):
                library = copy
                world.excuses.restored(world.library, copy)
            if kind.endswith("epoch"):
                library.new_epoch()
            if kind == "log dropped":
                library.drop_log()
            world.server.restart("ada", library, rewound=kind == "copy")
        world.server.do(swap)
        return world.library

    @staticmethod
    def fail_with_workers():
        if Worker.failures:
            raise AssertionError("; ".join(Worker.failures))

    # ---- the calm ----

    def calm(self):
        world = self.world
        world.faults.on = False
        world.server.do(world.server.hang_up)
        self.deliver()
        self.tell_the_truth("almost the end")
        for watcher in self.watchers:
            self.read_all(watcher.conversation)  # what that fetches, the watcher is told before its end
        ends = {w.conversation: self.client.send(w.conversation, f"the end of round {world.round}").id for w in self.watchers}
        for watcher in self.watchers:
            watcher.end_with(ends[watcher.conversation])
            if not watcher.caught_up.wait(PATIENCE):
                raise AssertionError(f"{watcher.name} never saw the end; the status is {self.client.status()}")
        self.deliver()
        self.tell_the_truth("the end")

    def deliver(self):
        """Everything leaves; what was refused is tried again, and given up if it cannot be."""
        while self.client.retry_all() > 0 and self.checked["retries"] < 3 * self.world.round:
            self.checked["retries"] += 1
            self.settled(lambda c: c.pending_count == 0 or c.failed_count > 0)  # others wait behind a failed one
        deadline = time.monotonic() + PATIENCE
        while not self.nudger.drained.wait(0.2):
            waiting = [m for c in self.world.places for m in self.read_all(c)
                       if m.delivery != Delivery.DELIVERY_STATE_SENT or m.HasField("pending_change")]
            for message in waiting:
                if message.pending_change.delivery == Delivery.DELIVERY_STATE_FAILED:
                    self.checked["changes given up"] += 1
                    self.client.cancel(message)
            if time.monotonic() > deadline:
                counted = [(c.id, c.pending_count, c.failed_count) for c in self.client.all_conversations() if c.pending_count]
                raise AssertionError(f"not drained: {waiting} {counted}, in the store {self.client.statistics().outbox}; "
                                     f"the status is {self.client.status()}")

    def settled(self, condition):
        with self.world.listed:
            if not self.world.listed.wait_for(
                    lambda: all(condition(c) for c in self.list_watcher.shown.values()) or Worker.failures, PATIENCE):
                waiting = [c for c in self.list_watcher.shown.values() if not condition(c)]
                raise AssertionError(f"not delivered: {waiting}; the status is {self.client.status()}")
        self.fail_with_workers()

    def tell_the_truth(self, title):
        """The backend corrects the summaries that were falsified; the last word is that of the sentinel."""
        title += f" of round {self.world.round}"

        def correct():
            for conversation in self.world.faults.lied & set(self.world.library.conversations):
                self.world.library.touch(conversation)
            self.world.faults.lied.clear()
            self.world.library.retitle("sentinel", title)
        self.world.server.do(correct)

        def is_told():
            sentinel = self.list_watcher.shown.get("sentinel")
            return sentinel is not None and sentinel.title == title
        with self.world.listed:
            if not self.world.listed.wait_for(is_told, PATIENCE):
                # Does harkd not have it, or was the watcher not told?
                has = [c.title for c in self.client.all_conversations() if c.id == "sentinel"]
                raise AssertionError(f"the watcher never saw {title!r}; harkd has {has}; {self.client.status()}")

    # ---- the comparison ----

    def read_all(self, conversation):
        """Every message that harkd has, oldest first: page by page, into the gaps, until there are none."""
        deadline = time.monotonic() + PATIENCE
        while True:
            messages, page, gaps = [], None, False
            while page is None or page.has_more and page.messages:
                page = self.client.page(conversation, messages[0].id if messages else "", size=200)
                messages = list(page.messages) + messages
                gaps = gaps or page.HasField("gap_before") or page.HasField("gap_after")
            if not gaps and not page.has_more or conversation not in self.world.library.conversations:
                return messages
            if time.monotonic() > deadline:
                raise AssertionError(f"{conversation} keeps a gap: {page}; the status is {self.client.status()}")
            stream = self.client.messages.WatchMessages(messages_pb2.WatchMessagesRequest(
                conversation_id=conversation, snapshot_size=1), timeout=1)
            try:
                for event in stream:
                    if event.HasField("delta"):
                        stream.cancel()
                        break
            except grpc.RpcError:
                pass  # nothing in a second: read again all the same

    def compare(self):
        world, library, excuses = self.world, self.world.library, self.world.excuses
        for person in self.persons:
            self.complaints += person.complaints
            self.accepted += person.accepted
            self.withdrawn |= person.withdrawn
            self.unsure |= person.unsure
            self.seen.update(person.seen)
        excuses.see(library)
        cached = {}
        for conversation in self.client.all_conversations():
            if conversation.id in library.conversations or conversation.id in excuses.rewound:
                cached[conversation.id] = [compare.row(m) for m in self.read_all(conversation.id)]
        listed = {c.id: c for c in self.client.all_conversations()}
        self.complaints += compare.summaries({k: compare.summary(c) for k, c in listed.items()}, {
            k: compare.summary(c.summary()) for k, c in library.conversations.items()}, excuses)
        for key, shown in listed.items():
            if key in library.conversations:
                self.complaints += compare.counts(key, compare.summary(shown), cached[key])
        for key, conversation in library.conversations.items():
            stored = [compare.row(m) for m in conversation.messages.values()]
            self.complaints += compare.rows(key, cached.get(key, []), stored, excuses)
            self.checked["rows compared"] += len(stored)
        self.complaints += compare.vanished(self.seen, cached)
        self.judge_sends(library, excuses)
        self.judge_watchers(listed)

    def judge_sends(self, library, excuses):
        there = {m.id: m for m in library.all_messages()}
        excused = excuses.forgotten | {a.id for a in self.accepted if a.id in library.firsts and a.id not in there}
        expected = [a for a in self.accepted if a.id not in self.withdrawn | self.unsure | excused]
        lost, doubled, late = judge(expected, compare.histories(library))
        for what, some in (("lost", lost), ("doubled", doubled), ("out of order", late)):
            self.complaints += [f"{a.conversation}: a send is {what}: {a.id}" for a in some]
        self.complaints += [f"deleted, and there: {key}" for key in self.withdrawn - self.unsure - excuses.forgotten
                            if key in there and not there[key].deleted]

    def judge_watchers(self, listed):
        for watcher in self.watchers:
            page = [compare.row(m) for m in self.client.page(watcher.conversation, size=PAGE).messages]
            shown = [compare.row(m) for m in watcher.view.newest(PAGE)]
            self.complaints += compare.views(watcher.name, shown, page)
            self.checked["watched rows compared"] += len(page)
        with self.world.listed:
            for key, conversation in listed.items():
                shown = self.list_watcher.shown.get(key)
                if shown is None or compare.summary(shown) != compare.summary(conversation):
                    self.complaints.append(f"the list's watcher shows {shown} for {conversation}")
        self.list_watcher.stream.cancel()

    def report(self):
        world = self.world
        print(f"storms        {world.round}; {world.server.count} sessions; restarts: "
              + ", ".join(f"{n} × {k}" for k, n in sorted(self.restarts.items())))
        print("faults        " + ", ".join(f"{n} × {k}" for k, n in sorted(world.faults.done.items())))
        print(f"sends         {len(self.accepted)} accepted, {len(self.withdrawn)} messages deleted or cancelled")
        print("checked       " + ", ".join(f"{n} {k}" for k, n in sorted(self.checked.items())))


def main():
    parser = argparse.ArgumentParser(description="harkd against a hostile backend.")
    parser.add_argument("--encoding", choices=("proto", "json"), default="proto")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6, help="that each storm lasts")
    parser.add_argument("--seed", type=int, default=None, help="a random one unless given")
    parser.add_argument("--data", default=None, help="real conversations, a file of JSON lines packed with zstd")
    parser.add_argument("--kill", action="store_true", help="kills harkd, too")
    parser.add_argument("--sabotage", choices=("", "lose", "double", "silent"), default="")
    options = parser.parse_args()
    seed = random.SystemRandom().randrange(10**9) if options.seed is None else options.seed
    again = (f"tools/dev hostile --encoding {options.encoding} --rounds {options.rounds} --seconds {options.seconds:g} "
             f"--seed {seed}" + " --kill" * options.kill + f" --data {options.data}" * bool(options.data))
    print(f"seed          {seed}   ({again})", flush=True)
    faulthandler.dump_traceback_later(options.rounds * (options.seconds + 3 * PATIENCE), exit=True)  # whatever hangs
    started = time.monotonic()
    try:
        with HostileWorld(options, seed) as world:
            run = Storm(world, options.rounds, options.seconds, options.kill)
            run.go()
    except Exception:
        print(f"FAILED after {time.monotonic() - started:.0f} s; again: {again}", flush=True)
        raise
    print(f"time          {time.monotonic() - started:.0f} s")
    print("ok")


if __name__ == "__main__":
    main()
