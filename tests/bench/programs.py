"""Running programs as a benchmark sees them: talked to by lines, their memory and wake-ups, what of them is in the page cache."""

import ctypes
import mmap
import os
import pathlib
import subprocess
import threading

from figures import helper_path


class Program:
    """A helper that answers lines on its standard output to lines on its standard input."""

    def __init__(self, build, name, *arguments):
        self.name = name
        self.popen = subprocess.Popen([str(helper_path(build, name)), *map(str, arguments)], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, text=True, bufsize=1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.popen.kill()
        self.popen.wait()
        self.popen.stdin.close()
        self.popen.stdout.close()

    def answer(self):
        line = self.popen.stdout.readline().strip()
        if not line:
            raise SystemExit(f"{self.name} ended")
        return line

    def say(self, *words):
        self.popen.stdin.write(" ".join(map(str, words)) + "\n")
        self.popen.stdin.flush()

    def ask(self, *words):
        self.say(*words)
        return self.answer()

    def ready(self):
        while self.answer() != "ready":
            pass
        return self


def resident(pid):
    """Bytes of the process in memory."""
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Rss:"):
            return int(line.split()[1]) * 1024
    raise SystemExit("no Rss in smaps_rollup")


def voluntary_switches(pid):
    total = 0
    for status in pathlib.Path(f"/proc/{pid}/task").glob("*/status"):
        for line in status.read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches:"):
                total += int(line.split()[1])
    return total


def libraries_of(program):
    """The shared libraries of a program and its loader, as files."""
    found = []
    for line in subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout.splitlines():
        path = line.partition("=>")[2] or line
        path = path.strip().split(" ")[0]
        if path.startswith("/"):
            found.append(path)
    loader = next(path for path in found if "ld-linux" in path)
    return [path for path in found if path != loader], loader


def drop_from_page_cache(files):
    for file in files:
        with open(file, "rb") as open_file:
            os.fsync(open_file.fileno())
            os.posix_fadvise(open_file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def in_page_cache(files):
    """Bytes of the files that are in memory."""
    libc = ctypes.CDLL(None, use_errno=True)
    total = 0
    for file in files:
        size = os.path.getsize(file)
        if size == 0:
            continue
        with open(file, "rb") as open_file, mmap.mmap(open_file.fileno(), size, mmap.MAP_PRIVATE,
                                                      mmap.PROT_READ | mmap.PROT_WRITE) as mapped:
            pages = (size + mmap.PAGESIZE - 1) // mmap.PAGESIZE
            states = (ctypes.c_ubyte * pages)()
            place = ctypes.c_char.from_buffer(mapped)
            libc.mincore(ctypes.c_void_p(ctypes.addressof(place)), ctypes.c_size_t(size), states)
            del place
            total += sum(state & 1 for state in states) * mmap.PAGESIZE
    return total


def largest_during(program, work):
    """Bytes of the program in memory, at the most, while the work is done."""
    sizes, done = [], threading.Event()

    def look():
        while not done.wait(0.05):
            sizes.append(resident(program.popen.pid))
    looking = threading.Thread(target=look)
    looking.start()
    work()
    done.set()
    looking.join()
    return max(sizes)
