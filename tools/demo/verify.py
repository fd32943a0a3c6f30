#!/usr/bin/env python3
"""An independent client, made from the .proto files alone: pages through every conversation over the Unix socket and
compares each message with the file that the backend imported.

  verify.py --socket PATH --data FILE.jsonl[.zst]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

import grpc

PAGE = 20


def conversations_of(path):
    """The file's conversations, one at a time: (id, title, [(role, content)])."""
    command = ["zstd", "-dcq", path] if path.endswith(".zst") else ["cat", path]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        for line in process.stdout:
            if line.strip():
                item = json.loads(line)
                yield item["conversation_id"], item["title"], [(part["role"], part["content"]) for part in item["messages"]]
    if process.returncode != 0:
        sys.exit(f"cannot read {path}")


def generate_stubs(folder):
    protos = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../proto")
    names = [f"hark/v1/{name}.proto" for name in ("types", "conversations", "messages")]
    plugin = subprocess.run(["which", "grpc_python_plugin"], capture_output=True, text=True, check=True).stdout.strip()
    subprocess.run(["protoc", f"--proto_path={protos}", f"--python_out={folder}", f"--grpc_python_out={folder}",
                    f"--plugin=protoc-gen-grpc_python={plugin}", *names], check=True)
    sys.path.insert(0, folder)


class Daemon:
    def __init__(self, socket):
        from hark.v1 import conversations_pb2, conversations_pb2_grpc, messages_pb2, messages_pb2_grpc, types_pb2
        self.channel = grpc.insecure_channel(f"unix:{socket}")
        self.conversations = conversations_pb2_grpc.ConversationsStub(self.channel)
        self.messages = messages_pb2_grpc.MessagesStub(self.channel)
        self.list_request = conversations_pb2.ListConversationsRequest
        self.page_request = messages_pb2.ListMessagesRequest
        self.roles = {types_pb2.ROLE_USER: "user", types_pb2.ROLE_ASSISTANT: "assistant", types_pb2.ROLE_SYSTEM: "system"}

    def list_all(self):
        token, found = "", {}
        while True:
            answer = self.conversations.ListConversations(self.list_request(page_size=200, page_token=token), timeout=30)
            for item in answer.conversations:
                if item.id in found:
                    raise SystemExit(f"conversation {item.id} is listed twice")
                found[item.id] = item
            token = answer.next_page_token
            if not token:
                if answer.total_count != len(found):
                    raise SystemExit(f"{len(found)} conversations are listed, total_count is {answer.total_count}")
                return found

    def read_all(self, conversation):
        """Every message of a conversation, oldest first, by pages from the newest back."""
        messages, before = [], ""
        while True:
            answer = self.messages.ListMessages(self.page_request(
                conversation_id=conversation, before_message_id=before, page_size=PAGE,
                policy=self.page_request.POLICY_CACHE_ONLY), timeout=30)
            messages[:0] = answer.messages
            if answer.HasField("gap_before"):
                raise SystemExit(f"conversation {conversation} has a gap before sequence {answer.gap_before.to_sequence + 1}")
            if not answer.has_more:
                if answer.total_count != len(messages):
                    raise SystemExit(f"conversation {conversation}: {len(messages)} messages, total_count {answer.total_count}")
                return messages
            if not answer.messages:
                raise SystemExit(f"conversation {conversation}: an empty page that says there is more")
            before = answer.messages[0].id


def compare(daemon, data):
    listed = daemon.list_all()
    conversations = messages = 0
    begun = shown = time.monotonic()
    for name, title, expected in conversations_of(data):
        if name not in listed:
            raise SystemExit(f"conversation {name} is not listed")
        if listed[name].title != title:
            raise SystemExit(f"conversation {name} has another title")
        got = daemon.read_all(name)
        if [(daemon.roles.get(item.role), item.content) for item in got] != expected:
            raise SystemExit(f"the messages of conversation {name} differ from the file")
        if [item.sequence for item in got] != list(range(1, len(expected) + 1)):
            raise SystemExit(f"the sequences of conversation {name} are not 1 to {len(expected)}")
        conversations += 1
        messages += len(got)
        if time.monotonic() - shown > 2:
            shown = time.monotonic()
            print(f"    compared {messages:,} messages of {conversations:,} conversations", flush=True)
    if conversations != len(listed):
        raise SystemExit(f"{len(listed)} conversations are listed, the file has {conversations}")
    print(f"    {messages:,} messages of {conversations:,} conversations are equal to the file "
          f"({time.monotonic() - begun:.1f} s)", flush=True)


def main():
    parser = argparse.ArgumentParser(description="Compare what harkd serves with an import file.")
    parser.add_argument("--socket", required=True)
    parser.add_argument("--data", required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as stubs:
        generate_stubs(stubs)
        compare(Daemon(arguments.socket), arguments.data)


if __name__ == "__main__":
    main()
