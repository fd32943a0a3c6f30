"""What cannot be done is refused with a code and a sentence, and harms nothing else."""

import unittest

import grpc

from harness import Delivery, State, TestCase, World, admin_pb2, conversations_pb2, messages_pb2, sample, until_delivered

Code = grpc.StatusCode


class Refusals(TestCase):
    def test_calls_that_can_never_succeed(self):
        with World() as world:
            token = world.add_user("ada")
            world.import_conversations(sample(), "ada")
            world.start_backend()
            world.start_daemon()
            client = world.client()
            self.assert_refused(Code.FAILED_PRECONDITION, client.page, "conversation-0")
            self.assert_refused(Code.UNAUTHENTICATED, client.sign_in, "wrong")
            self.assert_refused(Code.INVALID_ARGUMENT, client.sign_in, "")
            revoked = world.new_token("ada")
            world.revoke(revoked)
            self.assert_refused(Code.UNAUTHENTICATED, client.sign_in, revoked)
            client.sign_in(token)
            client.wait_for(State.STATE_LIVE)

            self.assert_refused(Code.NOT_FOUND, client.page, "no-such")
            self.assert_refused(Code.NOT_FOUND, client.page, "conversation-0", before="no-such")
            self.assert_refused(Code.INVALID_ARGUMENT, client.page, "conversation-0", size=201)
            self.assert_refused(Code.INVALID_ARGUMENT, client.page, "")
            self.assert_refused(Code.NOT_FOUND, client.send, "no-such", "hello")
            self.assert_refused(Code.INVALID_ARGUMENT, client.send, "conversation-0", "")
            self.assert_refused(Code.INVALID_ARGUMENT, client.send, "conversation-0", "x" * 65537)
            self.assert_refused(Code.INVALID_ARGUMENT, client.send, "conversation-0", "é" * 32769)
            self.assert_refused(Code.INVALID_ARGUMENT, client.send, "conversation-0", "hello", id="no uuid")
            self.assert_refused(Code.NOT_FOUND, client.open, "no-such")
            self.assert_refused(Code.NOT_FOUND, client.get, "no-such")
            self.assert_refused(Code.NOT_FOUND, lambda: next(client.watch("no-such")))
            self.assert_refused(Code.NOT_FOUND, client.conversations.MarkRead, conversations_pb2.MarkReadRequest(
                conversation_id="no-such"))
            self.assert_refused(Code.INVALID_ARGUMENT, client.conversations.ListConversations,
                                conversations_pb2.ListConversationsRequest(page_token="nonsense"))
            # The largest that is allowed arrives.
            largest = client.send("conversation-0", "x" * 65536)
            until_delivered(client.watch("conversation-0"), largest.id)

    def test_invalid_utf8_is_refused_and_poisons_nothing(self):
        with World() as world:
            client = world.signed_in()
            good = messages_pb2.SendMessageRequest(conversation_id="conversation-0", content="AAAA").SerializeToString()
            channel = grpc.insecure_channel(f"unix:{world.socket}")
            world.channels.append(channel)
            raw = channel.unary_unary("/hark.v1.Messages/SendMessage")
            with self.assertRaises(grpc.RpcError) as refused:
                raw(good.replace(b"AAAA", b"A\xff\xfeA"), timeout=60)
            self.assertIn(refused.exception.code(), (Code.INVALID_ARGUMENT, Code.INTERNAL))
            self.assertTrue(client.page("conversation-0").messages)

    def test_a_backend_that_does_not_answer_leaves_sign_in_undone(self):
        with World() as world:
            world.port = 1  # nothing listens there
            world.start_daemon()
            self.assert_refused(Code.UNAVAILABLE, world.client().sign_in, "token")

    def test_a_revoked_token_is_a_state_and_the_cache_stays(self):
        with World() as world:
            client = world.signed_in()
            world.backend.stop()
            world.revoke(world.token)
            world.start_backend()
            client.wait_for(State.STATE_AUTH_REQUIRED)
            self.assertTrue(client.all_messages("conversation-0"))
            waiting = client.send("conversation-0", "waits for the next sign-in")
            self.assertEqual(waiting.delivery, Delivery.DELIVERY_STATE_QUEUED)
            client.sign_in(world.new_token("ada"))
            until_delivered(client.watch("conversation-0"), waiting.id)

    def test_statistics_and_version_answer_without_an_account(self):
        with World() as world:
            world.port = 1
            world.start_daemon()
            client = world.client()
            self.assertTrue(client.admin.GetVersion(admin_pb2.GetVersionRequest()).version)
            client.admin.GetStatistics(admin_pb2.GetStatisticsRequest())


if __name__ == "__main__":
    unittest.main(verbosity=2)
