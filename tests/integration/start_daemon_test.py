"""The C++ SDK starts the daemon when it is asked to, whoever else does so at the same time."""

import contextlib
import os
import pathlib
import select
import signal
import subprocess
import unittest

from harness import HARKD, PATIENCE, SANITIZED, TestCase, World, run

CLIENT = os.environ["HARK_START_CLIENT"]
RACERS = 16 if SANITIZED else 50


def ended(pid):
    """Waits for the end of a process that is nobody's child here; False: it goes on."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], PATIENCE)[0])
    finally:
        os.close(descriptor)


def arguments_of(process):
    """The words that a harkd of this build was started with; none if `process` is another program or has ended."""
    try:
        # A program that begins is seen by its file first, and by its words only some moments later.
        while os.readlink(process / "exe") == os.path.realpath(HARKD):
            if words := (process / "cmdline").read_bytes():
                return words.decode().split("\0")
    except OSError:
        pass  # It ended meanwhile, or is not ours.
    return []


def daemons(world):
    """The living daemons that use the world's data folder, those included that have only just been started."""
    return [int(process.name) for process in pathlib.Path("/proc").iterdir()
            if process.name.isdigit() and str(world.data) in arguments_of(process)]


class StartDaemon(TestCase):
    def arguments(self, world):
        return [CLIENT, world.socket, HARKD, "--data-dir", world.data, "--backend-url", "ws://127.0.0.1:1/sync"]

    def test_many_at_once_get_one_daemon(self):
        with World() as world:
            pid = None
            try:
                racers = [subprocess.Popen([str(a) for a in self.arguments(world)], stdout=subprocess.PIPE,
                                           stderr=subprocess.PIPE, text=True) for _ in range(RACERS)]
                answers = [racer.communicate(timeout=PATIENCE) for racer in racers]
                self.assertEqual({racer.returncode for racer in racers}, {0}, answers)
                pids = {out.strip() for out, _ in answers}
                self.assertEqual(len(pids), 1, "all talk to the same daemon")
                pid = int(pids.pop())
                # It outlived those who started it, and the next one finds it.
                self.assertEqual(run(*self.arguments(world))[1].strip(), str(pid))
                # All others end by themselves.
                while others := set(daemons(world)) - {pid}:
                    for other in others:
                        self.assertTrue(ended(other), "a second daemon stays")
                self.assertEqual(daemons(world), [pid])
            finally:
                for left in daemons(world):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(left, signal.SIGTERM)
                    ended(left)

    def test_nothing_is_started_unless_asked(self):
        with World() as world:
            code, _, error = run(CLIENT, world.socket, check=False)
            self.assertEqual(code, 1)
            self.assertIn("no_daemon: no daemon is running", error)

    def test_a_program_that_cannot_be_run_is_named(self):
        with World() as world:
            for program, says in ((world.folder / "none", "no_daemon"), (world.folder, "no_daemon"),
                                  ("harkd", "invalid_argument")):
                code, _, error = run(CLIENT, world.socket, program, check=False)
                self.assertEqual(code, 1)
                self.assertIn(says, error)


if __name__ == "__main__":
    unittest.main(verbosity=2)
