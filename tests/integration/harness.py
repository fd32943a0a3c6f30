"""Starts the real programs in a private folder, and talks to them.

Nothing here sleeps: each wait is a read with a deadline on something that tells when it happens: a stream, a line of
standard output, a notification of readiness, the end of a process."""

import contextlib
import json
import os
import pathlib
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest
import urllib.request

import grpc

import canaries

from hark.v1 import account_pb2, account_pb2_grpc, admin_pb2, admin_pb2_grpc, conversations_pb2, conversations_pb2_grpc
from hark.v1 import drafts_pb2, drafts_pb2_grpc, view_states_pb2, view_states_pb2_grpc
from hark.v1 import messages_pb2, messages_pb2_grpc, search_pb2, search_pb2_grpc, sync_pb2, sync_pb2_grpc, types_pb2

HARKD = os.environ["HARKD"]
BACKEND = os.environ["HARK_BACKEND"]
HARK = os.environ["HARK"]
ENCODING = os.environ.get("HARK_TEST_ENCODING", "proto")
# Sanitized programs run many times slower, handle the signals of a crash themselves, and let nothing be locked.
SANITIZED = "HARK_SANITIZED" in os.environ
# Whose desktop this runs on has a key store, which stays out of it: keys are in files.
for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"):
    os.environ.pop(name, None)
PATIENCE = 60  # seconds that anything may take under a sanitizer on a busy machine; nothing waits for it to pass

State = sync_pb2.SyncStatus
Delivery = types_pb2.DeliveryState


def run(*arguments, stdin=None, check=True, env=None):
    """A command to its end: (exit code, standard output, standard error)."""
    done = subprocess.run([str(a) for a in arguments], input=stdin, capture_output=True, timeout=PATIENCE, env=env)
    if check and done.returncode != 0:
        raise AssertionError(f"{arguments} ended with {done.returncode}: {done.stderr.decode()}")
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class Process:
    """A program that is ended, one way or the other, with the test."""

    def __init__(self, arguments, log, env=None):
        self.log = log
        with open(log, "ab") as file:
            self.popen = subprocess.Popen([str(a) for a in arguments], stdin=subprocess.DEVNULL,
                                          stdout=subprocess.PIPE, stderr=file, env=env)

    def stop(self):
        """SIGTERM; the exit code."""
        if self.popen.poll() is None:
            self.popen.terminate()
        return self.wait()

    def kill(self):
        self.popen.kill()
        return self.wait()

    def wait(self):
        code = self.popen.wait(PATIENCE)
        self.popen.stdout.close()
        return code


class World:
    """A private folder with a backend, its users, and daemons."""

    def __init__(self, encoding=ENCODING, responder="none", backend_flags=(), env=None):
        """`backend_flags` may be changed before the next start_backend(); `env` is added to the programs' environment."""
        self.encoding = encoding
        self.responder = responder
        self.backend_flags = backend_flags
        self.env = dict(os.environ, **(env or {}))
        self.wrapper = ()  # words before harkd's own, for the next start_daemon()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hark-"))
        self.data = self.folder / "data"
        self.socket = self.folder / "run" / "harkd.sock"
        self.backend_data = self.folder / "backend"
        self.backend = None
        self.daemon = None
        self.port = 0
        self.channels = []
        self.secrets = []  # Tokens, and what else only this world's daemons may know.

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        for channel in self.channels:
            channel.close()
        leaks = self.leaks()
        for process in (self.daemon, self.backend):
            if process and process.popen.poll() is None:
                process.kill()
        if kind is not None:
            for log in self.folder.glob("*.log"):
                sys.stderr.write(f"--- {log.name}\n{log.read_text(errors='replace')[-4000:]}\n")
        shutil.rmtree(self.folder, ignore_errors=True)
        if kind is None and leaks:
            raise AssertionError(f"readable for others: {leaks[:10]}")

    def leaks(self):
        """Where anything that is only the person's can be read: in the daemon's files, its log, a core file, and what the system
        shows of the process. Every world is searched at its end; what a test plants itself it puts elsewhere."""
        search = canaries.Search(self.secrets)
        logs = [*self.folder.glob("harkd*.log"), *self.folder.glob("core*")]
        found = search.files(self.data, self.socket.parent, *logs)
        if self.daemon and self.daemon.popen.poll() is None:
            found += search.process(self.daemon.popen.pid)
        return found

    # ---- the backend ----

    def add_user(self, name, *flags):
        run(BACKEND, "user", "add", name, "--data", self.backend_data)
        return self.new_token(name, *flags)

    def new_token(self, name, *flags):
        token = run(BACKEND, "token", "create", name, "--data", self.backend_data, *flags)[1].strip()
        self.secrets.append(token)
        return token

    def revoke(self, token):
        run(BACKEND, "token", "revoke", "--token-stdin", "--data", self.backend_data, stdin=token.encode())

    def import_conversations(self, conversations, user, days=10):
        file = self.folder / "import.jsonl"
        file.write_text("".join(json.dumps(c) + "\n" for c in conversations))
        return run(BACKEND, "import", file, "--data", self.backend_data, "--user", user, "--days", days)

    def start_backend(self):
        """On the port of the first start, so that a daemon finds it again."""
        self.backend = Process([BACKEND, "serve", "--data", self.backend_data, "--listen", f"127.0.0.1:{self.port}",
                                "--responder", self.responder, *self.backend_flags], self.folder / "backend.log",
                               env=self.env)
        line = self.backend.popen.stdout.readline().decode()
        if not line.startswith("listening on "):
            raise AssertionError("the backend ended: " + self.backend.log.read_text())
        self.port = int(line.strip().rpartition(":")[2])

    def rest(self, token, conversation, **query):
        """What the backend itself says of a conversation: all of it, oldest first."""
        messages, page = [], 1
        while True:
            url = (f"http://127.0.0.1:{self.port}/api/v1/conversation/messages?conversation_id={conversation}"
                   f"&page={page}&page_size=200")
            request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                body = json.load(answer)
            messages = body["messages"] + messages
            if not body["has_more"]:
                return messages
            page += 1

    # ---- the daemon ----

    def url(self):
        return f"ws://127.0.0.1:{self.port}/api/v1/sync"

    def start_daemon(self, *flags):
        """With everything on that could make it, or a library in it, tell more than it should."""
        if "--log-level" not in flags:
            flags = ("--log-level", "debug", *flags)
        notify = self.folder / "notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
            ready.bind(str(notify))
            ready.settimeout(PATIENCE)
            self.daemon = Process([*self.wrapper, HARKD, "--data-dir", self.data, "--socket", self.socket, "--backend-url", self.url(),
                                   "--encoding", self.encoding, *flags], self.folder / "harkd.log",
                                  env=dict(self.env, **canaries.TELLING, SSLKEYLOGFILE=str(self.folder / "harkd-tls.log"),
                                           SQLITE_TMPDIR=str(self.folder / "run"), NOTIFY_SOCKET=str(notify)))
            try:
                assert ready.recv(100) == b"READY=1"
            except TimeoutError:
                raise AssertionError("harkd is not ready: " + self.daemon.log.read_text()) from None
            finally:
                notify.unlink()

    def signed_in(self, *flags, user="ada", made=None):
        """Everything running, a user's conversations imported, that user signed in and live; a client."""
        self.made = sample() if made is None else made
        self.token = self.add_user(user)
        self.import_conversations(self.made, user)
        self.start_backend()
        self.start_daemon(*flags)
        client = self.client()
        client.sign_in(self.token)
        client.wait_for(State.STATE_LIVE)
        return client

    @contextlib.contextmanager
    def second_installation(self):
        """The same user at another daemon of the same backend, live; a client of that one."""
        with World(self.encoding) as other:
            other.port = self.port
            other.start_daemon()
            client = other.client()
            client.sign_in(self.new_token("ada"))
            client.wait_for(State.STATE_LIVE)
            yield client

    def client(self):
        channel = grpc.insecure_channel(f"unix:{self.socket}", options=[
            ("grpc.use_local_subchannel_pool", 1), ("grpc.initial_reconnect_backoff_ms", 50),
            ("grpc.max_reconnect_backoff_ms", 200)])
        self.channels.append(channel)
        return Client(channel)

    def hark(self, *arguments, stdin=None, check=True):
        env = dict(self.env, HARK_SOCKET=str(self.socket))
        return run(HARK, *arguments, stdin=stdin, check=check, env=env)


class Client:
    """The local API, as a client in Python sees it."""

    def __init__(self, channel):
        self.channel = channel
        self.conversations = conversations_pb2_grpc.ConversationsStub(channel)
        self.messages = messages_pb2_grpc.MessagesStub(channel)
        self.sync = sync_pb2_grpc.SyncStub(channel)
        self.account = account_pb2_grpc.AccountStub(channel)
        self.admin = admin_pb2_grpc.AdminStub(channel)
        self.drafts = drafts_pb2_grpc.DraftsStub(channel)
        self.view_states = view_states_pb2_grpc.ViewStatesStub(channel)

    def sign_in(self, token):
        return self.account.SignIn(account_pb2.SignInRequest(token=token), timeout=PATIENCE, wait_for_ready=True).account

    def wait_for(self, *states):
        """Follows the status until one of the states; all that was seen on the way."""
        seen = []
        stream = self.sync.WatchStatus(sync_pb2.WatchStatusRequest(), timeout=PATIENCE, wait_for_ready=True)
        for event in stream:
            seen.append(event.status)
            if event.status.state in states:
                stream.cancel()
                return seen
        raise AssertionError("the stream of statuses ended")

    def status(self):
        stream = self.sync.WatchStatus(sync_pb2.WatchStatusRequest(), timeout=PATIENCE, wait_for_ready=True)
        status = next(stream).status
        stream.cancel()
        return status

    def page(self, conversation, before="", size=50, policy=0):
        return self.messages.ListMessages(messages_pb2.ListMessagesRequest(
            conversation_id=conversation, before_message_id=before, page_size=size, policy=policy),
            timeout=PATIENCE, wait_for_ready=True)

    def all_messages(self, conversation, size=50):
        """Page by page to the beginning, oldest first."""
        messages, before = [], ""
        while True:
            page = self.page(conversation, before, size)
            assert not page.HasField("gap_before"), f"a gap in {conversation}"
            messages = list(page.messages) + messages
            if not page.has_more:
                return messages
            before = page.messages[0].id

    def statistics(self):
        return self.admin.GetStatistics(admin_pb2.GetStatisticsRequest(), timeout=PATIENCE, wait_for_ready=True)

    def all_conversations(self, size=50):
        conversations, token = [], ""
        while True:
            page = self.conversations.ListConversations(
                conversations_pb2.ListConversationsRequest(page_size=size, page_token=token), timeout=PATIENCE,
                wait_for_ready=True)
            conversations += page.conversations
            token = page.next_page_token
            if not token:
                return conversations

    def send(self, conversation, content, **fields):
        canaries.tell(content)
        return self.messages.SendMessage(messages_pb2.SendMessageRequest(
            conversation_id=conversation, content=content, **fields), timeout=PATIENCE, wait_for_ready=True).message

    def edit(self, message, content):
        canaries.tell(content)
        return self.messages.EditMessage(messages_pb2.EditMessageRequest(
            conversation_id=message.conversation_id, message_id=message.id, content=content), timeout=PATIENCE).message

    def delete(self, message):
        return self._act("Delete", message)

    def retry(self, message):
        return self._act("Retry", message)

    def skip(self, message):
        return self._act("Skip", message)

    def cancel(self, message):
        return self._act("Cancel", message)

    def retry_all(self, conversation=""):
        return self.messages.RetryMessages(messages_pb2.RetryMessagesRequest(conversation_id=conversation),
                                           timeout=PATIENCE).count

    def outbox(self, **fields):
        """One page."""
        return self.messages.ListOutbox(messages_pb2.ListOutboxRequest(**fields), timeout=PATIENCE, wait_for_ready=True)

    def _act(self, verb, message):
        request = getattr(messages_pb2, f"{verb}MessageRequest")(
            conversation_id=message.conversation_id, message_id=message.id)
        return getattr(self.messages, f"{verb}Message")(request, timeout=PATIENCE).message

    def open(self, conversation):
        self.conversations.OpenConversation(
            conversations_pb2.OpenConversationRequest(conversation_id=conversation), timeout=PATIENCE)

    def get(self, conversation):
        return self.conversations.GetConversation(
            conversations_pb2.GetConversationRequest(conversation_id=conversation), timeout=PATIENCE).conversation

    def watch_list(self):
        return self.conversations.WatchConversations(
            conversations_pb2.WatchConversationsRequest(), timeout=PATIENCE, wait_for_ready=True)

    def draft(self, conversation):
        return self.drafts.GetDraft(drafts_pb2.GetDraftRequest(conversation_id=conversation), timeout=PATIENCE,
                                    wait_for_ready=True).draft

    def set_draft(self, conversation, text, base=0, flush=False):
        canaries.tell(text)
        return self.drafts.SetDraft(drafts_pb2.SetDraftRequest(
            conversation_id=conversation, text=text, base_version=base, flush=flush), timeout=PATIENCE)

    def all_drafts(self):
        return list(self.drafts.ListDrafts(drafts_pb2.ListDraftsRequest(), timeout=PATIENCE, wait_for_ready=True).drafts)

    def watch_drafts(self, conversation="", resume_token=""):
        return self.drafts.WatchDrafts(drafts_pb2.WatchDraftsRequest(
            conversation_id=conversation, resume_token=resume_token), timeout=PATIENCE, wait_for_ready=True)

    def set_view(self, conversation, ui, message="", offset=0, at_bottom=False):
        self.view_states.SetViewState(view_states_pb2.SetViewStateRequest(
            conversation_id=conversation, ui=ui, message_id=message, offset=offset, at_bottom=at_bottom), timeout=PATIENCE)

    def view(self, conversation, ui):
        response = self.view_states.GetViewState(view_states_pb2.GetViewStateRequest(
            conversation_id=conversation, ui=ui), timeout=PATIENCE, wait_for_ready=True)
        return response.view_state if response.HasField("view_state") else None

    def watch(self, conversation, resume_token=""):
        return self.messages.WatchMessages(messages_pb2.WatchMessagesRequest(
            conversation_id=conversation, resume_token=resume_token), timeout=PATIENCE, wait_for_ready=True)


def until(stream, condition):
    """Reads events until one fulfils the condition; all that were read."""
    seen = []
    for event in stream:
        seen.append(event)
        if condition(event):
            return seen
    raise AssertionError("the stream ended")


def until_shown(stream, condition):
    """Reads events until one shows a message that fulfils the condition; that message."""
    def found(event):
        return [m for m in list(event.delta.upserted) + list(event.snapshot.messages) if condition(m)]
    return found(until(stream, found)[-1])[0]


def until_all(stream, *conditions):
    """Reads events until each condition was fulfilled by some message, in any order."""
    missing = list(conditions)

    def nothing_missing(event):
        for m in list(event.delta.upserted) + list(event.snapshot.messages):
            missing[:] = [condition for condition in missing if not condition(m)]
        return not missing
    until(stream, nothing_missing)


def until_delivered(stream, message_id):
    return until(stream, lambda event: any(
        m.id == message_id and m.delivery == Delivery.DELIVERY_STATE_SENT
        for m in list(event.delta.upserted) + list(event.snapshot.messages)))


def sample(seed=1, conversations=8, messages=30):
    """Conversations with words that occur nowhere else, so that a leak of any is found."""
    source = random.Random(seed)
    made = []
    for c in range(conversations):
        body = []
        for m in range(source.randint(1, messages)):
            words = " ".join("canary%06x" % source.getrandbits(24) for _ in range(source.randint(1, 8)))
            body.append({"role": "user" if m % 2 == 0 else "assistant", "content": f"{words} é 日本 {m}"})
        made.append({"conversation_id": f"conversation-{c}", "title": "titlecanary%06x" % source.getrandbits(24),
                     "messages": body})
    return made


class TestCase(unittest.TestCase):
    def assert_refused(self, code, call, *arguments, **fields):
        """The call fails with this gRPC code and a sentence; the sentence."""
        with self.assertRaises(grpc.RpcError) as caught:
            call(*arguments, **fields)
        self.assertEqual(caught.exception.code(), code, caught.exception.details())
        self.assertTrue(caught.exception.details())
        return caught.exception.details()
