"""Drafts and scroll positions with the real programs: two windows, kill -9, restart, signing out, a damaged cache."""

import json
import unittest

import grpc

from harness import PATIENCE, State, TestCase, World, admin_pb2, drafts_pb2, sample, until

Outcome = drafts_pb2.SetDraftResponse
HARK_CONFLICT = 8


def texts(drafts):
    return {d.conversation_id: d.text for d in drafts}


def until_draft(stream, conversation, text):
    """Reads events until one shows the draft of the conversation with this text; that draft."""
    def found(event):
        return [d for d in list(event.snapshot.drafts) + list(event.delta.changed)
                if d.conversation_id == conversation and d.text == text]
    return found(until(stream, found)[-1])[0]


def until_has_draft(stream, conversation):
    """The conversation list says so only once the draft is on disk."""
    until(stream, lambda event: any(
        c.id == conversation and c.has_draft
        for c in list(event.snapshot.conversations) + list(event.delta.upserted)))


class Drafts(TestCase):
    def restart(self, world):
        world.start_daemon()
        client = world.client()
        client.wait_for(State.STATE_LIVE)
        return client

    def test_two_windows_share_a_draft_and_an_older_text_never_wins(self):
        with World() as world:
            one = world.signed_in()
            two = world.client()
            seen_by_two = two.watch_drafts("conversation-1")
            first = next(seen_by_two)
            self.assertEqual([(d.text, d.version) for d in first.snapshot.drafts], [("", 0)])

            typed = one.set_draft("conversation-1", "hel")
            self.assertEqual(typed.outcome, Outcome.OUTCOME_SET)
            shown = until_draft(seen_by_two, "conversation-1", "hel")
            self.assertEqual(shown, typed.draft)
            further = one.set_draft("conversation-1", "hello", typed.draft.version)
            self.assertGreater(further.draft.version, typed.draft.version)

            # The second window did not see that yet.
            late = two.set_draft("conversation-1", "help", shown.version)
            self.assertEqual((late.outcome, late.draft), (Outcome.OUTCOME_CONFLICT, further.draft))
            self.assertEqual(two.draft("conversation-1"), further.draft)
            wins = two.set_draft("conversation-1", "help", late.draft.version)
            self.assertEqual(wins.outcome, Outcome.OUTCOME_SET)
            until_draft(seen_by_two, "conversation-1", "help")

            # Repeating a call is safe, also one whose text is there already.
            again = two.set_draft("conversation-1", "help", late.draft.version)
            self.assertEqual((again.outcome, again.draft), (Outcome.OUTCOME_SET, wins.draft))

            # Sending leaves it; clearing shows everywhere, and an old window cannot bring it back.
            one.send("conversation-1", "help")
            self.assertEqual(one.draft("conversation-1").text, "help")
            cleared = one.set_draft("conversation-1", "", wins.draft.version)
            until_draft(seen_by_two, "conversation-1", "")
            self.assertEqual(one.all_drafts(), [])
            stale = two.set_draft("conversation-1", "help!", wins.draft.version)
            self.assertEqual((stale.outcome, stale.draft), (Outcome.OUTCOME_CONFLICT, cleared.draft))

    def test_a_flushed_draft_survives_kill_9_at_once(self):
        with World() as world:
            client = world.signed_in()
            made = client.set_draft("conversation-0", "durable é 日本", flush=True).draft
            world.daemon.kill()
            client = self.restart(world)
            self.assertEqual(client.draft("conversation-0"), made)
            cleared = client.set_draft("conversation-0", "", made.version, flush=True).draft
            self.assertGreater(cleared.version, made.version)
            world.daemon.kill()
            client = self.restart(world)
            self.assertEqual(client.draft("conversation-0"), cleared)
            self.assertEqual(client.set_draft("conversation-0", "old", made.version).outcome, Outcome.OUTCOME_CONFLICT)

    def test_without_flush_it_is_written_soon_and_survives_kill_9_then(self):
        with World() as world:
            client = world.signed_in()
            list_stream = world.client().watch_list()
            next(list_stream)
            first = client.set_draft("conversation-0", "one").draft
            until_has_draft(list_stream, "conversation-0")
            second = client.set_draft("conversation-0", "one two", first.version).draft
            # What is written goes together: with the other one this one is on disk.
            client.set_draft("conversation-1", "another")
            until_has_draft(list_stream, "conversation-1")
            world.daemon.kill()
            client = self.restart(world)
            self.assertEqual(client.draft("conversation-0"), second)
            self.assertEqual(texts(client.all_drafts()), {"conversation-0": "one two", "conversation-1": "another"})
            self.assertTrue(client.get("conversation-0").has_draft)

    def test_a_window_gives_back_what_a_crash_took(self):
        with World() as world:
            client = world.signed_in()
            kept = client.set_draft("conversation-0", "kept", flush=True).draft
            window = client.watch_drafts()
            until_draft(window, "conversation-0", "kept")
            lost = client.set_draft("conversation-0", "kept and lost", kept.version).draft
            event = until(window, lambda e: e.delta.changed)[-1]
            world.daemon.kill()
            client = self.restart(world)
            # 500 ms of typing may be gone, whatever there is, the window's text is the newest.
            there = client.draft("conversation-0")
            self.assertIn(there, (kept, lost))
            first = next(client.watch_drafts(resume_token=event.resume_token))
            if there == kept:
                self.assertEqual(list(first.snapshot.drafts), [kept], "what is shown is replaced, not continued")
            else:
                self.assertTrue(first.HasField("resumed"))
            back = client.set_draft("conversation-0", "kept and lost", lost.version, flush=True)
            self.assertEqual((back.outcome, back.draft.text), (Outcome.OUTCOME_SET, "kept and lost"))

    def test_a_stream_resumes_after_a_restart_of_the_daemon(self):
        with World() as world:
            client = world.signed_in()
            client.set_draft("conversation-0", "a")
            client.set_draft("conversation-1", "b")
            stream = client.watch_drafts()
            token = next(stream).resume_token
            latest = client.set_draft("conversation-0", "a and more", client.draft("conversation-0").version).draft
            until_draft(stream, "conversation-0", "a and more")
            self.assertEqual(world.daemon.stop(), 0)  # Nothing is lost by a stop.
            client = self.restart(world)
            resumed = client.watch_drafts(resume_token=token)
            self.assertTrue(next(resumed).HasField("resumed"))
            self.assertEqual(list(next(resumed).delta.changed), [latest])
            client.set_draft("conversation-1", "", client.draft("conversation-1").version)
            until_draft(resumed, "conversation-1", "")

    def test_signing_out_keeps_them_and_another_user_does_not_see_them(self):
        with World() as world:
            other = world.add_user("bob")
            world.import_conversations(sample(conversations=1), "bob")
            client = world.signed_in()
            made = client.set_draft("conversation-0", "mine").draft
            client.set_view("conversation-0", "desktop", at_bottom=True)
            world.hark("sign-out")
            self.assertEqual(client.draft("conversation-0"), made)
            self.assertEqual(client.set_draft("conversation-0", "mine still", made.version).outcome, Outcome.OUTCOME_SET)
            window = client.watch_drafts()
            next(window)
            client.sign_in(other)
            with self.assertRaises(grpc.RpcError) as ended:
                next(window)
            self.assertEqual(ended.exception.code(), grpc.StatusCode.ABORTED)
            client.wait_for(State.STATE_LIVE)
            self.assertEqual(client.all_drafts(), [])
            self.assertEqual(client.draft("conversation-0").version, 0)
            self.assertIsNone(client.view("conversation-0", "desktop"))
            client.sign_in(world.token)
            client.wait_for(State.STATE_LIVE)
            self.assertEqual(texts(client.all_drafts()), {"conversation-0": "mine still"})
            self.assertTrue(client.view("conversation-0", "desktop").at_bottom)

    def test_a_damaged_cache_and_no_network_leave_them_alone(self):
        with World() as world:
            client = world.signed_in()
            made = client.set_draft("conversation-0", "untouched", flush=True).draft
            world.backend.stop()
            world.daemon.stop()
            cache = next(world.data.rglob("cache.db"))
            cache.write_bytes(b"\0" * cache.stat().st_size)
            world.start_daemon()
            client = world.client()
            # The conversations are gone until they are fetched again; the draft is not.
            self.assertEqual(client.all_conversations(), [])
            self.assertEqual(client.draft("conversation-0"), made)
            self.assertEqual(client.set_draft("conversation-0", "and still", made.version, flush=True).outcome,
                             Outcome.OUTCOME_SET)

    def test_limits_and_refusals(self):
        with World() as world:
            client = world.signed_in()
            self.assert_refused(grpc.StatusCode.NOT_FOUND, client.set_draft, "nowhere", "text")
            self.assertEqual(client.draft("nowhere").version, 0)
            self.assert_refused(grpc.StatusCode.INVALID_ARGUMENT, client.set_draft, "conversation-0", "x" * 65537)
            self.assert_refused(grpc.StatusCode.INVALID_ARGUMENT, client.draft, "")
            self.assertEqual(client.set_draft("conversation-0", "x" * 65536, flush=True).outcome, Outcome.OUTCOME_SET)
            self.assert_refused(grpc.StatusCode.NOT_FOUND, client.set_view, "conversation-0", "ui", message="none")
            self.assert_refused(grpc.StatusCode.INVALID_ARGUMENT, client.set_view, "conversation-0", "ui")
            self.assert_refused(grpc.StatusCode.INVALID_ARGUMENT, client.set_view, "conversation-0", "u" * 65, at_bottom=True)
            capabilities = client.admin.GetVersion(admin_pb2.GetVersionRequest()).capabilities
            self.assertLessEqual({"drafts", "view-states"}, set(capabilities))

    def test_a_view_is_where_it_was_left_or_at_the_nearest_message(self):
        with World() as world:
            made = sample(conversations=6)
            for conversation in made:
                conversation["messages"] = [{"role": "user" if m % 2 == 0 else "assistant", "content": f"word{m}"}
                                            for m in range(40)]
            world.token = world.add_user("ada")
            world.import_conversations(made, "ada", days=200)
            world.start_backend()
            config = world.folder / "harkd.toml"
            config.write_text("[retention]\ndays = 50\n")
            world.start_daemon("--config", config)
            client = world.client()
            client.sign_in(world.token)
            client.wait_for(State.STATE_LIVE)
            # One whose messages will all go.
            going = client.admin.PreviewRetention(admin_pb2.PreviewRetentionRequest()).items
            chosen = next(i.conversation_id for i in going if i.messages == 40)
            messages = client.all_messages(chosen)
            client.set_draft(chosen, "spared")
            client.set_view(chosen, "desktop", message=messages[2].id, offset=-17)
            client.set_view(chosen, "tui", message=messages[-1].id, offset=3, at_bottom=True)
            world.daemon.stop()
            world.start_daemon("--config", config)
            client = world.client()
            client.wait_for(State.STATE_LIVE)
            view = client.view(chosen, "desktop")
            self.assertEqual((view.message_id, view.offset, view.at_bottom, view.nearest),
                             (messages[2].id, -17, False, False))
            self.assertIsNone(client.view(chosen, "another"))

            client.admin.RunRetention(admin_pb2.RunRetentionRequest(), timeout=PATIENCE)
            self.assertEqual(client.draft(chosen).text, "spared", "retention leaves drafts alone")
            self.assertTrue(client.get(chosen).has_draft)
            view = client.view(chosen, "desktop")
            self.assertEqual((view.message_id, view.set_message_id, view.nearest), ("", messages[2].id, True))
            self.assertIn(messages[2].id + ", which is not here", world.hark("view", chosen, "desktop")[1])
            sent = client.send(chosen, "something is here again")
            view = client.view(chosen, "desktop")
            self.assertEqual((view.message_id, view.set_message_id, view.nearest), (sent.id, messages[2].id, True))
            self.assertIn("the nearest to " + messages[2].id, world.hark("view", chosen, "desktop")[1])
            view = client.view(chosen, "tui")
            self.assertEqual((view.offset, view.at_bottom, view.nearest), (3, True, True))
            # What is fetched again is as near as it was.
            stream = client.watch(chosen)
            client.page(chosen)
            until(stream, lambda e: messages[2].id in {m.id for m in list(e.delta.upserted) + list(e.snapshot.messages)})
            view = client.view(chosen, "desktop")
            self.assertEqual((view.message_id, view.offset, view.nearest), (messages[2].id, -17, False))

    def test_the_command_line(self):
        with World() as world:
            client = world.signed_in()
            self.assertEqual(world.hark("draft", "conversation-0")[1], "no draft\n")
            self.assertIn("draft kept", world.hark("draft", "conversation-0", "--stdin", stdin="two\nlines\n".encode())[1])
            self.assertEqual(world.hark("draft", "conversation-0")[1], "two\nlines\n")
            version = client.draft("conversation-0").version
            line = json.loads(world.hark("draft", "conversation-0", "new", "--json")[1])
            self.assertEqual((line["type"], line["text"], line["conflict"]), ("draft", "new", False))
            code, out, err = world.hark("draft", "conversation-0", "older", "--base", version, "--json", check=False)
            self.assertEqual((code, json.loads(out)["conflict"], json.loads(out)["text"]), (HARK_CONFLICT, True, "new"))
            self.assertIn("changed meanwhile", err)
            self.assertEqual([json.loads(l)["text"] for l in world.hark("drafts", "--json")[1].splitlines()], ["new"])
            self.assertIn("conversation-0", world.hark("drafts")[1])
            self.assertIn("no draft any more", world.hark("draft", "conversation-0", "--clear")[1])
            self.assertEqual(world.hark("drafts")[1], "no drafts\n")
            self.assertEqual(world.hark("draft", "nowhere", "text", check=False)[0], 4)
            client.set_view("conversation-0", "desktop", at_bottom=True, offset=5)
            line = json.loads(world.hark("view", "conversation-0", "desktop", "--json")[1])
            self.assertEqual((line["type"], line["at_bottom"], line["offset"]), ("view_state", True, 5))
            self.assertIn("has not said", world.hark("view", "conversation-0", "tui")[1])


if __name__ == "__main__":
    unittest.main(verbosity=2)
