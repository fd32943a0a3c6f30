"""Accounts with the real programs: two users on one machine, forgetting, and a token that is refused."""

import json
import unittest

import grpc

from harness import (Delivery, PATIENCE, State, TestCase, World, account_pb2, admin_pb2, conversations_pb2, messages_pb2,
                     sample, search_pb2, search_pb2_grpc, sync_pb2, until, until_delivered)

Code = grpc.StatusCode
Account = account_pb2.AccountInfo
HARK_USAGE, HARK_SIGN_IN = 2, 5


def search(client, word):
    stub = search_pb2_grpc.SearchStub(client.channel)
    found = stub.SearchMessages(search_pb2.SearchMessagesRequest(query=word), timeout=PATIENCE)
    return [hit.message_id for hit in found.results]


def account_folders(world):
    return sorted(p.name for p in (world.data / "accounts").iterdir())


class TwoAccounts(TestCase):
    def start(self, world):
        """Both users have a conversation of the same id, with a word that the other has not."""
        tokens = {}
        for user in ("ada", "bob"):
            tokens[user] = world.add_user(user)
            world.import_conversations([{"conversation_id": "same", "title": f"title of {user}", "messages": [
                {"id": f"{user}-{i}", "role": "user", "content": f"word{user} number{i}"} for i in range(1, 31)]}], user)
        world.start_backend()
        world.start_daemon()
        return tokens

    def everything_shown(self, client):
        """All that pages, lists, searches and new streams give out: one text."""
        said = []
        for conversation in client.all_conversations():
            said += [conversation.title, conversation.preview]
            said += [m.content for m in client.all_messages(conversation.id)]
        stream = client.watch("same")
        said += [m.content for m in next(stream).snapshot.messages]
        stream.cancel()
        stream = client.watch_list()
        said += [c.title + c.preview for c in next(stream).snapshot.conversations]
        stream.cancel()
        return " ".join(said)

    def test_switching_shows_nobody_the_others_messages(self):
        with World() as world:
            tokens = self.start(world)
            client = world.client()
            streams = []
            for turn, user in enumerate(("ada", "bob", "ada", "bob", "ada")):
                other = "bob" if user == "ada" else "ada"
                client.sign_in(tokens[user])
                client.wait_for(State.STATE_LIVE)
                # The streams of before have ended, and told nothing of this user.
                for old_user, stream in streams:
                    seen = []
                    with self.assertRaises(grpc.RpcError) as ended:
                        seen.extend(stream)
                    self.assertEqual(ended.exception.code(), Code.ABORTED)
                    for event in seen:
                        event.ClearField("resume_token")  # Random hexadecimal digits, which can spell "ada".
                    self.assertNotIn("bob" if old_user == "ada" else "ada", str(seen))
                shown = self.everything_shown(client)
                self.assertIn(f"word{user}", shown)
                self.assertNotIn(other, shown)
                self.assertEqual(len(search(client, f"word{user}")), 20)
                self.assertEqual(search(client, f"word{other}"), [])
                # What was left here the last time is here, and nothing of the other's.
                self.assertEqual([d.text for d in client.all_drafts()], [f"draft of {user}"] if turn > 1 else [])
                client.set_draft("same", f"draft of {user}", client.draft("same").version, flush=True)
                sent = client.send("same", f"sent by {user} {turn}")
                messages, listed, drafts = client.watch("same"), client.watch_list(), client.watch_drafts()
                until_delivered(messages, sent.id)
                next(listed)
                next(drafts)
                streams = [(user, messages), (user, listed), (user, drafts)]
            self.assertEqual(len(account_folders(world)), 2)
            # At the backend, everything arrived where it belongs.
            for user, count in (("ada", 3), ("bob", 2)):
                sent = [m["content"] for m in world.rest(tokens[user], "same") if m["content"].startswith("sent")]
                self.assertEqual(sent, [f"sent by {user} {t}" for t in range(5) if ("ada", "bob")[t % 2] == user])
                self.assertEqual(len(sent), count)

    def test_what_one_wrote_offline_is_not_sent_by_the_other(self):
        with World() as world:
            tokens = self.start(world)
            client = world.client()
            client.sign_in(tokens["ada"])
            client.wait_for(State.STATE_LIVE)
            world.revoke(tokens["ada"])
            client.wait_for(State.STATE_AUTH_REQUIRED)
            waits = client.send("same", "waits for ada")
            client.sign_in(tokens["bob"])
            client.wait_for(State.STATE_LIVE)
            self.assertEqual(client.statistics().outbox, 0)
            self.assertNotIn("waits", str(world.rest(tokens["bob"], "same")))
            fresh = world.new_token("ada")
            client.sign_in(fresh)
            until_delivered(client.watch("same"), waits.id)
            self.assertEqual([m["id"] for m in world.rest(fresh, "same")].count(waits.id), 1)


class Forgetting(TestCase):
    def test_everything_of_the_account_goes_and_the_other_stays(self):
        with World() as world:
            client = world.signed_in(user="ada")
            ada = account_folders(world)
            other = world.add_user("bob")
            client.sign_in(other)
            client.wait_for(State.STATE_LIVE)
            bob = [f for f in account_folders(world) if f not in ada]
            client.sign_in(world.token)
            client.wait_for(State.STATE_LIVE)
            stream = client.watch("conversation-0")
            next(stream)
            done = client.account.SignOut(account_pb2.SignOutRequest(forget=True), timeout=PATIENCE)
            self.assertEqual(done.account.state, Account.STATE_NONE)
            self.assertEqual(account_folders(world), bob)
            with self.assertRaises(grpc.RpcError) as ended:
                list(stream)
            self.assertEqual(ended.exception.code(), Code.ABORTED)
            self.assert_refused(Code.FAILED_PRECONDITION, client.page, "conversation-0")
            # Also after a restart; and signing in begins anew.
            world.daemon.kill()
            world.start_daemon()
            client = world.client()
            self.assertEqual(client.account.GetAccount(account_pb2.GetAccountRequest(), timeout=PATIENCE,
                                                       wait_for_ready=True).account.state, Account.STATE_NONE)
            client.sign_in(world.token)
            client.wait_for(State.STATE_LIVE)
            self.assertEqual(len(client.all_messages("conversation-0")), len(world.made[0]["messages"]))

    def test_unsent_messages_are_only_lost_when_that_is_said(self):
        with World() as world:
            client = world.signed_in()
            world.backend.stop()
            client.wait_for(State.STATE_OFFLINE)
            client.send("conversation-0", "unsent")
            client.set_draft("conversation-1", "half", flush=True)
            stream = client.watch("conversation-0")
            next(stream)
            request = account_pb2.SignOutRequest(forget=True)
            said = self.assert_refused(Code.FAILED_PRECONDITION, client.account.SignOut, request, timeout=PATIENCE)
            self.assertIn("1 unsent entry and 1 draft", said)
            # Nothing has changed, and the stream goes on.
            self.assertEqual(client.page("conversation-0").messages[-1].content, "unsent")
            client.send("conversation-0", "another")
            until(stream, lambda event: "another" in str(event))
            # The command asks, and nobody can be asked here.
            self.assertEqual(world.hark("signout", "--forget", check=False)[0], HARK_USAGE)
            self.assertEqual(client.statistics().outbox, 2)
            code, out, _ = world.hark("--json", "sign-out", "--forget", "--yes")
            told = json.loads(out)
            self.assertEqual((told["entries_lost"], told["drafts_lost"]), (2, 1))
            self.assertEqual(account_folders(world), [])
            self.assertEqual(world.hark("messages", "conversation-0", check=False)[0], HARK_SIGN_IN)

    def test_a_kill_in_the_middle_is_finished_by_the_next_start(self):
        with World() as world:
            client = world.signed_in()
            folder = world.data / "accounts" / account_folders(world)[0]
            world.daemon.kill()
            # As far as the first step came: the folder has its new name.
            folder.rename(folder.with_suffix(".forgotten"))
            world.start_daemon()
            client = world.client()
            world.hark("status", check=False)  # Answered once the keys were looked at, and so the folder.
            state = client.account.GetAccount(account_pb2.GetAccountRequest(), timeout=PATIENCE, wait_for_ready=True)
            self.assertEqual(state.account.state, Account.STATE_NONE)
            self.assertEqual(account_folders(world), [])


class Tokens(TestCase):
    def test_signing_out_counts_also_while_the_store_cannot_be_opened(self):
        with World() as world:
            world.signed_in()
            world.daemon.stop()
            (folder,) = (world.data / "accounts").iterdir()
            kept = (folder / "authored.db").read_bytes()
            (folder / "authored.db").write_bytes(b"x" * len(kept))
            world.start_daemon()
            client = world.client()
            self.assert_refused(Code.DATA_LOSS, client.page, "conversation-0")
            client.account.SignOut(account_pb2.SignOutRequest(), timeout=PATIENCE)
            world.daemon.stop()
            (folder / "authored.db").write_bytes(kept)
            world.start_daemon()
            client = world.client()
            client.wait_for(State.STATE_SIGNED_OUT)
            self.assertTrue(client.page("conversation-0").messages, "what is here stays readable")

    def test_what_waits_is_counted_while_signed_out(self):
        with World() as world:
            client = world.signed_in()
            world.backend.stop()
            client.wait_for(State.STATE_OFFLINE)
            waits = [client.send("conversation-0", f"waits {i}") for i in range(2)]
            said = world.hark("sign-out")[1]
            self.assertIn("2 messages or read markers wait to be delivered", said)
            self.assertEqual(client.status().pending_count, 2)
            self.assertIn("2 messages or read markers wait", world.hark("status")[1])
            # It can be taken back then too.
            stream = client.sync.WatchStatus(sync_pb2.WatchStatusRequest(), timeout=PATIENCE)
            client.cancel(waits[0])
            until(stream, lambda event: event.status.pending_count == 1)
            # And another start counts it again.
            world.daemon.kill()
            world.start_daemon()
            client = world.client()
            client.wait_for(State.STATE_SIGNED_OUT)
            self.assertEqual(client.status().pending_count, 1)

    def test_a_refused_token_leaves_the_cache_readable_and_the_outbox_waiting(self):
        with World() as world:
            client = world.signed_in()
            world.revoke(world.token)
            client.wait_for(State.STATE_AUTH_REQUIRED)
            self.assertEqual(client.account.GetAccount(account_pb2.GetAccountRequest(), timeout=PATIENCE).account.state,
                             Account.STATE_AUTH_REQUIRED)
            waits = client.send("conversation-0", "waits for a token")
            self.assertEqual(waits.delivery, Delivery.DELIVERY_STATE_QUEUED)
            self.assertEqual(client.page("conversation-0").messages[-1].content, "waits for a token")
            self.assertEqual(len(client.all_messages("conversation-1")), len(world.made[1]["messages"]))
            # Also after kill -9: still refused, still there.
            world.daemon.kill()
            world.start_daemon()
            client = world.client()
            client.wait_for(State.STATE_AUTH_REQUIRED)
            self.assertEqual(client.statistics().outbox, 1)
            stream = client.watch("conversation-0")
            fresh = world.new_token("ada")
            client.sign_in(fresh)
            until_delivered(stream, waits.id)
            self.assertEqual([m["id"] for m in world.rest(fresh, "conversation-0")].count(waits.id), 1)


if __name__ == "__main__":
    unittest.main()
