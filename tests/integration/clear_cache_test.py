"""Clearing the cache with the real programs: under streams, offline, damaged, and over kill -9."""

import json
import os
import unittest

import grpc

from harness import Delivery, PATIENCE, State, TestCase, World, admin_pb2, sample, until, until_delivered

Code = grpc.StatusCode


def account_folder(world):
    (folder,) = [p for p in (world.data / "accounts").iterdir() if p.is_dir()]
    return folder


def clear(client, **fields):
    return client.admin.ClearCache(admin_pb2.ClearCacheRequest(**fields), timeout=PATIENCE, wait_for_ready=True)


class ClearCache(TestCase):
    def test_streams_go_on_and_the_sync_fetches_again(self):
        with World() as world:
            client = world.signed_in()
            client.open("conversation-0")
            listed, messages = client.watch_list(), client.watch("conversation-0")
            before = next(messages).snapshot
            self.assertEqual(len(before.messages), len(world.made[0]["messages"]))
            self.assertEqual(len(next(listed).snapshot.conversations), len(world.made))
            removed = clear(client)
            self.assertGreater(removed.bytes_removed, 4096)
            # In the same streams: a snapshot, then what comes back, until it is all there.
            shown = {}

            def all_back(event):
                if event.HasField("snapshot"):
                    shown.clear()
                shown.update({m.id: m.content for m in list(event.snapshot.messages) + list(event.delta.upserted)})
                return event.HasField("snapshot") or bool(shown)
            snapshots = [e for e in until(messages, lambda e: e.HasField("snapshot")) if e.HasField("snapshot")]
            self.assertTrue(snapshots)
            shown.update({m.id: m.content for m in snapshots[-1].snapshot.messages})
            if len(shown) < len(before.messages):
                until(messages, lambda e: all_back(e) and len(shown) == len(before.messages))
            self.assertEqual(shown, {m.id: m.content for m in before.messages})
            until(listed, lambda e: e.HasField("snapshot"))
            client.wait_for(State.STATE_LIVE)
            self.assertEqual({c.id: c.title for c in client.all_conversations()},
                             {c["conversation_id"]: c["title"] for c in world.made})
            # And live changes arrive in them.
            sent = client.send("conversation-0", "afterwards")
            until_delivered(messages, sent.id)

    def test_offline_what_the_user_wrote_stays_and_is_sent_later(self):
        with World() as world:
            client = world.signed_in()
            world.backend.stop()
            client.wait_for(State.STATE_OFFLINE)
            waits = client.send("conversation-0", "waits")
            client.set_draft("conversation-1", "half a sentence", flush=True)
            clear(client)
            self.assertEqual([m.id for m in client.page("conversation-0").messages], [waits.id])
            self.assertEqual(client.draft("conversation-1").text, "half a sentence")
            self.assert_refused(Code.NOT_FOUND, client.page, "conversation-2")
            self.assertEqual(client.statistics().messages, 0)
            world.start_backend()
            until_delivered(client.watch("conversation-0"), waits.id)
            client.wait_for(State.STATE_LIVE)
            self.assertEqual([m["id"] for m in world.rest(world.token, "conversation-0")].count(waits.id), 1)
            self.assertEqual(len(client.all_messages("conversation-0")), len(world.made[0]["messages"]) + 1)

    def test_everything_is_asked_for_and_then_all_of_it_goes(self):
        with World() as world:
            client = world.signed_in()
            world.backend.stop()
            client.wait_for(State.STATE_OFFLINE)
            client.send("conversation-0", "unsent")
            request = admin_pb2.ClearCacheRequest(everything=True)
            said = self.assert_refused(Code.FAILED_PRECONDITION, client.admin.ClearCache, request, timeout=PATIENCE)
            self.assertIn("1 unsent entry", said)
            self.assertEqual(client.statistics().outbox, 1)
            stream = client.watch("conversation-0")
            next(stream)
            told = json.loads(world.hark("--json", "clear-cache", "--everything", "--yes")[1])
            self.assertEqual(told["entries_lost"], 1)
            with self.assertRaises(grpc.RpcError) as ended:
                list(stream)
            self.assertEqual(ended.exception.code(), Code.UNAVAILABLE)
            self.assertEqual(client.statistics().outbox, 0)
            # Still signed in: it begins anew by itself.
            world.start_backend()
            client.wait_for(State.STATE_LIVE)
            self.assertEqual(len(client.all_messages("conversation-0")), len(world.made[0]["messages"]))

    def test_a_store_that_cannot_be_opened(self):
        with World() as world:
            client = world.signed_in()
            folder = account_folder(world)
            world.daemon.stop()
            # authored.db is no database any more: the store is refused as it is.
            authored = (folder / "authored.db").read_bytes()
            (folder / "authored.db").write_bytes(os.urandom(len(authored)))
            world.start_daemon()
            client = world.client()
            self.assert_refused(Code.DATA_LOSS, client.page, "conversation-0")
            self.assertTrue((folder / "cache.db").exists())
            clear(client)
            self.assertFalse([p for p in folder.rglob("cache.db*")], "something of the cache is left")
            # With everything, it works again.
            self.assert_refused(Code.FAILED_PRECONDITION, client.admin.ClearCache,
                                admin_pb2.ClearCacheRequest(everything=True), timeout=PATIENCE)
            clear(client, everything=True, discard_unsent=True)
            client.wait_for(State.STATE_LIVE)
            self.assertEqual(len(client.all_messages("conversation-0")), len(world.made[0]["messages"]))

    def test_kill_9_at_what_can_be_seen_of_each_step(self):
        steps = {
            "it is marked": lambda names: "clearing" in names,
            "the database is gone": lambda names: "cache.db" not in names,
            "the new one is being made": lambda names: "cache.db.new" in names,
            "the mark is gone again": lambda names, seen=[]: (seen.append("clearing" in names) or
                                                             (any(seen) and not seen[-1])),
        }
        with World() as world:
            client = world.signed_in()
            world.backend.stop()
            client.wait_for(State.STATE_OFFLINE)
            waits = client.send("conversation-0", "waits")
            folder = account_folder(world)
            world.start_backend()
            token = world.token
            for step, reached in steps.items():
                with self.subTest(step):
                    client.wait_for(State.STATE_LIVE)
                    call = client.admin.ClearCache.future(admin_pb2.ClearCacheRequest(), timeout=PATIENCE)
                    while not call.done() and not reached(os.listdir(folder)):
                        pass
                    world.daemon.kill()
                    world.start_daemon()
                    client = world.client()
                    client.wait_for(State.STATE_LIVE)
                    self.assertNotIn("clearing", os.listdir(folder))
                    for made in world.made:
                        mine = [m.id for m in client.all_messages(made["conversation_id"])]
                        self.assertEqual(mine, [m["id"] for m in world.rest(token, made["conversation_id"])])
                    self.assertIn(waits.id, [m.id for m in client.all_messages("conversation-0")])


if __name__ == "__main__":
    unittest.main()
