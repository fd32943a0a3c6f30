"""Wrong, missing, changed, damaged and restored keys and files, in random orders, under the real harkd.

  key_states.py [--orders N] [--seed S]

Each order is a life of one installation: before a start, one thing is wrong or nothing is. The state must be the right one, with a
sentence; reads are refused; and no byte of any file may differ from before. Then the cause is undone, under the running daemon or
before the next start, and everything has to be readable again, what waits to be sent included. Every daemon ends by kill -9."""

import argparse
import collections
import os
import random
import shutil
import sys

import grpc

from world import Keys, KeyWorld, another_installation, contents, refusal, replace_folder, set_up

STEPS = 4


class Trouble:
    """One thing that is wrong. `spoil` changes files; what it changed is put back by undo()."""

    def __init__(self, name, state, spoil, flags=(), live=True):
        self.name, self.state, self.spoil, self.flags, self.live = name, state, spoil, flags, live


def flip(file):
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    write(file, data)


def write(file, data):
    file.write_bytes(data)
    os.chmod(file, 0o600)


def database(world, name):
    return [world.account / (name + suffix) for suffix in ("", "-wal", "-shm")]


def remove(files):
    for file in files:
        file.unlink(missing_ok=True)


def empty(world, name):
    remove(database(world, name)[1:])
    write(world.account / name, b"")


def foreign(world, other, name):
    remove(database(world, name)[1:])
    shutil.copy(next((other / "accounts").iterdir()) / name, world.account / name)


def troubles(world, other, old_key):
    key, ring = world.data / "keys" / "master.key", [world.data / "keyring", world.data / "keyring.copy"]
    return [
        Trouble("nothing", Keys.STATE_READY, lambda: None),
        Trouble("key missing", Keys.STATE_MISSING, key.unlink),
        Trouble("key folder missing", Keys.STATE_MISSING, lambda: shutil.rmtree(key.parent)),
        Trouble("key of another installation", Keys.STATE_WRONG_KEY,
                lambda: write(key, (other / "keys" / "master.key").read_bytes())),
        Trouble("key of before the rotation", Keys.STATE_KEY_STORE_CHANGED, lambda: write(key, old_key)),
        Trouble("another kind asked for", Keys.STATE_KEY_STORE_CHANGED, lambda: None, ("--key-source", "credential"), False),
        Trouble("key damaged", Keys.STATE_CORRUPT, lambda: flip(key)),
        Trouble("key empty", Keys.STATE_CORRUPT, lambda: write(key, b"")),
        Trouble("key readable by others", Keys.STATE_CORRUPT, lambda: os.chmod(key, 0o644)),
        Trouble("key ring missing", Keys.STATE_CORRUPT, lambda: remove(ring)),
        Trouble("key ring empty", Keys.STATE_CORRUPT, lambda: [write(file, b"") for file in ring]),
        Trouble("key ring damaged", Keys.STATE_CORRUPT, lambda: [flip(file) for file in ring]),
        Trouble("key ring of another installation", Keys.STATE_WRONG_KEY,
                lambda: [write(file, (other / file.name).read_bytes()) for file in ring]),
        Trouble("authored.db empty", Keys.STATE_CORRUPT, lambda: empty(world, "authored.db")),
        Trouble("authored.db foreign", Keys.STATE_CORRUPT, lambda: foreign(world, other, "authored.db")),
        Trouble("authored.db missing", Keys.STATE_CORRUPT, lambda: remove(database(world, "authored.db"))),
        Trouble("both databases missing", Keys.STATE_CORRUPT,
                lambda: remove(database(world, "authored.db") + database(world, "cache.db"))),
        Trouble("both databases foreign", Keys.STATE_CORRUPT,
                lambda: [foreign(world, other, name) for name in ("authored.db", "cache.db")]),
        Trouble("account folder missing", Keys.STATE_CORRUPT, lambda: shutil.rmtree(world.account)),
    ]


class Judge:
    def __init__(self, world, expected, seed):
        self.world, self.expected, self.random = world, expected, random.Random(seed)
        self.good = world.folder / "good"
        self.counts, self.seen = collections.Counter(), collections.Counter()

    def order(self, choices, template):
        replace_folder(template, self.world.data)
        for _ in range(STEPS):
            self.step(self.random.choice(choices))
        client = self.world.start()
        self.expect_all(client)
        self.world.daemon.kill()

    def step(self, trouble):
        world = self.world
        replace_folder(world.data, self.good)
        trouble.spoil()
        before = world.hashes()
        client = world.start(*trouble.flags)
        status = world.key_status()
        assert status.state == trouble.state, f"{trouble.name}: {status}"
        self.seen[Keys.State.Name(status.state)] += 1
        self.counts[trouble.name] += 1
        if trouble.state == Keys.STATE_READY:
            self.expect_all(client)
        else:
            assert status.sentence, trouble.name
            code = refusal(client)
            wanted = grpc.StatusCode.DATA_LOSS if trouble.state == Keys.STATE_CORRUPT else grpc.StatusCode.FAILED_PRECONDITION
            assert code == wanted, f"{trouble.name}: {code}"
            world.key_status()  # Looks again.
            assert world.hashes() == before, f"{trouble.name}: bytes changed: {world.hashes().items() ^ before.items()}"
            if trouble.live and self.random.random() < 0.5:
                # What was wrong ends under the running daemon.
                replace_contents(self.good, world.data)
                status = world.key_status()
                assert status.state == Keys.STATE_READY, f"after {trouble.name}: {status}"
                self.expect_all(client)
                world.daemon.kill()
                return
        world.daemon.kill()
        if trouble.state != Keys.STATE_READY:
            assert world.hashes() == before, f"{trouble.name}: bytes changed"
            replace_contents(self.good, world.data)

    def expect_all(self, client):
        found = contents(client, self.expected)
        assert found == self.expected, "messages differ"


def replace_contents(source, target):
    """Puts every file back as it was, by a new file each, without touching the folder that a daemon has locked."""
    for file in target.rglob("*"):
        if file.is_file() and file.name != "harkd.lock" and not (source / file.relative_to(target)).exists():
            file.unlink()
    for file in source.rglob("*"):
        there = target / file.relative_to(source)
        if file.is_dir():
            there.mkdir(mode=0o700, exist_ok=True)
        elif file.name != "harkd.lock":
            new = there.with_name(there.name + ".put-back")
            shutil.copy2(file, new)
            os.chmod(new, 0o600)
            new.rename(there)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--orders", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    with KeyWorld() as world:
        expected = set_up(world)
        world.daemon.stop()
        old_key = (world.data / "keys" / "master.key").read_bytes()
        world.start()
        world.rotate()
        world.daemon.stop()
        template = world.folder / "template"
        replace_folder(world.data, template)
        with another_installation(world) as other:
            judge = Judge(world, expected, arguments.seed)
            choices = troubles(world, other, old_key)
            for number in range(arguments.orders):
                try:
                    judge.order(choices, template)
                except Exception:
                    sys.stderr.write(f"order {number} of seed {arguments.seed}\n")
                    raise
        for name, count in sorted(judge.seen.items()):
            print(f"{name:28} {count}")
        print(f"{arguments.orders} orders, {sum(judge.counts.values())} states, {len(judge.counts)} kinds of trouble: "
              "each told, no byte changed, all readable again")


if __name__ == "__main__":
    main()
