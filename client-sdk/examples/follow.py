#!/usr/bin/env python3
"""Lists the conversations, sends to one and follows it, from Python, with stock grpcio and the .proto files alone.

    follow.py                        the ten newest conversations
    follow.py CONVERSATION           its newest messages, then each new one; Ctrl-C ends it
    follow.py CONVERSATION TEXT      sends TEXT first

Needs python3-grpcio, and protoc with its Python plugin to make the stubs (protobuf-compiler, protobuf-compiler-grpc).
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import uuid

try:
    import grpc
except ImportError:
    sys.exit("follow.py: grpcio is missing; on Debian it is python3-grpcio, for /usr/bin/python3")

PROTO = pathlib.Path(os.environ.get("HARK_PROTO", pathlib.Path(__file__).resolve().parents[2] / "proto"))


def load_stubs():
    """Makes the stubs in a temporary folder and imports them."""
    folder = tempfile.TemporaryDirectory(prefix="hark-stubs-")
    files = sorted(str(path) for path in (PROTO / "hark" / "v1").glob("*.proto"))
    subprocess.run(
        ["protoc", f"--proto_path={PROTO}", f"--python_out={folder.name}", f"--grpc_python_out={folder.name}",
         f"--plugin=protoc-gen-grpc_python={shutil.which('grpc_python_plugin')}", *files],
        check=True)
    sys.path.insert(0, folder.name)
    from hark.v1 import conversations_pb2, conversations_pb2_grpc, messages_pb2, messages_pb2_grpc
    return folder, conversations_pb2, conversations_pb2_grpc, messages_pb2, messages_pb2_grpc


def socket_path():
    """The daemon's socket, owned by this user and nobody else."""
    run = os.environ.get("XDG_RUNTIME_DIR")
    temporary = f"{os.environ.get('TMPDIR') or '/tmp'}/hark-{os.getuid()}/harkd.sock"
    path = os.environ.get("HARK_SOCKET") or (f"{run}/hark/harkd.sock" if run else temporary)
    if not os.path.exists(path):
        sys.exit(f"no daemon is running: there is no socket at {path}")
    if os.stat(path).st_uid != os.getuid():
        sys.exit(f"the socket {path} belongs to another user")
    return path


def main():
    _folder, conversations_pb2, conversations_grpc, messages_pb2, messages_grpc = load_stubs()
    roles = {1: "user", 2: "assistant", 3: "system"}
    with grpc.insecure_channel("unix:" + socket_path()) as channel:
        conversations = conversations_grpc.ConversationsStub(channel)
        messages = messages_grpc.MessagesStub(channel)
        if len(sys.argv) == 1:
            page = conversations.ListConversations(conversations_pb2.ListConversationsRequest(page_size=10), timeout=10)
            for conversation in page.conversations:
                print(f"{conversation.id}  {conversation.title}")
            print(f"{page.total_count} conversations in all")
            return
        conversation_id = sys.argv[1]
        conversations.OpenConversation(
            conversations_pb2.OpenConversationRequest(conversation_id=conversation_id), timeout=10)
        if len(sys.argv) > 2:
            # With an own id the call may be repeated: the message is sent once.
            messages.SendMessage(messages_pb2.SendMessageRequest(
                conversation_id=conversation_id, content=sys.argv[2], id=str(uuid.uuid4())), timeout=10)
        request = messages_pb2.WatchMessagesRequest(conversation_id=conversation_id, snapshot_size=10)
        for event in messages.WatchMessages(request):
            shown = event.snapshot.messages if event.HasField("snapshot") else event.delta.upserted
            for message in shown:
                print(f"{roles.get(message.role, '?')}: {message.content}", flush=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
    except grpc.RpcError as error:
        sys.exit(f"follow.py: {error.details()}")
