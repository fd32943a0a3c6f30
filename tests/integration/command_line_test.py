"""Flags, configurations, folders and ports that are wrong: a sentence on standard error and a documented exit code."""

import json
import pathlib
import socket
import unittest

from harness import BACKEND, HARKD, State, TestCase, World, run, sample

WRONG_FLAGS, CONFIGURATION, ALREADY_RUNNING, FOLDER_OR_SOCKET = 2, 3, 4, 5


class CommandLine(TestCase):
    def assert_ends(self, code, *arguments, says=""):
        got, _, error = run(*arguments, check=False)
        self.assertEqual(got, code, f"{arguments}: {error}")
        if code != 0:
            self.assertTrue(error.strip(), "says why")
            self.assertNotIn("terminate called", error)
        self.assertIn(says, error)

    def test_harkd_says_what_is_wrong(self):
        with World() as world:
            world.port = 1
            file = world.folder / "harkd.toml"
            common = ["--data-dir", world.data, "--socket", world.socket]
            self.assert_ends(0, HARKD, "--version")
            self.assert_ends(0, HARKD, "--help")
            self.assert_ends(WRONG_FLAGS, HARKD, "--no-such-flag")
            self.assert_ends(CONFIGURATION, HARKD, "--config", world.folder / "missing.toml", *common, says="missing.toml")
            file.write_text("[backend\n")
            self.assert_ends(CONFIGURATION, HARKD, "--config", file, *common, says="harkd.toml")
            file.write_text("[backend]\nulr = \"ws://127.0.0.1:1/\"\n")
            self.assert_ends(CONFIGURATION, HARKD, "--config", file, *common, says="2")
            file.write_text("[backend]\nurl = \"http://127.0.0.1:1/\"\n")
            self.assert_ends(CONFIGURATION, HARKD, "--config", file, *common)
            long = world.folder / ("x" * 120) / "harkd.sock"
            self.assert_ends(CONFIGURATION, HARKD, "--data-dir", world.data, "--socket", long, says="107")
            (world.folder / "file").write_text("in the way")
            self.assert_ends(FOLDER_OR_SOCKET, HARKD, "--data-dir", world.folder / "file", "--socket", world.socket)
            self.assertEqual((world.folder / "file").read_text(), "in the way")

    def test_the_daemon_is_found_by_its_name(self):
        with World() as world:
            world.port = 1
            world.start_daemon()
            # Of the main thread, which is what ps and pkill go by.
            self.assertEqual(pathlib.Path(f"/proc/{world.daemon.popen.pid}/comm").read_text(), "harkd\n")

    def test_a_second_daemon_is_told_of_the_first(self):
        with World() as world:
            world.port = 1
            world.start_daemon()
            self.assert_ends(ALREADY_RUNNING, HARKD, "--data-dir", world.data, "--socket", world.folder / "s" / "o",
                             says=str(world.daemon.popen.pid))
            self.assert_ends(ALREADY_RUNNING, HARKD, "--data-dir", world.folder / "d2", "--socket", world.socket)
            self.assertTrue(world.client().status())

    def test_the_backend_says_what_is_wrong(self):
        with World() as world:
            world.add_user("ada")
            data = ["--data", world.backend_data]
            self.assert_ends(2, BACKEND, "no-such-command")
            self.assert_ends(2, BACKEND, "serve", "--no-such-flag")
            with socket.create_server(("127.0.0.1", 0)) as taken:
                port = taken.getsockname()[1]
                code, _, error = run(BACKEND, "serve", *data, "--listen", f"127.0.0.1:{port}", check=False)
                self.assertNotEqual(code, 0)
                self.assertIn(str(port), error)
            file = world.folder / "bad.jsonl"
            good = json.dumps(sample()[0])
            for bad, word in (("{not json", ""), ('{"conversation_id": "x"}', ""),
                              ('{"conversation_id":"x","title":"t","messages":[{"role":"robot","content":"c"}]}', ""),
                              ('{"conversation_id":"x","title":"t","messages":[{"role":"user","content":""}]}', "")):
                file.write_text(f"{good}\n{bad}\n")
                code, _, error = run(BACKEND, "import", file, *data, "--user", "ada", check=False)
                self.assertNotEqual(code, 0)
                self.assertRegex(error, r"\b2\b", "names the line")
            # Nothing of the good first line was kept.
            world.start_backend()
            world.start_daemon()
            client = world.client()
            client.sign_in(world.new_token("ada"))
            client.wait_for(State.STATE_LIVE)
            self.assertEqual(client.all_conversations(), [])

    def test_hark_does_the_main_job(self):
        with World() as world:
            token = world.add_user("ada")
            made = sample()
            world.import_conversations(made, "ada")
            world.start_backend()
            no_daemon = world.hark("status", check=False)
            self.assertEqual(no_daemon[0], 3)
            self.assertTrue(no_daemon[2].strip())
            world.start_daemon()
            self.assertNotEqual(world.hark("sign-in", "--token-stdin", stdin=b"wrong\n", check=False)[0], 0)
            world.hark("sign-in", "--token-stdin", stdin=token.encode() + b"\n")
            world.client().wait_for(State.STATE_LIVE)
            status = json.loads(world.hark("status", "--json")[1].splitlines()[0])
            self.assertIn("live", json.dumps(status).lower())
            listed = [json.loads(line) for line in world.hark("conversations", "--json")[1].splitlines()]
            self.assertEqual(len(listed), len(made))
            lines = world.hark("messages", "conversation-0", "--limit", "200", "--json")[1].splitlines()
            contents = [json.loads(line).get("content") for line in lines]
            self.assertEqual([c for c in contents if c is not None], [m["content"] for m in made[0]["messages"]])
            self.assertIn(made[0]["messages"][-1]["content"], world.hark("messages", "conversation-0")[1])
            world.hark("send", "conversation-0", "from the command line")
            self.assertIn("from the command line", world.hark("messages", "conversation-0")[1])
            self.assertEqual(world.hark("messages", "no-such", check=False)[0], 4)
            self.assertEqual(world.hark("frobnicate", check=False)[0], 2)
            self.assertTrue(world.hark("stats")[1])
            world.hark("sign-out")

    def test_what_hark_says_is_true(self):
        with World() as world:
            world.signed_in()
            self.assert_says(world, 2, "there is no command 'frobnicate'", "frobnicate")
            self.assert_says(world, 2, "hark: UI is required", "view", "conversation-0")
            # However much is read of it.
            self.assert_says(world, 7, "the message is longer than 65536 bytes", "send", "conversation-0", "-", stdin=b"x" * 200_000)
            self.assert_says(world, 7, "the draft is longer than 65536 bytes", "draft", "conversation-0", "-", stdin=b"x" * 200_000)
            # Files: which, and why.
            self.assert_says(world, 7, "no-such-file: No such file or directory", "restore", "no-such-file")
            self.assert_says(world, 7, f"{world.folder}: Is a directory", "restore", world.folder)
            for command in ("backup", "export"):
                self.assert_says(world, 7, "/no-such/file: No such file or directory", command, "/no-such/file")
                self.assert_says(world, 8, "File exists", command, world.folder / "harkd.log")
            self.assertNotIn("signed in", world.hark("clear-cache")[1])
            world.hark("sign-out")
            self.assertIn("is fetched again once somebody is signed in", world.hark("clear-cache")[1])

    def assert_says(self, world, code, words, *arguments, stdin=None):
        got, _, said = world.hark(*arguments, stdin=stdin, check=False)
        self.assertEqual((got, words in said, said.startswith("hark: ")), (code, True, True), said)

    def test_an_import_reads_its_file_twice(self):
        with World() as world:
            world.add_user("ada")
            code, out, said = run(BACKEND, "import", "/dev/stdin", "--data", world.backend_data, "--user", "ada", check=False,
                                  stdin=json.dumps(sample()[0]).encode())
            self.assertEqual((code, "read twice" in said), (6, True), (out, said))

    def test_rolling_back_without_a_backup_changes_nothing(self):
        with World() as world:
            client = world.signed_in()
            conversation = world.made[0]["conversation_id"]
            before = client.all_messages(conversation)
            code, _, error = world.hark("admin", "rollback", check=False)
            self.assertEqual(code, 4, error)
            self.assertIn("backup", error)
            client.wait_for(State.STATE_LIVE)
            self.assertEqual(client.all_messages(conversation), before)

    def test_a_message_cannot_drive_the_terminal(self):
        with World() as world:
            token = world.add_user("ada")
            made = [{"conversation_id": "c", "title": "t\u001b[2J", "messages": [
                {"role": "user", "content": "clear \u001b[2J and \u0007 bell"}]}]
            world.import_conversations(made, "ada")
            world.start_backend()
            world.start_daemon()
            client = world.client()
            client.sign_in(token)
            client.wait_for(State.STATE_LIVE)
            for output in (world.hark("messages", "c")[1], world.hark("conversations")[1]):
                self.assertNotIn("\x1b[2J", output)
                self.assertNotIn("\x07", output)


if __name__ == "__main__":
    unittest.main(verbosity=2)
