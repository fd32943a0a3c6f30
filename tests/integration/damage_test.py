"""Files of the store that are damaged while the daemon is away."""

import random
import unittest

from harness import State, TestCase, World, until, until_delivered, sample

PAGE = 4096


def accounts_file(world, name):
    found = [f for f in world.data.rglob(name) if "set-aside" not in f.parts and "backups" not in f.parts]
    assert len(found) == 1, found
    return found[0]


def flip(file, pages, seed):
    """Changes a byte of so many pages, anywhere but in the first two."""
    chosen = random.Random(seed)
    data = bytearray(file.read_bytes())
    for page in chosen.sample(range(2, len(data) // PAGE), pages):
        data[page * PAGE + chosen.randrange(PAGE)] ^= 1 + chosen.randrange(255)
    file.write_bytes(data)


class Damage(TestCase):
    def equal_to_backend(self, world, client):
        for made in world.made:
            identity = made["conversation_id"]
            until(client.watch(identity), lambda e: e.HasField("snapshot"))
            self.assertEqual([m.id for m in client.all_messages(identity)],
                             [m["id"] for m in world.rest(world.token, identity)], identity)

    def round(self, damage):
        with World() as world:
            client = world.signed_in(made=sample(conversations=8, messages=120))
            client.send("conversation-1", "delivered")
            world.backend.stop()
            client.wait_for(State.STATE_OFFLINE)
            sent = client.send("conversation-2", "still to be sent").id
            self.assertEqual(world.daemon.stop(), 0)
            damaged = damage(accounts_file(world, "cache.db"))
            world.start_daemon()
            client = world.client()
            # Before there is a network: what was written is there.
            self.assertEqual(client.page("conversation-2").messages[-1].id, sent)
            aside = list(world.data.rglob("set-aside/*/cache.db"))
            self.assertEqual(len(aside), 1)
            self.assertEqual(aside[0].read_bytes(), damaged)
            world.start_backend()
            until_delivered(client.watch("conversation-2"), sent)
            client.wait_for(State.STATE_LIVE)
            self.equal_to_backend(world, client)

    def test_a_first_page_that_is_damaged_is_salvaged_around_and_fetched_again(self):
        def damage(file):
            data = bytearray(file.read_bytes())
            data[200] ^= 1
            file.write_bytes(data)
            flip(file, 5, seed=1)
            return file.read_bytes()
        self.round(damage)

    def test_a_cache_of_noise_is_fetched_again(self):
        def damage(file):
            file.write_bytes(random.Random(2).randbytes(50_000))
            return file.read_bytes()
        self.round(damage)


if __name__ == "__main__":
    unittest.main()
