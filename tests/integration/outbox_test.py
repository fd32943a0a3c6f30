"""What waits to be delivered and what was refused, listed over all conversations by the real programs; and what hark outbox says
can be done about it."""

import json
import shutil
import time
import unittest

import grpc

from harness import PATIENCE, State, TestCase, World, messages_pb2, types_pb2, until_all, until_shown

QUEUED, SENT, FAILED = (types_pb2.DeliveryState.Value(f"DELIVERY_STATE_{name}") for name in ("QUEUED", "SENT", "FAILED"))
Entry = messages_pb2.OutboxEntry
C, OTHER = "conversation-1", "conversation-2"
REFUSING = ("--refuse-content-prefix", "refuse")


def settled(key, content=None):
    return lambda m: (m.id == key and m.delivery == SENT and not m.HasField("pending_change")
                      and (content is None or m.content == content))


def shown(entry):
    return entry.kind, entry.conversation_id, entry.message_id, entry.preview


def paged(client, size, **fields):
    """All entries, so many a page."""
    entries, token = [], ""
    while True:
        page = client.outbox(page_size=size, page_token=token, **fields)
        entries += page.entries
        token = page.next_page_token
        if not token:
            return entries
        assert len(page.entries) == size


class Outbox(TestCase):
    def hark_json(self, world, *arguments):
        """The entries that hark outbox lists, and its last line."""
        lines = [json.loads(line) for line in world.hark("outbox", *arguments, "--json")[1].splitlines()]
        return lines[:-1], lines[-1]

    def what_to_do(self, world, *arguments):
        """The commands that hark outbox offers in its last line, as words."""
        line = world.hark("outbox", *arguments)[1].splitlines()[-1]
        self.assertTrue(line.startswith("--- waits for you: "), line)
        offered = line.removeprefix("--- waits for you: ").removesuffix(" ---").split(", or ")
        return {words[1]: words[1:4] for words in (command.split() for command in offered)}

    def sent(self, client, stream, conversation, text):
        message = client.send(conversation, text)
        return until_shown(stream, settled(message.id))

    def test_what_waits_is_listed_over_all_conversations_and_a_refused_edit_can_be_retried(self):
        with World(backend_flags=REFUSING) as world:
            client = world.signed_in()
            stream, elsewhere = client.watch(C), client.watch(OTHER)
            kept = self.sent(client, stream, C, "canaryfirst as it was")
            gone = self.sent(client, elsewhere, OTHER, "canarysecond to be deleted")
            self.assertEqual(list(client.outbox().entries), [])
            self.assertEqual(world.hark("outbox")[1], "nothing waits to be delivered\n")
            world.backend.stop()
            client.wait_for(State.STATE_OFFLINE)
            one, two = client.send(C, "canaryone"), client.send(OTHER, "canarytwo", content_type="text/markdown")
            client.edit(kept, "refuse canaryedit")
            client.delete(gone)
            long = client.send(C, "canarylong " + "é" * 300)
            expected = [(Entry.KIND_SEND, C, one.id, "canaryone"), (Entry.KIND_SEND, OTHER, two.id, "canarytwo"),
                        (Entry.KIND_EDIT, C, kept.id, "refuse canaryedit"), (Entry.KIND_DELETE, OTHER, gone.id, ""),
                        (Entry.KIND_SEND, C, long.id, "canarylong " + "é" * 189)]

            def assert_listed(client):
                page = client.outbox()
                self.assertEqual([shown(e) for e in page.entries], expected)
                self.assertEqual({e.delivery for e in page.entries}, {QUEUED})
                self.assertEqual([e.preview_cut for e in page.entries], [False] * 4 + [True])
                self.assertEqual([e.content_type for e in page.entries],
                                 ["text/plain", "text/markdown", "text/plain", "", "text/plain"])
                self.assertTrue(all(e.message_is_here for e in page.entries))
                self.assertEqual((page.total_count, page.next_page_token), (5, ""))
                for size in (1, 2, 4):
                    self.assertEqual(paged(client, size), list(page.entries))
                self.assertEqual([e.message_id for e in paged(client, 2, conversation_id=C)], [one.id, kept.id, long.id])
                self.assertEqual(list(client.outbox(failed_only=True).entries), [])
                return [e.position for e in page.entries]

            positions = assert_listed(client)
            # The same after kill -9, and by hark.
            world.daemon.kill()
            world.start_daemon()
            client = world.client()
            self.assertEqual(assert_listed(client), positions)
            entries, end = self.hark_json(world, "--limit", "3")
            self.assertEqual([(e["message_id"], e["preview"]) for e in entries], [(i, t) for _, _, i, t in expected[:3]])
            self.assertEqual((end["count"], end["total_count"], end["has_more"]), (3, 5, True))
            self.assertIn("3 of 5 entries; all: hark outbox --all", world.hark("outbox", "--limit", "3")[1])
            self.assertIn("hark outbox", world.hark("status")[1])

            world.start_backend()
            stream, elsewhere = client.watch(C), client.watch(OTHER)
            until_all(stream, settled(one.id), settled(long.id),
                      lambda m: m.id == kept.id and m.pending_change.delivery == FAILED)
            until_all(elsewhere, settled(two.id), lambda m: m.id == gone.id and m.deleted and not m.HasField("pending_change"))
            (failed,) = client.outbox(failed_only=True).entries
            self.assertEqual(shown(failed), expected[2])
            self.assertEqual((failed.delivery, failed.failure.reason, failed.position), (FAILED, "PERMISSION", positions[2]))
            self.assertEqual([shown(e) for e in client.outbox().entries], [expected[2]])
            said = world.hark("outbox", C, "--failed")[1]
            for word in ("failed", "edit", C, kept.id, "refuse canaryedit", failed.failure.message.rstrip(".")):
                self.assertIn(word, said)
            self.assertEqual(self.hark_json(world, OTHER, "--failed")[0], [])

            # The backend thinks otherwise now.
            world.backend.stop()
            world.backend_flags = ()
            world.start_backend()
            client.wait_for(State.STATE_LIVE)
            self.assertTrue(world.hark(*self.what_to_do(world)["retry"])[1].startswith("edit "))
            until_shown(stream, settled(kept.id, "refuse canaryedit"))
            self.assertEqual(list(client.outbox().entries), [])

    def test_a_failed_change_of_a_message_that_is_not_here_is_listed_retried_and_given_up(self):
        with World() as world:
            client = world.signed_in()
            world.backend.stop()
            before = world.folder / "backend-before"
            shutil.copytree(world.backend_data, before)
            world.start_backend()
            client.wait_for(State.STATE_LIVE)
            stream = client.watch(C)
            one, two, three = (self.sent(client, stream, C, f"canary{n}") for n in ("one", "two", "three"))
            world.backend.stop()
            client.wait_for(State.STATE_OFFLINE)
            client.edit(one, "canarymine one")
            client.delete(two)
            client.edit(three, "canarymine three")
            # The copy here goes, and the backend is put back to before the messages.
            world.hark("clear-cache")
            shutil.rmtree(world.backend_data)
            before.rename(world.backend_data)
            world.start_backend()

            def both_failed():
                # Of what is on no page, no stream tells.
                client.wait_for(State.STATE_LIVE)
                deadline = time.monotonic() + PATIENCE
                while time.monotonic() < deadline:
                    entries = client.outbox(failed_only=True).entries
                    if len(entries) == 2:
                        return list(entries)
                raise AssertionError(f"not both have failed: {client.outbox().entries}")
            entries = both_failed()
            self.assertEqual([shown(e) for e in entries], [(Entry.KIND_EDIT, C, one.id, "canarymine one"),
                                                           (Entry.KIND_EDIT, C, three.id, "canarymine three")])
            self.assertEqual(len(client.outbox().entries), 2, "what was to be deleted is not there: done")
            self.assertEqual({e.failure.reason for e in entries}, {"NOT_FOUND"})
            self.assertFalse([e for e in entries if e.message_is_here])
            self.assertFalse({one.id, three.id} & {m.id for m in client.all_messages(C)}, "on no page")
            self.assertIn("[the message itself is not on this machine]", world.hark("outbox")[1])
            self.assertIn("2 wait for you", world.hark("outbox")[1])

            # All of it with the ids that hark outbox prints.
            for entry in self.hark_json(world, "--failed")[0]:
                ids = entry["conversation_id"], entry["message_id"]
                self.assertTrue(world.hark("skip", *ids)[1].startswith("edit failed"))
                self.assertTrue(world.hark("retry", *ids)[1].startswith("edit queued"))
                both_failed()
            self.assertEqual(json.loads(world.hark("retry", "--all", "--json")[1])["count"], 2)
            both_failed()
            answer = json.loads(world.hark("cancel", C, one.id, "--json")[1])
            self.assertEqual((answer["id"], answer["pending_change"]), (one.id, None))
            offered = self.what_to_do(world)
            self.assertEqual(set(offered), {"retry", "cancel"})
            world.hark(*offered["cancel"])
            self.assertEqual(list(client.outbox().entries), [])
            self.assertEqual(client.statistics().outbox, 0)
            self.assertEqual(world.hark("outbox", "--failed")[1], "nothing has failed\n")

    def test_what_cannot_be_listed_is_said(self):
        with World() as world:
            world.port = 1  # nothing listens there
            world.start_daemon()
            client = world.client()
            self.assert_refused(grpc.StatusCode.FAILED_PRECONDITION, client.outbox)
            self.assertEqual(world.hark("outbox", check=False)[0], 5)
        with World() as world:
            client = world.signed_in()
            self.assert_refused(grpc.StatusCode.NOT_FOUND, client.outbox, conversation_id="none")
            self.assertEqual(world.hark("outbox", "none", check=False)[0], 4)
            self.assert_refused(grpc.StatusCode.INVALID_ARGUMENT, client.outbox, page_size=201)
            self.assert_refused(grpc.StatusCode.INVALID_ARGUMENT, client.outbox, page_token="nonsense")


if __name__ == "__main__":
    unittest.main(verbosity=2)
