"""Exports with the real programs: into a fresh backend and back, slowly, and for people."""

import json
import unittest

import grpc

from harness import (Delivery, PATIENCE, State, TestCase, World, admin_pb2, conversations_pb2, messages_pb2, run, sample,
                     until, until_delivered, BACKEND, HARK)

Code = grpc.StatusCode


def export(client, conversation=""):
    return client.admin.Export(admin_pb2.ExportRequest(conversation_id=conversation), timeout=PATIENCE)


def rows(client):
    """Everything that two installations of one account must agree about."""
    def message(m):
        return (m.id, m.sequence, m.revision, m.role, m.content, m.content_type, tuple(sorted(m.metadata.items())),
                m.created_at.ToNanoseconds(), m.edited_at.ToNanoseconds(), m.deleted)
    return {c.id: (c.title, c.last_sequence, c.read_sequence, c.unread_count, c.message_count, c.preview,
                   c.last_activity_at.ToNanoseconds(), [message(m) for m in client.all_messages(c.id)])
            for c in client.all_conversations()}


class Export(TestCase):
    def test_imported_into_a_fresh_backend_and_synced_it_is_equal_row_by_row(self):
        with World() as world:
            made = sample(conversations=6, messages=40)
            made[1]["messages"][0].update(content_type="text/markdown", metadata={"lang": "fr", "k": "ü"})
            made[2]["title"] = 'quote " slash \\ line \n end'
            made.append({"conversation_id": "empty", "title": "", "messages": []})
            client = world.signed_in(made=made)
            # Sent, edited, deleted and read in parts.
            stream = client.watch("conversation-0")
            for i in range(3):
                until_delivered(stream, client.send("conversation-0", f"sent {i}\n\t\u0001", metadata={"n": str(i)}).id)
            first, second = client.all_messages("conversation-0")[:2]
            client.edit(first, "edited ☃")
            until(stream, lambda e: any(m.id == first.id and m.revision > 1 for m in e.delta.upserted))
            client.delete(second)
            until(stream, lambda e: any(m.id == second.id and m.deleted for m in e.delta.upserted))
            while client.statistics().outbox:
                client.wait_for(State.STATE_LIVE)
            # One that waits is not part of it.
            world.backend.stop()
            client.wait_for(State.STATE_OFFLINE)
            client.send("conversation-3", "never at the backend")

            file = world.folder / "export.jsonl"
            told = json.loads(world.hark("--json", "export", file)[1])
            self.assertEqual(told["conversations"], len(made))
            self.assertEqual(file.stat().st_mode & 0o777, 0o600)
            self.assertNotIn("never at the backend", file.read_text())
            client.cancel(client.page("conversation-3").messages[-1])
            with World() as fresh:
                token = fresh.add_user("ada")
                run(BACKEND, "import", file, "--data", fresh.backend_data, "--user", "ada")
                fresh.start_backend()
                fresh.start_daemon()
                other = fresh.client()
                other.sign_in(token)
                other.wait_for(State.STATE_LIVE)
                mine, theirs = rows(client), rows(other)
                for conversation in mine:
                    self.assertEqual(mine[conversation], theirs[conversation])
                self.assertEqual(mine, theirs)
                self.assertTrue(any(row[9] for row in mine["conversation-0"][7]), "nothing was deleted")

    def test_it_is_of_one_moment_however_slowly_it_is_read(self):
        with World() as world:
            made = [{"conversation_id": f"c{c}", "title": "t", "messages": [
                {"role": "user", "content": f"old {c}.{i} " + "x" * 2000} for i in range(300)]} for c in range(8)]
            client = world.signed_in(made=made)
            wal = lambda: sum(p.stat().st_size for p in world.data.rglob("*-wal"))
            stream = export(client)
            begin = next(stream).begin
            self.assertEqual((begin.conversations, begin.messages), (8, 2400))
            # While it waits for its reader: changes, and nothing grows without end.
            watched = client.watch("c0")
            for i in range(30):
                until_delivered(watched, client.send("c0", f"new {i}").id)
            self.assertLess(wal(), 8 * 1024 * 1024)
            contents, conversation = {}, None
            for event in stream:
                self.assertLess(event.ByteSize(), 512 * 1024)
                if event.HasField("conversation"):
                    conversation = contents.setdefault(event.conversation.id, [])
                conversation += [m.content for m in event.messages.messages]
            self.assertEqual({c: len(m) for c, m in contents.items()}, {f"c{c}": 300 for c in range(8)})
            self.assertFalse([c for m in contents.values() for c in m if c.startswith("new")])
            # Nothing is left of the copy that it was read from.
            world.daemon.stop()
            self.assertEqual([p for p in world.data.rglob("copies/*")], [])

    def test_one_conversation_to_stdout_and_what_cannot_be_done(self):
        with World() as world:
            client = world.signed_in()
            lines = world.hark("export", "--conversation", "conversation-1")[1].splitlines()
            self.assertEqual(len(lines), 1)
            told = json.loads(lines[0])
            self.assertEqual([m["content"] for m in told["messages"]], [m["content"] for m in world.made[1]["messages"]])
            self.assertEqual(world.hark("export", "--conversation", "no-such", check=False)[0], 4)
            self.assert_refused(Code.NOT_FOUND, lambda: list(export(client, "no-such")))
            taken = world.folder / "taken"
            taken.write_text("mine")
            self.assertEqual(world.hark("export", taken, check=False)[0], 8)
            self.assertEqual(taken.read_text(), "mine")
            # One that is given up leaves nothing, and the next one works.
            for _ in range(12):
                stream = export(client)
                next(stream)
                stream.cancel()
            self.assertEqual(len(world.hark("export")[1].splitlines()), len(world.made))


if __name__ == "__main__":
    unittest.main()
