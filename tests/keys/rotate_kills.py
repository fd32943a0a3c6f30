"""kill -9 at any moment of a rotation of keys.

  rotate_kills.py [--kills N] [--seed S]

A client asks for rotations, every third one of all files, while another one reads; the daemon is killed after a random while. At
the next start exactly one key is in force, and every message is there, what waits to be sent included. Reads go on during a
rotation: none fails but for the kill."""

import argparse
import random
import threading
import time

import grpc

from world import Keys, KeyWorld, contents, keys_pb2, messages_pb2, set_up


class Reader:
    """Reads as fast as it can until the daemon is gone; counts what was answered."""

    def __init__(self, client, conversation, expected):
        self.client, self.expected = client, expected
        self.request = messages_pb2.ListMessagesRequest(conversation_id=conversation, page_size=50)
        self.reads, self.fault = 0, None
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while True:
            try:
                page = self.client.messages.ListMessages(self.request, timeout=60)
            except grpc.RpcError as error:
                if error.code() != grpc.StatusCode.UNAVAILABLE:
                    self.fault = error
                return
            if [(m.id, m.content) for m in page.messages] != self.expected:
                self.fault = "a page differs"
                return
            self.reads += 1


def one_life(world, expected, full, after):
    """A daemon that is killed `after` seconds after the rotation was asked for; whether it had answered, and the reads."""
    client = world.start()
    status = world.key_status()
    assert status.state == Keys.STATE_READY, status
    assert contents(client, expected) == expected, "messages differ"
    conversation = next(iter(expected))
    reader = Reader(client, conversation, expected[conversation])
    call = world.keys_stub().RotateKey.future(keys_pb2.RotateKeyRequest(full=full), timeout=60)
    timer = threading.Event()
    call.add_done_callback(lambda _: timer.set())
    timer.wait(after)
    world.daemon.kill()
    reader.thread.join()
    assert reader.fault is None, reader.fault
    try:
        answer = call.result()
    except grpc.RpcError as error:
        assert error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED), error
        answer = None
    return status.generation, answer, reader.reads


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    chance = random.Random(arguments.seed)
    with KeyWorld() as world:
        expected = set_up(world)
        world.daemon.kill()
        # How long a rotation takes here: the kills are spread over it.
        took = {}
        for full in (False, True):
            world.start()
            begun = time.monotonic()
            world.rotate(full)
            took[full] = time.monotonic() - begun
            world.daemon.kill()
        before, answered, reads, changed = 0, 0, 0, 0
        for number in range(arguments.kills):
            full = number % 3 == 0
            generation, answer, read = one_life(world, expected, full, chance.uniform(0, 1.2 * took[full]))
            assert generation >= before, "the generation went back"
            changed += generation > before
            before = generation
            reads += read
            if answer is not None:
                answered += 1
                assert answer.generation == generation + 1, answer
                before = answer.generation
        client = world.start()
        assert world.key_status().state == Keys.STATE_READY
        assert contents(client, expected) == expected, "messages differ"
        keys = (world.data / "keys" / "master.key").read_bytes()
        assert keys.count(b",32:") == 1, "a key was left behind"
        world.daemon.kill()
        print(f"{arguments.kills} kills, {answered} after the answer; {reads} pages read meanwhile, none refused; "
              f"rotation {1000 * took[False]:.0f} ms, with all files {1000 * took[True]:.0f} ms; 0 lost (below "
              f"{3 / arguments.kills:.1%} at 95 %)")


if __name__ == "__main__":
    main()
