"""The desktop's key store, as GNOME Keyring keeps it: locked, absent, emptied, put back, in random orders. Without GNOME Keyring
the test is skipped."""

import contextlib
import os
import random
import sys
import time
import unittest

import grpc

from keyring import Keyring, is_installed
from world import PATIENCE, Keys, KeyWorld, State, contents, refusal, set_up

SKIPPED = 77
STEPS = 12


class SecretServiceWorld(KeyWorld):
    flags = ("--log-level", "info")  # The kind is the one that a desktop gets.


@contextlib.contextmanager
def desktop():
    """A world whose daemon finds a key store on its bus; the key store is not started yet."""
    with SecretServiceWorld() as world, Keyring(world.folder / "keyring") as keyring:
        world.env = dict(world.env, DBUS_SESSION_BUS_ADDRESS=keyring.env["DBUS_SESSION_BUS_ADDRESS"])
        yield world, keyring


class SecretService(unittest.TestCase):
    def wait_for(self, world, state):
        """Asks until the state is there: the bus may hear of the end of a process a moment later."""
        end = time.monotonic() + PATIENCE
        while (status := world.key_status()).state != state:
            if time.monotonic() > end:
                self.fail(f"still {status}")
        return status

    def test_every_state_and_the_way_back(self):
        seed = random.SystemRandom().randrange(1 << 32)
        with desktop() as (world, keyring):
            print(f"seed {seed}", flush=True)
            chance = random.Random(seed)
            keyring.start()
            expected = set_up(world)
            status = world.key_status()
            self.assertEqual((status.state, status.kind), (Keys.STATE_READY, "secret-service"))
            for file in world.data.rglob("*"):
                if file.is_file():
                    self.assertNotIn(world.token.encode(), file.read_bytes(), file)
            self.assertFalse((world.data / "keys").exists())
            keyring.stop()
            keyring.save("first")
            keyring.start()
            self.wait_for(world, Keys.STATE_READY)
            world.rotate()
            code = world.recovery_code()
            world.daemon.stop()
            keyring.stop()
            keyring.save("good")
            empty = keyring.folder / "empty"
            empty.mkdir()
            troubles = {
                "locked": ("good", False, Keys.STATE_LOCKED),
                "absent": (None, False, Keys.STATE_MISSING),
                "emptied": ("empty", True, Keys.STATE_MISSING),
                "older": ("first", True, Keys.STATE_KEY_STORE_CHANGED),
                "good": ("good", True, Keys.STATE_READY),
            }
            before, client = world.hashes(), None
            for _ in range(STEPS):
                kept, unlocked, state = troubles[chance.choice(sorted(troubles))]
                keyring.stop()
                if kept:
                    keyring.load(kept)
                    keyring.start(unlocked)
                client = client or world.start()
                self.wait_for(world, state)
                if state == Keys.STATE_READY:
                    self.assertEqual(contents(client, expected), expected)
                    world.daemon.kill()
                    client, before = None, world.hashes()
                else:
                    self.assertIsNotNone(refusal(client))
                    self.assertEqual(world.hashes(), before)
            self.recover(world, keyring, client, code, expected)

    def recover(self, world, keyring, client, code, expected):
        """The key store is lost for good: the code brings the key into a new one; the token has to be given again."""
        client = client or world.start()
        keyring.stop()
        keyring.load("empty")
        keyring.start()
        self.wait_for(world, Keys.STATE_MISSING)
        self.assertEqual(world.recover(code.lower()).state, Keys.STATE_READY)
        self.assertEqual(contents(client, expected), expected)
        world.start_backend()
        client.sign_in(world.token)
        client.wait_for(State.STATE_LIVE)
        world.daemon.stop()

    def test_a_silent_key_store_is_locked_and_holds_up_no_start(self):
        with desktop() as (world, keyring):
            keyring.start()
            expected = set_up(world)
            world.daemon.kill()
            keyring.freeze()
            begun = time.monotonic()
            client = world.start()
            self.assertIsNotNone(refusal(client))
            self.assertLess(time.monotonic() - begun, 4, "the start waited for the key store")
            self.assertIn("not answer", self.wait_for(world, Keys.STATE_LOCKED).sentence)
            keyring.thaw()
            self.wait_for(world, Keys.STATE_READY)
            self.assertEqual(contents(client, expected), expected)
            keyring.freeze()
            begun = time.monotonic()
            world.daemon.stop()
            self.assertLess(time.monotonic() - begun, 4, "the end waited for the key store")
            keyring.thaw()

    def refuse_first_sign_in(self, world, words):
        """Nobody could unlock it: there is no person. No byte is left, and no weaker kind chosen in silence."""
        client = world.start()
        before = world.hashes()
        with self.assertRaises(grpc.RpcError) as caught:
            client.sign_in(world.token)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.FAILED_PRECONDITION)
        for word in (*words, "--key-source file", "Nothing was changed"):
            self.assertIn(word, caught.exception.details())
        self.assertEqual(world.hashes(), before)
        self.assertEqual(world.key_status().state, Keys.STATE_NONE)
        return client

    def test_the_first_sign_in_at_a_locked_key_store_says_what_to_do(self):
        with desktop() as (world, keyring):
            world.token = world.add_user("ada")
            world.start_backend()
            keyring.start(unlocked=False)
            self.refuse_first_sign_in(world, ["no default keyring", "make one"])
            world.daemon.stop()
            keyring.start()
            keyring.start(unlocked=False)
            client = self.refuse_first_sign_in(world, ["locked", "unlock it"])
            # Unlocked, it is taken without a restart.
            keyring.start()
            client.sign_in(world.token)
            self.assertEqual(world.key_status().kind, "secret-service")

    def test_at_a_locked_key_store_a_file_can_be_chosen(self):
        with desktop() as (world, keyring):
            keyring.start()
            keyring.start(unlocked=False)
            world.token = world.add_user("ada")
            world.start_backend()
            self.refuse_first_sign_in(world, ["locked"])
            world.daemon.stop()
            client = world.start("--key-source", "file")
            client.sign_in(world.token)
            world.daemon.stop()
            world.start()  # It is recorded.
            self.assertEqual((world.key_status().state, world.key_status().kind), (Keys.STATE_READY, "file"))

    def test_an_item_that_somebody_wrote_over_is_a_wrong_key(self):
        with desktop() as (world, keyring):
            keyring.start()
            expected = set_up(world)
            world.daemon.kill()
            keyring.stop()
            keyring.save("good")
            keyring.start()
            ring = dict(line.split(" ", 1) for line in (world.data / "keyring").read_text().splitlines() if " " in line)
            what = ("what", "master-key", "store", ring["store"])
            keyring.tool("clear", *what)
            keyring.tool("store", "--label=x", *what, "generation", ring["generation"], secret="ab" * 32)
            before = world.hashes()
            client = world.start()
            self.assertIn("not the key of this data", self.wait_for(world, Keys.STATE_WRONG_KEY).sentence)
            self.assertEqual(refusal(client), grpc.StatusCode.FAILED_PRECONDITION)
            self.assertEqual(world.hashes(), before)
            keyring.stop()
            keyring.load("good")
            keyring.start()
            self.wait_for(world, Keys.STATE_READY)
            self.assertEqual(contents(client, expected), expected)

    def test_without_a_bus_the_first_key_is_a_file_and_is_not_moved_by_a_bus(self):
        with SecretServiceWorld() as world, Keyring(world.folder / "keyring") as keyring:
            world.env = {k: v for k, v in world.env.items() if k not in ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR")}
            set_up(world)
            self.assertEqual(world.key_status().kind, "file")
            world.daemon.stop()
            keyring.start()
            world.env["DBUS_SESSION_BUS_ADDRESS"] = keyring.env["DBUS_SESSION_BUS_ADDRESS"]
            world.start()
            self.assertEqual(world.key_status().kind, "file")
            world.rotate(to="secret-service")
            self.assertEqual(world.key_status().kind, "secret-service")
            self.assertFalse((world.data / "keys" / "master.key").exists())
            world.daemon.kill()
            world.start()
            self.wait_for(world, Keys.STATE_READY)


if __name__ == "__main__":
    if not is_installed():
        print("skipped: dbus-daemon, gnome-keyring-daemon or secret-tool is not installed")
        sys.exit(SKIPPED)
    os.environ.pop("DBUS_SESSION_BUS_ADDRESS", None)
    unittest.main()
