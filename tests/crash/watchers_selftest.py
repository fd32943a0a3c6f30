"""That the comparison of a follower with the store sees every kind of difference, and that one survives its own death as it
was written down."""

import os
import pathlib
import sys
import tempfile
import types
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))

from followers import ListFollower, MessageFollower, World  # noqa: E402
from harness import messages_pb2, types_pb2  # noqa: E402


def message(number, content="", sequence=None):
    return types_pb2.Message(id=f"m{number}", content=content, sequence=number if sequence is None else sequence)


def event(token, **fields):
    return messages_pb2.WatchMessagesResponse(resume_token=token, **fields)


def snapshot(token, *rows):
    return event(token, snapshot=messages_pb2.WatchMessagesResponse.Snapshot(messages=rows))


def delta(token, *rows, removed=()):
    return event(token, delta=messages_pb2.WatchMessagesResponse.Delta(upserted=rows, removed=removed))


class Following(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        channel = types.SimpleNamespace(close=lambda: None)
        self.world = World(lambda: types.SimpleNamespace(channel=channel))
        self.follower = self.make()

    def make(self, sabotage=None):
        made = MessageFollower(0, "c", self.world, 1, pathlib.Path(self.folder.name), sabotage=sabotage)
        made.stream = types.SimpleNamespace(cancel=lambda: None)
        made.handle(snapshot("1", message(3), message(4)), True)
        made.handle(delta("2", message(5), message(6, sequence=0)), False)
        return made

    def kinds(self, *stored):
        found, shown, there = self.follower.differences(stored)
        self.assertEqual(bool(found), shown != there)
        return sorted(sentence.partition(":")[0] for sentence in found)

    def test_what_is_equal_has_equal_hashes_and_older_rows_are_not_owed(self):
        self.assertEqual(self.kinds(*map(message, (1, 2, 3, 4, 5)), message(6, sequence=0)), [])

    def test_each_difference_is_seen(self):
        rest = [message(3), message(4), message(5)]
        self.assertEqual(self.kinds(*rest, message(6, sequence=0), message(7)), ["missing"])
        self.assertEqual(self.kinds(*rest), ["not in the store"])
        self.assertEqual(self.kinds(*rest, message(6)), ["another state"])
        self.assertEqual(self.kinds(message(3, "edited"), *rest[1:], message(6, sequence=0)), ["another state"])

    def test_removed_rows_are_gone_and_an_older_one_that_was_told_is_compared(self):
        self.follower.handle(delta("3", message(1, "edited"), removed=["m6"]), False)
        rest = [message(3), message(4), message(5)]
        self.assertEqual(self.kinds(message(1), message(2), *rest), ["another state"])
        self.assertEqual(self.kinds(message(1, "edited"), message(2), *rest), [])

    def test_death_leaves_what_was_written_down_and_nothing_else(self):
        self.follower.persist()
        self.follower.handle(delta("3", message(7)), False)
        self.follower.die()
        self.assertEqual((self.follower.token, sorted(self.follower.rows)), ("2", ["m3", "m4", "m5", "m6"]))

    def test_resuming_counts_as_over_a_kill_only_with_a_token_of_an_earlier_life(self):
        resumed = event("2", resumed=messages_pb2.WatchMessagesResponse.Resumed())
        self.follower.opened = self.world.lives
        self.follower.handle(resumed, True)
        self.assertEqual(self.follower.counts["over_kills"], 0)
        self.world.lives += 1
        self.follower.opened = self.world.lives
        self.follower.handle(resumed, True)
        self.follower.handle(resumed, True)
        self.assertEqual((self.follower.counts["resumed"], self.follower.counts["over_kills"]), (3, 1))

    def test_sabotage_makes_a_difference(self):
        self.follower.lose.set()
        self.follower.handle(delta("3", message(7)), False)
        self.assertEqual(self.kinds(*map(message, (3, 4, 5, 7)), message(6, sequence=0)), ["missing"])
        ahead = self.make("ahead")
        ahead.persist()
        ahead.handle(delta("3", message(7)), False)
        ahead.persist()
        ahead.die()
        self.assertEqual((ahead.token, "m7" in ahead.rows), ("3", False))

    def test_a_list_is_owed_all_of_it(self):
        follower = ListFollower(0, self.world, 1, pathlib.Path(self.folder.name))
        rows = [types_pb2.Conversation(id=name) for name in "ab"]
        follower.rows = {"a": rows[0]}
        self.assertEqual(follower.differences(rows)[0], ["missing: b"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
