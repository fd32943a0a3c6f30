#!/usr/bin/env python3
"""Lists, pages, sends and follows conversations from Python, with stock grpcio and the .proto files alone.

    follow.py                                 the ten newest conversations
    follow.py CONVERSATION page [MESSAGE]     its newest messages, or those before a message
    follow.py CONVERSATION send TEXT          sends
    follow.py CONVERSATION                    its newest messages, then each change; Ctrl-C ends it

Following goes on over restarts of the daemon, and misses nothing. Needs python3-grpcio, protoc and its Python plugin."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import uuid

import grpc  # On Debian it is python3-grpcio, for /usr/bin/python3.

PROTO = pathlib.Path(os.environ.get("HARK_PROTO", pathlib.Path(__file__).resolve().parents[2] / "proto"))
API = (("hark-api", "1.3"),)  # The version of the .proto files: a daemon that cannot serve it says so.
ROLES = {1: "user", 2: "assistant", 3: "system"}


def load_stubs():
    """Makes the stubs in a temporary folder and imports them."""
    folder = tempfile.TemporaryDirectory(prefix="hark-stubs-")
    files = map(str, (PROTO / "hark" / "v1").glob("*.proto"))
    subprocess.run(
        ["protoc", f"--proto_path={PROTO}", f"--python_out={folder.name}", f"--grpc_python_out={folder.name}",
         f"--plugin=protoc-gen-grpc_python={shutil.which('grpc_python_plugin')}", *files], check=True)
    sys.path.insert(0, folder.name)
    from hark.v1 import conversations_pb2, conversations_pb2_grpc, messages_pb2, messages_pb2_grpc
    return folder, conversations_pb2, conversations_pb2_grpc, messages_pb2, messages_pb2_grpc


def socket_path():
    """The daemon's socket, owned by this user and nobody else."""
    run = os.environ.get("XDG_RUNTIME_DIR")
    temporary = f"{os.environ.get('TMPDIR') or '/tmp'}/hark-{os.getuid()}/harkd.sock"
    path = pathlib.Path(os.environ.get("HARK_SOCKET") or (f"{run}/hark/harkd.sock" if run else temporary))
    if not path.exists() or path.stat().st_uid != os.getuid():
        sys.exit(f"no daemon of this user is running: there is no socket of theirs at {path}")
    return f"unix:{path}"


def show(message):
    print(f"{message.id} {ROLES.get(message.role, '?')}: {message.content}", flush=True)


def follow(stub, pb2, conversation_id):
    """A snapshot, then deltas; after an interruption it goes on behind the last event that was handled."""
    token = ""
    while True:
        try:
            request = pb2.WatchMessagesRequest(conversation_id=conversation_id, resume_token=token, snapshot_size=10)
            for event in stub.WatchMessages(request, metadata=API, wait_for_ready=True):
                for message in event.snapshot.messages if event.HasField("snapshot") else event.delta.upserted:
                    show(message)
                token = event.resume_token
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.UNAVAILABLE:
                raise
        time.sleep(0.1)


def main(conversation_id="", verb="follow", text=""):
    _folder, conversations_pb2, conversations_grpc, messages_pb2, messages_grpc = load_stubs()
    options = [("grpc.initial_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 200)]
    with grpc.insecure_channel(socket_path(), options) as channel:
        call = {"timeout": 10, "metadata": API}
        conversations, stub = conversations_grpc.ConversationsStub(channel), messages_grpc.MessagesStub(channel)
        if not conversation_id:
            page = conversations.ListConversations(conversations_pb2.ListConversationsRequest(page_size=10), **call)
            for conversation in page.conversations:
                print(f"{conversation.id}  {conversation.title}")
            print(f"{page.total_count} conversations in all")
        elif verb == "page":
            request = messages_pb2.ListMessagesRequest(conversation_id=conversation_id, before_message_id=text)
            for message in stub.ListMessages(request, **call).messages:
                show(message)
        elif verb == "send":  # With an own id the call may be repeated: the message is sent once.
            show(stub.SendMessage(messages_pb2.SendMessageRequest(
                conversation_id=conversation_id, content=text, id=str(uuid.uuid4())), **call).message)
        else:  # Opening says that it is shown, so that its messages come as they happen.
            conversations.OpenConversation(
                conversations_pb2.OpenConversationRequest(conversation_id=conversation_id), **call)
            follow(stub, messages_pb2, conversation_id)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        pass
    except grpc.RpcError as error:
        sys.exit(f"follow.py: {error.details()}")
