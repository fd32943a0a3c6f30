"""Editing, deleting, cancelling, retrying and skipping through the real programs: seen at a watcher, at the user's second
installation and in the backend's own history."""

import contextlib
import json
import os
import signal
import time
import unittest

import grpc

from harness import HARK, PATIENCE, Process, State, TestCase, World, sync_pb2, types_pb2
from harness import until, until_all, until_delivered, until_shown

QUEUED, SENDING, SENT, FAILED, UNKNOWN, CANCELLED = (types_pb2.DeliveryState.Value(f"DELIVERY_STATE_{name}") for name in (
    "QUEUED", "SENDING", "SENT", "FAILED", "UNKNOWN", "CANCELLED"))
Change = types_pb2.PendingChange
C, OTHER = "conversation-1", "conversation-2"
REFUSING = ("--refuse-content-prefix", "refuse")


def settled(key, content=None, deleted=False):
    """The message with this id, at the backend as it should be, with nothing pending."""
    return lambda m: (m.id == key and m.delivery == SENT and m.deleted == deleted and not m.HasField("pending_change")
                      and (content is None or m.content == content))


def refused(key):
    return lambda m: m.id == key and m.delivery == FAILED


@contextlib.contextmanager
def frozen(process):
    """It neither reads nor answers meanwhile, and its connections stay."""
    os.kill(process.popen.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        if process.popen.poll() is None:
            os.kill(process.popen.pid, signal.SIGCONT)


def wait_until_unread(port):
    """Until a frozen process has something on a connection to this port that it has not read: what is shown as SENDING leaves a
    moment later."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with open("/proc/net/tcp") as sockets:
            for local, queues in ((fields[1], fields[4]) for fields in map(str.split, sockets.readlines()[1:])):
                if local.endswith(f":{port:04X}") and int(queues.partition(":")[2], 16) > 0:
                    return
    raise AssertionError("nothing arrived")


class Sending(TestCase):
    @contextlib.contextmanager
    def everyone(self, **fields):
        """A world, a client of it, a watcher of C there, a client of the second installation and its watcher of C."""
        with World(**fields) as world:
            client = world.signed_in()
            client.open(C)
            stream = world.client().watch(C)
            next(stream)
            with world.second_installation() as second:
                second.open(C)
                there = second.watch(C)
                next(there)
                yield world, client, stream, second, there

    def sent(self, client, stream, text):
        message = client.send(C, text)
        return until_shown(stream, settled(message.id, text))

    def at_backend(self, world, conversation=C):
        return [(m["id"], m["content"]) for m in world.rest(world.token, conversation)]

    def start(self, world, *flags):
        world.backend_flags = flags
        world.start_backend()

    def test_online_an_edit_and_a_deletion_reach_everyone(self):
        with self.everyone() as (world, client, stream, second, there):
            message = self.sent(client, stream, "first")
            edited = client.edit(message, "second")
            self.assertEqual((edited.id, edited.content), (message.id, "second"))
            for watcher in (stream, there):
                shown = until_shown(watcher, settled(message.id, "second"))
                self.assertGreater(shown.revision, message.revision)
                self.assertEqual(shown.sequence, message.sequence)
            self.assertIn((message.id, "second"), self.at_backend(world))
            self.assertTrue(client.delete(message).deleted)
            for watcher in (stream, there):
                until_shown(watcher, settled(message.id, "", deleted=True))
            self.assertNotIn(message.id, dict(self.at_backend(world)))
            for one in (client, second):
                self.assert_refused(grpc.StatusCode.FAILED_PRECONDITION, one.edit, message, "third")
                self.assertTrue(one.delete(message).deleted, "deleting what is deleted is no error")

    def test_offline_an_edit_and_a_deletion_show_at_once_and_arrive_later(self):
        with self.everyone() as (world, client, stream, second, there):
            kept, gone = self.sent(client, stream, "kept"), self.sent(client, stream, "gone")
            world.backend.stop()
            client.wait_for(State.STATE_OFFLINE)
            edited, deleted = client.edit(kept, "better"), client.delete(gone)
            self.assertEqual((edited.content, edited.pending_change.kind, edited.pending_change.delivery),
                             ("better", Change.KIND_EDIT, QUEUED))
            self.assertEqual((deleted.deleted, deleted.pending_change.kind), (True, Change.KIND_DELETE))
            until_shown(stream, lambda m: m.id == kept.id and m.content == "better" and m.delivery == SENT)
            until_shown(stream, lambda m: m.id == gone.id and m.deleted)
            # All of it survives kill -9.
            world.daemon.kill()
            world.start_daemon()
            client = world.client()
            shown = {m.id: m for m in client.page(C).messages}
            self.assertEqual(shown[kept.id].content, "better")
            self.assertTrue(gone.id not in shown or shown[gone.id].deleted)
            self.start(world)
            until_all(there, settled(kept.id, "better"), settled(gone.id, "", deleted=True))
            until_shown(client.watch(C), settled(kept.id, "better"))
            self.assertIn((kept.id, "better"), self.at_backend(world))
            self.assertNotIn(gone.id, dict(self.at_backend(world)))

    def test_what_has_not_left_is_rewritten_or_taken_back(self):
        with self.everyone() as (world, client, stream, second, there):
            world.backend.stop()
            client.wait_for(State.STATE_OFFLINE)
            a, b, c, d = (client.send(C, text) for text in "abcd")
            self.assertEqual(client.get(C).pending_count, 4)
            edited = client.edit(a, "a, better")
            self.assertEqual((edited.content, edited.delivery, edited.HasField("pending_change")),
                             ("a, better", QUEUED, False))
            cancelled = client.cancel(b)
            self.assertEqual((cancelled.delivery, cancelled.content), (CANCELLED, "b"))
            self.assertEqual(client.cancel(b).delivery, CANCELLED, "repeating is safe")
            self.assertEqual(client.delete(c).delivery, CANCELLED)
            until(stream, lambda e: b.id in e.delta.removed)
            until(stream, lambda e: c.id in e.delta.removed)
            self.assertEqual([m.id for m in client.page(C).messages][-2:], [a.id, d.id])
            self.assertEqual(client.get(C).pending_count, 2)
            self.start(world)
            until_shown(stream, settled(d.id))
            until_shown(there, settled(d.id))
            self.assertEqual(self.at_backend(world)[-2:], [(a.id, "a, better"), (d.id, "d")])
            self.assertFalse({b.id, c.id} & {m.id for m in second.all_messages(C)})
            self.assertFalse({b.id, c.id} & {m.id for m in client.all_messages(C)})

    def test_a_cancelled_message_that_wins_the_race_is_deleted_afterwards(self):
        with self.everyone() as (world, client, stream, second, there):
            with frozen(world.backend):
                message = client.send(C, "too late")
                until_shown(stream, lambda m: m.id == message.id and m.delivery == SENDING)
                wait_until_unread(world.port)
                self.assertEqual(client.cancel(message).delivery, CANCELLED)
                until(stream, lambda e: message.id in e.delta.removed)
                self.assertNotIn(message.id, [m.id for m in client.page(C).messages])
            # The backend had it in its hands already.
            until_shown(there, settled(message.id, "", deleted=True))
            self.assertNotIn(message.id, dict(self.at_backend(world)))
            after = client.send(C, "after it")
            for event in until(stream, lambda e: any(settled(after.id)(m) for m in e.delta.upserted)):
                self.assertFalse([m for m in event.delta.upserted if m.id == message.id and not m.deleted])
            self.assertNotIn("too late", [m.content for m in client.all_messages(C)])

    def test_an_edit_of_what_is_under_way_waits_for_its_acknowledgement(self):
        with self.everyone() as (world, client, stream, second, there):
            with frozen(world.backend):
                message = client.send(C, "first")
                until_shown(stream, lambda m: m.id == message.id and m.delivery == SENDING)
                edited = client.edit(message, "second")
                self.assertEqual((edited.content, edited.delivery), ("second", SENDING))
                self.assertEqual(edited.pending_change.kind, Change.KIND_EDIT)
            for watcher in (stream, there):
                until_shown(watcher, settled(message.id, "second"))
            self.assertIn((message.id, "second"), self.at_backend(world))

    def test_what_left_without_an_answer_is_unknown_and_stored_once(self):
        with self.everyone() as (world, client, stream, second, there):
            with frozen(world.backend):
                message = client.send(C, "did it arrive?")
                until_shown(stream, lambda m: m.id == message.id and m.delivery == SENDING)
                world.backend.kill()
                until_shown(stream, lambda m: m.id == message.id and m.delivery == UNKNOWN)
            world.daemon.kill()
            world.start_daemon()
            client = world.client()
            self.assertEqual(client.page(C).messages[-1].delivery, UNKNOWN, "also after a restart")
            self.start(world)
            for watcher in (client.watch(C), there):
                until_shown(watcher, settled(message.id, "did it arrive?"))
            self.assertEqual([i for i, _ in self.at_backend(world)].count(message.id), 1)

    def test_the_edit_that_loses_is_reported_and_keeps_its_text(self):
        with self.everyone() as (world, client, stream, second, there):
            for give_up in (False, True):
                message = self.sent(client, stream, "before")
                until_shown(there, settled(message.id))
                world.backend.stop()
                for one in (client, second):
                    one.wait_for(State.STATE_OFFLINE)
                texts = ("mine, the first's", "mine, the second's")
                client.edit(message, texts[0])
                second.edit(message, texts[1])
                self.start(world)
                for one in (client, second):
                    one.sync.SyncNow(sync_pb2.SyncNowRequest())
                # One of them was first. The other shows what that one wrote, and has its own text still.
                shown = [until_shown(watcher, lambda m: m.id == message.id and m.revision > message.revision and
                                     (not m.HasField("pending_change") or m.pending_change.delivery == FAILED))
                         for watcher in (stream, there)]
                self.assertEqual(shown[0].content, shown[1].content)
                loser = 0 if shown[0].HasField("pending_change") else 1
                self.assertFalse(shown[1 - loser].HasField("pending_change"))
                self.assertEqual(shown[0].content, texts[1 - loser])
                change = shown[loser].pending_change
                self.assertEqual((change.delivery, change.failure.reason, change.content),
                                 (FAILED, "CONFLICT", texts[loser]))
                one = (client, second)[loser]
                if give_up:
                    self.assertFalse(one.cancel(message).HasField("pending_change"))
                    self.assertIn((message.id, texts[1 - loser]), self.at_backend(world))
                else:
                    one.retry(message)
                    for watcher in (stream, there):
                        until_shown(watcher, settled(message.id, texts[loser]))
                    self.assertIn((message.id, texts[loser]), self.at_backend(world))

    def test_a_refusal_reaches_every_watcher_and_parks_only_its_conversation(self):
        with self.everyone(backend_flags=REFUSING) as (world, client, stream, second, there):
            other_ui = world.client().watch(C)
            next(other_ui)
            # And a UI in a process of its own.
            tail = Process([HARK, "--socket", world.socket, "tail", C, "--json", "--timeout", PATIENCE],
                           world.folder / "tail.log")
            self.addCleanup(tail.kill)
            self.assertTrue(json.loads(tail.popen.stdout.readline())["snapshot"])
            bad, behind = client.send(C, "refuse this"), client.send(C, "behind it")
            for watcher in (stream, other_ui):
                failed = until_shown(watcher, refused(bad.id))
                self.assertEqual(failed.failure.reason, "PERMISSION")
                self.assertTrue(failed.failure.message)
            lines = (json.loads(line) for line in tail.popen.stdout)
            line = next(line for line in lines if line.get("id") == bad.id and line["delivery"] == "failed")
            self.assertEqual(line["failure_reason"], "PERMISSION")
            free = client.send(OTHER, "another conversation")
            until_delivered(client.watch(OTHER), free.id)
            waiting = {m.id: m.delivery for m in client.page(C).messages}
            self.assertEqual((waiting[bad.id], waiting[behind.id]), (FAILED, QUEUED))
            row = client.get(C)
            self.assertEqual((row.pending_count, row.failed_count), (2, 1))
            # Also after a restart.
            world.daemon.kill()
            world.start_daemon()
            client = world.client()
            client.wait_for(State.STATE_LIVE)
            self.assertEqual(client.get(C).failed_count, 1)
            self.assertEqual(client.skip(bad).delivery, FAILED)
            watcher = client.watch(C)
            until_shown(watcher, settled(behind.id))
            self.assertEqual(client.get(C).failed_count, 1)
            self.assertEqual(self.at_backend(world)[-1][0], behind.id)
            # The backend thinks otherwise: the skipped one now comes after what passed it.
            world.backend.stop()
            self.start(world)
            self.assertEqual(client.retry(bad).delivery, QUEUED)
            until_shown(watcher, settled(bad.id))
            until_shown(there, settled(bad.id))
            self.assertEqual([i for i, _ in self.at_backend(world)][-2:], [behind.id, bad.id])
            self.assertEqual(client.get(C).pending_count, 0)

    def test_a_refused_message_can_be_edited_and_all_can_be_retried(self):
        with self.everyone(backend_flags=REFUSING) as (world, client, stream, second, there):
            one, two = client.send(C, "refuse one"), client.send(OTHER, "refuse two")
            behind = client.send(C, "behind")
            until_shown(stream, refused(one.id))
            elsewhere = client.watch(OTHER)
            until_shown(elsewhere, refused(two.id))
            edited = client.edit(one, "one, polite")
            self.assertIn(edited.delivery, (QUEUED, SENDING))
            for watcher in (stream, there):
                until_shown(watcher, settled(behind.id))
            self.assertEqual(self.at_backend(world)[-2:], [(one.id, "one, polite"), (behind.id, "behind")])
            self.assertEqual(client.retry_all(C), 0)
            world.backend.stop()
            self.start(world)
            self.assertEqual(client.retry_all(), 1)
            until_shown(elsewhere, settled(two.id, "refuse two"))
            self.assert_refused(grpc.StatusCode.NOT_FOUND, client.retry_all, "no-such")

    def test_a_refused_edit_shows_the_message_as_the_backend_has_it(self):
        with self.everyone(backend_flags=REFUSING) as (world, client, stream, second, there):
            message = self.sent(client, stream, "good")
            client.edit(message, "refuse the edit")
            shown = until_shown(stream, lambda m: m.id == message.id and m.pending_change.delivery == FAILED)
            self.assertEqual((shown.content, shown.delivery, shown.pending_change.content),
                             ("good", SENT, "refuse the edit"))
            self.assertEqual(shown.pending_change.failure.reason, "PERMISSION")
            # It parks nothing: the message itself is there.
            self.sent(client, stream, "next")
            self.assertFalse(client.cancel(message).HasField("pending_change"))
            self.assertIn((message.id, "good"), self.at_backend(world))

    def test_what_does_not_fit_is_refused(self):
        with self.everyone() as (world, client, stream, second, there):
            message = self.sent(client, stream, "sent")
            self.assert_refused(grpc.StatusCode.FAILED_PRECONDITION, client.cancel, message)
            self.assertEqual(client.retry(message).delivery, SENT)
            self.assertEqual(client.skip(message).delivery, SENT)
            for content in ("", "x" * 65537):
                self.assert_refused(grpc.StatusCode.INVALID_ARGUMENT, client.edit, message, content)
            for stranger in (types_pb2.Message(conversation_id=C, id="none"),
                             types_pb2.Message(conversation_id=OTHER, id=message.id),
                             types_pb2.Message(conversation_id="none", id=message.id)):
                self.assert_refused(grpc.StatusCode.NOT_FOUND, client.edit, stranger, "text")
                for call in (client.delete, client.retry, client.skip, client.cancel):
                    self.assert_refused(grpc.StatusCode.NOT_FOUND, call, stranger)

    def test_hark_does_all_of_it(self):
        with World(backend_flags=REFUSING) as world:
            client = world.signed_in()

            def hark(*arguments):
                return json.loads(world.hark(*arguments, "--json")[1])

            stream = client.watch(C)
            kept = hark("send", C, "kept")["id"]
            until_shown(stream, settled(kept))
            self.assertEqual(hark("edit", C, kept, "better")["content"], "better")
            until_shown(stream, settled(kept, "better"))
            failed = hark("send", C, "refuse this")["id"]
            behind = hark("send", C, "behind")["id"]
            until_shown(stream, refused(failed))
            self.assertIn("failed: ", world.hark("messages", C)[1])
            self.assertEqual(hark("retry", C, failed)["id"], failed)
            until_shown(stream, refused(failed))
            self.assertEqual(hark("skip", C, failed)["delivery"], "failed")
            until_shown(stream, settled(behind))
            self.assertEqual(hark("cancel", C, failed)["delivery"], "cancelled")
            self.assertTrue(hark("delete", C, kept)["deleted"])
            until_shown(stream, settled(kept, "", deleted=True))
            self.assertEqual(hark("retry", "--all"), {"type": "retried", "count": 0})
            self.assertEqual(world.hark("cancel", C, behind, check=False)[0], 8)
            self.assertEqual(world.hark("delete", C, "none", check=False)[0], 4)
            self.assertEqual([m["id"] for m in world.rest(world.token, C)][-1], behind)


if __name__ == "__main__":
    unittest.main(verbosity=2)
