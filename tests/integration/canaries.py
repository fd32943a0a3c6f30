"""What only the person and the daemon may read, and the search for it where anybody else could (guarantee G10).

Canaries are words that occur nowhere else: every word that has MARK in it, each token, and what a test types. The first two
are looked for in every form that a program might give them on the way to a file or a log, the last as it is."""

import base64
import os
import pathlib

MARK = "canary"
SHORTEST = 12  # Of what is typed without MARK: shorter words may stand anywhere by chance.
MOST = 60      # Of those, per test program: each is looked for in every file.
FILE_BYTES = 64 << 20  # The beginning of a file that is searched: benchmarks have large ones, written by the same code.

# Each would make a library tell what it should not. The daemon takes them away from itself at its start.
TELLING = {"GRPC_TRACE": "all", "GRPC_VERBOSITY": "DEBUG", "G_MESSAGES_DEBUG": "all", "G_DBUS_DEBUG": "all"}

_told = set()


def tell(*texts):
    """Remembers what a test gives to the daemon, to be looked for at the end of each world."""
    for text in texts:
        if MARK not in text and len(text.encode()) >= SHORTEST and len(_told) < MOST:
            _told.add(text)


def forms(text):
    """The bytes to look for."""
    plain = text.encode()
    wanted = {plain, text.encode("utf-16-le"), text.encode("utf-16-be"), plain.hex().encode(), plain.hex().upper().encode()}
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + plain)
        # Without the characters that hold bits of what stands before or after. Seven are left of MARK.
        wanted.add(encoded[(shift * 8 + 5) // 6:(shift + len(plain)) * 8 // 6])
    return wanted


class Search:
    def __init__(self, texts=()):
        self.wanted = {form for text in {MARK, *texts} for form in forms(text)} | {text.encode() for text in _told}

    def hits(self, name, content):
        return [(str(name), form) for form in self.wanted if form in content]

    def files(self, *places):
        """Hits in files, and in the names of files, below the places; sockets and what goes away meanwhile are passed over."""
        found = []
        for place in places:
            for path in [place, *place.rglob("*")] if place.is_dir() else [place]:
                found += self.hits(path, os.fsencode(path.name))
                try:
                    if path.is_file():
                        with open(path, "rb") as file:
                            found += self.hits(path, file.read(FILE_BYTES))
                except FileNotFoundError:
                    pass
        return found

    def process(self, pid):
        """Hits in what the system tells of a process: its arguments, environment, and the names of its threads and files."""
        folder = pathlib.Path(f"/proc/{pid}")
        found = []
        try:
            for name in ("cmdline", "environ", "maps", "status"):
                found += self.hits(folder / name, (folder / name).read_bytes())
            for thread in (folder / "task").iterdir():
                found += self.hits(thread, (thread / "comm").read_bytes())
            for file in (folder / "fd").iterdir():
                found += self.hits(file, os.fsencode(os.readlink(file)))
        except (FileNotFoundError, ProcessLookupError):
            pass
        except PermissionError:
            # That nobody but root may look is the point (PR_SET_DUMPABLE).
            pass
        return found
