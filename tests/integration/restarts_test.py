"""Programs that are stopped, killed and started again."""

import time
import unittest
import uuid

import grpc

from harness import Delivery, State, TestCase, World, until, until_delivered


class Restarts(TestCase):
    def test_what_was_sent_offline_survives_kill_9_of_the_daemon(self):
        with World() as world:
            client = world.signed_in()
            world.backend.stop()
            client.wait_for(State.STATE_OFFLINE)
            sent = []
            for n in range(20):
                sent.append(client.send("conversation-2", f"kept {n}").id)
            world.daemon.kill()
            world.start_daemon()
            client = world.client()
            self.assertEqual([m.id for m in client.page("conversation-2").messages[-20:]], sent)
            world.start_backend()
            until_delivered(client.watch("conversation-2"), sent[-1])
            self.assertEqual([m["id"] for m in world.rest(world.token, "conversation-2")[-20:]], sent)

    def test_kills_in_the_middle_of_sending_lose_and_double_nothing(self):
        with World() as world:
            client = world.signed_in()
            sent = []
            for round in range(6):
                for n in range(10):
                    sent.append(client.send("conversation-3", f"round {round} message {n}").id)
                if round % 2 == 0:
                    world.daemon.kill()
                    world.start_daemon()
                    client = world.client()
                else:
                    world.backend.kill()
                    world.start_backend()
            until_delivered(client.watch("conversation-3"), sent[-1])
            self.assertEqual([m["id"] for m in world.rest(world.token, "conversation-3")[-60:]], sent)
            self.assertEqual([m.id for m in client.all_messages("conversation-3")[-60:]], sent)

    def test_repeating_a_send_is_harmless_and_reusing_its_id_is_refused(self):
        with World() as world:
            client = world.signed_in()
            key = str(uuid.uuid4())
            first = client.send("conversation-4", "once", id=key)
            until_delivered(client.watch("conversation-4"), first.id)
            again = client.send("conversation-4", "once", id=key)
            self.assertEqual((again.id, again.delivery), (key, Delivery.DELIVERY_STATE_SENT))
            self.assert_refused(grpc.StatusCode.ALREADY_EXISTS, client.send, "conversation-4", "other", id=key)
            self.assertEqual([m["id"] for m in world.rest(world.token, "conversation-4")].count(key), 1)

    def test_the_second_start_is_live_without_a_second_initial_sync(self):
        with World() as world:
            world.signed_in()
            self.assertEqual(world.daemon.stop(), 0)
            self.assertNotIn(" error ", world.daemon.log.read_text(), "stopping is no trouble")
            world.start_daemon()
            seen = world.client().wait_for(State.STATE_LIVE)
            self.assertFalse(any(s.initial for s in seen))

    def test_what_happened_while_the_daemon_was_away_arrives(self):
        with World(responder="echo") as world:
            client = world.signed_in()
            world.daemon.stop()
            # The user's other installation writes meanwhile.
            with world.second_installation() as other:
                sent = other.send("conversation-5", "from elsewhere")
                until(other.watch("conversation-5"), lambda e: any(
                    m.role == 2 and "from elsewhere" in m.content
                    for m in list(e.delta.upserted) + list(e.snapshot.messages)))
            world.start_daemon()
            client = world.client()
            client.open("conversation-5")
            stream = client.watch("conversation-5")
            until(stream, lambda e: any(m.role == 2 and "from elsewhere" in m.content
                                        for m in list(e.delta.upserted) + list(e.snapshot.messages)))
            self.assertIn(sent.id, [m.id for m in client.page("conversation-5").messages])

    def test_a_watcher_resumes_from_its_token_also_after_kill_9_of_the_daemon(self):
        with World() as world:
            client = world.signed_in()
            stream = client.watch("conversation-6")
            token = next(stream).resume_token
            stream.cancel()
            missed = client.send("conversation-6", "while away")
            resumed = client.watch("conversation-6", token)
            first = next(resumed)
            self.assertTrue(first.HasField("resumed"), first)
            until(resumed, lambda e: any(m.id == missed.id for m in e.delta.upserted))
            world.daemon.kill()
            world.start_daemon()
            client = world.client()
            after = client.send("conversation-6", "in another life of the daemon")
            resumed = client.watch("conversation-6", token)
            self.assertTrue(next(resumed).HasField("resumed"))
            told = {}
            until(resumed, lambda e: told.update((m.id, m.content) for m in e.delta.upserted) or after.id in told)
            self.assertEqual(told, {missed.id: "while away", after.id: "in another life of the daemon"})
            # What no log can know gets one snapshot in the same stream.
            self.assertTrue(next(client.watch("conversation-6", token[:-1] + "f0")).HasField("snapshot"))

    def test_a_stop_is_quick_also_with_open_streams(self):
        with World() as world:
            client = world.signed_in()
            stream = client.watch("conversation-0")
            next(stream)
            started = time.monotonic()
            self.assertEqual(world.daemon.stop(), 0)
            self.assertLess(time.monotonic() - started, 10)
            with self.assertRaises(grpc.RpcError) as ended:
                list(stream)
            self.assertEqual(ended.exception.code(), grpc.StatusCode.UNAVAILABLE)
            self.assertFalse(world.socket.exists())


if __name__ == "__main__":
    unittest.main(verbosity=2)
