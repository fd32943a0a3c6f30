#!/usr/bin/env python3
"""A file of more than 400 lines holds a second idea: split it. Tests are lists of cases and may have 800.

  size.py [ROOT]
"""

import source

LIMIT = 400
TEST_LIMIT = 800
# path: why it may be longer. Empty is the aim.
ALLOWED = {}


def is_code(root, path):
    if path.endswith((".cc", ".h", ".py")):
        return True
    name = path.rsplit("/", 1)[-1]
    return "." not in name and source.read(root, path).startswith("#!")


def check(root):
    faults = []
    for path in source.files(root):
        if path in ALLOWED or not is_code(root, path):
            continue
        lines = source.read(root, path).count("\n")
        limit = TEST_LIMIT if path.startswith("tests/") else LIMIT
        if lines > limit:
            faults.append(f"{path}:{limit}: {lines} lines; the limit is {limit}")
    return faults


if __name__ == "__main__":
    source.main(check)
