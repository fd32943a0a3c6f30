"""Retention with the real programs: what would go, what goes, and that paging back fetches it again."""

import json
import time
import unittest

import grpc

from harness import PATIENCE, State, TestCase, World, admin_pb2, conversations_pb2, sample

DAY = 86400


def world_of_old_messages(world, *flags):
    """Conversations of 40 messages each, spread over the last 200 days; a client, live."""
    made = []
    for conversation in sample(seed=7, conversations=6):
        conversation["messages"] = [{"role": "user" if m % 2 == 0 else "assistant",
                                     "content": f"{conversation['conversation_id']} says word{m}"} for m in range(40)]
        made.append(conversation)
    world.made = made
    world.token = world.add_user("ada")
    world.import_conversations(made, "ada", days=200)
    world.start_backend()
    config = world.folder / "harkd.toml"
    config.write_text("[retention]\ndays = 50\n")
    world.start_daemon("--config", config, *flags)
    client = world.client()
    client.sign_in(world.token)
    client.wait_for(State.STATE_LIVE)
    return client


class Retention(TestCase):
    def preview(self, client, **fields):
        return client.admin.PreviewRetention(admin_pb2.PreviewRetentionRequest(**fields), timeout=PATIENCE)

    def run_retention(self, client):
        return client.admin.RunRetention(admin_pb2.RunRetentionRequest(), timeout=PATIENCE)

    def set_days(self, client, conversation, **fields):
        return client.conversations.SetRetention(
            conversations_pb2.SetRetentionRequest(conversation_id=conversation, **fields), timeout=PATIENCE)

    def old_of(self, client, conversation):
        """How many of its messages are older than 50 days, by the client's own reckoning."""
        return sum(1 for m in client.all_messages(conversation) if m.created_at.seconds < time.time() - 50 * DAY)

    def test_preview_run_and_paging_back(self):
        with World() as world:
            client = world_of_old_messages(world)
            old = {c["conversation_id"]: self.old_of(client, c["conversation_id"]) for c in world.made}
            everything = {c["conversation_id"]: [m.id for m in client.all_messages(c["conversation_id"])] for c in world.made}
            self.assertGreater(sum(old.values()), 0)
            self.assertLess(sum(old.values()), 240)
            shown = self.preview(client)
            self.assertEqual((shown.days, shown.max_bytes, shown.messages), (50, 0, sum(old.values())))
            self.assertEqual({i.conversation_id: i.messages for i in shown.items}, {c: n for c, n in old.items() if n})
            self.assertGreater(shown.bytes, shown.messages * 10)
            self.assertEqual(self.preview(client, days=0).messages, 0)
            self.assertEqual(self.preview(client, days=0, max_bytes=1).messages, 240)
            self.assertEqual(client.admin.GetStatistics(admin_pb2.GetStatisticsRequest()).messages, 240, "a preview reads")

            kept = max(old, key=old.get)
            self.set_days(client, kept, days=0)
            self.assertEqual(self.preview(client).messages, sum(old.values()) - old[kept])
            self.assertEqual([(o.conversation_id, o.days) for o in self.preview(client).overrides], [(kept, 0)])

            outcome = self.run_retention(client)
            self.assertEqual(outcome.messages, sum(old.values()) - old[kept])
            self.assertEqual(self.preview(client).messages, 0)
            self.assertEqual([m.id for m in client.all_messages(kept)], everything[kept])
            gone = next(c for c, n in old.items() if n and c != kept)
            page = client.page(gone, policy=1)
            self.assertTrue(page.HasField("gap_before") or not page.messages)
            self.assertEqual(page.gap_before.to_sequence, old[gone])
            self.assertEqual([m.id for m in page.messages], everything[gone][old[gone]:])
            self.assertEqual(page.total_count, 40)
            # It survives a restart, and stays away by itself.
            world.daemon.stop()
            world.start_daemon("--config", world.folder / "harkd.toml")
            client = world.client()
            client.wait_for(State.STATE_LIVE)
            self.assertEqual(client.page(gone, policy=1).gap_before.to_sequence, old[gone])
            # Paging into the gap brings it back.
            stream = client.watch(gone)
            seen = {m.id for m in next(stream).snapshot.messages}
            page = client.page(gone)
            if page.messages:
                client.page(gone, before=page.messages[0].id)
            while not set(everything[gone]) <= seen:
                event = next(stream)
                seen |= {m.id for m in list(event.delta.upserted) + list(event.snapshot.messages)}
            self.assertEqual([m.id for m in client.all_messages(gone)], everything[gone])

    def test_what_waits_to_be_sent_stays(self):
        with World() as world:
            client = world_of_old_messages(world)
            world.backend.stop()
            sent = client.send("conversation-1", "unsent")
            for conversation in world.made:
                self.set_days(client, conversation["conversation_id"], days=1)
            self.run_retention(client)
            self.assertEqual(client.page("conversation-1").messages[-1].id, sent.id)
            self.assertEqual(client.get("conversation-1").pending_count, 1)

    def test_refusals(self):
        with World() as world:
            client = world_of_old_messages(world)
            self.assert_refused(grpc.StatusCode.NOT_FOUND, self.set_days, client, "nowhere", days=3)
            self.assert_refused(grpc.StatusCode.INVALID_ARGUMENT, self.set_days, client, "conversation-1", days=36501)
            self.assert_refused(grpc.StatusCode.INVALID_ARGUMENT, self.preview, client, days=36501)
        with World() as world:
            world.start_backend()
            world.start_daemon()
            client = world.client()
            self.assert_refused(grpc.StatusCode.FAILED_PRECONDITION, self.preview, client)
            self.assert_refused(grpc.StatusCode.FAILED_PRECONDITION, self.run_retention, client)

    def test_the_command_line(self):
        with World() as world:
            client = world_of_old_messages(world)
            messages = self.preview(client).messages
            lines = [json.loads(line) for line in world.hark("retention", "--preview", "--json")[1].splitlines()]
            self.assertEqual((lines[0]["type"], lines[0]["days"], lines[0]["messages"]), ("retention", 50, messages))
            self.assertEqual(sum(l["messages"] for l in lines if l["type"] == "retention_item"), messages)
            self.assertIn(f"{messages} messages", world.hark("retention")[1])
            self.assertIn("Nothing would go.", world.hark("retention", "--days", "0")[1])
            world.hark("retention", "set", "conversation-2", "forever")
            self.assertIn("conversation-2 has its own: for ever", world.hark("retention")[1])
            world.hark("retention", "set", "conversation-2", "default")
            self.assertEqual(self.preview(client).messages, messages)
            self.assertEqual(world.hark("retention", "set", "conversation-2", "often", check=False)[0], 2)
            self.assertIn(f"{messages} messages removed", world.hark("retention", "run")[1])
            self.assertIn("Nothing would go.", world.hark("retention", "--preview")[1])


if __name__ == "__main__":
    unittest.main(verbosity=2)
