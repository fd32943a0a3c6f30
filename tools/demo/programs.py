"""Starting, asking and stopping the three programs in a private folder. Whatever happens to this process, what it started
ends with it."""

import ctypes
import json
import os
import queue
import signal
import socket
import subprocess
import threading
import time

PR_SET_PDEATHSIG = 1


class Failed(Exception):
    """A step did not hold; the text says why, for a person."""


def _end_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def wait_until(condition, seconds, what):
    """Waits for condition() to be true and returns what it returned."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failed(f"{what} did not happen within {seconds} s")
        time.sleep(0.005)


class Stream:
    """A running command whose output, one JSON object a line, is read as it comes."""

    def __init__(self, process):
        self.process = process
        self.seen = []
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            if line.strip():
                self._lines.put(json.loads(line))
        self._lines.put(None)

    def next(self, seconds):
        """The next object; None if the command ended or nothing came in time."""
        try:
            item = self._lines.get(timeout=seconds)
        except queue.Empty:
            return None
        if item is not None:
            self.seen.append(item)
        return item

    def until(self, wanted, seconds, what):
        """Reads on until an object for which wanted() is true, and returns that."""
        deadline = time.monotonic() + seconds
        while True:
            item = self.next(max(0.0, deadline - time.monotonic()))
            if item is None:
                raise Failed(f"{what} did not come within {seconds} s")
            if wanted(item):
                return item

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(10)


class Programs:
    def __init__(self, folder, binaries, encoding):
        self.folder = folder
        self.binaries = binaries
        self.encoding = encoding
        self.socket = os.path.join(folder, "run", "harkd.sock")
        self.data = os.path.join(folder, "data")
        self.backend_data = os.path.join(folder, "backend")
        self.backend = None
        self.daemon = None
        self.port = 0
        self._streams = []
        for name in ("home", "run", "config"):
            os.mkdir(os.path.join(folder, name), 0o700)
        keep = {name: value for name, value in os.environ.items()
                if not name.startswith(("XDG_", "HARK_", "GRPC_")) and name not in ("HOME", "NOTIFY_SOCKET")}
        self.environment = {
            **keep,
            "HOME": os.path.join(folder, "home"),
            "XDG_RUNTIME_DIR": os.path.join(folder, "run"),
            "XDG_CONFIG_HOME": os.path.join(folder, "config"),
            "XDG_DATA_HOME": os.path.join(folder, "home"),
            "HARK_SOCKET": self.socket,
        }
        if len(self.socket) > 107:
            raise Failed(f"the path of the socket is too long: {self.socket}")

    def log_path(self, name):
        return os.path.join(self.folder, name + ".log")

    def _start(self, name, *arguments):
        with open(self.log_path(name), "ab") as log:
            return subprocess.Popen([self.binaries[name], *arguments], env=self.environment, stdin=subprocess.DEVNULL,
                                    stdout=log, stderr=log, preexec_fn=_end_with_parent)

    def run_backend_command(self, *arguments, show=False):
        """A command of hark-backend that ends by itself; its standard output."""
        run = subprocess.run([self.binaries["hark-backend"], *arguments, "--data", self.backend_data], env=self.environment,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=None if show else subprocess.PIPE,
                             text=True, check=False)
        if run.returncode != 0:
            raise Failed(f"hark-backend {' '.join(arguments[:2])} ended with {run.returncode}: {(run.stderr or '').strip()}")
        return run.stdout

    def start_backend(self):
        port_file = os.path.join(self.folder, "port")
        if os.path.exists(port_file):
            os.remove(port_file)
        self.backend = self._start("hark-backend", "serve", "--data", self.backend_data, "--listen", f"127.0.0.1:{self.port}",
                                   "--port-file", port_file, "--responder", "echo")

        def listening():
            if self.backend.poll() is not None:
                raise Failed(f"hark-backend ended with {self.backend.returncode}")
            text = open(port_file, encoding="ascii").read().strip() if os.path.exists(port_file) else ""
            return int(text) if text else 0

        self.port = wait_until(listening, 30, "hark-backend listening")

    def start_daemon(self):
        """Starts harkd; returns the moment just before. Does not wait."""
        begun = time.monotonic()
        self.daemon = self._start("harkd", "--data-dir", self.data, "--socket", self.socket, "--backend-url",
                                  f"ws://127.0.0.1:{self.port}/api/v1/sync", "--encoding", self.encoding)
        return begun

    def wait_for_daemon(self):
        def answers():
            if self.daemon.poll() is not None:
                raise Failed(f"harkd ended with {self.daemon.returncode}")
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
                return probe.connect_ex(self.socket) == 0

        wait_until(answers, 30, "harkd listening on its socket")

    @staticmethod
    def stop(process, name):
        """Asks politely; the exit code has to be 0."""
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            raise Failed(f"{name} did not stop within 20 s of SIGTERM") from None
        if process.returncode != 0:
            raise Failed(f"{name} ended with {process.returncode} after SIGTERM")

    def hark(self, *arguments, text=None):
        """A command of hark with --json; its objects."""
        run = subprocess.run([self.binaries["hark"], *arguments, "--json"], env=self.environment, input=text or "",
                             capture_output=True, text=True, timeout=120, check=False)
        if run.returncode != 0:
            raise Failed(f"hark {arguments[0]} ended with {run.returncode}: {run.stderr.strip()}")
        return [json.loads(line) for line in run.stdout.splitlines() if line.strip()]

    def follow(self, *arguments):
        """A command of hark that goes on."""
        with open(self.log_path("hark"), "ab") as log:
            process = subprocess.Popen([self.binaries["hark"], *arguments, "--json"], env=self.environment,
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True,
                                       preexec_fn=_end_with_parent)
        stream = Stream(process)
        self._streams.append(stream)
        return stream

    def end_all(self):
        """For the end, whatever the end is: nothing may be left running."""
        processes = [stream.process for stream in self._streams] + [self.daemon, self.backend]
        alive = [process for process in processes if process is not None and process.poll() is None]
        for process in alive:
            process.terminate()
        for process in alive:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
