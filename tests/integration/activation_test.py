"""harkd started by a service manager for a client that waits already."""

import os
import socket
import subprocess
import unittest

from harness import HARKD, PATIENCE, TestCase, World, admin_pb2


class ActivatedWorld(World):
    """Listens itself, as systemd does, and passes its socket on to each harkd that it starts."""

    def listen(self, mode=0o600):
        self.socket.parent.mkdir(mode=0o700)
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(str(self.socket))
        os.chmod(self.socket, mode)
        self.listening.listen()
        self.port = 9  # no backend is needed

    def activate(self):
        # The third descriptor, and the id of the process that it is meant for.
        command = 'exec 3<&"$0"; LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"'
        with open(self.folder / "harkd.log", "ab") as log:
            return subprocess.Popen(
                ["sh", "-c", command, str(self.listening.fileno()), HARKD, "--data-dir", self.data, "--socket", self.socket,
                 "--backend-url", self.url()], pass_fds=[self.listening.fileno()], stdin=subprocess.DEVNULL, stderr=log)


class Activation(TestCase):
    def test_a_client_that_came_before_the_daemon_is_served_also_the_next_time(self):
        with ActivatedWorld() as world:
            world.listen()
            for _ in range(2):
                version = world.client().admin.GetVersion.future(
                    admin_pb2.GetVersionRequest(), timeout=PATIENCE, wait_for_ready=True)
                daemon = world.activate()
                self.assertEqual(version.result().process_id, daemon.pid)
                daemon.terminate()
                self.assertEqual(daemon.wait(PATIENCE), 0)
                self.assertTrue(world.socket.exists())

    def test_a_socket_that_others_could_use_is_refused(self):
        with ActivatedWorld() as world:
            world.listen(mode=0o666)
            self.assertEqual(world.activate().wait(PATIENCE), 5)
            self.assertIn("SocketMode", (world.folder / "harkd.log").read_text())


if __name__ == "__main__":
    unittest.main(verbosity=2)
