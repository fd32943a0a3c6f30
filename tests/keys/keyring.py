"""A desktop's key store without a desktop: a session bus of its own, and GNOME Keyring on it."""

import os
import pathlib
import shutil
import signal
import subprocess
import time

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={path}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""
PATIENCE = 30


def is_installed():
    return all(shutil.which(program) for program in ("dbus-daemon", "dbus-send", "gnome-keyring-daemon", "secret-tool"))


class Keyring:
    """Nothing is started on demand: what runs is what the test started."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        for name in ("home", "data", "run", "cache"):
            (self.folder / name).mkdir(parents=True, mode=0o700)
        (self.folder / "bus.conf").write_text(BUS.format(path=self.folder / "bus"))
        self.env = dict(os.environ, HOME=str(self.folder / "home"), XDG_DATA_HOME=str(self.folder / "data"),
                        XDG_RUNTIME_DIR=str(self.folder / "run"), XDG_CACHE_HOME=str(self.folder / "cache"),
                        DBUS_SESSION_BUS_ADDRESS=f"unix:path={self.folder / 'bus'}")
        self.bus = subprocess.Popen(["dbus-daemon", f"--config-file={self.folder / 'bus.conf'}", "--nofork",
                                     "--print-address"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=self.env)
        self.bus.stdout.readline()  # It listens.
        self.daemon = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        self.bus.kill()
        self.bus.wait(PATIENCE)
        self.bus.stdout.close()

    @property
    def files(self):
        return self.folder / "data" / "keyrings"

    def start(self, unlocked=True):
        self.stop()
        command = ["gnome-keyring-daemon", "--foreground", "--components=secrets", f"--control-directory={self.folder / 'run'}"]
        self.daemon = subprocess.Popen(command + (["--unlock"] if unlocked else []), stdin=subprocess.PIPE,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.env)
        if unlocked:
            self.daemon.stdin.write(b"password")
        self.daemon.stdin.close()
        question = ["dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus",
                    "org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets"]
        end = time.monotonic() + PATIENCE
        while b"boolean true" not in subprocess.run(question, env=self.env, capture_output=True, check=True).stdout:
            assert time.monotonic() < end, "GNOME Keyring does not start"

    def stop(self):
        if self.daemon is None:
            return
        self.daemon.kill()
        self.daemon.wait(PATIENCE)
        self.daemon = None

    def tool(self, *arguments, secret=""):
        subprocess.run(["secret-tool", *arguments], env=self.env, input=secret.encode(), timeout=PATIENCE, check=True)

    def freeze(self):
        """It is there and answers nothing."""
        self.daemon.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.daemon.send_signal(signal.SIGCONT)

    def save(self, name):
        """What is in the key store now, to be put back by load(); it must not be running."""
        assert self.daemon is None
        shutil.copytree(self.files, self.folder / name)

    def load(self, name):
        assert self.daemon is None
        shutil.rmtree(self.files)
        shutil.copytree(self.folder / name, self.files)
