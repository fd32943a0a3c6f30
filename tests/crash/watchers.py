"""UIs that are killed, stopped and restarted at random, against a daemon that is killed too.

  watchers.py [--deltas N] [--watchers W] [--kills K] [--seed S] [--sabotage drop|ahead]

W followers of conversations and W of the list go through --deltas deltas in all, while clients send, edit, delete and cancel,
another installation of the same user does the same, and the assistant answers. Followers are cancelled, killed (and go on
with what they wrote down last), and stopped until their queue in the daemon overflows; harkd gets kill -9 K times. Then
the faults end, and what each follower shows must hash equal to the rows of the store that it was to be told of: all pages are
read, and every row shown is compared, and every row from the oldest of its last snapshot on. Fails also if no follower
resumed over a kill of harkd, or if no queue overflowed: then it would have shown nothing."""

import argparse
import collections
import faulthandler
import random
import sys
import time
import types

from crash import CONVERSATIONS, PATIENCE, Nudger, Permits, Progress, Sender, Worker
from followers import ListFollower, MessageFollower, wait_until_equal
from followers import World as Surroundings
from harness import World, until_shown

SENDERS = 3  # here; one more at the other installation
AHEAD = 24  # sends that are allowed and not yet accepted
BACKLOG = 200  # messages on their way to the backend, above which nobody sends: what is left in the end has to be delivered
QUIET = 9  # conversations beside those that are written to
PACE = 600  # deltas a second, below which the storm is not (a time limit, on a busy machine, that nothing waits for)


class Writer(Sender):
    """A client whose sends the followers' surroundings hear of."""

    PADDING = (0, 10, 300, 5000, 40000)

    def __init__(self, *arguments, surroundings):
        super().__init__(*arguments)
        self.surroundings = surroundings

    def call(self, verb, **fields):
        done = super().call(verb, **fields)
        self.surroundings.sent(fields["conversation_id"], len(fields.get("content", "")))
        return done


class Storm:
    def __init__(self, world, chosen, seed):
        self.world, self.chosen, self.seed = world, chosen, seed
        self.random = random.Random(f"{seed} storm")
        self.permits, self.progress = Permits(), Progress()
        self.kills = self.stops = self.given = 0

    def start(self, other):
        world, chosen = self.world, self.chosen
        self.client = world.client()
        for conversation in CONVERSATIONS:
            self.client.open(conversation)
        self.surroundings = around = Surroundings(world.client)
        elsewhere = types.SimpleNamespace(client=lambda: other)
        self.writers = [Writer(n, where, self.seed, self.permits, self.progress, surroundings=around)
                        for n, where in enumerate([world] * SENDERS + [elsewhere])]
        shared = (around, self.seed, world.folder)
        # One of them lies, if any.
        self.followers = [MessageFollower(n, CONVERSATIONS[n % len(CONVERSATIONS)], *shared,
                                          sabotage=chosen.sabotage if n == 0 else None) for n in range(chosen.watchers)]
        self.followers += [ListFollower(n, *shared) for n in range(chosen.watchers)]
        self.nudger = Nudger(world)
        for worker in [*self.writers, *self.followers, self.nudger]:
            worker.start()

    def rage(self):
        """Until there were enough deltas and kills."""
        deltas, around = self.chosen.deltas, self.surroundings
        kill_at = [deltas * (n + 1) // (self.chosen.kills + 1) for n in range(self.chosen.kills)]
        stop_at = [deltas * (n + 1) // (self.stops_wanted() + 1) for n in range(self.stops_wanted())]
        deadline = time.monotonic() + PATIENCE + deltas / PACE * 20
        while around.deltas < deltas:
            if Worker.failures:
                raise AssertionError("; ".join(Worker.failures))
            if time.monotonic() > deadline:
                raise AssertionError(f"only {around.deltas} of {deltas} deltas in time; {self.client.status()}")
            more = self.progress.count + AHEAD - self.given
            if more > 0 and self.nudger.pending < BACKLOG:
                self.permits.give(more)
                self.given += more
            if stop_at and around.deltas >= stop_at[0]:
                stop_at.pop(0)
                self.stop_one()
            if kill_at and around.deltas >= kill_at[0]:
                kill_at.pop(0)
                self.kill_daemon()
            with around.condition:
                around.condition.wait(self.random.uniform(0, 0.05))  # random times are what is tested
        while self.kills < self.chosen.kills:
            self.kill_daemon()

    def stops_wanted(self):
        return max(2, self.chosen.deltas // 2000)

    def stop_one(self):
        """Messages before the list, whose queue takes longer to overflow."""
        kinds = self.followers[:self.chosen.watchers] if self.stops % 3 != 2 else self.followers[self.chosen.watchers:]
        self.random.choice(kinds).stop_reading.set()
        self.stops += 1

    def kill_daemon(self):
        """Every second time while nobody sends and only the backend's changes come in: a kill between the commits of the two files
        of a send makes harkd forget its change log (ADR 0024), and followers get snapshots then."""
        if self.kills % 2:
            self.progress.reach(self.given)
            self.nudger.drained.wait(PATIENCE)
        self.surroundings.lives += 1
        self.world.daemon.kill()
        self.world.start_daemon()
        self.kills += 1

    def settle(self, other):
        """No more faults: everything is delivered and answered. The results of the followers."""
        self.permits.close()
        for writer in self.writers:
            writer.join(PATIENCE)
        self.progress.reach(self.progress.count)  # raises if a thread failed
        for follower in self.followers:
            follower.go_on()
        if self.chosen.sabotage == "drop":
            self.followers[0].lose.set()
        for conversation in CONVERSATIONS:
            for client in (self.client, other):
                end = f"the end of {conversation} by {'this' if client is self.client else 'the other'}"
                client.send(conversation, end)
                # Questions of a conversation are answered in order.
                until_shown(self.client.watch(conversation), lambda m: m.content.endswith(end) and m.role == 2)
        if not self.nudger.drained.wait(PATIENCE):
            raise AssertionError(f"not drained: {self.client.status()}")
        results = wait_until_equal(self.followers, self.client, self.surroundings, 10 if self.chosen.sabotage else PATIENCE)
        self.nudger.over.set()
        for follower in self.followers:
            follower.end()
        return results

    def report(self, results):
        wrong = 0
        for follower, (found, shown, stored) in results.items():
            counts = follower.counts
            wrong += bool(found) or shown != stored
            print(f"{follower.name:16} {len(follower.rows):5} rows, {counts['deltas']:6} deltas, {counts['resumed']:4} resumed "
                  f"({counts['over_kills']} over a kill of harkd), snapshots {counts['first_snapshots']} first and "
                  f"{counts['later_snapshots']} later; hash {shown} {'==' if shown == stored else '!='} {stored}")
            for sentence in found[:5]:
                print(f"    {sentence}")
        total = collections.Counter()
        for follower in self.followers:
            total.update(follower.counts)
        kinds = {kind: sum(f.counts["over_kills"] for f in self.followers if isinstance(f, kind))
                 for kind in (MessageFollower, ListFollower)}
        print(f"followers        {total['deltas']} deltas, {total['passing']} ephemerals; {total['resumed']} resumed, "
              f"{total['over_kills']} of them over a kill of harkd; snapshots: {total['first_snapshots']} first, "
              f"{total['later_snapshots']} later; {total['cancelled']} cancelled, {total['killed']} killed "
              f"({total['reloaded']} went on with what they wrote), {total['stopped']} stopped")
        print(f"writers          {self.progress.count} sends, {sum(len(w.changed) for w in self.writers)} of them edited, deleted "
              f"or cancelled; {sum(w.repeated for w in self.writers)} calls repeated; harkd killed {self.kills} times")
        print(f"differences      {wrong} of {len(results)} followers")
        proves = self.kills == 0 or (all(kinds.values()) and total["later_snapshots"] > 0)
        if not proves:
            print("nothing shown: no follower of one kind resumed over a kill of harkd, or no queue overflowed")
        return 0 if proves and not wrong else 1


def main():
    options = argparse.ArgumentParser(description="Kills, stops and restarts UIs against a daemon that is killed too.")
    options.add_argument("--deltas", type=int, default=5000, help="to all followers together")
    options.add_argument("--watchers", type=int, default=3, help="of conversations, and as many of the list")
    options.add_argument("--kills", type=int, default=None, help="of harkd; one for each 500 deltas unless given")
    options.add_argument("--seed", type=int, default=None, help="a random one unless given")
    options.add_argument("--sabotage", choices=("drop", "ahead"), help="one follower is wrong: the run has to fail")
    chosen = options.parse_args()
    seed = random.SystemRandom().randrange(10**9) if chosen.seed is None else chosen.seed
    chosen.kills = max(4, chosen.deltas // 500) if chosen.kills is None else chosen.kills
    print(f"seed             {seed}   (tools/dev watchers --deltas {chosen.deltas} --watchers {chosen.watchers} --kills "
          f"{chosen.kills} --seed {seed})", flush=True)
    # Whatever hangs, the run ends.
    faulthandler.dump_traceback_later(8 * PATIENCE + chosen.deltas / PACE * 20 + 3 * chosen.kills, exit=True)
    started = time.monotonic()
    made = [{"conversation_id": c, "title": c, "messages": [
        {"role": "user", "content": f"{c} before {n}"} for n in range(80)]}
        for c in [*CONVERSATIONS, *(f"quiet-{n}" for n in range(QUIET))]]
    with World(responder="echo", backend_flags=("--responder-delay-ms", "2", "--heartbeat-ms", "500")) as world:
        world.signed_in(made=made)
        with world.second_installation() as other:
            for conversation in CONVERSATIONS:
                other.open(conversation)
            storm = Storm(world, chosen, seed)
            storm.start(other)
            storm.rage()
            code = storm.report(storm.settle(other))
    print(f"time             {time.monotonic() - started:.0f} s")
    print("FAILED" if code else "ok")
    return code


if __name__ == "__main__":
    sys.exit(main())
