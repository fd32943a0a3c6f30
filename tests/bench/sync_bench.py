#!/usr/bin/env python3
"""Prints the table of figures of the sync, each beside its baseline in the same run, and whether it reaches its bar.

  sync_bench.py BUILD_FOLDER [--data FILE] [--messages N] [--only abcde] [--full] [--samples N]

BUILD_FOLDER has the programs of the preset "bench". FILE has conversations, one JSON object a line (.zst works); without
it, text of about the same shape is made. --full also fills a store of 3,000,000 messages. The exit code is 0 whatever the
figures are; results/sync.json keeps them."""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from figures import Table, helper, import_file, made_conversations, percentile, read_conversations, use_build, wait_until_idle

def prepare(arguments, folder):
    """The import file, the rows for the baseline, and what they hold."""
    source = read_conversations(arguments.data) if arguments.data else made_conversations(arguments.messages)
    count = size = conversations = 0
    with open(folder / "import.jsonl", "w") as file, open(folder / "rows", "w") as rows:
        for number, conversation in enumerate(source, 1):
            conversations = number
            file.write(json.dumps(conversation) + "\n")
            for sequence, message in enumerate(conversation["messages"], 1):
                content = message["content"].replace("\t", " ").replace("\n", " ")
                rows.write(f"{number}\t{sequence}\t{message['role'][0]}\t{content}\n")
                count += 1
                size += len(content.encode())
            if count >= arguments.messages:
                break
    return {"conversations": conversations, "messages": count, "content_bytes": size}


class Latency:
    """Appends at the backend as another device, and takes the time until a watcher has it, in milliseconds.

    Counted from the backend's acknowledgement of the append, which it sends when the message is committed; `from_send` counts
    from before the request, and so has the backend's own commit and one way over the socket in it."""

    def __init__(self, world, client, conversation, token):
        from wire_client import WireClient
        self.wire = WireClient(world.port, token)
        self.conversation = conversation
        self.stream = client.watch(conversation)
        next(self.stream)
        self.arrived = {}
        self.changed = threading.Condition()
        self.from_ack, self.from_send = [], []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        try:
            for event in self.stream:
                now = time.monotonic()
                with self.changed:
                    for message in list(event.delta.upserted) + list(event.snapshot.messages):
                        self.arrived.setdefault(message.id, now)
                    self.changed.notify_all()
        except Exception:  # The stream was cancelled.
            pass

    def measure(self):
        sent = time.monotonic()
        message_id, acknowledged = self.wire.append(self.conversation, "measured")
        with self.changed:
            if not self.changed.wait_for(lambda: message_id in self.arrived, 30):
                raise SystemExit("an appended message did not arrive within 30 s")
            arrived = self.arrived[message_id]
        self.from_ack.append(max(0.0, arrived - acknowledged) * 1000)
        self.from_send.append((arrived - sent) * 1000)

    def close(self):
        self.stream.cancel()
        self.wire.close()

    def text(self):
        return (f"p50 {percentile(self.from_ack, .5):.2f}, p99 {percentile(self.from_ack, .99):.2f}, "
                f"longest {max(self.from_ack):.1f} ms "
                f"(from the request {percentile(self.from_send, .99):.2f}; n={len(self.from_ack)})")


def initial_sync(world, token, table, facts, baseline, live):
    """Signs a new daemon in and waits until nothing is missing; with `live`, measures the latency meanwhile."""
    from harness import State
    world.start_daemon()
    client = world.client()
    begun = time.monotonic()
    client.sign_in(token)
    measured = None
    if live:
        measured = during_sync(world, client, token)
    status = client.wait_for(State.STATE_LIVE)[-1]
    while client.statistics().messages < facts["messages"]:
        status = client.wait_for(State.STATE_LIVE)[-1]
    took = time.monotonic() - begun
    if measured:
        table.add("sync latency during an initial sync", measured.text(), "", "", "p99 <= 50 ms",
                  len(measured.from_ack) > 0 and percentile(measured.from_ack, .99) <= 50)
        return client
    rate = facts["messages"] / took
    table.add("initial sync", f"{rate:,.0f} messages/s ({took:.1f} s)", f"bulk insert {baseline['with_indexes']:,.0f}/s",
              f"{rate / baseline['with_indexes']:.2f}", ">= 0.5", rate >= 0.5 * baseline["with_indexes"])
    for name, what in (("without_indexes", "without its id and place indexes"), ("with_search", "with the search index too")):
        print(f"      (a bulk insert {what}: {baseline[name]:,.0f}/s, ratio {rate / baseline[name]:.2f})")
    return client


def during_sync(world, client, token):
    import grpc
    from harness import State
    while True:
        try:
            page = client.all_conversations_first()
            if page:
                break
        except grpc.RpcError:
            pass
    conversation = page[-1].id
    client.open(conversation)
    latency = Latency(world, client, conversation, token)
    while client.status().state != State.STATE_LIVE:
        latency.measure()
    latency.close()
    return latency


def sync_figures(arguments, build, folder, table):
    from harness import World
    facts = prepare(arguments, folder)
    print(f"  {facts['messages']:,} messages in {facts['conversations']:,} conversations", flush=True)
    with open(folder / "rows") as rows:
        baseline = helper(build, "sync_bench_rows", folder, stdin=rows)
    with World("proto") as world:
        world.add_user("ada")
        token = world.new_token("ada")
        import_file(world, folder / "import.jsonl", "ada")
        world.start_backend()
        if "a" in arguments.only or "d" in arguments.only or "b" in arguments.only or "c" in arguments.only:
            client = initial_sync(world, token, table, facts, baseline, live=False)
        if "c" in arguments.only:
            conversation = client.all_conversations_first()[-1].id
            client.open(conversation)
            latency = Latency(world, client, conversation, token)
            for _ in range(arguments.samples):
                latency.measure()
            latency.close()
            table.add("sync latency while idle", latency.text(), "", "", "p99 <= 5 ms", percentile(latency.from_ack, .99) <= 5)
        if "b" in arguments.only:
            send_figures(arguments, build, folder, world, client, table)
        ids = id_bytes(client)
        if "d" in arguments.only:
            wait_until_idle(world)
        world.daemon.stop()
        if "d" in arguments.only:
            disk_use(world, table, facts, ids)
    if "c" in arguments.only:
        latency_during(arguments, folder, table, facts)


def send_figures(arguments, build, folder, world, client, table):
    """Once as it is, where the backend's syncs and those of the acknowledgements use the same disk; once without a connection."""
    from harness import State
    conversation = client.all_conversations_first()[0].id
    for name in ("live", "offline"):
        if name == "offline":
            world.backend.stop()
            client.wait_for(State.STATE_OFFLINE)
        place = folder / name
        place.mkdir()
        sends = helper(build, "sync_bench_send", world.socket, conversation, place, arguments.samples)
        base = sends["null_call"] + sends["full_insert"]
        table.add(f"durable send, {name}, p50", f"{sends['send']:.0f} us",
                  f"null call {sends['null_call']:.0f} + FULL insert {sends['full_insert']:.0f} us",
                  f"{sends['send'] / base:.2f}", "<= 1.3", sends["send"] <= 1.3 * base)
        print(f"      (p95 {sends['send_p95']:.0f} us; of the FULL insert {sends['full_insert_p95']:.0f} us)")


def id_bytes(client):
    """Of a message's id, as small as it can be: a UUID has 16."""
    ids = [message.id for conversation in client.all_conversations_first() for message in client.page(conversation.id).messages]
    return statistics.mean(16 if len(i) == 36 and i.count("-") == 4 else len(i) for i in ids)


def disk_use(world, table, facts, ids):
    size = sum(f.stat().st_size for f in world.data.rglob("cache.db*"))
    each = size / facts["messages"]
    own = facts["content_bytes"] / facts["messages"] + ids
    table.add("bytes on disk a message", f"{each:.1f}", f"content and id {own:.1f}", f"{each / own:.2f}",
              f"<= {2 * own + 60:.1f}", each <= 2 * own + 60)


def latency_during(arguments, folder, table, facts):
    from harness import World
    with World("proto") as world:
        world.add_user("ada")
        token = world.new_token("ada")
        import_file(world, folder / "import.jsonl", "ada")
        world.start_backend()
        initial_sync(world, token, table, facts, None, live=True)


def scale_figures(arguments, build, folder, table):
    counts = [10_000, 312_250] + ([3_000_000] if arguments.full else [])
    results = []
    for count in counts:
        results.append(helper(build, "sync_bench_scale", folder / f"scale-{count}", count))
        print("   ", json.dumps(results[-1]), flush=True)
        subprocess.run(["rm", "-rf", str(folder / f"scale-{count}")], check=True)
    for name, what in (("page_again", "page"), ("send", "send")):
        first, last = results[0][name], max(r[name] for r in results[1:])
        shown = ", ".join(f"{r[name]:.1f}" for r in results) + " us"
        table.add(f"{what} at {' / '.join(f'{c:,}' for c in counts)}", shown, f"{first:.1f} us", f"{last / first:.2f}",
                  "flat within 20 %", last <= 1.2 * first)
    worst = max(r[kind]["p99"] for r in results for kind in ("evict", "merge", "compact", "release", "upkeep"))
    table.add("a slice of retention holds the writer, p99", f"{worst / 1000:.2f} ms", "", "", "< 5 ms", worst < 5000)
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--data")
    parser.add_argument("--messages", type=int, default=312_250)
    parser.add_argument("--only", default="abcde")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--samples", type=int, default=500)
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    use_build(build)
    from harness import Client, conversations_pb2, PATIENCE
    Client.all_conversations_first = lambda self: list(self.conversations.ListConversations(
        conversations_pb2.ListConversationsRequest(page_size=50), timeout=PATIENCE).conversations)
    table = Table()
    with tempfile.TemporaryDirectory(prefix="hark-sync-bench-") as name:
        folder = pathlib.Path(name)
        if set(arguments.only) & set("abcd"):
            sync_figures(arguments, build, folder, table)
        if "e" in arguments.only:
            scale_figures(arguments, build, folder, table)
    table.finish(build, "sync")
    return 0


if __name__ == "__main__":
    sys.exit(main())
