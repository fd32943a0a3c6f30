"""The crash run's own parts: that the proxy finds the ends of frames, and that the judge sees every kind of failure."""

import asyncio
import os
import struct
import types
import unittest

from fault_proxy import FaultProxy, split, without_compression
from judge import ANY, GONE, LONGEST, Accepted, View, bound, judge, judge_changes, limit_for


def frame(payload, masked=False):
    """One binary WebSocket frame."""
    size = len(payload)
    mask = 0x80 if masked else 0
    if size < 126:
        head = struct.pack(">BB", 0x82, mask | size)
    elif size < 65536:
        head = struct.pack(">BBH", 0x82, mask | 126, size)
    else:
        head = struct.pack(">BBQ", 0x82, mask | 127, size)
    return head + (b"mask" if masked else b"") + payload


class Frames(unittest.TestCase):
    def test_frames_are_found_however_the_bytes_arrive(self):
        frames = [frame(os.urandom(size), masked) for size in (0, 1, 125, 126, 65535, 65536, 70000)
                  for masked in (False, True)]
        stream = b"".join(frames)
        for step in (1, 7, 4096, len(stream)):
            buffer, found = bytearray(), []
            for at in range(0, len(stream), step):
                buffer += stream[at:at + step]
                found += split(buffer)
            self.assertEqual(found, frames)
            self.assertFalse(buffer)

    def test_compression_is_not_offered(self):
        head = b"GET / HTTP/1.1\r\nSec-WebSocket-Extensions: permessage-deflate\r\nHost: x\r\n\r\n"
        self.assertEqual(without_compression(head), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")


class Proxying(unittest.TestCase):
    """Through a proxy to a server that says everything again."""

    def through(self, seed, faults, count=300):
        """What comes back of so many frames, and the proxy."""
        async def echo(reader, writer):
            writer.write(await reader.readuntil(b"\r\n\r\n"))
            while data := await reader.read(65536):
                writer.write(data)
            writer.close()

        async def scenario():
            server = await asyncio.start_server(echo, "127.0.0.1", 0)
            proxy = FaultProxy(seed, server.sockets[0].getsockname()[1])
            proxy.faults = faults
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            back = bytearray()
            try:
                await reader.readuntil(b"\r\n\r\n")
                for n in range(count):
                    writer.write(frame(b"%d" % n))
                writer.write_eof()
                while data := await reader.read(65536):
                    back += data
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            writer.close()
            proxy.stop()
            server.close()
            return [int(f[2:]) for f in split(back)], proxy.done

        return asyncio.run(scenario())

    def test_without_faults_nothing_changes(self):
        came, done = self.through(1, False)
        self.assertEqual(came, list(range(300)))
        self.assertFalse(done)

    def test_every_fault_happens_and_the_seed_decides(self):
        seen = {}
        for seed in range(12):
            came, done = self.through(seed, True)
            seen.update(done)
            self.assertTrue(set(came) <= set(range(300)))
        self.assertEqual(set(seen), {"duplicate", "reorder", "cut", "reset", "black hole"})


class Judging(unittest.TestCase):
    def setUp(self):
        self.accepted = [Accepted(c, "c", f"{c}-{n}", f"text {c} {n}") for n in range(3) for c in (1, 2)]
        self.history = [(a.id, a.text) for a in self.accepted]

    def counts(self, history):
        return tuple(map(len, judge(self.accepted, {"c": history})))

    def test_what_is_right_passes(self):
        self.assertEqual(self.counts(self.history), (0, 0, 0))
        # Clients are not in order among each other.
        self.assertEqual(self.counts(sorted(self.history)), (0, 0, 0))

    def test_each_failure_is_seen(self):
        self.assertEqual(self.counts(self.history[1:]), (1, 0, 0))
        self.assertEqual(self.counts(self.history + self.history[-1:]), (0, 1, 0))
        self.assertEqual(self.counts(self.history + [("another id", self.history[0][1])]), (0, 1, 0))
        swapped = [self.history[2], self.history[1], self.history[0], *self.history[3:]]
        self.assertEqual(self.counts(swapped), (0, 0, 1))

    def test_changes_that_did_not_come_about_are_seen(self):
        first, second, third = (a.id for a in self.accepted[:3])
        changed = {first: "better", second: GONE, third: GONE}
        now = [(first, "better")] + self.history[3:]
        returned, wrong, expected = judge_changes(self.accepted, changed, {"c": now})
        self.assertEqual((returned, wrong, len(expected)), ([], [], 4))
        self.assertEqual(tuple(map(len, judge(expected, {"c": now}))), (0, 0, 0))
        self.assertEqual(judge_changes(self.accepted, changed, {"c": self.history})[:2], ([second, third], [first]))
        self.assertEqual(judge_changes(self.accepted, {first: ANY}, {"c": now})[1], [])

    def test_the_bound_is_the_rule_of_three(self):
        self.assertEqual(bound(300), 0.01)
        self.assertEqual(bound(0), 1.0)

    def test_the_limit_follows_from_the_kills_and_has_an_end(self):
        for kills in (1, 200, 10_000):
            self.assertGreater(limit_for(kills), 2 * 0.7 * kills + 20)
        self.assertLess(limit_for(200), 600, "ctest would end it first, without a word")
        self.assertEqual(limit_for(10**9), LONGEST)

    def test_a_view_is_what_a_ui_shows(self):
        def message(key, sequence, content=""):
            return types.SimpleNamespace(id=key, sequence=sequence, content=content)

        def event(kind, **fields):
            return types.SimpleNamespace(WhichOneof=lambda _: kind, **{kind: types.SimpleNamespace(**fields)})

        view = View()
        view.apply(event("snapshot", messages=[message("a", 1), message("b", 0)]))
        view.apply(event("delta", removed=[], upserted=[message("c", 0), message("b", 2)]))
        self.assertEqual([m.id for m in view.newest(9)], ["a", "b", "c"])
        view.apply(event("delta", removed=["a"], upserted=[]))
        self.assertEqual([m.id for m in view.newest(1)], ["c"])
        view.apply(event("snapshot", messages=[message("d", 7)]))
        self.assertEqual([m.id for m in view.newest(9)], ["d"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
