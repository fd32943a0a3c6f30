"""The examples of the SDK in Python and Node, against the real programs: list, page, send, and follow over a daemon that
is killed and started again.

    examples_test.py python|node

Exit code 77 without Node (tools/setup installs it): ctest then says that the test was skipped."""

import fcntl
import os
import pathlib
import shutil
import subprocess
import sys
import threading
import unittest

from harness import PATIENCE, TestCase, World, run

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "client-sdk" / "examples"
SKIPPED = 77


def python_example():
    return [sys.executable, str(EXAMPLES / "follow.py")]


def node_example():
    """A copy of the example with its packages beside it, in the build folder."""
    if not shutil.which("node") or not shutil.which("npm"):
        print("skipped: there is no Node here; tools/setup installs it")
        sys.exit(SKIPPED)
    made = pathlib.Path(os.environ["HARK_NODE_FOLDER"])
    made.mkdir(parents=True, exist_ok=True)
    with open(made / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = (EXAMPLES / "node" / "package-lock.json").read_bytes()
        done = made / "installed.json"
        for name in ("follow.js", "package.json", "package-lock.json", ".npmrc"):
            shutil.copy(EXAMPLES / "node" / name, made / name)
        if not done.exists() or done.read_bytes() != wanted:
            # The packages need no scripts of theirs to be run.
            subprocess.run(["npm", "ci", "--ignore-scripts", "--no-progress"], cwd=made, check=True, timeout=200)
            done.write_bytes(wanted)
    return ["node", str(made / "follow.js")]


class Follower:
    """The example following a conversation: its lines as they come."""

    def __init__(self, command, env):
        self.popen = subprocess.Popen(command, stdout=subprocess.PIPE, env=env, text=True)
        self.guard = threading.Timer(PATIENCE, self.popen.kill)  # So that a line that never comes ends the test.
        self.guard.start()

    def until(self, text):
        for line in self.popen.stdout:
            if text in line:
                return line
        raise AssertionError(f"the example ended before it showed {text}")

    def stop(self):
        self.guard.cancel()
        self.popen.terminate()
        self.popen.wait(PATIENCE)
        self.popen.stdout.close()


class Examples(TestCase):
    command = []

    def example(self, world, *arguments, check=True):
        return run(*self.command, *arguments, env=self.env(world), check=check)

    def env(self, world):
        return dict(world.env, HARK_SOCKET=str(world.socket), HARK_PROTO=str(ROOT / "proto"))

    def test_is_under_a_hundred_lines(self):
        for file in (EXAMPLES / "follow.py", EXAMPLES / "node" / "follow.js", EXAMPLES / "view.cc"):
            self.assertLess(len(file.read_text().splitlines()), 100, file)

    def test_lists_pages_and_sends(self):
        with World() as world:
            client = world.signed_in()
            listed = self.example(world)[1]
            for made in world.made:
                self.assertIn(f"{made['conversation_id']}  {made['title']}", listed)
            self.assertIn(f"{len(world.made)} conversations in all", listed)

            conversation = world.made[0]["conversation_id"]
            page = client.page(conversation).messages
            shown = self.example(world, conversation, "page")[1]
            self.assertEqual([line.split(" ")[0] for line in shown.splitlines()], [m.id for m in page])
            older = self.example(world, conversation, "page", page[1].id)[1]
            self.assertEqual([line.split(" ")[0] for line in older.splitlines()], [page[0].id])

            sent = self.example(world, conversation, "send", "Grüße from the example")[1]
            newest = client.page(conversation).messages[-1]
            self.assertEqual(newest.content, "Grüße from the example")
            self.assertEqual(sent.split(" ")[0], newest.id)

    def test_follows_over_a_daemon_that_is_killed(self):
        with World() as world:
            client = world.signed_in()
            conversation = world.made[0]["conversation_id"]
            follower = Follower([*self.command, conversation], self.env(world))
            try:
                follower.until(world.made[0]["messages"][-1]["content"])
                for n in range(3):
                    client.send(conversation, f"before kill {n}")
                    follower.until(f"before kill {n}")
                    world.daemon.kill()
                    world.start_daemon()
                    client = world.client()
                    client.send(conversation, f"after kill {n}")
                    follower.until(f"after kill {n}")
            finally:
                follower.stop()

    def test_says_what_is_wrong(self):
        with World() as world:
            code, _, error = self.example(world, check=False)
            self.assertNotEqual(code, 0)
            self.assertIn("no daemon", error)
            world.signed_in()
            code, _, error = self.example(world, "no-such-conversation", check=False)
            self.assertNotEqual(code, 0)
            self.assertIn("conversation", error)


if __name__ == "__main__":
    Examples.command = {"python": python_example, "node": node_example}[sys.argv.pop()]()
    unittest.main(verbosity=2)
