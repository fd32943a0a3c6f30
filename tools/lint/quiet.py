#!/usr/bin/env python3
"""Nothing of the daemon writes but its log, and nothing gets into that unseen (guarantee G10): no stream of the C++
library, no printf, no spdlog and no text of a protobuf message outside of the few files that say so here; and text is
called safe for the log only under names that were thought about.

  quiet.py [ROOT]
"""

import re

import source

# What a file may use nevertheless: it speaks before there is a log, or it is the log.
WRITERS = {
    "daemon/main.cc": {"printf", "puts"},
    "daemon/app/daemon.cc": {"printf"},
    "daemon/base/check.cc": {"printf"},
}
LOG = re.compile(r"daemon/base/(log|journal)\w*\.(cc|h)$")

FORBIDDEN = [
    ("printf", re.compile(r"\b(?:std::)?(?:f|v|vf|d)?printf\s*\(")),
    ("puts", re.compile(r"\b(?:std::)?f?puts\s*\(")),
    ("a stream", re.compile(r"\bstd::(?:cerr|cout|clog)\b")),
    ("perror", re.compile(r"\bperror\s*\(")),
    ("syslog", re.compile(r"\bsyslog\s*\(")),
    ("the text of a protobuf message", re.compile(r"\b(?:Short|Utf8)?DebugString\s*\(|\bPrintDebugString\s*\(|TextFormat")),
]
SPDLOG = re.compile(r"\bspdlog::|<spdlog/")

# Paths, versions, words of ours, numbers as text. Not: names of people, titles, what a backend or a client says.
SAFE = {"aside", "backup", "file", "key", "kind", "path", "socket", "state", "store", "version"}
SAFE_FIELD = re.compile(r"Field::Safe\(\s*(?:\"(\w*)\")?")


def check_text(path, original):
    if not path.startswith("daemon/"):
        return []
    text = source.strip(original)
    faults = []
    for name, pattern in FORBIDDEN:
        if name in WRITERS.get(path, ()) or LOG.match(path):
            continue
        for match in pattern.finditer(text):
            faults.append(f"{path}:{source.line_of(text, match.start())}: {name}: only the log writes (daemon/base/log.h)")
    if not LOG.match(path):
        for match in SPDLOG.finditer(text):
            faults.append(f"{path}:{source.line_of(text, match.start())}: spdlog outside of daemon/base/log.cc")
        for match in SAFE_FIELD.finditer(original):
            if match.group(1) not in SAFE:
                faults.append(f"{path}:{source.line_of(original, match.start())}: Field::Safe() under the name "
                              f"'{match.group(1)}': say in tools/lint/quiet.py why nobody's content can be in it")
    return faults


def check(root):
    return [fault for path in source.cpp_files(root) for fault in check_text(path, source.read(root, path))]


if __name__ == "__main__":
    source.main(check)
