"""harkd as a service of an ordinary user's own systemd. Started by booted.py, in a session that exists for this alone."""

import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import time
import unittest

import grpc

RUNTIME = pathlib.Path(os.environ["XDG_RUNTIME_DIR"])

from harness import HARKD, PATIENCE, State, TestCase, World, run, sample  # noqa: E402

# The harness keeps out of the session of whoever runs the tests; this one is the test's own.
os.environ["XDG_RUNTIME_DIR"] = str(RUNTIME)
HOME = pathlib.Path(os.environ["HOME"])
UNITS = HOME / ".config/systemd/user"
DATA = HOME / ".local/share/hark"
CONFIG = HOME / ".config/hark/harkd.toml"
CONVERSATION = "conversation-0"
NAMESPACE_ONLY = {"PrivateUsers", "ProtectSystem", "ProtectHome", "InaccessiblePaths", "PrivateTmp", "PrivateDevices",
                  "ProtectControlGroups", "ProtectKernelTunables", "CapabilityBoundingSet"}
# What holds for an ordinary user in any case, and so says nothing of a unit.
WITHOUT_A_UNIT = {"its families", "ReadWritePaths"}


def systemctl(*words, check=True):
    return run("systemctl", "--user", *words, check=check)[1].strip()


def shown(name, unit="harkd.service"):
    return systemctl("show", "-p", name, "--value", unit)


def wait_until(condition, why):
    deadline = time.monotonic() + PATIENCE
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(why)


def install_harkd(folder, version=None):
    """The daemon and hark beside each other, as a package has them, put there by rename as dpkg does; of another version
    if one is named: the only text of that form in it is its own."""
    folder.mkdir(exist_ok=True)
    text = pathlib.Path(HARKD).read_bytes()
    if version:
        assert text.count(b"0.1.0\0") >= 1 and len(version) == 5, "the version is not where it was"
        text = text.replace(b"0.1.0\0", version.encode() + b"\0")
    new = folder / "harkd.new"
    new.write_bytes(text)
    new.chmod(0o755)
    new.rename(folder / "harkd")
    return folder / "harkd"


class ServiceWorld(World):
    """The backend and its users as ever; the daemon is systemd's."""

    def __init__(self):
        super().__init__()
        self.data, self.socket = DATA, RUNTIME / "hark/harkd.sock"
        self.env.pop("HARK_SOCKET", None)

    def __enter__(self):
        self.made = sample()
        self.token = self.add_user("ada")
        self.import_conversations(self.made, "ada")
        self.start_backend()
        self.configure()
        return self

    def __exit__(self, kind, *rest):
        if kind is not None:
            print(run("journalctl", "--user", "-u", "harkd", "-n", "40", "--no-pager", check=False)[1])
            print(run("systemctl", "--user", "status", "harkd.service", "harkd.socket", "--no-pager", check=False)[1])
        while self.channels:  # an open connection is given a second at the end
            self.channels.pop().close()
        self.hark("service", "uninstall")
        for folder in (DATA, CONFIG.parent, UNITS, HOME / "bin"):
            shutil.rmtree(folder, ignore_errors=True)
        systemctl("daemon-reload")
        systemctl("reset-failed", check=False)
        super().__exit__(kind, *rest)

    def configure(self, more="", keys="file"):
        CONFIG.parent.mkdir(parents=True, exist_ok=True)
        CONFIG.write_text(f'[backend]\nurl = "{self.url()}"\n[keys]\nkind = "{keys}"\n{more}')

    def hark(self, *arguments, stdin=None, check=True):
        return run(os.environ["HARK"], *arguments, stdin=stdin, check=check, env=self.env)

    def sign_in(self):
        self.hark("sign-in", "--token-stdin", stdin=self.token.encode())
        client = self.client()
        client.wait_for(State.STATE_LIVE)
        return client

    def second_daemon(self):
        """Another installation of the same user, started by hand: it changes what the service has to hear of."""
        other = World()
        other.port = self.port
        other.env.pop("XDG_RUNTIME_DIR")  # no key store of a desktop either
        other.start_daemon()
        client = other.client()
        client.sign_in(self.new_token("ada"))
        client.wait_for(State.STATE_LIVE)
        return other, client


@contextlib.contextmanager
def desktops_key_store():
    """GNOME Keyring on the session's bus, unlocked, as a desktop has it after the log-in."""
    question = ["busctl", "--user", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameHasOwner", "s",
                "org.freedesktop.secrets"]
    keyring = subprocess.Popen(["gnome-keyring-daemon", "--foreground", "--components=secrets", "--unlock"], stdin=subprocess.PIPE,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with keyring.stdin as password:
            password.write(b"password")
        wait_until(lambda: "true" in run(*question)[1], "GNOME Keyring does not start")
        yield
    finally:
        keyring.kill()
        keyring.wait(PATIENCE)


class Follower:
    """A UI that follows a conversation over whatever befalls the daemon, by its tokens alone."""

    def __init__(self, client):
        self.client, self.token, self.seen, self.snapshots = client, "", [], 0

    def follow_until(self, message_id):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            stream = self.client.watch(CONVERSATION, self.token)
            try:
                for event in stream:
                    self.token = event.resume_token or self.token
                    self.snapshots += event.HasField("snapshot")
                    self.seen += [m.id for m in list(event.snapshot.messages) + list(event.delta.upserted)]
                    if message_id in self.seen:
                        stream.cancel()
                        return
            except grpc.RpcError as error:
                assert error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED), error
        raise AssertionError(f"{message_id} never came")


class Installing(TestCase):
    def test_from_a_build_tree_the_first_client_starts_it(self):
        with ServiceWorld() as world:
            self.assertIn("service of yours now", world.hark("service", "install", "--on-demand")[1])
            self.assertEqual(shown("ActiveState"), "inactive")
            self.assertIn(f'ExecStart="{HARKD}"', (UNITS / "harkd.service").read_text())
            status = json.loads(world.hark("service", "status", "--json")[1])
            self.assertEqual((status["installed"], status["listens"], status["at_log_in"]), (True, True, False))
            version = json.loads(world.hark("version", "--json")[1])
            self.assertEqual(shown("ActiveState"), "active")
            self.assertEqual(shown("MainPID"), str(version["process_id"]))

    def test_again_changes_no_file_and_uninstalling_leaves_the_data(self):
        with ServiceWorld() as world:
            world.hark("service", "install")
            world.sign_in()
            before = {p: (p.stat().st_ino, p.read_bytes()) for p in UNITS.rglob("*.service")}
            world.hark("service", "install")
            self.assertEqual(before, {p: (p.stat().st_ino, p.read_bytes()) for p in UNITS.rglob("*.service")})
            self.assertEqual(shown("UnitFileState"), "enabled")
            self.assertEqual(shown("UnitFileState", "harkd.socket"), "enabled")
            world.client().wait_for(State.STATE_LIVE)
            for _ in range(2):
                world.hark("service", "uninstall")
                self.assertFalse([p for p in UNITS.rglob("*") if not p.is_dir()])
                self.assertFalse(world.socket.exists())
            self.assertEqual(world.hark("service", "status", check=False)[0], 4)
            self.assertTrue(list(DATA.rglob("cache.db")))
            world.hark("service", "install")
            world.client().wait_for(State.STATE_LIVE)

    def test_a_unit_that_somebody_else_wrote_is_left_alone(self):
        with ServiceWorld() as world:
            UNITS.mkdir(parents=True)
            own = UNITS / "harkd.service"
            own.write_text("[Service]\nExecStart=/bin/true\n")
            code, _, error = world.hark("service", "install", check=False)
            self.assertEqual(code, 8)
            self.assertIn("was not written by", error)
            self.assertEqual(own.read_text(), "[Service]\nExecStart=/bin/true\n")
            world.hark("service", "uninstall")
            self.assertTrue(own.exists())
            own.unlink()

    def test_a_daemon_that_was_started_by_hand_keeps_its_socket(self):
        with ServiceWorld() as world:
            by_hand = subprocess.Popen([HARKD], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                world.hark("version", "--connect-timeout", PATIENCE)
                code, _, error = world.hark("service", "install", check=False)
                self.assertEqual(code, 8)
                self.assertIn(f"kill {by_hand.pid}", error)
                self.assertEqual(json.loads(world.hark("version", "--json")[1])["process_id"], by_hand.pid)
            finally:
                by_hand.terminate()
                by_hand.wait(PATIENCE)
            world.hark("service", "install")
            self.assertEqual(shown("ActiveState"), "active")

    def test_what_was_tried_too_often_starts_again_once_it_is_mended(self):
        with ServiceWorld() as world:
            world.hark("service", "install", "--on-demand")
            CONFIG.write_text("[backend]\nulr = 1\n")
            (UNITS / "harkd.service.d").mkdir(exist_ok=True)
            (UNITS / "harkd.service.d/hasty.conf").write_text("[Unit]\nStartLimitBurst=3\n")
            systemctl("daemon-reload")

            def given_up():  # each client has it started once more
                with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
                    client.connect(str(world.socket))
                return shown("ActiveState", "harkd.socket") == "failed"
            wait_until(given_up, "systemd never gave up")
            world.configure()
            world.hark("service", "install")
            self.assertEqual(shown("ActiveState"), "active")

    def test_what_keeps_it_from_starting_is_said_and_is_not_tried_again(self):
        with ServiceWorld() as world:
            world.hark("service", "install")
            CONFIG.write_text("[backend]\nulr = 1\n")
            systemctl("restart", "harkd.service", check=False)
            self.assertEqual(shown("ActiveState"), "failed")
            self.assertEqual((shown("ExecMainStatus"), shown("NRestarts")), ("3", "0"))
            self.assertIn("configuration", world.hark("service", "status", check=False)[1])
            findings = {f["check"]: f for f in map(json.loads, world.hark("doctor", "--json", check=False)[1].splitlines())}
            self.assertEqual(findings["service"]["verdict"], "problem")
            self.assertEqual(findings["setup"]["verdict"], "problem")
            world.configure()
            world.hark("service", "install")
            self.assertEqual(shown("ActiveState"), "active")
            findings = {f["check"]: f for f in map(json.loads, world.hark("doctor", "--json", check=False)[1].splitlines())}
            self.assertEqual(findings["service"]["verdict"], "good")


class Sandbox(TestCase):
    def probe(self, name, text, drop_in=None):
        """What service_probe finds in a unit of this text: {directive: it holds}."""
        UNITS.mkdir(parents=True, exist_ok=True)
        (HOME / ".ssh").mkdir(exist_ok=True)
        (HOME / ".ssh/id").touch()
        mark = pathlib.Path("/tmp") / f"hark-probe-mark-{os.getpid()}"
        mark.touch()
        output = RUNTIME / f"{name}.out"
        words = f"{os.environ['HARK_SERVICE_PROBE']} {HOME} {DATA} {RUNTIME} {mark}"
        (UNITS / f"{name}.service").write_text(text.replace("@PROBE@", f"ExecStart={words}\nStandardOutput=file:{output}"))
        if drop_in:
            (UNITS / f"{name}.service.d").mkdir(exist_ok=True)
            (UNITS / f"{name}.service.d/user-namespace.conf").write_text(drop_in)
        try:
            systemctl("daemon-reload")
            systemctl("start", f"{name}.service")
            return {line.rpartition(" ")[0]: line.endswith("yes") for line in output.read_text().splitlines()}
        finally:
            mark.unlink()
            shutil.rmtree(HOME / ".ssh")

    def as_probe(self, unit):
        lines = [line for line in unit.splitlines()
                 if not line.startswith(("Type=", "ExecReload=", "Restart", "Watchdog", "StartLimit"))]
        text = "\n".join("Type=oneshot\n@PROBE@" if line.startswith("ExecStart=") else line for line in lines)
        self.assertIn("@PROBE@", text)
        return text

    def test_each_directive_holds_inside_and_none_without_it(self):
        with ServiceWorld() as world:
            DATA.mkdir(parents=True, mode=0o700)
            bare = self.probe("bare", "[Service]\nType=oneshot\n@PROBE@\n")
            world.hark("service", "install")
            unit = (UNITS / "harkd.service").read_text()
            drop_in = UNITS / "harkd.service.d/user-namespace.conf"
            inside = self.probe("base", self.as_probe(unit))
            proven = set(bare) - WITHOUT_A_UNIT
            if bare["SystemCallArchitectures"]:
                print("this machine has no 32-bit system calls: SystemCallArchitectures was not tried")
                proven.remove("SystemCallArchitectures")
            self.assertEqual({d for d in proven if bare[d]}, set(), "holds for everybody: proves nothing")
            directives = set(bare) - NAMESPACE_ONLY
            self.assertEqual({d for d in directives if not inside[d]}, set(), "in harkd.service, and does not hold")
            # Each directive of the unit that restricts something is one that the probe tries.
            listed = {line.partition("=")[0] for line in unit.partition("[Service]")[2].splitlines() if "=" in line[1:]}
            listed -= {"Type", "ExecStart", "ExecReload", "Restart", "RestartSec", "RestartPreventExitStatus", "TimeoutStartSec",
                       "TimeoutStopSec", "WatchdogSec", "WantedBy"}
            self.assertEqual({d for d in listed if not d.startswith("#")} - set(bare), set())
            if not drop_in.exists():
                print("this machine blocks user namespaces: the drop-in was not tried")
                return
            full = self.probe("full", self.as_probe(unit), drop_in.read_text())
            self.assertEqual({d for d in full if not full[d]}, set(), "with the drop-in, and does not hold")
            listed = {line.partition("=")[0] for line in drop_in.read_text().splitlines() if "=" in line[1:]}
            self.assertEqual({d for d in listed if not d.startswith("#")} - set(full), set())
            # And harkd itself runs in it.
            self.assertEqual(shown("PrivateUsers"), "yes")
            world.sign_in()


class KeyStores(TestCase):
    """With the sandbox that this machine allows, and with the unit alone."""

    def keys(self, world):
        status = json.loads(world.hark("status", "--json")[1])
        return status["key_state"], status["key_kind"]

    def assert_ready(self, world, kind):
        self.assertEqual(self.keys(world), ("ready", kind))
        for drop_in in UNITS.glob("harkd.service.d/user-namespace.conf"):
            drop_in.unlink()
            systemctl("daemon-reload")
        systemctl("restart", "harkd.service")
        self.assertEqual(shown("PrivateUsers"), "no")
        self.assertEqual(self.keys(world), ("ready", kind))
        self.assertFalse((DATA / "keys").exists())

    @unittest.skipUnless(shutil.which("gnome-keyring-daemon"), "there is no GNOME Keyring")
    def test_the_desktops_is_reached_from_inside(self):
        with ServiceWorld() as world, desktops_key_store():
            world.configure(keys="default")
            world.hark("service", "install")
            world.sign_in()
            self.assert_ready(world, "secret-service")

    def test_a_credential_is_passed_in(self):
        with ServiceWorld() as world:
            world.configure(keys="default")
            key = CONFIG.parent / "passed.key"
            key.write_bytes(os.urandom(48))
            (UNITS / "harkd.service.d").mkdir(parents=True)
            (UNITS / "harkd.service.d/credential.conf").write_text(f"[Service]\nLoadCredential=hark.key:{key}\n")
            world.hark("service", "install")
            world.sign_in()
            self.assert_ready(world, "credential")


class Living(TestCase):
    def test_no_delta_is_missed_over_kills_a_hang_and_an_upgrade_in_place(self):
        with ServiceWorld() as world:
            harkd = install_harkd(HOME / "bin")
            world.hark("service", "install", "--harkd", harkd)
            (UNITS / "harkd.service.d").mkdir(exist_ok=True)
            (UNITS / "harkd.service.d/hasty.conf").write_text("[Service]\nWatchdogSec=3s\nRestartSec=50ms\n")
            world.hark("service", "install", "--harkd", harkd)
            client = world.sign_in()
            client.open(CONVERSATION)
            other, author = world.second_daemon()
            with other:
                follower = Follower(client)
                sent = []

                def write(count):
                    for _ in range(count):
                        sent.append(author.send(CONVERSATION, f"delta {len(sent)}").id)

                def ends(how):
                    """The service's process is another one; what is written meanwhile comes."""
                    before = shown("MainPID")
                    how(before)
                    write(5)
                    wait_until(lambda: shown("ActiveState") == "active" and shown("MainPID") not in (before, "0"),
                               "it was not started again")
                    write(5)
                    follower.follow_until(sent[-1])

                write(5)
                follower.follow_until(sent[-1])
                ends(lambda pid: os.kill(int(pid), 9))
                self.assertEqual(shown("NRestarts"), "1")
                fed = shown("WatchdogTimestampMonotonic")
                wait_until(lambda: shown("WatchdogTimestampMonotonic") != fed, "the watchdog is not fed")
                ends(lambda pid: os.kill(int(pid), 19))  # SIGSTOP: only the watchdog ends that
                self.assertEqual(shown("NRestarts"), "2")

                def upgrade(_):
                    install_harkd(HOME / "bin", "0.1.9")
                    world.hark("service", "install", "--harkd", harkd)
                ends(upgrade)
                self.assertEqual(json.loads(world.hark("version", "--json")[1])["daemon_version"], "0.1.9")
                # The first event is a snapshot; after it nothing had to be read again.
                self.assertEqual(follower.snapshots, 1)
                missed = set(sent) - set(follower.seen)
                self.assertFalse(missed, f"{len(missed)} of {len(sent)} deltas were missed")

    def test_it_stops_within_two_seconds_with_everything_durable(self):
        with ServiceWorld() as world:
            world.hark("service", "install")
            client = world.sign_in()
            world.backend.kill()
            made = [client.send(CONVERSATION, f"unsent {i}").id for i in range(20)]
            begun = time.monotonic()
            systemctl("stop", "harkd.service")
            self.assertLess(time.monotonic() - begun, 2)
            self.assertEqual(shown("Result"), "success")
            there = [m.id for m in world.client().all_messages(CONVERSATION)]
            self.assertEqual(there[-20:], made)

    def test_a_reload_takes_over_what_can_change(self):
        with ServiceWorld() as world:
            world.hark("service", "install")
            client = world.sign_in()
            pid = shown("MainPID")
            world.configure('[retention]\ndays = 7\n[outbox]\ndays = 3\n')
            systemctl("reload", "harkd.service")
            wait_until(lambda: json.loads(world.hark("retention", "--json")[1].splitlines()[0])["days"] == 7,
                       "the days of retention are as before")
            self.assertEqual(shown("MainPID"), pid)
            self.assertEqual(client.status().state, State.STATE_LIVE)

    def test_its_log_is_in_the_journal_with_fields(self):
        if not os.path.exists("/run/systemd/journal/socket"):
            self.skipTest("there is no journald here")
        with ServiceWorld() as world:
            world.hark("service", "install")
            world.sign_in()

            def entries():
                out = run("journalctl", "--user", "-u", "harkd.service", "HARK_EVENT=ready", "-o", "json", check=False)[1]
                return [json.loads(line) for line in out.splitlines()]
            ready = wait_until(entries, "no entry of harkd's")[-1]
            self.assertEqual((ready["PRIORITY"], ready["SYSLOG_IDENTIFIER"]), ("6", "harkd"))
            self.assertEqual(ready["HARK_SOCKET"], str(world.socket))
            self.assertTrue(ready["MESSAGE"].startswith("ready version="))
            self.assertIn("ready version=", world.hark("service", "logs")[1])


if __name__ == "__main__":
    unittest.main(verbosity=2)
