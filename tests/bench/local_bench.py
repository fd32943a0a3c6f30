#!/usr/bin/env python3
"""Prints the table of figures of the local API, each beside its baseline in the same run, and whether it reaches its bar.

  local_bench.py BUILD_FOLDER [--data FILE] [--messages N] [--only abcdefgh] [--full] [--runs N]

  a  a page of 50 over gRPC                  b  the same while an initial sync writes
  c  from exec of harkd to the first page    d  from a commit to the last of 1, 10, 100 watchers
  e  replay of 10,000 deltas on resume       f  1,000 streams, 100 of them stopped
  g  memory and wake-ups of an idle daemon  h  search of two words

BUILD_FOLDER has the programs of the preset "bench". FILE has conversations, one JSON object a line (.zst works), repeated if
there are too few; without it, text of about the same shape is made. --full puts 5,000 changes/s for 60 s on f, instead of 500/s
for 10 s. The exit code is 0 whatever the figures are; results/local.json keeps them."""

import argparse
import contextlib
import json
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from figures import Table, helper, import_file, made_conversations, percentile, read_conversations, use_build, wait_until_idle
from programs import Program, drop_from_page_cache, in_page_cache, largest_during, libraries_of, resident, voluntary_switches

LONG = "bench-long"
LONG_MESSAGES = 4_000


def mib(size):
    return f"{size / 2**20:.1f} MiB"


# ---- a, b, c, g: harkd itself, with everything synced ----

def prepare(arguments, file):
    """An import of so many messages; the last conversation is a long one. How many there are."""
    count = repeat = 0
    with open(file, "w") as out:
        while count < arguments.messages - LONG_MESSAGES:
            source = read_conversations(arguments.data) if arguments.data else made_conversations(arguments.messages)
            for conversation in source:
                conversation["conversation_id"] += f"-{repeat}"
                out.write(json.dumps(conversation) + "\n")
                count += len(conversation["messages"])
                if count >= arguments.messages - LONG_MESSAGES:
                    break
            repeat += 1
        source = read_conversations(arguments.data) if arguments.data else made_conversations(LONG_MESSAGES)
        long = []
        for conversation in source:
            long += conversation["messages"]
            if len(long) >= LONG_MESSAGES:
                break
        out.write(json.dumps({"conversation_id": LONG, "title": "A long one", "messages": long[:LONG_MESSAGES]}) + "\n")
        source.close()
    return count + len(long[:LONG_MESSAGES])


def wait_for_page(client):
    """Until the newest page of the long conversation is here. A poll: no stream tells of a conversation that is not known."""
    import grpc
    while True:
        try:
            if len(client.page(LONG).messages) == 50:
                return
        except grpc.RpcError:
            pass
        time.sleep(0.005)


def wait_for_all(client, messages):
    from harness import State
    while True:
        client.wait_for(State.STATE_LIVE)
        if client.statistics().messages >= messages:
            return
        time.sleep(0.1)


def synced_figures(arguments, build, folder, table):
    from harness import World
    messages = prepare(arguments, folder / "import.jsonl")
    print(f"  {messages:,} messages", flush=True)
    with World("proto") as world:
        world.add_user("ada")
        token = world.new_token("ada")
        import_file(world, folder / "import.jsonl", "ada")
        world.start_backend()
        world.start_daemon()
        client = world.client()
        client.sign_in(token)
        if "b" in arguments.only:
            page_during_sync(build, folder, world, client, messages, table)
        wait_for_all(client, messages)
        if "a" in arguments.only:
            page_idle(arguments, build, folder, world, messages, table)
        if "g" in arguments.only:
            idle_figures(world, client, messages, table)
        if "c" in arguments.only:
            wait_for_page(client)
            helper(build, "local_bench_pages", "collect", world.socket, LONG, 1, folder / "first")
            world.daemon.stop()
            start_figures(arguments, build, folder, world, messages, table)


def page_during_sync(build, folder, world, client, messages, table):
    wait_for_page(client)
    helper(build, "local_bench_pages", "collect", world.socket, LONG, 1, folder / "newest")

    def measure(wait):
        with Program(build, "local_bench_pages", "until", world.socket, folder / "newest") as pages:
            wait()
            return json.loads(pages.ask("stop"))
    begun = time.monotonic()
    busy = measure(lambda: wait_for_all(client, messages))
    lasted = time.monotonic() - begun
    idle = measure(lambda: time.sleep(min(lasted, 10)))
    ratio = busy["p99"] / idle["p99"]
    table.add("page of 50 during an initial sync, p99", f"{busy['p99']:.0f} us (p50 {busy['p50']:.0f}, n={busy['n']})",
              f"idle p99 {idle['p99']:.0f} us (p50 {idle['p50']:.0f})", f"{ratio:.2f}", "<= 2", ratio <= 2)


def page_idle(arguments, build, folder, world, messages, table):
    pages = folder / "pages"
    collected = helper(build, "local_bench_pages", "collect", world.socket, LONG, 64, pages)
    (folder / "event").write_bytes(b"")
    bare = folder / "bare.sock"
    with Program(build, "local_bench_bare", bare, pages, folder / "event").ready():
        both = helper(build, "local_bench_pages", "compare", world.socket, bare, pages, arguments.runs * 200)
    for part, bar in (("p50", 1.25), ("p99", None)):
        hark, base = both["hark"][part], both["bare"][part]
        table.add(f"page of 50 ({collected['bytes']:,} bytes) at {messages:,} messages, {part}", f"{hark:.0f} us",
                  f"bare server {base:.0f} us", f"{hark / base:.2f}", f"<= {bar}" if bar else "(none)",
                  not bar or hark <= bar * base)


def idle_figures(world, client, messages, table):
    """As it is after the initial sync, and after a start, each with one client that watches."""
    for when in ("after the initial sync", "after a start"):
        if when == "after a start":
            world.daemon.stop()
            world.start_daemon()
            client = world.client()
            wait_for_all(client, messages)
            client.page(LONG)
        stream = client.watch(LONG)
        next(stream)
        wait_until_idle(world)
        time.sleep(3)
        pid = world.daemon.popen.pid
        before = voluntary_switches(pid)
        time.sleep(20)
        each = (voluntary_switches(pid) - before) / 20
        size = resident(pid)
        stream.cancel()
        table.add(f"resident memory, idle {when}, {messages:,} messages", mib(size), "", "", "<= 60 MiB", size <= 60 * 2**20)
        table.add(f"wake-ups a second, idle {when}", f"{each:.2f}", "", "", "<= 1", each <= 1)


def start_figures(arguments, build, folder, world, messages, table):
    """The dropped run has copies of harkd, its libraries and the loader, which no other process keeps in memory."""
    from harness import HARKD
    copies = folder / "program"
    copies.mkdir()
    libraries, loader = libraries_of(HARKD)
    for file in [HARKD, loader, *libraries]:
        shutil.copy(file, copies)
    flags = ["--data-dir", world.data, "--socket", world.socket, "--backend-url", world.url()]
    copied = [copies / pathlib.Path(loader).name, "--library-path", copies, copies / "harkd"]

    def measure(program):
        done = helper(build, "local_bench_pages", "start", world.socket, folder / "first", *program, *flags,
                      stderr=subprocess.DEVNULL)
        return done["microseconds"] / 1000
    measure([HARKD])
    warm = [measure([HARKD]) for _ in range(arguments.runs)]
    dropped, left, whole = [], 0, 0
    for _ in range(arguments.runs):
        files = [file for file in [*copies.iterdir(), *world.data.rglob("*")] if file.is_file()]
        drop_from_page_cache(files)
        left, whole = max(left, in_page_cache(files)), sum(file.stat().st_size for file in files)
        dropped.append(measure(copied))
    print(f"      (dropped: the data, harkd, its loader and {len(libraries)} libraries; at most {mib(left)} of {mib(whole)} stayed)")
    for name, values, bar in (("warm", warm, 60), ("dropped", dropped, 200)):
        worst = percentile(values, .99)
        table.add(f"exec of harkd to first page, {messages:,} messages, {name} cache, p99",
                  f"{worst:.1f} ms (p50 {percentile(values, .5):.1f}, n={len(values)})", "", "", f"<= {bar} ms", worst <= bar)


# ---- d, e, f: the daemon's store, bus and socket, fed by the benchmark ----

def bench_daemon(build, folder, conversations, messages):
    place = folder / f"daemon-{conversations}-{messages}"
    shutil.rmtree(place, ignore_errors=True)
    (place / "run").mkdir(parents=True, mode=0o700)
    (place / "data").mkdir(mode=0o700)
    socket = place / "run" / "s"
    return Program(build, "local_bench_daemon", place / "data", socket, conversations, messages).ready(), socket


def event_bytes(folder, daemon, socket):
    """What one commit looks like on a stream: the baseline sends the same."""
    import grpc
    from harness import Client, until
    with grpc.insecure_channel(f"unix:{socket}") as channel:
        stream = Client(channel).watch("bench-0")
        next(stream)
        daemon.ask("commit", 0, 200)
        event = until(stream, lambda e: e.HasField("delta"))[-1]
        stream.cancel()
    (folder / "event").write_bytes(event.SerializeToString())


def fan_out_figures(arguments, build, folder, table):
    daemon, socket = bench_daemon(build, folder, 1, 100)
    bare_socket = folder / "fan.sock"
    (folder / "none").write_bytes(b"")
    with daemon:
        event_bytes(folder, daemon, socket)
        with Program(build, "local_bench_bare", bare_socket, folder / "none", folder / "event").ready() as bare:
            for count in (1, 10, 100):
                with Program(build, "local_bench_watchers", "rounds", socket, count, "bench-0") as watchers, \
                        Program(build, "local_bench_watchers", "rounds", bare_socket, count, "bench-0") as bare_watchers:
                    watchers.ready()
                    bare_watchers.ready()
                    of_hark, of_bare = [], []
                    for turn in range(arguments.runs * 10 + 20):
                        committed = int(daemon.ask("commit", 0, 200))
                        took = (int(watchers.answer()) - committed) / 1000
                        begun = int(bare.ask("go"))
                        took_bare = (int(bare_watchers.answer()) - begun) / 1000
                        if turn >= 20:
                            of_hark.append(took)
                            of_bare.append(took_bare)
                hark, base = percentile(of_hark, .5), percentile(of_bare, .5)
                table.add(f"commit to last of {count} watchers, p50", f"{hark:.0f} us (p99 {percentile(of_hark, .99):.0f})",
                          f"bare server {base:.0f} us (p99 {percentile(of_bare, .99):.0f})", f"{hark / base:.2f}", "<= 1.5",
                          hark <= 1.5 * base)


def replay_figures(arguments, build, folder, table):
    deltas = 10_000
    daemon, socket = bench_daemon(build, folder, 1, deltas)
    with daemon, Program(build, "local_bench_watchers", "replay", socket, "bench-0", deltas) as watcher:
        watcher.ready()
        daemon.ask("edits", 0, deltas)
        took = [float(watcher.ask("resume")) for _ in range(arguments.runs)]
    table.add(f"replay of {deltas:,} deltas on resume, p50", f"{percentile(took, .5):.0f} ms (max {max(took):.0f})", "", "",
              "<= 100 ms", percentile(took, .5) <= 100)


def stopped_figures(arguments, build, folder, table):
    """Latency at the given rate; then memory, after more was written than the bound of any stream lets wait."""
    conversations, stopped = 100, 100
    rate, seconds = (5_000, 60) if arguments.full else (500, 10)
    others = 1_000 - stopped
    results = {}
    for name in ("none", "stopped"):
        daemon, socket = bench_daemon(build, folder, conversations, 50)
        with contextlib.ExitStack() as programs:
            programs.enter_context(daemon)
            watchers = programs.enter_context(
                Program(build, "local_bench_watchers", "load", socket, others, "bench", conversations)).ready()
            if name == "stopped":
                stuck = programs.enter_context(
                    Program(build, "local_bench_watchers", "load", socket, stopped, "bench", conversations)).ready()
                stuck.popen.send_signal(signal.SIGSTOP)
            fed = json.loads(daemon.ask("rate", rate, seconds, 300))
            time.sleep(0.5)
            results[name] = json.loads(watchers.ask("report")) | fed
            results[name]["size"] = largest_during(daemon, lambda: daemon.ask("rate", 1_000, 40, 4_000))
        print("     ", name, json.dumps(results[name]), flush=True)
    with_, without = results["stopped"], results["none"]
    ratio = with_["p99"] / without["p99"]

    def text(result):
        return f"{result['p99'] / 1000:.2f} ms (p50 {result['p50'] / 1000:.2f}, n={result['n']:,}, fed {result['changes'] / result['seconds']:,.0f}/s)"
    table.add(f"{others + stopped:,} streams, {stopped} of them stopped, {rate:,} changes/s for {seconds} s: p99 of the others",
              text(with_), f"without stopped {text(without)}", f"{ratio:.2f}", "<= 1.1", ratio <= 1.1)
    each = (with_["size"] - without["size"]) / stopped / 1024
    table.add("  memory of a stopped client, at the most, while 1.6 MB are meant for it", f"{each:.0f} KiB", "", "", "<= 512 KiB", each <= 512)
    table.add("  memory in all, at the most", mib(with_["size"]), f"without stopped {mib(without['size'])}", "", "<= 150 MiB",
              with_["size"] <= 150 * 2**20)


def search_figures(arguments, build, folder, table):
    """Kinds of two words, best first; beside them what bare FTS5 takes to rank the same."""
    found = helper(build, "search_bench", folder / "search", arguments.messages)
    for kind, what in (("two_common", "of the 20 most frequent"), ("two_usual", "usual"), ("common_and_rare", "a frequent and a rare"),
                       ("two_rare", "rare")):
        hark, base = found[f"best_{kind}"], found[f"bare_ranked_{kind}"]
        table.add(f"search of two words ({what}), {found['messages']:,} messages, p95",
                  f"{hark['p95'] / 1000:.1f} ms (p50 {hark['p50'] / 1000:.1f})",
                  f"bare FTS5 {base['p95'] / 1000:.1f} ms (p50 {base['p50'] / 1000:.1f})", f"{hark['p95'] / base['p95']:.2f}",
                  "<= 50 ms", hark["p95"] <= 50_000)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--data")
    parser.add_argument("--messages", type=int, default=312_250)
    parser.add_argument("--only", default="abcdefgh")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--runs", type=int, default=30)
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    use_build(build)
    # A thousand connections, at both ends of them.
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    table = Table()
    with tempfile.TemporaryDirectory(prefix="hark-local-bench-") as name:
        folder = pathlib.Path(name)
        if set(arguments.only) & set("abcg"):
            synced_figures(arguments, build, folder, table)
        for letter, figures in (("d", fan_out_figures), ("e", replay_figures), ("f", stopped_figures), ("h", search_figures)):
            if letter in arguments.only:
                figures(arguments, build, folder, table)
    table.finish(build, "local")
    return 0


if __name__ == "__main__":
    sys.exit(main())
