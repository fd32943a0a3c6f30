"""hark doctor: a healthy set-up is good, and each check is seen to fail when what it checks is broken."""

import contextlib
import json
import os
import pathlib
import shutil
import socket
import stat
import subprocess
import threading
import time
import unittest

import canaries
from harness import HARK, HARKD, PATIENCE, State, TestCase, World, run

GOOD, WARNING, PROBLEM, CONFLICT = 0, 10, 11, 8
CHECKS = ["setup", "service", "socket", "daemon", "account", "permissions", "key", "files", "disk", "limits", "backend", "clock"]
# There is no service manager here (tests/service has one), and that is a warning.
ELSEWHERE = "service"


class SickWorld(World):
    """A set-up as a person has it: what harkd and hark need to know is in the configuration file."""

    def __init__(self):
        super().__init__()
        config = self.folder / "config/hark"
        config.mkdir(parents=True)
        self.config = config / "harkd.toml"
        self.env.update(XDG_CONFIG_HOME=str(self.folder / "config"), HOME=str(self.folder))
        # Else the commands would ask the service manager of whoever runs the tests.
        self.env.pop("XDG_RUNTIME_DIR", None)
        self.env.pop("DBUS_SESSION_BUS_ADDRESS", None)

    def configure(self, url=None):
        self.config.write_text(f'[backend]\nurl = "{url or self.url()}"\n[storage]\ndata_dir = "{self.data}"\n'
                               f'[ipc]\nsocket = "{self.socket}"\n')

    def healthy(self):
        client = self.signed_in()
        self.configure()
        return client

    def doctor(self, *flags, wrapper=(), check=None, **env):
        """{check: finding}; the exit code is the worst of them."""
        code, out, error = run(*wrapper, HARK, "doctor", "--harkd", HARKD, "--json", *flags, check=False, env=dict(self.env, **env))
        findings = {f["check"]: f for f in map(json.loads, out.splitlines())}
        assert list(findings) == CHECKS, (out, error)
        worst = {f["verdict"] for f in findings.values()}
        assert code == (PROBLEM if "problem" in worst else WARNING if "warning" in worst else GOOD), (code, findings)
        return findings if check is None else findings[check]

    def account(self):
        found, = (self.data / "accounts").iterdir()
        return found


class Doctor(TestCase):
    def assert_found(self, finding, verdict, words):
        self.assertEqual(finding["verdict"], verdict, finding)
        self.assertIn(words, finding["what"], finding)
        self.assertTrue(finding["mend"], finding)

    def test_what_is_healthy_is_good(self):
        with SickWorld() as world:
            world.healthy()
            findings = world.doctor()
            wrong = [f for name, f in findings.items() if f["verdict"] != "good" and name != ELSEWHERE]
            self.assertEqual(wrong, [])
            self.assert_found(findings["service"], "warning", "no service manager")
            # For people: each finding on a line, each mend on the next.
            text = run(HARK, "doctor", "--harkd", HARKD, check=False, env=world.env)[1]
            self.assertIn("good     socket", text)
            self.assertIn("-> start harkd yourself", text)

    def test_setup(self):
        with SickWorld() as world:
            world.healthy()
            world.config.write_text("[backend]\nulr = 1\n")
            self.assert_found(world.doctor("--socket", world.socket, check="setup"), "problem", "harkd.toml:2")
            world.configure()
            self.assert_found(world.doctor(HARK_SOCKET="/elsewhere.sock", check="setup"), "warning", "/elsewhere.sock")
            out = run(HARK, "doctor", "--json", "--harkd", "/none", check=False, env=world.env)[1]
            self.assert_found(json.loads(out.splitlines()[0]), "problem", "cannot be run")
            alone = world.folder / "bin"
            alone.mkdir()
            shutil.copy(HARK, alone / "hark")
            out = run(alone / "hark", "doctor", "--json", check=False, env=dict(world.env, PATH="/nowhere"))[1]
            self.assert_found(json.loads(out.splitlines()[0]), "problem", "neither beside hark")

    def test_socket(self):
        with SickWorld() as world:
            world.healthy()
            world.daemon.kill()
            self.assert_found(world.doctor(check="socket"), "problem", "nobody listens")
            world.socket.unlink()
            self.assert_found(world.doctor(check="socket"), "problem", "there is no socket")
            world.socket.write_text("")
            self.assert_found(world.doctor(check="socket"), "problem", "something else")
        with SickWorld() as world:
            world.socket = world.folder / "file" / "harkd.sock"
            world.configure("ws://127.0.0.1:1/sync")
            (world.folder / "file").write_text("")
            self.assert_found(world.doctor(check="socket"), "problem", f"{world.folder}/file is no folder")

    def test_daemon(self):
        with SickWorld() as world:
            world.healthy()
            world.daemon.kill()
            self.assert_found(world.doctor(check="daemon"), "problem", "no daemon")
            # One that is older than hark: its own version is the only text of that form in it.
            older = world.folder / "harkd-older"
            older.write_bytes(pathlib.Path(HARKD).read_bytes().replace(b"0.1.0\0", b"0.0.9\0"))
            older.chmod(0o755)
            daemon = subprocess.Popen([older], env=world.env, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                run(HARK, "version", "--connect-timeout", PATIENCE, "--socket", world.socket)
                self.assert_found(world.doctor(check="daemon"), "warning", "harkd is version 0.0.9")
            finally:
                daemon.kill()
                daemon.wait()

    def test_account(self):
        with SickWorld() as world:
            client = world.healthy()
            world.hark("sign-out")
            self.assert_found(world.doctor(check="account"), "warning", "nobody is signed in")
            client.sign_in(world.token)
            client.wait_for(State.STATE_LIVE)
            world.revoke(world.token)
            world.backend.stop()
            world.start_backend()
            client.wait_for(State.STATE_AUTH_REQUIRED)
            self.assert_found(world.doctor(check="account"), "problem", "no longer accepts")
        with SickWorld() as world:
            world.port = 9  # no backend is needed
            world.start_daemon()
            world.configure()
            self.assert_found(world.doctor(check="account"), "warning", "nobody has signed in")

    def test_permissions(self):
        with SickWorld() as world:
            world.healthy()
            for path, mode in ((world.data, 0o755), (world.socket.parent, 0o711), (world.account() / "cache.db", 0o640),
                               (world.account() / "authored.db", 0o604), (world.data / "keyring", 0o644)):
                before = stat.S_IMODE(path.stat().st_mode)
                path.chmod(mode)
                self.assert_found(world.doctor(check="permissions"), "problem", f"{path} is open to other users")
                path.chmod(before)
            self.assertEqual(world.doctor(check="permissions")["verdict"], "good")
            if os.geteuid() == 0:
                os.chown(world.account() / "cache.db", 65534, 65534)
                self.assert_found(world.doctor(check="permissions"), "problem", "belongs to another user")

    def test_key(self):
        with SickWorld() as world:
            world.healthy()
            key, rings = world.data / "keys/master.key", [world.data / "keyring", world.data / "keyring.copy"]
            kept = {path: path.read_bytes() for path in (key, *rings)}

            def mend():
                for path, content in kept.items():
                    path.write_bytes(content)
                    path.chmod(0o600)
            # The daemon knows; without it only the files can be looked at.
            troubles = (
                (lambda: key.chmod(0o644), "CORRUPT", "open to other users"),
                (lambda: key.write_bytes(b""), "CORRUPT", "holds no key"),
                (lambda: key.write_bytes(kept[key][:-1] + b"!"), "CORRUPT", None),
                (lambda: key.unlink(), "MISSING", "how its key store stands is unknown"),
                (lambda: [ring.unlink() for ring in rings], "CORRUPT", "the key ring is missing"),
            )
            for daemon in (True, False):
                if not daemon:
                    world.daemon.stop()
                for make, asked, looked_at in troubles:
                    make()
                    words = asked if daemon else looked_at
                    finding = world.doctor(check="key")
                    if words is None:
                        self.assertEqual(finding["verdict"], "good", finding)
                    else:
                        unknown = words.endswith("unknown")
                        self.assert_found(finding, "warning" if unknown else "problem", words)
                    mend()
                self.assertEqual(world.doctor(check="key")["verdict"], "good")
            # A daemon that starts without its key says so too, and of the account that it cannot open it.
            key.unlink()
            world.start_daemon()
            self.assert_found(world.doctor(check="key"), "problem", "MISSING")
            self.assert_found(world.doctor(check="account"), "problem", "key")
            # Nobody is told to sign in, or that nothing waits: that is not known.
            said = world.hark("status")[1]
            self.assertRegex(said, "account +cannot be opened until that is put right")
            self.assertRegex(said, "data +unknown until then")
            self.assertRegex(said, "pending +unknown until then")
            mend()
            self.assertEqual(world.doctor(check="key")["verdict"], "good")

    def test_files(self):
        with SickWorld() as world:
            world.healthy()
            world.daemon.stop()
            aside = world.account() / "set-aside"
            aside.mkdir(exist_ok=True)
            (aside / "2026-11-26-cache").mkdir()
            found = world.doctor(check="files")
            self.assert_found(found, "warning", "set aside")
            self.assertIn("a restore, or damage", found["what"])  # It cannot be told from here.
            os.truncate(world.account() / "authored.db", 0)
            self.assert_found(world.doctor(check="files"), "problem", "authored.db is missing or empty")

    def test_disk(self):
        with SickWorld() as world:
            world.configure("ws://127.0.0.1:1/sync")
            world.data.mkdir()
            for size, verdict in (("8m", "problem"), ("64m", "warning"), ("8m,ro", "problem")):
                wrapper = ["unshare", "--mount", "sh", "-c", f'mount -t tmpfs -o size={size} none "$0" && exec "$@"', world.data]
                if os.geteuid() != 0:
                    wrapper.insert(1, "--map-root-user")
                if run(*wrapper, "true", check=False)[0] != 0:
                    self.skipTest("nothing can be mounted here")
                found = world.doctor(wrapper=wrapper, check="disk")
                self.assert_found(found, verdict, str(world.data))
                if size == "8m":
                    self.assertIn("removing something else", found["mend"])

    def test_the_folder_of_the_daemon_that_runs_is_looked_at(self):
        with SickWorld() as world:
            world.healthy()
            os.truncate(world.account() / "authored.db", 0)
            elsewhere = world.folder / "elsewhere"
            world.config.write_text(f'[backend]\nurl = "{world.url()}"\n[storage]\ndata_dir = "{elsewhere}"\n'
                                    f'[ipc]\nsocket = "{world.socket}"\n')
            findings = world.doctor()
            self.assertIn(str(world.data), findings["disk"]["what"])
            self.assert_found(findings["files"], "problem", f"{world.account()}/authored.db is missing or empty")
            self.assert_found(findings["setup"], "warning", f"harkd runs with the files in {world.data}, not with those in {elsewhere}")
            # Who names a folder means that one.
            self.assertEqual(world.doctor("--data-dir", elsewhere, check="files")["what"], "there are none yet")
            world.config.write_text("nonsense")
            self.assertIn(str(world.data), world.doctor("--socket", world.socket, check="disk")["what"])
            # And without a daemon nobody but the configuration says, or who asks.
            world.configure()
            world.daemon.stop()
            self.assertIn(str(world.data), world.doctor(check="disk")["what"])
            self.assertIn(str(elsewhere.parent), world.doctor("--data-dir", elsewhere, check="disk")["what"])

    def test_limits(self):
        with SickWorld() as world:
            world.configure("ws://127.0.0.1:1/sync")
            self.assert_found(world.doctor(wrapper=("prlimit", "--nofile=64:64"), check="limits"), "warning", "only 64 files")
            self.assert_found(world.doctor(wrapper=("prlimit", "--fsize=1000000"), check="limits"), "warning", "1000000 bytes")

    def test_backend(self):
        with SickWorld() as world:
            client = world.healthy()
            world.backend.stop()
            client.wait_for(State.STATE_OFFLINE)
            self.assert_found(world.doctor(check="backend"), "warning", "Connection refused")
            world.configure("wss://no-such-host.invalid/sync")
            self.assert_found(world.doctor(check="backend"), "warning", "no-such-host.invalid port 443: the name is not known")

    def test_backend_that_is_something_else(self):
        with SickWorld() as world, socket.create_server(("127.0.0.1", 0)) as listener:
            def answer():
                with contextlib.suppress(OSError):
                    while True:
                        with listener.accept()[0] as asked:
                            asked.recv(4096)
                            asked.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            threading.Thread(target=answer, daemon=True).start()
            # Whether or not a daemon runs, and somebody is signed in.
            world.configure(f"ws://127.0.0.1:{listener.getsockname()[1]}/sync")
            self.assert_found(world.doctor(check="backend"), "warning", "answers, but: there is no sync endpoint")
            code, out, _ = run(HARKD, "--check-backend", check=False, env=world.env)
            self.assertEqual((code, "no sync endpoint" in out), (6, True), out)
            world.configure(f"ws://127.0.0.1:{listener.getsockname()[1] + 65536}/sync")
            self.assert_found(world.doctor("--socket", world.socket, check="setup"), "problem", "1 to 65535")
            listener.shutdown(socket.SHUT_RDWR)
        with SickWorld() as world:
            world.healthy()
            self.assertEqual(run(HARKD, "--check-backend", env=world.env)[0], 0)

    def test_backend_behind_a_proxy(self):
        with SickWorld() as world, socket.create_server(("127.0.0.1", 0)) as listener:
            proxy = f"127.0.0.1:{listener.getsockname()[1]}"
            world.configure("wss://no-such-host.invalid/sync")
            # Only the proxy is asked, which knows the names of its own network.
            found = world.doctor(check="backend", https_proxy=f"http://me:canarysecret@{proxy}")
            self.assertEqual((found["verdict"], "the proxy 127.0.0.1 port" in found["what"]), ("good", True), found)
            listener.close()
            found = world.doctor(check="backend", https_proxy=f"http://me:canarysecret@{proxy}")
            self.assert_found(found, "warning", "the proxy 127.0.0.1 port")
            self.assertIn("https_proxy", found["mend"])
            found = world.doctor(check="backend", https_proxy=f"http://{proxy}", no_proxy="invalid")
            self.assert_found(found, "warning", "no-such-host.invalid port 443: the name is not known")
            self.assert_found(world.doctor(check="backend", https_proxy="socks5://me:canarysecret@x"), "problem", "https_proxy")

    def test_clock(self):
        with SickWorld() as world:
            world.healthy()
            file = world.account() / "authored.db"
            later = time.time() + 3_600
            os.utime(file, (later, later))
            self.assert_found(world.doctor(check="clock"), "warning", "in the future")


class Bundle(TestCase):
    def test_it_tells_what_helps_and_nothing_of_the_person(self):
        with SickWorld() as world:
            client = world.healthy()
            client.send("conversation-0", "canarybody sent here")
            client.set_draft("conversation-1", "canarydraft", flush=True)
            world.configure(f"ws://127.0.0.1:{world.port}/sync?token=canaryquery")
            file = world.folder / "report.txt"
            world.doctor("--bundle", file, https_proxy="http://me:canarypassword@127.0.0.1:1", **canaries.TELLING)
            # In every form, as the files and the log of every other test are searched.
            self.assertEqual(canaries.Search(world.secrets).files(file), [])
            self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
            text = file.read_text()
            for section in ("Versions", "Findings", "Configuration", "Service", "Statistics", "Log"):
                self.assertIn(f"\n== {section}\n", text)
            self.assertIn('data_dir = "~/data"', text)
            self.assertIn("hark_messages ", text)
            key = (world.data / "keys/master.key").read_bytes()
            secrets = ["canary", "ada", str(world.folder), world.token, key.hex(), world.account().name]
            secrets += [m["content"] for c in world.made for m in c["messages"]] + [c["title"] for c in world.made]
            self.assertEqual([s for s in secrets if s in text], [])
            self.assertNotIn(key, file.read_bytes())
            # A file that is there is never written over.
            code, _, error = run(HARK, "doctor", "--harkd", HARKD, "--bundle", file, check=False, env=world.env)
            self.assertEqual(code, CONFLICT, error)
            self.assertEqual(file.read_text(), text)


if __name__ == "__main__":
    unittest.main(verbosity=2)
