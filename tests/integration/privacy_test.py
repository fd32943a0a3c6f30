"""Nothing readable on disk, nobody else at the socket, no listener, the right libraries."""

import base64
import os
import pathlib
import re
import socket
import unittest

import canaries
from harness import PATIENCE, State, TestCase, World, admin_pb2, until_delivered


def words_of(conversations):
    text = " ".join([c["title"] for c in conversations] + [m["content"] for c in conversations for m in c["messages"]])
    return {w.encode() for w in re.findall(r"\w*canary\w+", text)}


class Privacy(TestCase):
    def busy(self, world):
        client = world.signed_in("--log-level", "debug", user="username-canary")
        sent = client.send("conversation-0", "sentcanary123456")
        until_delivered(client.watch("conversation-0"), sent.id)
        client.set_draft("conversation-0", "draftcanary123456", flush=True)
        client.set_draft("conversation-1", "hastycanary123456")
        client.set_draft("conversation-2", "clearedcanary123456", flush=True)
        client.set_draft("conversation-2", "", client.draft("conversation-2").version, flush=True)
        client.set_view("conversation-0", "viewcanary123456", message=sent.id)
        world.backend.stop()
        client.wait_for(State.STATE_OFFLINE)
        client.send("conversation-0", "pendingcanary123456")
        return client

    def leaks(self, world):
        secrets = words_of(world.made) | {b"sentcanary123456", b"pendingcanary123456", world.token.encode(),
                                         b"username-canary", b"draftcanary123456", b"hastycanary123456",
                                         b"clearedcanary123456", b"viewcanary123456"}
        found = []
        files = [f for f in world.data.rglob("*") if f.is_file()] + [world.folder / "harkd.log"]
        self.assertGreater(len(files), 4)
        for file in files:
            content = file.read_bytes()
            found += [(file.name, secret) for secret in secrets if secret in content]
        return found

    def test_no_word_of_a_message_title_token_or_user_is_in_any_file(self):
        with World() as world:
            self.busy(world)
            self.assertEqual(self.leaks(world), [], "while running")
            world.daemon.kill()
            self.assertEqual(self.leaks(world), [], "after kill -9")
            world.start_daemon()
            world.daemon.stop()
            self.assertEqual(self.leaks(world), [], "after a stop")
            # The check itself sees what it looks for, and so does the one at the end of every test.
            planted = world.data / "planted"
            for form in (b"x" + next(iter(words_of(world.made))) + b"y", world.token.encode(), b"draftcanary123456"):
                planted.write_bytes(form)
                self.assertTrue(self.leaks(world))
                self.assertTrue(world.leaks())
            canaries.tell("typed without a mark")
            for form in (b"was typed without a mark", world.token.encode("utf-16-le"),
                         base64.b64encode(b"1" + world.token.encode()), world.token.encode().hex().encode()):
                planted.write_bytes(form)
                self.assertTrue(world.leaks())
            planted.unlink()

    def test_files_and_folders_are_the_users_alone(self):
        with World() as world:
            self.busy(world)
            for path in [world.data, *world.data.rglob("*"), world.socket.parent, world.socket]:
                self.assertEqual(path.stat().st_mode & 0o077, 0, path)

    @unittest.skipUnless(os.getuid() == 0, "only root can become another user")
    def test_another_user_cannot_connect_even_through_open_permissions(self):
        with World() as world:
            self.busy(world)
            os.chmod(world.folder, 0o755)
            os.chmod(world.socket.parent, 0o755)
            os.chmod(world.socket, 0o666)
            reader, writer = os.pipe()
            child = os.fork()
            if child == 0:
                os.setuid(65534)
                result = b"not connected"
                try:
                    with socket.socket(socket.AF_UNIX) as s:
                        s.settimeout(PATIENCE)
                        s.connect(str(world.socket))
                        s.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0")
                        result = b"closed" if s.recv(100) == b"" else b"answered"
                except OSError as error:
                    result = b"closed" if isinstance(error, (ConnectionResetError, BrokenPipeError)) else b"refused"
                os.write(writer, result)
                os._exit(0)
            os.waitpid(child, 0)
            self.assertIn(os.read(reader, 100), (b"closed", b"refused"))
            os.close(reader)
            os.close(writer)
            # The owner is still served.
            self.assertTrue(world.client().all_conversations())

    def test_the_daemon_listens_on_no_network_port(self):
        with World() as world:
            self.busy(world)
            pid = world.daemon.popen.pid
            sockets = {os.readlink(f) for f in pathlib.Path(f"/proc/{pid}/fd").iterdir() if f.is_symlink()}
            inodes = {m.group(1) for s in sockets if (m := re.match(r"socket:\[(\d+)\]", s))}
            self.assertTrue(inodes)
            for table in ("tcp", "tcp6", "udp", "udp6"):
                for line in pathlib.Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
                    fields = line.split()
                    if fields[9] in inodes:
                        self.assertNotEqual(fields[3], "0A", "a listening socket of harkd")
                        self.assertFalse(table.startswith("udp"), "a datagram socket of harkd")

    def test_only_sqlcipher_is_loaded_and_it_is_new_enough(self):
        with World() as world:
            client = self.busy(world)
            maps = pathlib.Path(f"/proc/{world.daemon.popen.pid}/maps").read_text()
            self.assertIn("libsqlcipher", maps)
            self.assertNotIn("libsqlite3", maps)
            version = client.admin.GetVersion(admin_pb2.GetVersionRequest()).cipher_version
            self.assertGreaterEqual(tuple(int(n) for n in version.split()[0].split(".")[:2]), (4, 5))

    def test_no_core_and_no_debugger(self):
        with World() as world:
            self.busy(world)
            limits = pathlib.Path(f"/proc/{world.daemon.popen.pid}/limits").read_text()
            self.assertRegex(limits, r"Max core file size\s+0\s+0")


if __name__ == "__main__":
    unittest.main(verbosity=2)
