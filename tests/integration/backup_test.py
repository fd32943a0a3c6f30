"""Backup and restore with the real programs: while sends go on, over kill -9, on another machine."""

import json
import os
import shutil
import threading
import unittest

import grpc

from harness import (Delivery, PATIENCE, State, TestCase, World, admin_pb2, messages_pb2, until, until_delivered)

Code = grpc.StatusCode
HARK_INVALID, HARK_CONFLICT = 7, 8


def account_folder(world):
    (folder,) = [p for p in (world.data / "accounts").iterdir() if p.is_dir()]
    return folder


def restore(client, data, piece=100_000, **begin):
    def pieces():
        yield admin_pb2.RestoreRequest(begin=admin_pb2.RestoreRequest.Begin(**begin))
        for at in range(0, len(data), piece):
            yield admin_pb2.RestoreRequest(data=data[at:at + piece])
    return client.admin.Restore(pieces(), timeout=PATIENCE, wait_for_ready=True)


def everything(client):
    return {c.id: [(m.id, m.content) for m in client.all_messages(c.id)] for c in client.all_conversations()}


class Backup(TestCase):
    def test_back_to_a_backup_and_synced_nothing_is_lost_or_doubled(self):
        with World() as world:
            client = world.signed_in()
            world.backend.stop()
            client.wait_for(State.STATE_OFFLINE)
            # In the backup these wait; before the restore the backend gets them.
            waited = [client.send("conversation-0", f"waited {i}") for i in range(5)]
            client.set_draft("conversation-1", "a draft", flush=True)
            file = world.folder / "a.backup"
            told = json.loads(world.hark("--json", "backup", file)[1])
            self.assertEqual(told["bytes"], file.stat().st_size)
            self.assertEqual(file.stat().st_mode & 0o777, 0o600)
            world.start_backend()
            stream = client.watch("conversation-0")
            until_delivered(stream, waited[-1].id)
            later = client.send("conversation-0", "later")
            until_delivered(stream, later.id)
            client.wait_for(State.STATE_LIVE)
            before = everything(client)
            token = next(client.watch("conversation-0")).resume_token

            told = json.loads(world.hark("--json", "restore", file)[1])
            self.assertEqual((told["outbox"], told["entries_lost"]), (5, 0))
            self.assertTrue((account_folder(world) / "set-aside").exists())
            client.wait_for(State.STATE_LIVE)
            while client.statistics().outbox:
                client.wait_for(State.STATE_LIVE)
            # It was not part of the backup: it comes when somebody looks.
            client.open("conversation-0")
            until_delivered(client.watch("conversation-0"), later.id)
            # What streams knew before is told from the beginning, not as a continuation.
            self.assertTrue(next(client.watch("conversation-0", token)).HasField("snapshot"))
            self.assertEqual(everything(client), before)
            self.assertEqual([m["id"] for m in world.rest(world.token, "conversation-0")],
                             [i for i, _ in before["conversation-0"]])
            self.assertEqual(client.draft("conversation-1").text, "a draft")

    def test_while_messages_are_sent(self):
        with World() as world:
            client = world.signed_in()
            stop = threading.Event()
            sent = []

            def send():
                sender = world.client()
                while not stop.is_set() and len(sent) < 2000:
                    sent.append(sender.send("conversation-0", f"message {len(sent)}").id)
            thread = threading.Thread(target=send)
            thread.start()
            stream = client.watch("conversation-0")
            backups = []
            for i in range(4):
                until(stream, lambda e: e.delta.upserted)
                already = list(sent)
                world.hark("backup", world.folder / f"{i}.backup")
                backups.append(already)
            stop.set()
            thread.join()
            until_delivered(stream, sent[-1])
            world.backend.stop()
            client.wait_for(State.STATE_OFFLINE)
            for i, already in enumerate(backups):
                world.hark("restore", world.folder / f"{i}.backup")
                here = [m.id for m in client.all_messages("conversation-0")]
                self.assertEqual(len(here), len(set(here)))
                self.assertFalse(set(already) - set(here), "what was answered before the backup is not in it")
            world.start_backend()
            client.wait_for(State.STATE_LIVE)
            client.open("conversation-0")
            until_delivered(client.watch("conversation-0"), sent[-1])
            while client.statistics().outbox:
                client.wait_for(State.STATE_LIVE)
            at_backend = [m["id"] for m in world.rest(world.token, "conversation-0")]
            self.assertEqual([i for i in at_backend if i in set(sent)], sent)

    def test_what_was_written_since_is_not_lost_by_accident(self):
        with World() as world:
            client = world.signed_in()
            file = world.folder / "a.backup"
            world.hark("backup", file)
            world.backend.stop()
            client.wait_for(State.STATE_OFFLINE)
            stream = client.watch("conversation-0")
            next(stream)
            client.send("conversation-0", "written since")
            code, _, said = world.hark("restore", file, check=False)
            self.assertEqual(code, HARK_CONFLICT)
            self.assertIn("1 unsent entry", said)
            # Nothing has changed; the stream goes on.
            until(stream, lambda e: "written since" in str(e))
            client.send("conversation-0", "more")
            until(stream, lambda e: "more" in str(e))
            told = json.loads(world.hark("--json", "restore", file, "--yes")[1])
            self.assertEqual(told["entries_lost"], 2)
            self.assertEqual(client.statistics().outbox, 0)
            self.assertEqual(len(list((account_folder(world) / "set-aside").rglob("authored.db"))), 1)

    def test_damaged_cut_foreign_and_other_files_change_nothing(self):
        with World() as world:
            client = world.signed_in()
            file = world.folder / "a.backup"
            world.hark("backup", file)
            good = file.read_bytes()
            other_token = world.add_user("bob")
            before = everything(client)
            refused = {"cut": good[:-5000], "empty": b"", "longer": good + b"x", "no backup": os.urandom(9000)}
            for name, at in (("magic", 3), ("key", 30), ("length", 161), ("info", 180), ("first page", 2000),
                             ("a page", len(good) // 2), ("last page", len(good) - 100)):
                refused[name] = good[:at] + bytes([good[at] ^ 1]) + good[at + 1:]
            for name, data in refused.items():
                with self.subTest(name):
                    self.assert_refused(Code.INVALID_ARGUMENT, restore, client, data)
            self.assertEqual(everything(client), before)
            client.sign_in(other_token)
            client.wait_for(State.STATE_LIVE)
            self.assert_refused(Code.INVALID_ARGUMENT, restore, client, good)
            client.sign_in(world.token)
            self.assertEqual(everything(client), before)
            self.assertEqual(restore(client, good).messages, sum(len(m) for m in before.values()))
            # Nothing of it is lying about.
            self.assertEqual([p for p in world.data.rglob("*") if p.name.startswith(("restore", "restoring"))], [])
            self.assertEqual(list(world.data.rglob("copies/*")), [])

    def test_a_passphrase_restores_it_where_the_keys_are_lost(self):
        with World() as world:
            client = world.signed_in()
            world.backend.stop()
            client.wait_for(State.STATE_OFFLINE)
            waits = client.send("conversation-0", "waits")
            plain, sealed = world.folder / "plain.backup", world.folder / "sealed.backup"
            self.assertEqual(world.hark("backup", plain, "--passphrase-stdin", stdin=b"short", check=False)[0], HARK_INVALID)
            world.hark("backup", plain)
            world.hark("backup", sealed, "--passphrase-stdin", stdin=b"correct horse battery\n")
            for file in (plain, sealed):
                data = file.read_bytes()
                for word in (b"canary", b"waits", b"SQLite"):
                    self.assertNotIn(word, data)
            world.start_backend()
            client.wait_for(State.STATE_LIVE)
            before = everything(client)
            # Data and keys are gone; the person signs in again.
            world.daemon.kill()
            shutil.rmtree(world.data)
            world.start_daemon()
            client = world.client()
            client.sign_in(world.token)
            client.wait_for(State.STATE_LIVE)
            code, _, said = world.hark("restore", plain, check=False)
            self.assertEqual(code, HARK_INVALID)
            self.assertIn("passphrase", said)
            self.assertEqual(world.hark("restore", sealed, "--passphrase-stdin", stdin=b"wrong horse", check=False)[0],
                             HARK_INVALID)
            world.hark("restore", sealed, "--passphrase-stdin", stdin=b"correct horse battery")
            client.wait_for(State.STATE_LIVE)
            while client.statistics().outbox:
                client.wait_for(State.STATE_LIVE)
            self.assertEqual(everything(client), before)
            self.assertEqual([m["id"] for m in world.rest(world.token, "conversation-0")].count(waits.id), 1)

    def test_a_store_that_cannot_be_opened_is_restored(self):
        with World() as world:
            client = world.signed_in()
            file = world.folder / "a.backup"
            world.hark("backup", file)
            before = everything(client)
            authored = account_folder(world) / "authored.db"
            world.daemon.stop()
            authored.write_bytes(os.urandom(authored.stat().st_size))
            world.start_daemon()
            client = world.client()
            self.assert_refused(Code.DATA_LOSS, client.page, "conversation-0")
            self.assert_refused(Code.FAILED_PRECONDITION, restore, client, file.read_bytes())
            restore(client, file.read_bytes(), discard_unsent=True)
            client.wait_for(State.STATE_LIVE)
            self.assertEqual(everything(client), before)

    def test_kill_9_at_what_can_be_seen_of_each_step(self):
        stage = "restoring"
        steps = {
            "it is being staged": lambda f: stage in os.listdir(f),
            "both files are staged": lambda f: exists(f / stage / "cache.db"),
            "it counts": lambda f: exists(f / stage / "ready"),
            "authored.db is in place": lambda f: exists(f / stage / "cache.db") and not exists(f / stage / "authored.db"),
            "both are in place": lambda f: exists(f / stage) and exists(f / "set-aside"),
        }
        exists = os.path.exists
        with World() as world:
            client = world.signed_in()
            file = world.folder / "a.backup"
            world.backend.stop()
            client.wait_for(State.STATE_OFFLINE)
            waits = client.send("conversation-0", "waits")
            world.hark("backup", file)
            world.start_backend()
            until_delivered(client.watch("conversation-0"), waits.id)
            before = everything(client)
            folder = account_folder(world)
            for step, reached in steps.items():
                with self.subTest(step):
                    client.wait_for(State.STATE_LIVE)
                    done = threading.Event()

                    def call():
                        try:
                            restore(client, file.read_bytes(), 1_000_000)
                        except grpc.RpcError:
                            pass
                        done.set()
                    thread = threading.Thread(target=call)
                    thread.start()
                    while not done.is_set() and not reached(folder):
                        pass
                    world.daemon.kill()
                    thread.join()
                    world.start_daemon()
                    client = world.client()
                    client.wait_for(State.STATE_LIVE)
                    while client.statistics().outbox:
                        client.wait_for(State.STATE_LIVE)
                    self.assertFalse(exists(folder / stage))
                    self.assertEqual(everything(client), before)
            self.assertEqual([m["id"] for m in world.rest(world.token, "conversation-0")].count(waits.id), 1)


if __name__ == "__main__":
    unittest.main()
