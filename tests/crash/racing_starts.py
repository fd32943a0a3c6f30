"""Many harkd at one data folder and one socket.

  racing_starts.py [--starts N] [--at-once M] [--seed S]

Waves of up to M processes are started at the same moment: after the one that served was killed, after it stopped, while it
serves, and killed itself in the middle of the wave. In each wave all answers on the socket come from one process, at most
one is left, each other one ends with exit code 4, the messages of before are all there and one more is sent. Then
another user tries the socket, with the modes as they are and with modes that somebody opened by mistake."""

import argparse
import collections
import os
import random
import subprocess
import sys
import time

import grpc

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))

from harness import HARKD, PATIENCE, World, admin_pb2  # noqa: E402

ALREADY_RUNNING = 4
CONVERSATION = "conversation-0"
WAVES = ("after a kill", "after a stop", "beside one that serves", "one dies in the middle")
NOBODY = 65534
# What another user finds: 0: no way in; 3: connected, and closed without a byte; anything else: let in.
AS_NOBODY = f"""
import os, socket, sys
os.setgid({NOBODY}); os.setuid({NOBODY})
s = socket.socket(socket.AF_UNIX)
try:
    s.connect(sys.argv[1])
except PermissionError:
    sys.exit(0)
s.settimeout({PATIENCE})
try:
    s.sendall(b"PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
    sys.exit(3 if s.recv(1) == b"" else 9)
except (BrokenPipeError, ConnectionResetError):
    sys.exit(3)
"""


class RacingWorld(World):
    def start_many(self, count):
        command = [HARKD, "--data-dir", self.data, "--socket", self.socket, "--backend-url", self.url()]
        with open(self.folder / "harkd.log", "ab") as log:
            return [subprocess.Popen([str(a) for a in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)
                    for _ in range(count)]


class Race:
    def __init__(self, world, chosen, seed):
        self.world, self.chosen, self.random = world, chosen, random.Random(seed)
        self.sent, self.serving = [], world.daemon.popen
        self.codes, self.waves, self.started = collections.Counter(), collections.Counter(), 0

    def run(self):
        kinds = list(WAVES)
        while self.started < self.chosen.starts:
            kind = kinds[sum(self.waves.values())] if sum(self.waves.values()) < len(kinds) else self.random.choice(kinds)
            self.wave(kind, min(self.chosen.at_once, self.chosen.starts - self.started))
            self.waves[kind] += 1

    def wave(self, kind, count):
        before = [self.serving] if kind == WAVES[2] else []
        if not before:
            self.end(self.serving, kill=kind != WAVES[1])
        racers = before + self.world.start_many(count)
        self.started += count
        if kind == WAVES[3]:
            first = self.who_serves(racers)
            self.end(first, kill=True)
            racers.remove(first)
        left = self.wait_for_the_others(racers)
        if left is None:  # all had given up before it died
            assert kind == WAVES[3], f"nobody is left in a wave {kind}"
            left, = self.world.start_many(1)
        assert not before or left is before[0], "the one that served was driven out"
        self.serving = self.who_serves([left])
        self.nothing_is_damaged()

    def wait_for_the_others(self, racers):
        """Until one is left, or none. All the while, answers come from one process only."""
        answered, deadline = set(), time.monotonic() + PATIENCE
        while True:
            alive = [r for r in racers if r.poll() is None]
            if len(alive) <= 1:
                break
            assert time.monotonic() < deadline, f"{len(alive)} are still there"
            answered |= self.ask()
            assert len(answered) <= 1, f"{len(answered)} processes answered"
        for racer in racers:
            if racer not in alive:
                self.codes[racer.returncode] += 1
        assert answered <= {r.pid for r in alive}, "one that ended had answered"
        return alive[0] if alive else None

    def ask(self):
        """{pid} of who answers a new connection; empty if nobody does."""
        client = self.world.client()
        try:
            return {client.admin.GetVersion(admin_pb2.GetVersionRequest(), timeout=PATIENCE).process_id}
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.UNAVAILABLE, error
            return set()
        finally:
            self.world.channels.pop().close()

    def who_serves(self, processes):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for pid in self.ask():
                return next(p for p in processes if p.pid == pid)
            assert any(p.poll() is None for p in processes), "nobody serves: " + self.world.daemon.log.read_text()[-2000:]
        raise AssertionError("nobody answers")

    def end(self, process, kill):
        process.kill() if kill else process.terminate()
        code = process.wait(PATIENCE)
        assert kill or code == 0, f"a stop ended with {code}"

    def nothing_is_damaged(self):
        client = self.world.client()
        self.sent.append(client.send(CONVERSATION, f"wave {len(self.sent)}").id)
        there = [m.id for m in client.all_messages(CONVERSATION, size=200)]
        assert there[-len(self.sent):] == self.sent, "a message is missing"
        assert not list(self.world.data.rglob("set-aside/*")), "a file was set aside"
        self.world.channels.pop().close()

    def another_user(self):
        if os.geteuid() != 0:
            return "not tried: becoming another user needs root"
        def attempt():
            return subprocess.run([sys.executable, "-c", AS_NOBODY, str(self.world.socket)], timeout=PATIENCE).returncode
        assert attempt() == 0, "another user got through the modes"
        for path, mode in ((self.world.folder, 0o755), (self.world.socket.parent, 0o755), (self.world.socket, 0o666)):
            path.chmod(mode)
        assert attempt() == 3, "another user was let in"
        assert self.ask() == {self.serving.pid}
        return "no way in; with open modes closed without a byte"


def main():
    options = argparse.ArgumentParser(description="Starts many harkd at one data folder and one socket.")
    options.add_argument("--starts", type=int, default=50)
    options.add_argument("--at-once", type=int, default=16)
    options.add_argument("--seed", type=int, default=None, help="a random one unless given")
    chosen = options.parse_args()
    seed = random.SystemRandom().randrange(10**9) if chosen.seed is None else chosen.seed
    print(f"seed          {seed}   (tools/dev racing-starts --starts {chosen.starts} --seed {seed})", flush=True)
    started = time.monotonic()
    with RacingWorld() as world:
        world.signed_in()
        race = Race(world, chosen, seed)
        try:
            race.run()
            stranger = race.another_user()
        finally:
            if race.serving.poll() is None:
                race.end(race.serving, kill=True)
    print(f"starts        {race.started} in waves: " + ", ".join(f"{n} {kind}" for kind, n in sorted(race.waves.items())))
    print("exit codes    " + ", ".join(f"{n} × {code}" for code, n in sorted(race.codes.items())))
    print(f"another user  {stranger}")
    print(f"time          {time.monotonic() - started:.0f} s")
    wrong = set(race.codes) - {ALREADY_RUNNING}
    print(f"FAILED: exit codes {wrong}" if wrong else "ok")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
