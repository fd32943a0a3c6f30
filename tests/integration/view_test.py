"""ConversationView of the C++ SDK, in its example: its list equals the daemon's store, whatever happens to the daemon."""

import os
import random
import select
import subprocess
import time
import unittest

from harness import PATIENCE, State, TestCase, World

EXAMPLE = os.environ["HARK_EXAMPLE_VIEW"]


class View:
    """The example, and the list that its lines make."""

    def __init__(self, world, conversation):
        self.popen = subprocess.Popen([EXAMPLE, conversation], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, env=dict(world.env, HARK_SOCKET=str(world.socket)))
        self.shown = []  # (id, sequence, text), as a UI would have it.
        self.state = ""
        self.steps = 0
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.popen.stdin.close()
        self.popen.wait(PATIENCE)
        self.popen.stdout.close()
        self.popen.stderr.close()

    def say(self, line):
        self.popen.stdin.write(line.encode() + b"\n")
        self.popen.stdin.flush()

    def _apply(self, line):
        mark, rest = line[0], line[2:]
        if mark == "=":
            self.state = rest
            assert int(rest.split(" ")[0]) == len(self.shown), (rest, len(self.shown))
            return
        self.steps += 1
        place = int(rest.split(" ")[0])
        if mark == "-":
            assert self.shown.pop(place)[0] == rest.split(" ")[1]
            return
        message = tuple(rest.split(" ", 3)[1:])
        if mark == "+":
            self.shown.insert(place, message)
        else:
            assert self.shown[place][0] == message[0], "a replacement has the same id"
            self.shown[place] = message

    def until(self, condition, what):
        deadline = time.monotonic() + PATIENCE
        while not condition(self):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.popen.stdout], [], [], left)[0]:
                raise AssertionError(f"the view never showed {what}: {self.state} {self.shown[-3:]}")
            read = os.read(self.popen.stdout.fileno(), 65536)
            assert read, "the example ended: " + self.popen.stderr.read().decode()
            *lines, self.buffer = (self.buffer + read).split(b"\n")
            for line in lines:
                self._apply(line.decode())

    def until_text(self, text):
        self.until(lambda view: any(m[2] == text for m in view.shown), text)

    def until_equal(self, client, conversation):
        """To exactly what the daemon has of the conversation's end."""
        def stored():
            page = client.page(conversation, size=200).messages
            return [(m.id, str(m.sequence), "(deleted)" if m.deleted else m.content) for m in page]

        def equal(view):
            wanted = stored()
            return len(view.shown) > 0 and view.shown == wanted[-len(view.shown):]
        self.until(equal, "what the store has")


class Views(TestCase):
    def test_the_list_is_told_changed_and_extended(self):
        with World() as world:
            made = [{"conversation_id": "long", "title": "t", "messages": [
                {"role": "user" if n % 2 == 0 else "assistant", "content": f"text {n}"} for n in range(130)]}]
            client = world.signed_in(made=made)
            with View(world, "long") as view:
                view.until(lambda v: v.state == "50 older", "the newest page")
                self.assertEqual([m[2] for m in view.shown], [f"text {n}" for n in range(80, 130)])
                view.say("older")
                view.until(lambda v: v.state == "100 older", "an older page")
                view.say("older")
                view.until(lambda v: v.state == "130 all", "the beginning")
                self.assertEqual(view.shown[0][2], "text 0")

                sent = client.send("long", "sent by another client")
                view.until(lambda v: v.shown[-1][0] == sent.id and v.shown[-1][1] != "0", "the delivered message")
                client.edit(client.page("long").messages[-2], "edited by another client")
                view.until_text("edited by another client")
                view.say("send sent by the view")
                view.until_text("sent by the view")
                view.until_equal(client, "long")

    def test_a_resync_and_a_killed_daemon_change_only_what_is_different(self):
        with World() as world:
            made = [{"conversation_id": "long", "title": "t", "messages": [
                {"role": "user", "content": f"text {n}"} for n in range(130)]}]
            world.signed_in(made=made)
            with View(world, "long") as view:
                view.until(lambda v: v.state == "50 older", "the newest page")
                view.say("older")
                view.until(lambda v: v.state == "100 older", "an older page")
                before = view.steps
                # A token of the killed run is not known to the next one: a new snapshot.
                world.daemon.kill()
                world.start_daemon()
                client = world.client()
                client.wait_for(State.STATE_LIVE)
                client.send("long", "after the kill")
                view.until_text("after the kill")
                view.until_equal(client, "long")
                self.assertEqual(len(view.shown), 101)
                self.assertLess(view.steps - before, 10, "nothing but the new message was told")

    def test_it_equals_the_store_after_random_lives(self):
        seed = int(os.environ.get("HARK_TEST_SEED", "1"))
        print(f"seed {seed}")
        source = random.Random(seed)
        with World() as world:
            made = [{"conversation_id": "c", "title": "t", "messages": [
                {"role": "user", "content": f"text {n}"} for n in range(90)]}]
            client = world.signed_in(made=made)
            with World() as other_world:
                other_world.port = world.port
                other_world.start_daemon()
                other = other_world.client()
                other.sign_in(world.new_token("ada"))
                other.wait_for(State.STATE_LIVE)
                with View(world, "c") as view:
                    for step in range(60):
                        what = source.randrange(10)
                        if what < 4:
                            source.choice([client, other]).send("c", f"step {step}")
                        elif what < 6:
                            message = source.choice(other.page("c").messages)
                            if not message.deleted and message.sequence > 0:
                                other.edit(message, f"edited in step {step}")
                        elif what < 7:
                            message = source.choice(other.page("c").messages)
                            if message.sequence > 0:
                                other.delete(message)
                        elif what < 8:
                            view.say("older")
                        elif what < 9 and step % 3 == 0:
                            world.daemon.kill()
                            if source.randrange(2) == 0:
                                other.send("c", f"while away in step {step}")
                            world.start_daemon()
                            client = world.client()
                        elif step % 4 == 0:
                            world.backend.kill()
                            client.send("c", f"offline in step {step}")
                            world.start_backend()
                    last = client.send("c", "the last")
                    client.wait_for(State.STATE_LIVE)
                    # Not at the end: what the other installation still had to send comes after it.
                    view.until(lambda v: any(m[0] == last.id and m[1] != "0" for m in v.shown), "the last")
                    view.until_equal(client, "c")


if __name__ == "__main__":
    unittest.main(verbosity=2)
