"""harkd by itself: how it ends, reads its configuration again, logs, and takes a surrounding that is not as it should be."""

import json
import mmap
import os
import pathlib
import pwd
import re
import signal
import socket
import struct
import subprocess
import tempfile
import time
import unittest

import grpc

from harness import HARKD, PATIENCE, State, TestCase, World, run, until_delivered

CONVERSATION = "conversation-0"
STOPPED, CONFIGURATION, FOLDER_OR_SOCKET = 0, 3, 5
# Seconds from SIGTERM to the end; under a sanitizer everything takes longer.
SOON = 2 if "asan" not in HARKD else 10


def stop(world):
    """SIGTERM to the end: the exit code, and how long it took."""
    begun = time.monotonic()
    world.daemon.popen.terminate()
    code = world.daemon.wait()
    return code, time.monotonic() - begun


def log_of(world):
    return (world.folder / "harkd.log").read_text()


def wait_for_log(world, text, count=1):
    deadline = time.monotonic() + PATIENCE
    while log_of(world).count(text) < count:
        assert time.monotonic() < deadline, f"{text!r} is not in the log: " + log_of(world)[-2000:]
        os.sched_yield()


class Ending(TestCase):
    def test_sigterm_ends_it_within_two_seconds_whatever_others_do(self):
        with World() as world:
            client = world.signed_in()
            # A client that reads nothing of its stream, one that is silent, and a backend that stands still.
            stream = client.watch(CONVERSATION)
            silent = socket.socket(socket.AF_UNIX)
            silent.connect(str(world.socket))
            os.kill(world.backend.popen.pid, signal.SIGSTOP)
            sent = [client.send(CONVERSATION, f"kept {n}").id for n in range(50)]
            client.set_draft("conversation-1", "half a thought")
            code, seconds = stop(world)
            os.kill(world.backend.popen.pid, signal.SIGCONT)
            self.assertEqual(code, STOPPED)
            self.assertLess(seconds, SOON)
            del stream
            silent.close()
            world.start_daemon()
            client = world.client()
            client.wait_for(State.STATE_LIVE)
            until_delivered(client.watch(CONVERSATION), sent[-1])
            self.assertEqual([m["id"] for m in world.rest(world.token, CONVERSATION)[-50:]], sent)
            self.assertEqual(client.draft("conversation-1").text, "half a thought")


class Reloading(TestCase):
    def configured(self, world, text):
        file = world.folder / "harkd.toml"
        file.write_text(text)
        return "--config", file

    def days(self, world):
        return json.loads(world.hark("retention", "--json")[1].splitlines()[0])["days"]

    def test_sighup_takes_what_can_change_and_names_the_rest(self):
        with World() as world:
            client = world.signed_in(*self.configured(world, "[retention]\ndays = 30\n"))
            self.assertEqual(self.days(world), 30)
            self.configured(world, '[retention]\ndays = 7\n[log]\nlevel = "debug"\n[outbox]\ndays = 2\n')
            world.daemon.popen.send_signal(signal.SIGHUP)
            wait_for_log(world, "config_reloaded")
            self.assertEqual(self.days(world), 7)
            log = log_of(world)
            self.assertIn("config_needs_restart key=outbox.days", log)
            self.assertNotIn("config_needs_restart key=retention", log)
            self.assertEqual(client.status().state, State.STATE_LIVE)

    def test_a_file_that_is_wrong_changes_nothing(self):
        with World() as world:
            world.signed_in(*self.configured(world, "[retention]\ndays = 30\n"))
            self.configured(world, "[retention]\ndays = many\n")
            world.daemon.popen.send_signal(signal.SIGHUP)
            wait_for_log(world, "config_not_reloaded")
            self.assertEqual(self.days(world), 30)
            self.configured(world, "[retention]\ndays = 9\n")
            world.daemon.popen.send_signal(signal.SIGHUP)
            wait_for_log(world, "config_reloaded")
            self.assertEqual(self.days(world), 9)


class Logging(TestCase):
    def test_json_is_one_object_a_line(self):
        with World() as world:
            world.signed_in("--log-format", "json", "--log-level", "debug")
            self.assertEqual(stop(world)[0], STOPPED)
            events = [json.loads(line) for line in log_of(world).splitlines()]
            self.assertTrue({"ready", "signed_in", "stopped"} <= {e["event"] for e in events})
            for event in events:
                self.assertRegex(event["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
                self.assertIn(event["level"], ("debug", "info", "warning", "error"))

    def test_a_journal_that_is_not_connected_to_it_is_left_alone(self):
        with World(env={"JOURNAL_STREAM": "1:1"}) as world:
            world.signed_in()
            self.assertRegex(log_of(world), re.compile(r"^\S+Z info ready version=", re.MULTILINE))


class Surroundings(TestCase):
    """Started by hand, in a surrounding of its own."""

    def ended(self, env, *flags, wrapper=()):
        """The exit code and the sentence of a harkd that cannot start."""
        done = subprocess.run([*wrapper, HARKD, *flags], env={"PATH": os.environ["PATH"], **env}, capture_output=True,
                              timeout=PATIENCE, text=True)
        self.assertEqual(len([line for line in done.stderr.splitlines() if line.startswith("harkd: ")]), 1, done.stderr)
        return done.returncode, done.stderr

    def test_xdg_variables_that_are_no_paths_are_passed_over(self):
        with tempfile.TemporaryDirectory() as home:
            env = {"PATH": os.environ["PATH"], "HOME": home, "XDG_DATA_HOME": "", "XDG_CONFIG_HOME": "relative/path",
                   "XDG_RUNTIME_DIR": ".", "TMPDIR": home}
            described = run(HARKD, "--check-config", env=env)[1]
            self.assertIn(f'data_dir = "{home}/.local/share/hark"', described)
            self.assertIn(f'socket = "{home}/hark-{os.geteuid()}/harkd.sock"', described)

    def test_without_home_it_finds_the_one_of_the_user_list(self):
        described = run(HARKD, "--check-config", env={"PATH": os.environ["PATH"]})[1]
        self.assertIn(f'data_dir = "{pwd.getpwuid(os.geteuid()).pw_dir}/.local/share/hark"', described)

    def test_a_runtime_folder_that_is_gone_is_said(self):
        with tempfile.TemporaryDirectory() as home:
            gone = pathlib.Path(home) / "gone"
            gone.write_text("a file")
            code, sentence = self.ended({"HOME": home, "XDG_RUNTIME_DIR": str(gone)})
            self.assertEqual(code, FOLDER_OR_SOCKET)
            self.assertIn(str(gone), sentence)

    def test_a_runtime_folder_with_a_long_path_is_said(self):
        with tempfile.TemporaryDirectory() as home:
            code, sentence = self.ended({"HOME": home, "XDG_RUNTIME_DIR": f"{home}/{'long' * 30}"})
            self.assertEqual(code, CONFIGURATION)
            self.assertIn("at most 107", sentence)

    def test_a_home_on_a_read_only_disk_is_said(self):
        with tempfile.TemporaryDirectory() as home:
            wrapper = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs -o ro none "$0" && exec "$@"', home]
            if os.geteuid() != 0:
                wrapper.insert(1, "--map-root-user")
            if subprocess.run([*wrapper, "true"], capture_output=True).returncode != 0:
                self.skipTest("nothing can be mounted here")
            code, sentence = self.ended({"HOME": home}, "--socket", "/tmp/hark-none/s", wrapper=wrapper)
            self.assertEqual(code, FOLDER_OR_SOCKET)
            self.assertIn("Read-only file system", sentence)

    def test_with_few_files_it_serves_few_clients(self):
        with World() as world:
            world.wrapper = ("prlimit", "--nofile=48:48")
            client = world.signed_in()
            sent = client.send(CONVERSATION, "with few files")
            until_delivered(client.watch(CONVERSATION), sent.id)
            # More than fit: refused or not answered, and the daemon goes on.
            others = [socket.socket(socket.AF_UNIX) for _ in range(60)]
            for other in others:
                other.settimeout(PATIENCE)
                other.connect(str(world.socket))
            for other in others:
                other.close()
            self.assertTrue(world.client().all_conversations())
            self.assertEqual(client.send(CONVERSATION, "and on").content, "and on")

    def test_a_file_that_may_not_grow_refuses_and_does_not_kill(self):
        with World() as world:
            world.signed_in()
            world.backend.stop()
            self.assertEqual(stop(world)[0], STOPPED)
            # No file may grow beyond what the largest is now, and a little.
            largest = max(p.stat().st_size for p in world.data.rglob("*.db"))
            world.wrapper = ("prlimit", f"--fsize={largest + 200_000}")
            world.start_daemon()
            client = world.client()
            kept, refused = [], None
            while refused is None and len(kept) < 500:
                try:
                    kept.append(client.send(CONVERSATION, f"{len(kept)} " + "x" * 30_000).id)
                except grpc.RpcError as error:
                    refused = error
            self.assertIsNotNone(refused, "the limit was never met")
            self.assertEqual(refused.code(), grpc.StatusCode.RESOURCE_EXHAUSTED, refused.details())
            # What a person is told is a sentence; the numbers are in the log.
            self.assertRegex(refused.details(), "^[a-z ]+$")
            self.assertRegex(log_of(world), rf'sqlite_failed number=[0-9]+ why="{refused.details()}"')
            self.assertEqual(len(client.all_conversations()), len(world.made))
            self.assertEqual(stop(world)[0], STOPPED)
            world.wrapper = ()
            world.start_daemon()
            there = [m.id for m in world.client().all_messages(CONVERSATION, size=10)]
            self.assertEqual(there[-len(kept):], kept)

    @unittest.skipUnless(os.environ.get("HARK_CLOCK_SHIM"), "a sanitizer's runtime does not start over a preloaded clock")
    def test_the_clock_may_jump_both_ways(self):
        with World() as world:
            file = world.folder / "clock"
            file.write_bytes(struct.pack("q", 0))
            with open(file, "r+b") as opened, mmap.mmap(opened.fileno(), 8) as offset:
                world.wrapper = ("env", f"LD_PRELOAD={os.environ['HARK_CLOCK_SHIM']}", f"HARK_TEST_CLOCK={file}")
                client = world.signed_in()
                stream = client.watch(CONVERSATION)
                sent = []

                def exchange(seconds):
                    offset[:] = struct.pack("q", seconds)
                    for n in range(3):
                        sent.append(client.send(CONVERSATION, f"at {seconds}: {n}"))
                    until_delivered(stream, sent[-1].id)
                    self.assertEqual(client.status().state, State.STATE_LIVE)

                day = 86_400
                for seconds in (0, day, -400 * day, 20 * 365 * day, 0):
                    exchange(seconds)
                # The clock was what the shim said, and the order is the backend's.
                years = {m.created_at.ToDatetime().year for m in sent}
                self.assertGreater(len(years), 2, years)
                ids = [m.id for m in sent]
                self.assertEqual([m["id"] for m in world.rest(world.token, CONVERSATION)[-len(ids):]], ids)
                self.assertEqual([m.id for m in client.all_messages(CONVERSATION)[-len(ids):]], ids)
                # What waits while the clock jumps is neither lost nor sent twice.
                world.backend.stop()
                client.wait_for(State.STATE_OFFLINE)
                waiting = client.send(CONVERSATION, "waits").id
                offset[:] = struct.pack("q", -day)
                world.start_backend()
                until_delivered(client.watch(CONVERSATION), waiting)


if __name__ == "__main__":
    unittest.main(verbosity=2)
