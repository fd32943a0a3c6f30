"""What the tables of figures share: the messages they are measured on, the helpers in C++, the table itself."""

import json
import os
import pathlib
import random
import subprocess
import sys
import time

PER_CONVERSATION = 18


def made_conversations(messages):
    """Words as frequent as words are: about 50 characters a message, as in chats."""
    source = random.Random(1)
    words = ["".join(source.choice("etaoinshrdlucmfwypvbgkjqxz") for _ in range(source.randint(2, 9))) for _ in range(20000)]
    for conversation in range(max(1, messages // PER_CONVERSATION)):
        body = []
        for number in range(PER_CONVERSATION):
            text = " ".join(words[int(len(words) * source.random() ** 3)] for _ in range(source.randint(3, 16)))
            body.append({"role": "assistant" if number % 2 else "user", "content": text})
        yield {"conversation_id": f"made-{conversation}", "title": f"Title {conversation}", "messages": body}


def read_conversations(path):
    command = ["zstd", "-dc", path] if path.endswith(".zst") else ["cat", path]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        for line in process.stdout:
            yield json.loads(line)


def percentile(values, part):
    values = sorted(values)
    return values[int(part * (len(values) - 1))] if values else float("nan")


def helper_path(build, name):
    return build / "tests" / "bench" / "helpers" / name


def helper(build, name, *arguments, **options):
    """Runs a helper to its end; what it printed, as JSON."""
    done = subprocess.run([str(helper_path(build, name)), *map(str, arguments)], stdout=subprocess.PIPE, check=True, text=True,
                          **options)
    return json.loads(done.stdout)


class Table:
    def __init__(self):
        self.rows = []

    def add(self, what, measured, baseline, ratio, bar, reached):
        self.rows.append({"what": what, "measured": measured, "baseline": baseline, "ratio": ratio, "bar": bar,
                          "verdict": "PASS" if reached else "short"})
        print(f"    {what}: {measured} | {baseline} | {ratio} | {bar} | {self.rows[-1]['verdict']}", flush=True)

    def show(self):
        columns = ["what", "measured", "baseline", "ratio", "bar", "verdict"]
        widths = [max(len(str(row[c])) for row in self.rows + [dict(zip(columns, columns))]) for c in columns]
        for row in [dict(zip(columns, columns))] + self.rows:
            print("  ".join(str(row[c]).ljust(w) for c, w in zip(columns, widths)).rstrip())

    def finish(self, build, name):
        """Prints the table and keeps it in results/NAME.json."""
        print()
        self.show()
        results = build / "results"
        results.mkdir(exist_ok=True)
        (results / f"{name}.json").write_text(json.dumps(self.rows, indent=1) + "\n")


def use_build(build):
    """The programs of this build are the ones that harness.py starts. To be called before it is imported."""
    os.environ.update(HARKD=str(build / "daemon" / "app" / "harkd"), HARK=str(build / "tools" / "hark" / "hark"),
                      HARK_BACKEND=str(build / "tools" / "backend" / "hark-backend"))
    here = pathlib.Path(__file__).resolve().parent
    sys.path[:0] = [str(build / "tests" / "integration" / "stubs"), str(here), str(here.parent / "integration")]


def wait_until_idle(world):
    """Until harkd has merged and given back what it does when nobody waits: nothing was written for two seconds."""
    end = time.time() + 60
    while time.time() < end and time.time() < 2 + max(f.stat().st_mtime for f in world.data.rglob("cache.db*")):
        time.sleep(0.1)


def import_file(world, file, user):
    """Into the backend, without a copy in the world's folder."""
    from harness import BACKEND
    done = subprocess.run([BACKEND, "import", str(file), "--data", str(world.backend_data), "--user", user, "--days", "30"],
                          capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr.decode())
