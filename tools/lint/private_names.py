#!/usr/bin/env python3
"""No file names the machine it was written on: no home or work folders, no package mirrors or registries.

  private_names.py [ROOT]
"""

import glob
import os
import re

import source

# Written in pieces, so that this file does not find itself.
PATTERNS = [
    (r"\b(deb|security|snapshot)\.debian" + r"\.org\b", "a package mirror"),
    (r"\b(registry\.npmjs|pypi|pythonhosted|proxy\.golang|index\.crates)" + r"\.(org|io)\b", "a package registry"),
    (r"\bartifac" + r"tory\b", "a package registry"),
    (r"(?<![\w./-])/(work/(main|shared)|root)" + r"\b/?", "a path of one machine"),
]


def own_paths(root):
    """Where this checkout and its user live."""
    return {path for path in (os.path.abspath(root), os.path.expanduser("~")) if path.count("/") > 1}


def mirrors():
    """Hosts in this machine's own apt configuration: none of them belongs into a file."""
    hosts = set()
    for name in glob.glob("/etc/apt/sources.list") + glob.glob("/etc/apt/sources.list.d/*"):
        try:
            with open(name, encoding="utf-8", errors="replace") as file:
                hosts.update(re.findall(r"https?://([\w.-]+)", file.read()))
        except OSError:
            continue
    return hosts - {"localhost", "127.0.0.1"}


def check_text(path, text, patterns):
    faults = []
    for number, line in enumerate(text.split("\n"), 1):
        faults += [f"{path}:{number}: {reason}" for pattern, reason in patterns if pattern.search(line)]
    return faults


def check(root):
    patterns = [(re.compile(pattern), reason) for pattern, reason in PATTERNS]
    patterns += [(re.compile(r"(?<![\w.-])" + re.escape(host) + r"(?![\w-])"), "a host of this machine's apt configuration")
                 for host in mirrors()]
    patterns += [(re.compile(re.escape(path) + r"(?![\w-])"), "a path of this machine") for path in own_paths(root)]
    return [fault for path in source.files(root) for fault in check_text(path, source.read(root, path), patterns)]


if __name__ == "__main__":
    source.main(check)
