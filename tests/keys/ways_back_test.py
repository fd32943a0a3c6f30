"""What a person can do about keys, through hark: see the state, wait, ask again, rotate, move, recover."""

import contextlib
import json
import os
import pty
import signal
import subprocess
import termios
import unittest

import grpc

from world import HARK, PATIENCE, Keys, KeyWorld, State, contents, set_up


class WaysBack(unittest.TestCase):
    def setUp(self):
        self.world = self.enterContext(KeyWorld())
        self.expected = set_up(self.world)
        self.key = self.world.data / "keys" / "master.key"

    def restart(self, *flags):
        if self.world.daemon.popen.poll() is None:
            self.world.daemon.kill()
        return self.world.start(*flags)

    def take_key(self):
        bytes_ = self.key.read_bytes()
        self.key.unlink()
        return bytes_

    def put_key(self, bytes_):
        new = self.key.with_name("new")
        new.write_bytes(bytes_)
        os.chmod(new, 0o600)
        new.rename(self.key)

    def status(self):
        return json.loads(self.world.hark("status", "--json")[1])

    def test_a_trouble_ends_by_itself_and_watchers_are_told(self):
        kept = self.take_key()
        client = self.restart()
        client.wait_for(State.STATE_DEGRADED)
        self.put_key(kept)
        client.wait_for(State.STATE_OFFLINE)  # The account is open and wants to sync; nobody asked for the keys.
        self.assertEqual(contents(client, self.expected), self.expected)

    def test_hark_sync_looks_at_once(self):
        kept = self.take_key()
        client = self.restart()
        code, _, error = self.world.hark("sync", check=False)
        self.assertNotEqual(code, 0)
        self.assertIn("missing", error)
        self.put_key(kept)
        self.world.hark("sync")
        self.assertEqual(contents(client, self.expected), self.expected)

    def test_status_says_what_to_do(self):
        self.assertEqual(self.status()["key_state"], "ready")
        self.take_key()
        text = self.world.hark("status")[1]  # The account is still open.
        self.assertIn("MISSING", text)
        self.assertIn("put it back", text)
        self.restart()
        self.assertEqual(self.status()["key_state"], "missing")

    def test_a_sign_in_makes_no_new_keys_over_old_data(self):
        self.take_key()
        client = self.restart()
        self.world.start_backend()
        before = self.world.hashes()
        with self.assertRaises(grpc.RpcError) as caught:
            client.sign_in(self.world.token)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.FAILED_PRECONDITION)
        self.assertEqual(self.world.hashes(), before)

    def test_full_rotation_makes_the_old_keys_worthless(self):
        old_ring = {name: (self.world.data / name).read_bytes() for name in ("keyring", "keyring.copy")}
        old_key = self.key.read_bytes()
        (self.world.account / "set-aside").mkdir()
        out = self.world.hark("admin", "rotate-key", "--full")[1]
        self.assertIn("2 files", out)
        client = self.world.client()
        self.assertEqual(contents(client, self.expected), self.expected)
        self.assertFalse((self.world.account / "set-aside").exists())
        client = self.restart()
        self.assertEqual(contents(client, self.expected), self.expected)
        self.world.daemon.kill()
        for name, bytes_ in old_ring.items():
            (self.world.data / name).write_bytes(bytes_)
        self.put_key(old_key)
        self.restart()
        self.assertEqual(self.status()["key_state"], "corrupt")

    def test_a_full_rotation_moves_the_key_away_from_the_kind_that_harkd_was_started_for(self):
        credentials = self.world.folder / "credentials"
        credentials.mkdir(mode=0o700)
        self.pass_credential("hark.key", b"k" * 32)
        self.world.env["CREDENTIALS_DIRECTORY"] = str(credentials)
        client = self.restart("--key-source", "file")
        out = self.world.hark("admin", "rotate-key", "--full", "--to", "credential")[1]
        self.assertIn("2 files", out)
        self.assertIn("has to be 'credential' from the next start on", out)
        self.assertEqual((self.status()["key_state"], self.status()["key_kind"]), ("ready", "credential"))
        self.assertEqual(contents(client, self.expected), self.expected)
        self.world.daemon.kill()
        before = self.world.hashes()
        self.restart("--key-source", "file")
        self.assertEqual(self.status()["key_state"], "key_store_changed")
        self.assertIn("Start it with --key-source credential, or without", self.status()["key_sentence"])
        self.assertEqual(self.world.hashes(), before)
        client = self.restart("--log-level", "info")
        self.assertEqual(contents(client, self.expected), self.expected)

    def test_a_recovery_code_is_shown_once_and_brings_the_key_back(self):
        code = self.world.hark("admin", "recovery-code")[1].splitlines()[0]
        for file in self.world.data.rglob("*"):
            if file.is_file():
                self.assertNotIn(code.encode(), file.read_bytes())
        self.assertNotIn(code, (self.world.folder / "harkd.log").read_text())
        self.take_key()
        client = self.restart()
        code_exit, _, error = self.world.hark("admin", "recover", stdin=b"ABCDE", check=False)
        self.assertEqual(code_exit, 7)
        self.assertNotIn("ABCDE", error)
        self.assertIn("ready", self.world.hark("admin", "recover", stdin=code.encode() + b"\n")[1])
        self.assertEqual(contents(client, self.expected), self.expected)
        self.assertTrue(self.key.exists())
        self.assertIn("does not fit", self.world.hark("admin", "rotate-key")[1])

    def test_a_recovery_code_is_not_shown_while_it_is_typed(self):
        code = self.world.hark("admin", "recovery-code")[1].splitlines()[0]
        self.take_key()
        self.restart()
        terminal, end = pty.openpty()
        self.addCleanup(os.close, terminal)
        with subprocess.Popen([HARK, "admin", "recover"], env=dict(self.world.env, HARK_SOCKET=str(self.world.socket)), stdin=end,
                              stdout=end, stderr=end) as command:
            os.close(end)
            shown = os.read(terminal, 4096)
            while not shown.endswith(b"Enter: "):
                shown += os.read(terminal, 4096)
            os.write(terminal, code.encode() + b"\n")
            # The other end is closed when the command has ended, which is an error on Linux.
            with contextlib.suppress(OSError):
                while piece := os.read(terminal, 4096):
                    shown += piece
            self.assertEqual(command.wait(PATIENCE), 0, shown)
        self.assertIn(b"keys: ready", shown)
        self.assertNotIn(code[:5].encode(), shown)

    def test_who_gives_up_typing_a_code_can_see_what_he_types_next(self):
        terminal, end = pty.openpty()
        self.addCleanup(os.close, terminal)
        self.addCleanup(os.close, end)
        shows = lambda: bool(termios.tcgetattr(end)[3] & termios.ECHO)
        with subprocess.Popen([HARK, "admin", "recover"], env=dict(self.world.env, HARK_SOCKET=str(self.world.socket)), stdin=end,
                              stdout=end, stderr=end) as command:
            shown = b""
            while not shown.endswith(b"Enter: "):
                shown += os.read(terminal, 4096)
            self.assertFalse(shows())
            command.send_signal(signal.SIGINT)
            self.assertEqual(command.wait(PATIENCE), -signal.SIGINT)
        self.assertTrue(shows())

    def test_a_credential_is_only_read_and_rotated_by_a_second_one(self):
        credentials = self.world.folder / "credentials"
        credentials.mkdir(mode=0o700)
        self.pass_credential("hark.key", b"k" * 32)
        self.world.env["CREDENTIALS_DIRECTORY"] = str(credentials)
        self.restart()
        self.world.hark("admin", "rotate-key", "--to", "credential")
        self.assertFalse(self.key.exists())
        client = self.restart("--key-source", "credential")
        self.assertEqual(contents(client, self.expected), self.expected)
        self.assertEqual(self.world.hark("admin", "rotate-key", check=False)[0], 8)
        self.pass_credential("hark.key.next", b"n" * 40)
        self.world.hark("admin", "rotate-key")
        (credentials / "hark.key").unlink()
        (credentials / "hark.key.next").rename(credentials / "hark.key")
        client = self.restart("--key-source", "credential")
        self.assertEqual(contents(client, self.expected), self.expected)
        self.assertEqual(self.world.key_status().kind, "credential")
        del self.world.env["CREDENTIALS_DIRECTORY"]
        self.restart("--log-level", "info")
        self.assertEqual(self.world.key_status().state, Keys.STATE_MISSING)

    def pass_credential(self, name, bytes_):
        file = self.world.folder / "credentials" / name
        file.write_bytes(bytes_)
        os.chmod(file, 0o400)


if __name__ == "__main__":
    unittest.main()
