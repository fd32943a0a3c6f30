"""Malformed HTTP/2 and protobuf, thrown at the socket of the real harkd.

  mangle.py [--seconds S] [--seed S] [--only ATTACK] [--growth MIB] [--answer SECONDS] [--endless]

Bursts of attacks on HTTP/2 (attacks.py) and of requests of every RPC that are nearly right (mutations.py). After each burst
a well-behaved client, on its old connection and on a new one, must get its page within --answer seconds. The first round
warms up; from then on memory may not grow by more than --growth MiB, and descriptors must come back. A stream that was
opened before it all must live to tell of a message sent after it. SIGTERM must end harkd in time while attackers are
connected; with --endless, a header block that never ends must be ended by harkd before. Ends by itself, with 0 if all of that held."""

import argparse
import collections
import faulthandler
import os
import random
import resource
import sys
import time

import grpc

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))

from attacks import ATTACKS, Wire, endless_headers, half_open, window_games  # noqa: E402
from harness import PATIENCE, World, messages_pb2, until  # noqa: E402
from mutations import FOREIGN, fill, harmless, methods, mutate  # noqa: E402

CONVERSATION = "conversation-0"
CALLS = 120  # requests in one burst
RELEASE = 6  # bursts after which what attackers kept open is closed
SETTLE = 25  # seconds until what is over is let go: a handshake may take 5, and memory is looked at every 10
STOP = 10  # seconds that SIGTERM may take
SPARE = 12  # descriptors that may be open in the end beside those at the beginning: readers open their files when needed
# What a request may be told. Not: INTERNAL and UNKNOWN, which are faults of the daemon.
TOLD = {grpc.StatusCode[name] for name in (
    "OK", "CANCELLED", "INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "FAILED_PRECONDITION", "RESOURCE_EXHAUSTED",
    "UNAUTHENTICATED", "UNAVAILABLE", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "ABORTED", "OUT_OF_RANGE", "PERMISSION_DENIED")}


class Mangle:
    def __init__(self, world, client, chosen, seed):
        self.world, self.client, self.chosen, self.chance = world, client, chosen, random.Random(seed)
        self.wire = Wire(world.socket)
        self.known = ["conversation-%d" % n for n in range(3)] + [m.id for m in client.page(CONVERSATION).messages[:5]]
        self.methods = methods()
        self.attacks = [a for a in ATTACKS if chosen.only in ("", a.__name__)]
        if chosen.only in ("", "requests"):
            self.attacks.append(None)  # requests of every RPC
        self.bursts, self.codes, self.slowest, self.peak = collections.Counter(), collections.Counter(), (0.0, ""), 0
        self.faults, self.grown = [], collections.Counter()

    # ---- bursts ----

    def round(self, until_time=None):
        """Every burst once, in random order."""
        order = self.attacks * (1 if len(self.attacks) > 1 else 3)
        self.chance.shuffle(order)
        for attack in order:
            name = attack.__name__ if attack else "requests"
            self.bursts[name] += 1
            try:
                attack(self.wire, self.chance) if attack else self.requests()
            except (ConnectionRefusedError, FileNotFoundError) as error:
                raise AssertionError(f"harkd is gone after {name}: {error}") from None
            self.weigh(name)
            if self.world.daemon.popen.poll() is not None:
                raise AssertionError(f"harkd ended with {self.world.daemon.popen.returncode} after {name}")
            if sum(self.bursts.values()) % RELEASE == 0:
                self.wire.release()
            self.well_behaved(name)
            if until_time is not None and time.monotonic() > until_time:
                return

    def requests(self):
        channel = self.world.client().channel
        for _ in range(CALLS):
            name, method = self.chance.choice(self.methods)
            request = fill(method.input_type._concrete_class(), self.chance, self.known)
            data = request.SerializeToString()
            if self.chance.random() < 0.8:
                data = mutate(data, self.chance)
            if not harmless(name, method.input_type._concrete_class, data):
                continue
            kind = channel.unary_stream if method.server_streaming else channel.unary_unary
            call = kind(name)
            try:
                if method.server_streaming:
                    stream = call(data, timeout=1)
                    next(stream, None)
                    stream.cancel()
                else:
                    call(data, timeout=1)
                self.codes[grpc.StatusCode.OK] += 1
            except grpc.RpcError as error:
                self.codes[error.code()] += 1
                if error.code() not in TOLD:
                    self.faults.append(f"{name} answered {error.code().name}: {error.details()}")
        for name in FOREIGN:
            try:
                channel.unary_unary(name)(mutate(b"\x0a\x04hark", self.chance), timeout=0.2)
            except grpc.RpcError:
                pass  # whatever gRPC itself says
        self.world.channels.pop().close()

    def well_behaved(self, after):
        """A client as it should be, on its own connection and on a new one."""
        for client in (self.client, self.world.client()):
            started = time.monotonic()
            page = client.messages.ListMessages(messages_pb2.ListMessagesRequest(conversation_id=CONVERSATION),
                                                timeout=self.chosen.answer, wait_for_ready=True)
            self.slowest = max(self.slowest, (time.monotonic() - started, after))
            # A request that happened to be a good one may have let retention remove them.
            assert page.messages or page.HasField("gap_before"), "an empty page"
        self.world.channels.pop().close()

    # ---- what harkd holds ----

    def weigh(self, name):
        """Notes by how much a burst has raised the highest that was seen."""
        memory = self.memory()
        if memory > self.peak:
            self.grown[name] += memory - self.peak
            self.peak = memory

    def memory(self):
        """Resident, in MiB."""
        with open(f"/proc/{self.world.daemon.popen.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024

    def descriptors(self):
        """None: harkd is closed to us (PR_SET_DUMPABLE), as it should be, and we are not root."""
        try:
            return len(os.listdir(f"/proc/{self.world.daemon.popen.pid}/fd"))
        except PermissionError:
            return None

    def settled(self, most, memory):
        """Lets everything go, and waits until no more than `most` descriptors and `memory` MiB are held, or SETTLE is over.
        How many descriptors are open."""
        self.wire.release()
        deadline = time.monotonic() + SETTLE
        while time.monotonic() < deadline:
            count = self.descriptors()
            if (count is None or count <= most) and self.memory() <= memory:
                break
            self.well_behaved("settling")
            time.sleep(0.1)  # nothing tells when another process lets go of something
        return count

    # ---- all of it ----

    def run(self):
        stream = self.client.messages.WatchMessages(
            messages_pb2.WatchMessagesRequest(conversation_id=CONVERSATION), wait_for_ready=True)
        next(stream)
        self.well_behaved("nothing")
        descriptors, started = self.descriptors(), time.monotonic()
        first = self.peak = self.memory()
        most = 0 if descriptors is None else descriptors + SPARE
        self.round()
        warm = time.monotonic() - started
        self.settled(most, first + self.chosen.growth)
        before = self.memory()
        while time.monotonic() < started + self.chosen.seconds:
            self.round(started + self.chosen.seconds)
        left = self.settled(most, before + self.chosen.growth)
        after = self.memory()
        sent = self.client.send(CONVERSATION, "after it all")
        until(stream, lambda e: any(m.id == sent.id for m in e.delta.upserted))
        if self.chosen.only in ("", "thousands_of_connections") and not self.wire.refused:
            self.faults.append("no connection was told that it is one too many")
        if after - before > self.chosen.growth:
            self.faults.append(f"memory grew by {after - before:.0f} MiB")
        if left is not None and left > most:
            self.faults.append(f"{left - descriptors} descriptors did not come back")
        print(f"memory        {first:.0f} MiB before, {before:.0f} MiB after a warm-up of {warm:.0f} s, {after:.0f} MiB in the end; at "
              f"most {self.peak:.0f} MiB: " + ", ".join(f"{grown:.0f} by {name}" for name, grown in self.grown.most_common(5)))
        print(f"descriptors   {descriptors} before, {left} after" if left is not None else "descriptors   not readable")
        if self.chosen.endless:
            self.endless(before)
        self.stop()

    def endless(self, before):
        """Memory is full at some point: harkd ends all connections, and clients come back."""
        ended = endless_headers(self.wire, self.chance)
        full = self.memory()
        self.well_behaved("endless headers")
        self.settled(10**6, before + self.chosen.growth)
        print(f"endless       {'ended by harkd' if ended else 'never ended'}, {full:.0f} MiB then, {self.memory():.0f} MiB later")
        if not ended or self.memory() > before + self.chosen.growth:
            self.faults.append("a header block without an end was not ended, or its memory did not come back")

    def stop(self):
        """While attackers are connected, and a client does not read."""
        half_open(self.wire, self.chance)
        window_games(self.wire, self.chance)
        started = time.monotonic()
        code, seconds = self.world.daemon.stop(), time.monotonic() - started
        self.wire.release()
        print(f"SIGTERM       ended with {code} after {seconds:.1f} s")
        if code != 0 or seconds > STOP:
            self.faults.append(f"SIGTERM ended it with {code} after {seconds:.1f} s")

    def report(self):
        print("bursts        " + ", ".join(f"{count} × {name}" for name, count in sorted(self.bursts.items())))
        print("requests      " + ", ".join(f"{n} × {code.name}" for code, n in sorted(self.codes.items(), key=lambda c: -c[1])))
        print(f"well-behaved  slowest answer {self.slowest[0] * 1000:.0f} ms, after {self.slowest[1]}")
        for fault, count in collections.Counter(self.faults).most_common(10):
            print(f"fault         {count} × {fault}")
        return 1 if self.faults else 0


def main():
    options = argparse.ArgumentParser(description="Throws malformed HTTP/2 and protobuf at the socket.")
    options.add_argument("--seconds", type=float, default=60, help="in all; the first round is always finished")
    options.add_argument("--seed", type=int, default=None, help="a random one unless given")
    options.add_argument("--only", default="", help="this attack, or: requests")
    options.add_argument("--growth", type=float, default=32, help="MiB that memory may grow by after the first round")
    options.add_argument("--answer", type=float, default=2, help="seconds within which a well-behaved client has its page")
    options.add_argument("--endless", action="store_true", help="at last, headers without an end: takes 1 GiB of memory")
    chosen = options.parse_args()
    seed = random.SystemRandom().randrange(10**9) if chosen.seed is None else chosen.seed
    print(f"seed          {seed}   (tools/dev mangle --seconds {chosen.seconds:g} --seed {seed})", flush=True)
    faulthandler.dump_traceback_later(chosen.seconds + 5 * PATIENCE, exit=True)  # whatever hangs, the run ends
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 8192), most))
    with World() as world:
        mangle = Mangle(world, world.signed_in(), chosen, seed)
        mangle.run()
        code = mangle.report()
    print("FAILED" if code else "ok")
    return code


if __name__ == "__main__":
    sys.exit(main())
