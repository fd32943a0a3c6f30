"""What the tests of key states and rotations share: an installation, another one beside it, and a look at all files."""

import contextlib
import hashlib
import os
import shutil
import sys

import grpc

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))

from harness import HARK, PATIENCE, State, World, sample  # noqa: E402, F401
from hark.v1 import keys_pb2, keys_pb2_grpc, messages_pb2  # noqa: E402, F401

Keys = keys_pb2.KeyStatus
UNLOCKED = {Keys.STATE_NONE, Keys.STATE_READY}


class KeyWorld(World):
    """One installation with its key in a file, unless the flags say otherwise."""

    flags = ("--key-source", "file")

    def start(self, *flags):
        """A client of a new daemon; those of the one before are closed."""
        for channel in self.channels:
            channel.close()
        self.channels.clear()
        self.start_daemon(*(flags or self.flags))
        client = self.client()
        self.stub = keys_pb2_grpc.KeysStub(client.channel)
        return client

    def keys_stub(self):
        return self.stub

    def key_status(self):
        return self.keys_stub().GetKeyStatus(keys_pb2.GetKeyStatusRequest(), timeout=PATIENCE, wait_for_ready=True).keys

    def rotate(self, full=False, to=""):
        return self.keys_stub().RotateKey(keys_pb2.RotateKeyRequest(full=full, to=to), timeout=PATIENCE, wait_for_ready=True)

    def recovery_code(self):
        return self.keys_stub().CreateRecoveryCode(keys_pb2.CreateRecoveryCodeRequest(), timeout=PATIENCE).code

    def recover(self, code):
        return self.keys_stub().Recover(keys_pb2.RecoverRequest(code=code), timeout=PATIENCE).keys

    def hashes(self):
        """Every file below the data folder; the lock file holds a process's number."""
        found = {}
        for file in sorted(self.data.rglob("*")):
            if file.is_file() and file.name != "harkd.lock":
                found[str(file.relative_to(self.data))] = hashlib.sha256(file.read_bytes()).hexdigest()
        return found

    @property
    def account(self):
        """The folder of the one account."""
        return next((self.data / "accounts").iterdir())


def contents(client, conversations):
    """All messages that are cached, by conversation."""
    return {c: [(m.id, m.content) for m in client.all_messages(c)] for c in conversations}


def refusal(client):
    """The status code that a read gets; none when it is answered."""
    try:
        client.all_conversations()
    except grpc.RpcError as error:
        return error.code()
    return None


def set_up(world, made=None):
    """A user signed in and synced; a message that waits. The backend is stopped then. What is cached and waits."""
    made = made or sample(conversations=3, messages=12)
    world.made = made
    world.token = world.add_user("ada")
    world.import_conversations(made, "ada")
    world.start_backend()
    client = world.start()
    client.sign_in(world.token)
    client.wait_for(State.STATE_LIVE)
    for conversation in made:
        contents(client, [conversation["conversation_id"]])
    world.backend.stop()
    client.wait_for(State.STATE_OFFLINE)
    client.send("conversation-0", "waits to be sent")
    return contents(client, [c["conversation_id"] for c in made])


@contextlib.contextmanager
def another_installation(world):
    """The data folder of another installation of the same user, whose daemon has ended."""
    with KeyWorld() as other:
        world.start_backend()
        other.port = world.port
        client = other.start()
        client.sign_in(world.token)
        client.wait_for(State.STATE_LIVE)
        other.daemon.stop()
        world.backend.stop()
        yield other.data


def replace_folder(source, target):
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
