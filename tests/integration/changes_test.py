"""The stream of everything, as a bridge or an indexer would use it: its copy of the account ends equal to the daemon's."""

import json
import threading
import unittest

import grpc
from hark.v1 import changes_pb2, changes_pb2_grpc

from harness import HARK, PATIENCE, Delivery, Process, TestCase, World


class Copy:
    """All messages of the account: read once, then followed; goes on where it was after a break."""

    def __init__(self):
        self.messages = {}
        self.token = ""
        self.snapshots = 0
        self.resumed = 0

    def follow(self, client, until):
        """Until the copy is as wanted, or the daemon goes away."""
        stream = changes_pb2_grpc.ChangesStub(client.channel).WatchChanges(
            changes_pb2.WatchChangesRequest(resume_token=self.token), timeout=PATIENCE, wait_for_ready=True)
        for event in stream:
            self.apply(client, event)
            self.token = event.resume_token
            if until(self.messages):
                stream.cancel()
                return
        raise AssertionError("the stream ended")

    def apply(self, client, event):
        self.resumed += event.HasField("resumed")
        if event.HasField("snapshot"):
            self.snapshots += 1
            self.messages = {m.id: m for c in client.all_conversations() for m in client.all_messages(c.id)}
        for message in event.delta.messages:
            known = self.messages.get(message.id)
            if not known or message.revision >= known.revision:
                self.messages[message.id] = message
        for removed in event.delta.removed:
            self.messages.pop(removed.message_id, None)


def delivered(*ids):
    return lambda messages: all(
        i in messages and messages[i].delivery == Delivery.DELIVERY_STATE_SENT for i in ids)


class Changes(TestCase):
    def assert_equal_to_the_daemon(self, copy, client):
        there = {m.id: m for c in client.all_conversations() for m in client.all_messages(c.id)}
        self.assertEqual(copy.messages, there)

    def test_a_copy_of_everything_stays_equal_over_kills_of_the_daemon(self):
        with World() as world:
            client = world.signed_in()
            copy = Copy()
            copy.follow(client, lambda messages: True)
            self.assertEqual(copy.snapshots, 1)
            self.assert_equal_to_the_daemon(copy, client)
            for n in range(4):
                first = client.send("conversation-1", f"first {n}")
                edited = client.send("conversation-2", f"second {n}")
                copy.follow(client, delivered(first.id, edited.id))
                client.edit(edited, f"edited {n}")
                client.delete(first)
                world.daemon.kill()
                world.start_daemon()
                client = world.client()
                copy.follow(client, lambda m, f=first, e=edited, n=n: m[f.id].deleted and m[f.id].revision > 1
                            and m[e.id].content == f"edited {n}" and not m[e.id].HasField("pending_change"))
            # A cancelled one leaves no trace.
            world.backend.stop()
            gone = client.send("conversation-3", "withdrawn")
            copy.follow(client, lambda m: gone.id in m)
            client.cancel(gone)
            copy.follow(client, lambda m: gone.id not in m)
            self.assertGreater(copy.resumed, 0)
            world.start_backend()
            last = client.send("conversation-3", "last")
            copy.follow(client, delivered(last.id))
            self.assert_equal_to_the_daemon(copy, client)

    def test_tail_all_shows_messages_of_every_conversation(self):
        with World() as world:
            client = world.signed_in()
            tail = Process([HARK, "--socket", world.socket, "tail", "--all", "--json", "--timeout", PATIENCE],
                           world.folder / "tail.log")
            self.addCleanup(tail.kill)
            wanted = {"conversation-1", "conversation-4"}
            seen, heard = {}, threading.Condition()

            def read():
                for line in map(json.loads, tail.popen.stdout):
                    if line["type"] == "message":
                        with heard:
                            seen[line["conversation_id"]] = line["content"]
                            heard.notify()
            threading.Thread(target=read, daemon=True).start()
            # Told of only once it listens: sent until it is seen.
            while set(seen) != wanted:
                for conversation in wanted:
                    client.send(conversation, "for everybody")
                with heard:
                    heard.wait_for(lambda: set(seen) == wanted, 0.2)
            self.assertEqual(set(seen.values()), {"for everybody"})

    def test_a_wrong_size_is_refused(self):
        with World() as world:
            client = world.signed_in()
            with self.assertRaises(grpc.RpcError) as refused:
                next(changes_pb2_grpc.ChangesStub(client.channel).WatchChanges(
                    changes_pb2.WatchChangesRequest(snapshot_size=201), timeout=PATIENCE))
            self.assertEqual(refused.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)


if __name__ == "__main__":
    unittest.main(verbosity=2)
