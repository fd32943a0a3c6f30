#!/usr/bin/env python3
"""The demo that tools/run-demo starts: runs the real programs and checks what they say, step by step."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from programs import Failed, Programs, wait_until
from verify import conversations_of

HERE = os.path.dirname(os.path.abspath(__file__))
QUESTION = "Is there anything that I should do before Friday?"
OFFLINE = "This was written while the backend was away."


class Story:
    """Numbers the steps, prints what holds, and remembers it for the end."""

    def __init__(self):
        self.steps = []
        self.begun = time.monotonic()

    def step(self, title, meaning):
        self.steps.append([title, time.monotonic(), None])
        print(f"\n{len(self.steps)}. {title}\n   {meaning}", flush=True)

    def close(self):
        if self.steps and self.steps[-1][2] is None:
            self.steps[-1][2] = time.monotonic() - self.steps[-1][1]

    @staticmethod
    def show(text):
        print(f"    {text}", flush=True)

    @staticmethod
    def check(holds, sentence):
        if not holds:
            raise Failed(f"this should hold and does not: {sentence}")
        print(f"  ✓ {sentence}", flush=True)

    def summary(self):
        print(f"\nAll {len(self.steps)} steps held, in {time.monotonic() - self.begun:.1f} s:")
        for number, (title, _, seconds) in enumerate(self.steps, 1):
            print(f"  {number:2}. {title:<58} {1000 * (seconds or 0):9.0f} ms")


def short(text, width=72):
    line = " ".join(text.split())
    return line if len(line) <= width else line[:width - 1] + "…"


def show_page(story, messages):
    for message in messages:
        state = "" if message["delivery"] == "sent" else f"  [{message['delivery']}]"
        story.show(f"{message['role']:>9}: {short(message['content'])}{state}")


class Demo:
    def __init__(self, story, programs, data):
        self.story = story
        self.programs = programs
        self.data = data
        self.expected = [0, 0]
        self.conversation = ""

    def run(self):
        for part in (self.backend_with_conversations, self.sign_in_and_sync, self.list_and_page, self.compare_with_file,
                     self.two_clients, self.offline, self.delivered, self.restart, self.private):
            part()
            self.story.close()

    def status(self):
        return self.programs.hark("status")[0]

    def page(self, limit):
        found = self.programs.hark("messages", self.conversation, "--limit", str(limit))
        return [item for item in found if item["type"] == "message"]

    def backend_with_conversations(self):
        self.story.step("A backend that holds conversations",
                        "hark-backend gets a user, a token and the conversations of a file, and serves them on loopback.")
        self.programs.run_backend_command("user", "add", "ada")
        self.token = self.programs.run_backend_command("token", "create", "ada").strip()
        for _, _, messages in conversations_of(self.data):
            self.expected[0] += 1
            self.expected[1] += len(messages)
        begun = time.monotonic()
        self.programs.run_backend_command("import", self.data, "--user", "ada", "--days", "30", show=True)
        self.story.show(f"imported {self.expected[1]:,} messages of {self.expected[0]:,} conversations in "
                        f"{1000 * (time.monotonic() - begun):.0f} ms")
        self.programs.start_backend()
        self.story.check(self.programs.backend.poll() is None, f"the backend serves on 127.0.0.1:{self.programs.port}")

    def sign_in_and_sync(self):
        self.story.step("Sign in, and the first sync",
                        "harkd starts empty. With a token it fetches everything into its encrypted files and says how far it is.")
        self.programs.start_daemon()
        self.programs.wait_for_daemon()
        self.story.check(self.status()["state"] == "signed_out", "before signing in nothing is synced")
        watch = self.programs.follow("status", "--watch")
        begun = shown = time.monotonic()
        self.programs.hark("sign-in", "--token-stdin", text=self.token + "\n")
        furthest, backwards = 0, False

        def live(status):
            nonlocal furthest, backwards, shown
            if status["type"] != "status":
                return False
            done, total = status["progress_done"] or 0, status["progress_total"] or 0
            if status["state"] == "catching_up":
                backwards = backwards or done < furthest
                furthest = max(furthest, done)
                if time.monotonic() - shown > 1 and total:
                    shown = time.monotonic()
                    self.story.show(f"loading conversation history… {done:,} of {total:,}")
            return status["state"] == "live"

        watch.until(live, 1800, "the end of the first sync")
        watch.stop()
        states = [status["state"] for status in watch.seen if status["type"] == "status"]
        self.story.show(f"{self.expected[1]:,} messages in {1000 * (time.monotonic() - begun):.0f} ms")
        self.story.check("catching_up" in states, "the status showed the sync's progress")
        self.story.check(not backwards, "the progress never went back")
        self.story.check(states[-1] == "live", "now it is live: equal to the backend")

    def list_and_page(self):
        self.story.step("The conversation list and a page", "Both are answered from the local files; the network is not asked.")
        listed = self.programs.hark("conversations", "--limit", "8")
        for item in listed:
            self.story.show(f"{item['title'][:30]:<31}{item['message_count']:>4} messages   {short(item['preview'], 40)}")
        self.story.check(len(listed) == min(8, self.expected[0]), "the newest conversations are listed")
        self.conversation = listed[0]["id"]
        page = self.page(6)
        self.story.show("")
        show_page(self.story, page)
        self.story.check(0 < len(page) <= 6, "a page of the newest conversation")
        self.story.check(page[-1]["sequence"] == listed[0]["last_sequence"], "it ends with the newest message")

    def compare_with_file(self):
        self.story.step("Every message, compared with the file",
                        "A second client, in Python from the .proto files alone, pages through every conversation.")
        command = [sys.executable, "-B", os.path.join(HERE, "verify.py"), "--socket", self.programs.socket, "--data", self.data]
        run = subprocess.run(command, check=False)
        self.story.check(run.returncode == 0, "nothing is missing, doubled, changed or out of order")

    def two_clients(self):
        self.story.step("Two clients at once",
                        "One client follows the conversation. Another sends a question; the assistant's answer streams into the first.")
        tail = self.programs.follow("tail", self.conversation)
        tail.until(lambda item: item["type"] == "message" and item["snapshot"], 20, "the follower's snapshot")
        sent = self.programs.hark("send", self.conversation, QUESTION)[0]
        self.story.check(sent["content"] == QUESTION, f"sent as {sent['id']}")
        pieces = []

        def answered(item):
            if item["type"] == "partial":
                pieces.append(item["text"])
                self.story.show(f"…{short(item['text'], 66)}")
            return item["type"] == "message" and item["role"] == "assistant" and QUESTION in item["content"]

        answer = tail.until(answered, 60, "the assistant's answer")
        tail.stop()
        own = [item for item in tail.seen if item["type"] == "message" and item["id"] == sent["id"]]
        self.story.check(own and own[-1]["delivery"] == "sent", "the follower saw the question arrive at the backend, under one id")
        self.story.check(len(pieces) > 1, f"the answer came in {len(pieces)} pieces while it was written")
        self.story.check(answer["content"].startswith(pieces[-1]), "and then as a message with the same text")

    def offline(self):
        self.story.step("The backend is gone", "Reading goes on as before. What is sent is on disk and on screen at once, and waits.")
        self.programs.stop(self.programs.backend, "hark-backend")
        wait_until(lambda: self.status()["state"] == "offline", 20, "the banner state OFFLINE")
        status = self.status()
        self.story.show(f"banner: offline. {status['reason']}")
        begun = time.monotonic()
        page = self.page(4)
        self.story.check(len(page) == 4, f"a page while offline, in {1000 * (time.monotonic() - begun):.0f} ms")
        begun = time.monotonic()
        self.pending = self.programs.hark("send", self.conversation, OFFLINE)[0]
        self.story.check(self.pending["delivery"] == "queued",
                         f"sent while offline, durable after {1000 * (time.monotonic() - begun):.0f} ms")
        page = self.page(3)
        show_page(self.story, page)
        self.story.check(page[-1]["id"] == self.pending["id"], "it is the last message of the page, marked as waiting")
        self.story.check(self.status()["pending_count"] == 1, "the status counts one pending message")

    def delivered(self):
        self.story.step("The backend is back", "harkd connects by itself, delivers what waited, and the answer comes.")
        begun = time.monotonic()
        self.programs.start_backend()

        def arrived():
            return [item for item in self.page(10) if item["id"] == self.pending["id"] and item["delivery"] == "sent"]

        message = wait_until(arrived, 90, "the delivery")[0]
        self.story.check(message["sequence"] > 0, f"delivered {1000 * (time.monotonic() - begun):.0f} ms after the backend started")
        wait_until(lambda: any(OFFLINE in item["content"] and item["role"] == "assistant" for item in self.page(4)), 60,
                   "the answer")
        page = self.page(200)
        show_page(self.story, page[-2:])
        self.story.check(sum(item["content"] == OFFLINE for item in page) == 1, "it is there exactly once")
        wait_until(lambda: self.status()["state"] == "live" and self.status()["pending_count"] == 0, 30, "LIVE")
        self.story.check(True, "live again, nothing pending")

    def restart(self):
        self.story.step("The daemon restarts", "It stops cleanly, starts again, and the page is there, before any network.")
        before = self.page(6)
        self.programs.stop(self.programs.daemon, "harkd")
        begun = self.programs.start_daemon()
        self.programs.wait_for_daemon()
        ready = time.monotonic()
        after = self.page(6)
        done = time.monotonic()
        show_page(self.story, after[-3:])
        self.story.check(after == before, "the same page as before")
        self.story.show(f"harkd took connections after {1000 * (ready - begun):.0f} ms; the page was on screen after "
                        f"{1000 * (done - begun):.0f} ms, start of both programs included")

    def private(self):
        self.story.step("Private", "Nothing readable is in harkd's files, and it listens on no network port.")
        words = [QUESTION.encode(), OFFLINE.encode(), self.token.encode()]
        for index, (_, title, messages) in enumerate(conversations_of(self.data)):
            if index >= 8:
                break
            words += [text.encode() for text in [title, *(content for _, content in messages)] if len(text) >= 16]
        found, size = 0, 0
        for folder, _, names in os.walk(self.programs.data):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    content = file.read()
                size += len(content)
                found += sum(word in content for word in words)
        self.story.check(size > 0 and found == 0, f"none of {len(words)} known texts is in {size / 1048576:.1f} MiB of files")
        listeners = subprocess.run(["ss", "-Hltnp"], capture_output=True, text=True, check=False).stdout
        own = f"pid={self.programs.daemon.pid},"
        self.story.check(own not in listeners, "no TCP listener")
        self.programs.stop(self.programs.daemon, "harkd")
        self.programs.stop(self.programs.backend, "hark-backend")
        self.story.check(not os.path.exists(self.programs.socket), "both programs stopped, and the socket is gone")


def find_binaries(build):
    found = {}
    for folder, _, names in os.walk(build):
        for name in {"hark", "harkd", "hark-backend"} & set(names):
            path = os.path.join(folder, name)
            if os.path.isfile(path) and os.access(path, os.X_OK):
                found[name] = path
    missing = {"hark", "harkd", "hark-backend"} - set(found)
    if missing:
        raise Failed(f"not built: {', '.join(sorted(missing))}")
    return found


def show_logs(programs):
    for name in ("harkd", "hark-backend", "hark"):
        path = programs.log_path(name)
        if os.path.exists(path):
            with open(path, encoding="utf-8", errors="replace") as file:
                lines = file.readlines()[-15:]
            print(f"\nThe end of the log of {name}:\n" + "".join("  | " + line for line in lines), file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--encoding", default="proto")
    parser.add_argument("--keep", action="store_true")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    folder = tempfile.mkdtemp(prefix="hark-demo-", dir="/tmp")  # Short: a socket's path has at most 107 bytes.
    story = Story()
    programs = None
    code = 1
    try:
        programs = Programs(folder, find_binaries(arguments.build), arguments.encoding)
        Demo(story, programs, arguments.data).run()
        story.summary()
        code = 0
    except (Failed, OSError, KeyError, IndexError, ValueError, subprocess.SubprocessError) as failure:
        print(f"  ✗ {failure if isinstance(failure, Failed) else repr(failure)}", file=sys.stderr)
        if programs is not None:
            show_logs(programs)
    except KeyboardInterrupt:
        code = 130
    finally:
        if programs is not None:
            programs.end_all()
        if arguments.keep:
            print(f"\nThe folder is kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
