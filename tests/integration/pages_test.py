"""Pages before, after and around a message of the real daemon, and clients of other versions."""

import json
import random
import unittest

import grpc

from harness import PATIENCE, State, TestCase, World
from hark.v1 import admin_pb2, messages_pb2


def page(client, size, **anchor):
    return client.messages.ListMessages(
        messages_pb2.ListMessagesRequest(conversation_id="long", page_size=size, **anchor), timeout=PATIENCE)


class Pages(TestCase):
    def world_of(self, world, count):
        made = [{"conversation_id": "long", "title": "t", "messages": [
            {"role": "user" if n % 2 == 0 else "assistant", "content": f"text {n}"} for n in range(count)]}]
        return world.signed_in(made=made)

    def test_every_page_is_a_stretch_of_the_conversation(self):
        seed = 1
        print(f"seed {seed}")
        source = random.Random(seed)
        with World() as world:
            client = self.world_of(world, 300)
            world.backend.stop()
            client.wait_for(State.STATE_OFFLINE)
            for n in range(5):
                client.send("long", f"pending {n}")
            ids = [m.id for m in client.all_messages("long")]
            self.assertEqual(len(ids), 305)
            for _ in range(200):
                at, size = source.randrange(len(ids)), source.randint(1, 60)
                before = page(client, size, before_message_id=ids[at])
                self.assertEqual([m.id for m in before.messages], ids[max(0, at - size):at])
                self.assertEqual(before.has_more, at > size)
                after = page(client, size, after_message_id=ids[at])
                self.assertEqual([m.id for m in after.messages], ids[at + 1:at + 1 + size])
                self.assertEqual(after.has_more_after, at + 1 + size < len(ids))
                around = [m.id for m in page(client, size, around_message_id=ids[at]).messages]
                first = ids.index(around[0])
                self.assertEqual(around, ids[first:first + size])
                self.assertIn(ids[at], around)

    def test_two_anchors_and_unknown_ones_are_refused(self):
        with World() as world:
            client = self.world_of(world, 3)
            first = client.page("long").messages[0].id
            self.assert_refused(grpc.StatusCode.INVALID_ARGUMENT, page, client, 5, after_message_id=first,
                                around_message_id=first)
            self.assert_refused(grpc.StatusCode.NOT_FOUND, page, client, 5, around_message_id="none")

    def test_hark_reads_on_from_a_message_and_around_it(self):
        with World() as world:
            client = self.world_of(world, 300)
            ids = [m.id for m in client.all_messages("long")]

            def shown(*flags):
                lines = world.hark("messages", "long", "--json", *flags)[1].splitlines()
                return [json.loads(line)["id"] for line in lines]
            self.assertEqual(shown("--after", ids[20], "--limit", "10"), ids[21:31])
            self.assertEqual(shown("--after", ids[20], "--all"), ids[21:])
            self.assertEqual(shown("--around", ids[20], "--limit", "5"), ids[18:23])


class Versions(TestCase):
    def test_another_major_version_gets_a_reason_and_another_minor_is_served(self):
        with World() as world:
            client = world.signed_in()
            conversation = world.made[0]["conversation_id"]
            request = messages_pb2.ListMessagesRequest(conversation_id=conversation)
            for version in ("1.0", "1.1", "1.3", "1.99"):
                answer = client.messages.ListMessages(request, metadata=[("hark-api", version)], timeout=PATIENCE)
                self.assertTrue(answer.messages)
            sentence = self.assert_refused(grpc.StatusCode.FAILED_PRECONDITION, client.messages.ListMessages, request,
                                           metadata=[("hark-api", "2.0")], timeout=PATIENCE)
            self.assertIn("update", sentence)
            with self.assertRaises(grpc.RpcError) as caught:
                next(client.messages.WatchMessages(messages_pb2.WatchMessagesRequest(conversation_id=conversation),
                                                   metadata=[("hark-api", "2.0")], timeout=PATIENCE))
            self.assertEqual(caught.exception.code(), grpc.StatusCode.FAILED_PRECONDITION)
            greeting = client.admin.GetVersion(admin_pb2.GetVersionRequest(), metadata=[("hark-api", "2.0")],
                                               timeout=PATIENCE)
            self.assertEqual(greeting.api_major, 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
