#!/usr/bin/env python3
"""g++ 12 destroys some temporaries of a co_await expression twice (docs/adr/0002). So in the full expression around
a co_await there is no capturing lambda, no braced temporary and no ?: — name it first, then move it in.

  co_await.py [ROOT]
"""

import re

import source

OPEN, CLOSE = "([{", ")]}"
LAMBDA = re.compile(r"(?<![\w)\]])\s*\[([^\[\]]*)\]\s*(\([^()]*(?:\([^()]*\)[^()]*)*\))?[^;{}()]*\{")


# What comes before the { of a block rather than of a braced value.
BLOCK = re.compile(r"(\)|\b(else|do|try|const|noexcept|override|final|mutable)|->[\w\s:<>,&*]+|[;{}:])\s*$")


def start_of(text, at):
    """Where the full expression that contains text[at] begins."""
    depth = 0
    for i in range(at - 1, -1, -1):
        c = text[i]
        if depth == 0 and c == ";":
            return i + 1
        if depth == 0 and c == "}" and re.match(r"\}\s*[\w*&~]", text[i:i + 200]):
            return i + 1  # The end of the block before.
        if c in CLOSE:
            depth += 1
        elif c in OPEN:
            if depth == 0 and c == "{" and BLOCK.search(text[max(0, i - 200):i]):
                return i + 1  # The beginning of the block around it.
            depth = max(0, depth - 1)
    return 0


def end_of(text, at):
    """Where it ends."""
    depth = 0
    for i in range(at, len(text)):
        c = text[i]
        if c == ";" and depth <= 0:
            return i
        if c == "{" and depth <= 0 and re.search(r"\)\s*$", text[:i][-200:]):
            return i  # The block of an if or a loop.
        if c in OPEN:
            depth += 1
        elif c in CLOSE:
            if c == "}" and depth <= 0:
                return i
            depth -= 1
    return len(text)


def judge(expression):
    for match in LAMBDA.finditer(expression):
        if match.group(1).strip():
            return "a capturing lambda"
    plain = LAMBDA.sub(" lambda(", expression)  # A lambda that captures nothing is harmless.
    if re.search(r"[\w>(,=]\s*\{", plain):
        return "a braced temporary"
    if "?" in plain:
        return "?:"
    return None


def check_text(path, original):
    text = source.strip(original)
    faults = []
    for match in re.finditer(r"\bco_await\b", text):
        reason = judge(text[start_of(text, match.start()):end_of(text, match.start())])
        if reason:
            line = source.line_of(text, match.start())
            faults.append(f"{path}:{line}: {reason} in the expression of a co_await; name it first (docs/adr/0002)")
    return faults


def check(root):
    return [fault for path in source.cpp_files(root) for fault in check_text(path, source.read(root, path))]


if __name__ == "__main__":
    source.main(check)
