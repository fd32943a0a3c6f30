"""What AICO's client got wrong, each as a test of that name against the real programs."""

import datetime
import json
import shutil
import time
import unittest

import grpc

from harness import BACKEND, Delivery, State, TestCase, World, run, sync_pb2, until, until_delivered, until_shown


def conversation(name, count, **fields):
    return {"conversation_id": name, "title": name, "messages": [
        dict({"role": "user" if n % 2 == 0 else "assistant", "content": f"{name} {n}"}, **fields) for n in range(count)]}


def shown(event):
    return list(event.snapshot.messages) + list(event.delta.upserted)


def sync_now(client):
    client.sync.SyncNow(sync_pb2.SyncNowRequest())


class AicoRegressions(TestCase):
    def test_a_background_fetch_never_replaces_the_visible_list_with_a_shorter_one(self):
        with World() as world:
            made = [conversation("long", 120), conversation("short", 3)]
            client = world.signed_in(made=made)
            client.open("long")
            before = [m.id for m in client.all_messages("long")]
            self.assertEqual(len(before), 120)
            messages, rows = world.client().watch("long"), world.client().watch_list()
            self.assertEqual(len(next(messages).snapshot.messages), 50)
            self.assertEqual(len(next(rows).snapshot.conversations), 2)
            # A backend that knows less: fewer messages of one conversation, nothing of the other.
            world.backend.stop()
            client.wait_for(State.STATE_OFFLINE)
            users = (world.backend_data / "users.db").read_bytes()
            shutil.rmtree(world.backend_data)
            world.backend_data.mkdir(mode=0o700)
            (world.backend_data / "users.db").write_bytes(users)
            world.import_conversations([conversation("long", 20)], "ada")
            world.start_backend()
            sync_now(client)
            client.wait_for(State.STATE_LIVE)
            self.assertEqual([m.id for m in client.all_messages("long")], before)
            self.assertEqual({c.id for c in client.all_conversations()}, {"long", "short"})
            # And no event on the way showed less.
            last = client.send("short", "the end")
            for event in until(rows, lambda e: any(c.preview == "the end" for c in e.delta.upserted)):
                if event.HasField("snapshot"):
                    self.assertEqual(len(event.snapshot.conversations), 2)
            messages.cancel()
            with self.assertRaises(grpc.RpcError):
                for event in messages:
                    self.assertFalse(event.delta.removed)
                    if event.HasField("snapshot"):
                        self.assertEqual(len(event.snapshot.messages), 50)
            self.assertEqual(client.page("short").messages[-1].id, last.id)

    def test_one_message_is_never_shown_under_two_ids(self):
        with World(responder="echo") as world:
            client = world.signed_in()
            client.open("conversation-1")
            stream = world.client().watch("conversation-1")
            next(stream)
            sent = client.send("conversation-1", "only one of me")
            seen = until(stream, lambda e: any(m.role == 2 and "only one of me" in m.content for m in e.delta.upserted))
            ids = {m.id for e in seen for m in shown(e) if m.content == "only one of me"}
            self.assertEqual(ids, {sent.id})
            # The answer has its own id from its first word on.
            answer = [m for e in seen for m in shown(e) if m.role == 2][-1]
            self.assertEqual({e.partial.message_id for e in seen if e.HasField("partial")}, {answer.id})
            with world.second_installation() as second:
                for messages in (client.all_messages("conversation-1"), second.all_messages("conversation-1")):
                    self.assertEqual([m.id for m in messages if m.content == "only one of me"], [sent.id])
            at_backend = world.rest(world.token, "conversation-1")
            self.assertEqual([m["id"] for m in at_backend if m["content"] == "only one of me"], [sent.id])

    def test_a_time_without_a_zone_is_never_read_as_local(self):
        with World(env={"TZ": "America/New_York"}) as world:
            world.add_user("ada")
            file = world.folder / "naive.jsonl"
            file.write_text(json.dumps(conversation("naive", 1, created_at="2026-03-01T10:00:00")) + "\n")
            code, _, error = run(BACKEND, "import", file, "--data", world.backend_data, "--user", "ada", check=False,
                                 env=world.env)
            self.assertNotEqual(code, 0, "not guessed")
            self.assertIn("created_at", error)
            # Whatever zone a time names: it is the same moment everywhere.
            noon = datetime.datetime(2026, 3, 1, 12, 0, 0, 120_000, datetime.timezone.utc)
            stamps = ["2026-03-01T12:00:00.120Z", "2026-03-01T21:00:00.120+09:00", "2026-03-01T07:00:00.120-05:00"]
            client = world.signed_in(user="bob", made=[conversation(f"c{n}", 1, created_at=s)
                                                       for n, s in enumerate(stamps)])
            for n in range(len(stamps)):
                created = client.page(f"c{n}").messages[0].created_at
                self.assertEqual(created.ToDatetime(datetime.timezone.utc), noon)
                line = json.loads(world.hark("messages", f"c{n}", "--json")[1])
                self.assertEqual(line["created_at"], "2026-03-01T12:00:00.120Z")
                self.assertIn("2026-03-01 07:00", world.hark("messages", f"c{n}")[1])
            before = time.time()
            sent = client.send("c0", "now").created_at.ToDatetime(datetime.timezone.utc).timestamp()
            self.assertLess(abs(sent - before), 60)

    def test_messages_of_one_second_have_one_order(self):
        with World() as world:
            client = world.signed_in(made=[conversation("same", 40, created_at="2026-03-01T10:00:00Z")])
            sent = [client.send("same", f"quick {n}").id for n in range(20)]
            until_delivered(client.watch("same"), sent[-1])
            expected = [m["id"] for m in world.rest(world.token, "same")]
            self.assertEqual(expected[-20:], sent)
            self.assertEqual([m["content"] for m in world.rest(world.token, "same")[:40]],
                             [f"same {n}" for n in range(40)])
            for size in (1, 7, 50, 200):
                self.assertEqual([m.id for m in client.all_messages("same", size)], expected)
            world.daemon.kill()
            world.start_daemon()
            self.assertEqual([m.id for m in world.client().all_messages("same", 7)], expected)

    def test_a_new_message_continues_the_conversation_that_is_open(self):
        with World() as world:
            client = world.signed_in()
            oldest = client.all_conversations()[-1].id
            opened = client.all_conversations()[3].id
            counts = {c.id: c.message_count for c in client.all_conversations()}
            client.open(opened)
            sent = client.send(opened, "here and nowhere else")
            until_delivered(client.watch(opened), sent.id)
            for c in counts:
                texts = [m["content"] for m in world.rest(world.token, c)]
                self.assertEqual(texts.count("here and nowhere else"), int(c == opened))
                self.assertEqual(len(texts), counts[c] + int(c == opened))
            self.assertNotEqual(opened, oldest)
            self.assertEqual(client.all_conversations()[0].id, opened, "and it is now the newest")
            self.assertEqual(client.all_conversations()[-1].id, oldest)

    def test_text_is_kept_when_the_app_closes_before_the_answer_ended(self):
        with World(responder="echo", backend_flags=("--responder-delay-ms", "50")) as world:
            world.signed_in()
            app = world.client()
            app.open("conversation-1")
            stream = app.watch("conversation-1")
            next(stream)
            sent = app.send("conversation-1", "a question of several words, so that the answer takes a while")
            until(stream, lambda e: e.HasField("partial"))
            world.channels.pop().close()  # the app goes, in the middle of the answer
            world.daemon.kill()  # and the computer with it
            world.start_daemon()
            again = world.client()
            page = again.page("conversation-1").messages
            self.assertIn(sent.id, [m.id for m in page])
            answer = until_shown(again.watch("conversation-1"), lambda m: m.role == 2 and sent.content in m.content)
            self.assertEqual(again.page("conversation-1").messages[-1].id, answer.id)

    def test_an_error_never_hides_the_conversation(self):
        with World(backend_flags=("--refuse-content-prefix", "refuse")) as world:
            client = world.signed_in()
            everything = [m.id for m in client.all_messages("conversation-1")]

            def assert_shown():
                self.assertEqual([m.id for m in client.all_messages("conversation-1")][:len(everything)], everything)
                self.assertEqual(len(client.all_conversations()), len(world.made))

            self.assert_refused(grpc.StatusCode.NOT_FOUND, client.page, "conversation-1", before="none")
            self.assert_refused(grpc.StatusCode.INVALID_ARGUMENT, client.send, "conversation-1", "")
            assert_shown()
            refused = client.send("conversation-1", "refuse this")
            failed = until_shown(client.watch("conversation-1"),
                                 lambda m: m.id == refused.id and m.delivery == Delivery.DELIVERY_STATE_FAILED)
            self.assertEqual(failed.failure.reason, "PERMISSION")
            self.assertEqual(client.page("conversation-1").messages[-1].content, "refuse this")
            assert_shown()
            world.backend.kill()
            client.wait_for(State.STATE_OFFLINE)
            assert_shown()
            world.revoke(world.token)
            world.start_backend()
            sync_now(client)
            client.wait_for(State.STATE_AUTH_REQUIRED)
            assert_shown()
            self.assert_refused(grpc.StatusCode.UNAUTHENTICATED, client.sign_in, "wrong")
            assert_shown()

    def test_an_offline_start_is_not_stuck_at_the_connection_screen(self):
        with World() as world:
            world.signed_in()
            world.daemon.kill()
            world.backend.kill()
            world.start_daemon()
            # The first thing that is asked is answered, whatever the connection does.
            page = world.client().page("conversation-1")
            self.assertEqual([m.content for m in page.messages],
                             [m["content"] for m in world.made[1]["messages"]][-50:])
            self.assertEqual(world.hark("messages", "conversation-1")[0], 0)
            # And the state is one with a reason and a time, not an endless "connecting".
            status = world.client().wait_for(State.STATE_OFFLINE)[-1]
            self.assertTrue(status.reason)
            self.assertTrue(status.HasField("next_attempt_at"))

    def test_more_than_50_messages_and_conversations_are_fetched(self):
        with World() as world:
            made = [conversation("long", 733)] + [conversation(f"c{n:03}", 1) for n in range(130)]
            client = world.signed_in(made=made)
            self.assertEqual(len(client.all_conversations()), 131)
            got = client.all_messages("long")
            self.assertEqual([m.content for m in got], [m["content"] for m in made[0]["messages"]])
            self.assertEqual(client.page("long").total_count, 733)
            world.backend.stop()
            self.assertEqual(len(client.all_messages("long", 200)), 733, "and they are here")

    def test_the_queue_drops_nothing_at_100_and_reconnecting_does_not_end_after_5_tries(self):
        with World() as world:
            client = world.signed_in()
            world.backend.stop()
            client.wait_for(State.STATE_OFFLINE)
            sent = [client.send("conversation-1", f"waits {n}").id for n in range(150)]
            self.assertEqual(client.get("conversation-1").pending_count, 150)
            attempts, statuses = 0, client.sync.WatchStatus(sync_pb2.WatchStatusRequest(), timeout=60)
            last = next(statuses).status.next_attempt_at
            # Many more than 5 in a row, and then until the next one is near: so that the test need not wait a minute. That
            # it goes on when nobody asks is seen in MachineReconnectTest.ReconnectingDoesNotEndAfterFiveTries.
            while attempts < 12 or last.ToDatetime() - datetime.datetime.utcnow() > datetime.timedelta(seconds=5):
                sync_now(client)
                last = until(statuses, lambda e: e.status.state == State.STATE_OFFLINE and
                             e.status.next_attempt_at != last)[-1].status.next_attempt_at
                attempts += 1
                self.assertLess(attempts, 300)
            statuses.cancel()
            world.start_backend()
            # Nobody asks for it.
            until_delivered(client.watch("conversation-1"), sent[-1])
            self.assertEqual([m["id"] for m in world.rest(world.token, "conversation-1")][-150:], sent)


if __name__ == "__main__":
    unittest.main(verbosity=2)
