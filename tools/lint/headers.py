#!/usr/bin/env python3
"""Each header has an include guard that is its path, and begins with a paragraph that says its idea.

  headers.py [ROOT]
"""

import re

import source


def guard_of(path):
    """daemon/store/reader.h → HARK_DAEMON_STORE_READER_H_; public headers of the SDK: hark/client.h → HARK_CLIENT_CLIENT_H_."""
    public = "client-sdk/include/hark/"
    if path.startswith(public):
        path = "client/" + path[len(public):]
    return "HARK_" + re.sub(r"[^A-Za-z0-9]", "_", path).upper() + "_"


def check_text(path, text):
    guard = guard_of(path)
    faults = []
    if re.search(r"^\s*#\s*pragma\s+once", text, re.MULTILINE):
        faults.append(f"{path}:1: use an include guard, not #pragma once")
    opening = re.search(r"^#ifndef (\w+)\n#define (\w+)$", text, re.MULTILINE)
    if not opening or opening.group(1) != guard or opening.group(2) != guard:
        faults.append(f"{path}:1: the include guard should be {guard}")
    elif not text.rstrip().endswith(f"#endif  // {guard}"):
        faults.append(f"{path}:1: the file should end with #endif  // {guard}")
    before_code = re.split(r"^#include|^namespace|^(?:class|struct|template)", text, maxsplit=1, flags=re.MULTILINE)[0]
    if not re.search(r"^//", before_code, re.MULTILINE):
        faults.append(f"{path}:1: begin with a comment that says the idea of the header")
    return faults


def check(root):
    headers = [path for path in source.cpp_files(root) if path.endswith(".h")]
    return [fault for path in headers for fault in check_text(path, source.read(root, path))]


if __name__ == "__main__":
    source.main(check)
