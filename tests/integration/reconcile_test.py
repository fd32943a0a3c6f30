"""A backend that was replaced, or that forgot: rows stay, what is new arrives."""

import shutil
import unittest

from harness import State, TestCase, World, sample, sync_pb2


class Reconcile(TestCase):
    def test_a_new_epoch_keeps_every_row_and_brings_what_is_new(self):
        with World() as world:
            client = world.signed_in()
            before = {c.id: [m.id for m in client.all_messages(c.id)] for c in client.all_conversations()}
            world.backend.stop()
            client.wait_for(State.STATE_OFFLINE)
            users = world.backend_data / "users.db"
            keep = world.folder / "users.db"
            shutil.copy(users, keep)
            shutil.rmtree(world.backend_data)
            world.backend_data.mkdir(mode=0o700)
            shutil.copy(keep, users)
            # The restored backend has lost two conversations and has a new one.
            extra = dict(sample(seed=99, conversations=1)[0], conversation_id="conversation-new")
            world.import_conversations(world.made[2:] + [extra], "ada")
            world.start_backend()
            client.sync.SyncNow(sync_pb2.SyncNowRequest())
            client.wait_for(State.STATE_LIVE)
            after = {c.id: [m.id for m in client.all_messages(c.id)] for c in client.all_conversations()}
            for conversation, ids in before.items():
                self.assertEqual(after[conversation], ids)
            self.assertEqual(len(after["conversation-new"]), len(extra["messages"]))


if __name__ == "__main__":
    unittest.main(verbosity=2)
