"""Searching with the real programs: what is found, page by page, while messages come, change and go; offline; after a kill."""

import json
import unittest

import grpc

from hark.v1 import search_pb2, search_pb2_grpc

from harness import PATIENCE, TestCase, World, until_delivered


def conversations():
    """The words of a message tell where it is, so that what has to be found can be computed here."""
    made = []
    for c in range(6):
        body = [{"role": "user" if m % 2 == 0 else "assistant",
                 "content": f"shared words of conversation{c} number{m} " + ("with rain " * (m % 5)) + "Grüße 我们明天见"}
                for m in range(150)]
        made.append({"conversation_id": f"c{c}", "title": f"Title {c}", "messages": body})
    return made


class Search(TestCase):
    def setUp(self):
        self.world = World().__enter__()
        self.addCleanup(self.world.__exit__, None, None, None)
        self.client = self.world.signed_in(made=conversations())
        self.stub = search_pb2_grpc.SearchStub(self.world.channels[-1])

    def search(self, query, **fields):
        return self.stub.SearchMessages(search_pb2.SearchMessagesRequest(query=query, **fields), timeout=PATIENCE,
                                        wait_for_ready=True)

    def everything(self, query, **fields):
        """Every result, page by page."""
        found, token = [], ""
        while True:
            page = self.search(query, page_token=token, **fields)
            found += page.results
            token = page.next_page_token
            if not token:
                return found

    def test_finds_and_shows_where(self):
        page = self.search("conversation3 number42")
        self.assertEqual(len(page.results), 1)
        result = page.results[0]
        self.assertEqual((result.conversation_id, result.conversation_title), ("c3", "Title 3"))
        self.assertEqual(marked(result.snippet, result.highlights), ["conversation3", "number42"])
        self.assertEqual(page.total_count, 1)
        self.assertTrue(page.index.complete)
        self.assertEqual(page.index.indexed, page.index.total)
        message = next(m for m in self.client.all_messages("c3") if m.id == result.message_id)
        self.assertIn(result.snippet, message.content)
        self.assertEqual(message.created_at, result.created_at)
        for query, count in [("明天", 900), ("grusse", 900), ('"words of"', 900), ("number14*", 66), ("shared -rain", 180),
                             ('"of words"', 0), ("天明", 0)]:
            with self.subTest(query=query):
                self.assertEqual(len(self.everything(query, page_size=100)), count)

    def test_every_order_has_every_message_once_while_messages_come(self):
        expected = sorted(m.id for m in self.client.all_messages("c1", 200)) + sorted(
            m.id for c in (0, 2, 3, 4, 5) for m in self.client.all_messages(f"c{c}", 200))
        for order in (search_pb2.SearchMessagesRequest.ORDER_BEST, search_pb2.SearchMessagesRequest.ORDER_NEWEST):
            found, token = [], ""
            while True:
                page = self.search("shared words", order=order, page_size=77, page_token=token)
                found += page.results
                token = page.next_page_token
                if not token:
                    break
                self.client.send("c0", "more shared words")
            ids = [r.message_id for r in found if "more shared" not in r.snippet]
            self.assertEqual(sorted(ids), sorted(expected))
            if order == search_pb2.SearchMessagesRequest.ORDER_NEWEST:
                times = [(r.created_at.seconds, r.created_at.nanos) for r in found]
                self.assertEqual(times, sorted(times, reverse=True))
        within = self.everything("shared words", conversation_id="c4", page_size=50)
        self.assertEqual({r.conversation_id for r in within}, {"c4"})
        self.assertEqual(len(within), 150)

    def test_follows_sends_edits_and_deletions_online_and_offline(self):
        def ids(query):
            return [r.message_id for r in self.everything(query)]

        stream = self.client.watch("c0")
        sent = self.client.send("c0", "xylophone in the garden")
        until_delivered(stream, sent.id)
        self.assertEqual(ids("xylophone"), [sent.id])
        self.world.backend.stop()
        self.client.edit(sent, "trombone in the garden")
        self.assertEqual((ids("xylophone"), ids("trombone")), ([], [sent.id]))
        other = self.client.send("c0", "trombone offline")
        self.assertEqual(ids("trombone"), [other.id, sent.id])
        # What is pending survives the daemon.
        self.world.daemon.kill()
        self.world.start_daemon()
        self.assertEqual(ids("trombone"), [other.id, sent.id])
        self.client.delete(sent)
        self.assertEqual(ids("trombone"), [other.id])
        stream = self.client.watch("c0")
        self.world.start_backend()
        until_delivered(stream, other.id)
        self.assertEqual(ids("trombone"), [other.id])

    def test_bad_searches_are_refused_clearly_and_not_logged(self):
        code = grpc.StatusCode.INVALID_ARGUMENT
        for query, words in [("", "empty"), ('secretcanary "open', "character 14"), ("secretcanary*x", "character 13"),
                             ("-secretcanary", "something to look for"), ("...", "no word"), ("x" * 1025, "longer"),
                             ("w " * 17, "more than 16")]:
            with self.subTest(query=query):
                sentence = self.assert_refused(code, self.search, query)
                self.assertIn(words, sentence)
                self.assertNotIn("secretcanary", sentence)
        self.assert_refused(code, self.search, "word", page_token="nonsense")
        self.assert_refused(code, self.search, "word", page_size=101)
        self.assert_refused(grpc.StatusCode.NOT_FOUND, self.search, "word", conversation_id="unknown")
        self.everything("secretcanary")
        self.assertNotIn("secretcanary", self.world.daemon.log.read_text())

    def test_command_line(self):
        code, out, _ = self.world.hark("search", "conversation2 number7", "--json")
        lines = [json.loads(line) for line in out.splitlines()]
        self.assertEqual((code, lines[0]["conversation_id"], lines[-1]["total_count"]), (0, "c2", 1))
        _, out, _ = self.world.hark("search", "conversation2 number7")
        self.assertIn("Title 2", out)
        self.assertNotIn("\x1b", out)
        _, out, _ = self.world.hark("search", "shared", "--newest", "--limit", "150", "--conversation", "c5", "--json")
        self.assertEqual(len(out.splitlines()), 151)
        code, _, err = self.world.hark("search", '"open', check=False)
        self.assertEqual(code, 7)
        self.assertIn("character 1", err)


def marked(snippet, highlights):
    """The highlighted parts of a snippet, as a UI in Python would cut them out."""
    text = snippet.encode()
    return [text[h.start:h.start + h.length].decode() for h in highlights]


if __name__ == "__main__":
    unittest.main()
