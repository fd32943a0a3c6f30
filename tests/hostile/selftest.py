"""The hostile run's own parts: that the comparison sees every kind of difference, and that the store is correct."""

import os
import random
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "crash"))

from hark.sync.v1 import sync_pb2 as pb  # noqa: E402
from judge import Accepted, judge  # noqa: E402
from library import Library, Refusal  # noqa: E402
import compare  # noqa: E402


def library():
    clock = iter(range(10**6))
    made = Library(random.Random(1), lambda: 1_800_000_000_000 + next(clock))
    made.create("c", "title")
    for n in range(5):
        made.born("c", pb.ROLE_ASSISTANT, f"text {n}")
    return made


def stored(made):
    return [compare.row(m) for m in made.find("c").messages.values()]


class Comparing(unittest.TestCase):
    def setUp(self):
        self.library = library()
        self.stored = stored(self.library)
        self.excuses = compare.Excuses()
        self.excuses.see(self.library)

    def complaints(self, cached):
        return compare.rows("c", cached, self.stored, self.excuses)

    def test_what_is_equal_is_not_complained_about(self):
        self.assertEqual(self.complaints(self.stored), [])

    def test_a_missing_row_is_seen(self):
        self.assertIn("missing", self.complaints(self.stored[:2] + self.stored[3:])[0])

    def test_every_field_that_differs_is_seen(self):
        for field in set(compare.Row._fields) - {"id"}:
            wrong = [self.stored[0]._replace(**{field: "other"})] + self.stored[1:]
            self.assertIn(f"different: {wrong[0].id}: {field} 'other'", self.complaints(wrong)[0])

    def test_the_time_of_a_change_made_here_is_not_compared(self):
        self.stored[0] = self.stored[0]._replace(edited_at=7)
        cached = [self.stored[0]._replace(edited_at=8)] + self.stored[1:]
        self.assertTrue(self.complaints(cached))
        self.excuses.changed.add(cached[0].id)
        self.assertEqual(self.complaints(cached), [])
        self.assertTrue(self.complaints([cached[0]._replace(edited_at=None)] + cached[1:]))

    def test_a_row_that_the_backend_never_had_is_seen(self):
        self.assertIn("too many", self.complaints(self.stored + [self.stored[0]._replace(id="x", sequence=6)])[0])

    def test_another_order_is_seen(self):
        self.assertIn("another order", self.complaints([self.stored[1], self.stored[0]] + self.stored[2:])[0])

    def test_a_row_twice_is_seen(self):
        self.assertIn("twice", self.complaints(self.stored + self.stored[-1:])[0])

    def test_a_row_that_retention_removed_is_kept_without_blame_and_another_is_not(self):
        self.library.forget_before("c", 3)
        cached, self.stored = self.stored, stored(self.library)
        self.assertIn("too many", self.complaints(cached)[0])
        self.excuses.dropped["c"] = 3
        self.assertEqual(self.complaints(cached), [])

    def test_only_what_a_restored_copy_forgot_is_excused(self):
        copy = self.library.copy()
        message = self.library.edit("c", self.stored[4].id, 1, "edited")
        self.library.born("c", pb.ROLE_USER, "forgotten")
        self.excuses.restored(self.library, copy)
        cached, self.stored = stored(self.library), stored(copy)
        self.assertEqual(cached[4].revision, message.revision)
        self.assertEqual(self.complaints(cached), [])
        self.assertTrue(self.complaints([cached[0]._replace(content="other")] + cached[1:]))
        self.assertTrue(self.complaints(cached[:4] + [cached[4]._replace(revision=0)] + cached[5:]))

    def test_a_summary_that_differs_is_seen(self):
        there = {"c": compare.summary(self.library.find("c").summary())}
        self.assertEqual(compare.summaries(there, there, self.excuses), [])
        for field in compare.Summary._fields:
            self.assertTrue(compare.summaries({"c": there["c"]._replace(**{field: -1})}, there, self.excuses))
        self.excuses.dropped["c"] = 2
        self.assertEqual(compare.summaries({"c": there["c"]._replace(message_count=9)}, there, self.excuses), [])
        self.assertTrue(compare.summaries({}, there, self.excuses))
        self.assertTrue(compare.summaries(dict(there, d=there["c"]), there, self.excuses))

    def test_a_number_that_differs_from_the_rows_is_seen(self):
        shown = compare.summary(self.library.find("c").summary())
        self.assertEqual(compare.counts("c", shown, self.stored), [])
        self.assertTrue(compare.counts("c", shown, self.stored[1:]))
        self.assertTrue(compare.counts("c", shown._replace(unread_count=4), self.stored))

    def test_a_watcher_that_shows_something_else_is_seen(self):
        self.assertEqual(compare.views("w", self.stored, self.stored), [])
        self.assertTrue(compare.views("w", self.stored[:-1], self.stored))
        self.assertTrue(compare.views("w", self.stored, self.stored[:2] + self.stored[3:]))
        self.assertTrue(compare.views("w", self.stored[:3] + [self.stored[3]._replace(content="x"), self.stored[4]],
                                      self.stored))
        twice = [self.stored[0], self.stored[1], self.stored[2]._replace(sequence=2)]
        self.assertEqual(compare.views("w", twice, [twice[0], twice[2], twice[1]]), [])

    def test_what_vanished_is_seen(self):
        seen = {r.id: "c" for r in self.stored}
        self.assertEqual(compare.vanished(seen, {"c": self.stored}), [])
        self.assertTrue(compare.vanished(seen, {"c": self.stored[1:]}))

    def test_a_hole_in_a_page_is_seen_unless_the_backend_has_it_too(self):
        page = list(self.library.find("c").messages.values())
        self.assertEqual(compare.holes("c", page, 0), [])
        self.assertTrue(compare.holes("c", page[:1] + page[2:], 0))
        self.assertTrue(compare.holes("c", page[:1] + page[2:], 2))
        self.assertEqual(compare.holes("c", page[:1] + page[2:], 3), [])
        self.assertTrue(compare.holes("c", page[::-1], 9))

    def test_a_send_that_is_lost_doubled_or_late_is_seen(self):
        accepted = [Accepted(0, "c", r.id, r.content) for r in self.stored]
        self.assertEqual(judge(accepted, compare.histories(self.library)), ([], [], []))
        self.library.born("c", pb.ROLE_USER, "text 1")
        self.assertTrue(judge(accepted, compare.histories(self.library))[1])
        self.assertTrue(judge(accepted[::-1], compare.histories(library()))[2])
        self.library.forget_before("c", 2)
        self.assertTrue(judge(accepted, compare.histories(self.library))[0])


class Storing(unittest.TestCase):
    def test_an_append_is_stored_once_also_after_it_was_edited_and_dropped(self):
        made = library()
        wanted = pb.Message(id="m", conversation_id="c", role=pb.ROLE_USER, content="text")
        self.assertEqual([made.append(wanted), made.append(wanted)], [6, 6])
        made.edit("c", "m", 1, "other")
        made.forget_before("c", 7)
        self.assertEqual(made.append(wanted), 6)
        wanted.content = "other"
        with self.assertRaises(Refusal):
            made.append(wanted)

    def test_a_page_speaks_for_what_retention_removed(self):
        made = library()
        made.forget_before("c", 3)
        page = made.history(pb.GetHistory(conversation_id="c", before_sequence=5), 10)
        self.assertEqual((page.from_sequence, page.to_sequence, page.has_more), (1, 4, False))
        page = made.history(pb.GetHistory(conversation_id="c", before_sequence=3), 10)
        self.assertEqual((page.from_sequence, page.to_sequence, page.has_more), (0, 0, False))
        page = made.history(pb.GetHistory(conversation_id="c"), 2)
        self.assertEqual((page.from_sequence, page.to_sequence, page.has_more), (4, 5, True))
        page = made.history(pb.GetHistory(conversation_id="c", after_sequence=0), 2)
        self.assertEqual((page.from_sequence, page.to_sequence, page.has_more), (1, 4, True))

    def test_a_stretch_tells_what_is_subscribed_and_what_was_revised(self):
        made = library()
        position = made.head
        made.edit("c", made.find("c").messages[1].id, 1, "edited")
        made.born("c", pb.ROLE_USER, "new")
        end, changes = made.changes(position, set(), 40)
        self.assertEqual(([c.message.content for c in changes], end), (["edited", ""], made.head))
        self.assertEqual([c.message.content for c in made.changes(position, {"c"}, 40)[1]], ["edited", "new", ""])


if __name__ == "__main__":
    unittest.main()
