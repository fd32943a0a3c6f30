"""Without a backend: everything cached is there, and what is sent waits and arrives once."""

import contextlib
import socket
import unittest

import grpc

from harness import account_pb2, Delivery, State, TestCase, World, sync_pb2, until, until_delivered


class Offline(TestCase):
    def assert_all_readable(self, world, client):
        for conversation in world.made:
            got = client.all_messages(conversation["conversation_id"])
            self.assertEqual([m.content for m in got][:len(conversation["messages"])],
                             [m["content"] for m in conversation["messages"]])

    def test_send_while_the_backend_is_down_is_shown_at_once_and_delivered_once(self):
        with World() as world:
            client = world.signed_in()
            stream = world.client().watch("conversation-1")
            next(stream)
            world.backend.stop()
            offline = client.wait_for(State.STATE_OFFLINE)[-1]
            self.assertTrue(offline.reason)
            self.assertTrue(offline.HasField("last_synced_at"))
            self.assert_all_readable(world, client)

            sent = [client.send("conversation-1", f"offline {n}") for n in range(5)]
            page = client.page("conversation-1")
            self.assertEqual([m.id for m in page.messages[-5:]], [m.id for m in sent])
            self.assertTrue(all(m.delivery == Delivery.DELIVERY_STATE_QUEUED for m in page.messages[-5:]))
            self.assertEqual(client.get("conversation-1").pending_count, 5)
            until(stream, lambda e: any(m.id == sent[-1].id for m in e.delta.upserted))

            world.start_backend()
            until_delivered(stream, sent[-1].id)
            at_backend = world.rest(world.token, "conversation-1")
            self.assertEqual([m["id"] for m in at_backend[-5:]], [m.id for m in sent], "once each, in order")
            here = client.all_messages("conversation-1")
            self.assertEqual([m.id for m in here], [m["id"] for m in at_backend])

    def test_pages_are_served_while_the_backend_accepts_and_never_answers(self):
        with World() as world:
            client = world.signed_in()
            world.backend.stop()
            with contextlib.closing(socket.create_server(("127.0.0.1", world.port))) as black_hole:
                black_hole.settimeout(60)
                client.sync.SyncNow(sync_pb2.SyncNowRequest())
                held, _ = black_hole.accept()
                with contextlib.closing(held):
                    self.assert_all_readable(world, client)
                    sent = client.send("conversation-1", "into the silence")
                    self.assertEqual(client.page("conversation-1").messages[-1].id, sent.id)

    def test_start_without_a_backend_shows_everything(self):
        with World() as world:
            world.signed_in()
            world.daemon.stop()
            world.backend.stop()
            world.start_daemon()
            client = world.client()
            self.assert_all_readable(world, client)
            self.assertNotEqual(client.status().state, State.STATE_LIVE)

    def test_a_conversation_whose_newest_message_is_not_here_shows_the_others(self):
        with World() as world:
            client = world.signed_in()
            # The user's other installation writes; here the conversation is not open, so only its summary comes.
            stream = client.watch_list()
            next(stream)
            with world.second_installation() as second:
                second.send("conversation-2", "from elsewhere")
                until(stream, lambda e: any(c.id == "conversation-2" and c.preview == "from elsewhere"
                                            for c in e.delta.upserted))
            world.backend.stop()
            client.wait_for(State.STATE_OFFLINE)
            page = client.page("conversation-2")
            made = [m["content"] for m in world.made[2]["messages"]]
            self.assertEqual([m.content for m in page.messages], made[-50:])
            self.assertEqual((page.gap_after.from_sequence, page.gap_after.to_sequence), (len(made) + 1, len(made) + 1))
            # And it is fetched, and told, when there is a backend again.
            watch = client.watch("conversation-2")
            self.assertTrue(next(watch).snapshot.HasField("gap_after"))
            client.open("conversation-2")
            world.start_backend()
            until(watch, lambda e: any(m.content == "from elsewhere"
                                       for m in list(e.delta.upserted) + list(e.snapshot.messages)))
            self.assertFalse(client.page("conversation-2").HasField("gap_after"))

    def test_signing_out_keeps_the_cache_readable_and_sends_nothing(self):
        with World() as world:
            client = world.signed_in()
            account = client.account.SignOut(account_pb2.SignOutRequest()).account
            self.assertEqual(account.state, account_pb2.AccountInfo.STATE_SIGNED_OUT)
            self.assertEqual(client.status().state, State.STATE_SIGNED_OUT)
            self.assert_all_readable(world, client)
            self.assert_refused(grpc.StatusCode.FAILED_PRECONDITION, client.send, "conversation-1", "nobody sends this")
            world.daemon.stop()
            world.start_daemon()
            client = world.client()
            self.assert_all_readable(world, client)
            self.assertEqual(client.status().state, State.STATE_SIGNED_OUT)

    def test_another_user_never_sees_the_first_ones_messages(self):
        with World() as world:
            client = world.signed_in()
            bob = world.add_user("bob")
            stream = client.watch("conversation-1")
            next(stream)
            client.sign_in(bob)
            with self.assertRaises(grpc.RpcError) as ended:
                list(stream)
            self.assertEqual(ended.exception.code(), grpc.StatusCode.ABORTED)
            client.wait_for(State.STATE_LIVE)
            self.assertEqual(client.all_conversations(), [])
            self.assert_refused(grpc.StatusCode.NOT_FOUND, client.page, "conversation-1")
            # And the first one finds everything again.
            client.sign_in(world.token)
            client.wait_for(State.STATE_LIVE)
            self.assert_all_readable(world, client)


if __name__ == "__main__":
    unittest.main(verbosity=2)
