"""The main job: sync, read, follow, send, answer. In both encodings of the wire."""

import unittest

from harness import Delivery, State, TestCase, World, conversations_pb2, sample, until, until_delivered


class MainJob(TestCase):
    def test_first_sync_brings_every_message_of_every_conversation(self):
        with World() as world:
            made = sample(seed=7, conversations=60, messages=120)
            token = world.add_user("ada")
            world.import_conversations(made, "ada")
            world.start_backend()
            world.start_daemon()
            client = world.client()
            client.sign_in(token)
            seen = client.wait_for(State.STATE_LIVE)
            catching_up = [s for s in seen if s.state == State.STATE_CATCHING_UP]
            self.assertTrue(all(s.initial for s in catching_up))
            done = [s.progress.done for s in catching_up]
            self.assertEqual(done, sorted(done), "progress never goes back")

            listed = client.all_conversations(size=7)
            self.assertEqual(len(listed), len(made))
            activity = [(c.last_activity_at.seconds, c.last_activity_at.nanos) for c in listed]
            self.assertEqual(activity, sorted(activity, reverse=True))
            titles = {c.id: c.title for c in listed}
            for conversation in made:
                self.assertEqual(titles[conversation["conversation_id"]], conversation["title"])
                got = client.all_messages(conversation["conversation_id"], size=13)
                self.assertEqual([m.content for m in got], [m["content"] for m in conversation["messages"]])
                self.assertEqual([m.sequence for m in got], list(range(1, len(got) + 1)))

    def test_two_clients_follow_and_the_assistant_answers(self):
        with World(responder="echo") as world:
            one = world.signed_in()
            other = world.client()
            one.open("conversation-0")
            stream = other.watch("conversation-0")
            self.assertTrue(next(stream).HasField("snapshot"))

            sent = one.send("conversation-0", "How are you today?")
            self.assertEqual(sent.delivery, Delivery.DELIVERY_STATE_QUEUED)
            events = until(stream, lambda e: any("How are you today?" in m.content and m.role == 2
                                                 for m in e.delta.upserted))
            answer = next(m for m in events[-1].delta.upserted if m.role == 2)
            states = [m.delivery for e in events for m in e.delta.upserted if m.id == sent.id]
            self.assertEqual(states[-1], Delivery.DELIVERY_STATE_SENT)
            self.assertEqual(states[0], Delivery.DELIVERY_STATE_QUEUED)
            partials = [e.partial for e in events if e.HasField("partial")]
            self.assertTrue(partials, "the answer was streamed while it was produced")
            self.assertEqual({p.message_id for p in partials}, {answer.id}, "under the id that it ends with")
            for before, after in zip(partials, partials[1:]):
                self.assertTrue(after.text.startswith(before.text))
            self.assertTrue(answer.content.startswith(partials[-1].text))
            revisions = [e.revision for e in events if e.HasField("delta")]
            self.assertEqual(revisions, sorted(set(revisions)))

            at_backend = [m for m in world.rest(world.token, "conversation-0") if m["id"] == sent.id]
            self.assertEqual(len(at_backend), 1)

    def test_reading_is_marked_here_and_at_the_backend(self):
        with World(responder="echo") as world:
            client = world.signed_in()
            stream = client.watch("conversation-0")
            client.send("conversation-0", "hello")
            until(stream, lambda e: any(m.role == 2 and "hello" in m.content for m in e.delta.upserted))
            self.assertEqual(client.get("conversation-0").unread_count, 1)
            marked = client.conversations.MarkRead(conversations_pb2.MarkReadRequest(conversation_id="conversation-0"))
            self.assertEqual(marked.conversation.unread_count, 0)

            # Another installation of the same user learns of it.
            with world.second_installation() as second:
                stream = second.watch_list()
                until(stream, lambda e: any(
                    c.id == "conversation-0" and c.unread_count == 0
                    for c in list(e.snapshot.conversations) + list(e.delta.upserted)))

    def test_a_list_is_followed(self):
        with World() as world:
            client = world.signed_in()
            stream = client.watch_list()
            snapshot = next(stream).snapshot
            self.assertEqual(snapshot.total_count, 8)
            oldest = snapshot.conversations[-1].id
            sent = world.client().send(oldest, "back to the top")
            events = until(stream, lambda e: any(c.id == oldest and c.pending_count == 0 and c.preview == "back to the top"
                                                 for c in e.delta.upserted))
            self.assertTrue(any(c.pending_count == 1 for e in events for c in e.delta.upserted))
            self.assertEqual(client.all_conversations()[0].id, oldest)
            until_delivered(client.watch(oldest), sent.id)


if __name__ == "__main__":
    unittest.main(verbosity=2)
