#!/usr/bin/env python3
"""Every C++ file is as clang-format 19 would write it. Exits with 77 (skipped) where it is not installed; other
versions format coroutines differently.

  format.py [--fix] [ROOT]
"""

import os
import shutil
import subprocess
import sys

import source

TOOL = "clang-format-19"
SKIPPED = 77


def check(root):
    names = source.cpp_files(root)
    if not names:
        return []
    run = subprocess.run([TOOL, "--dry-run", "-Werror", "--", *names], cwd=root, capture_output=True, text=True, check=False)
    first = {}
    for line in run.stderr.split("\n"):
        if ": error:" in line:
            place = line.split(": error:")[0]
            first.setdefault(place.split(":")[0], place)
    faults = [f"{place}: not formatted; run tools/dev format" for place in first.values()]
    return faults or ([run.stderr.strip()] if run.returncode != 0 else [])


if __name__ == "__main__":
    if shutil.which(TOOL) is None:
        print(f"{TOOL} is not installed")
        sys.exit(SKIPPED)
    if "--fix" in sys.argv:
        sys.argv.remove("--fix")
        top = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "../.."))
        sys.exit(subprocess.run([TOOL, "-i", "--", *source.cpp_files(top)], cwd=top, check=False).returncode)
    source.main(check)
