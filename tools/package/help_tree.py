"""What a program says of itself with --help, as a tree: the one source of manual pages and shell completion.

  {"name", "path", "text", "positionals": [{"name", "text", "required"}], "options": [{"names", "value", "text", "choices"}],
   "commands": [tree …], "alone": it does something without one of its commands, "footer"}

The programs' help is CLI11's: sections with a heading, items indented by two, their texts from column 30 on or on the next
line."""

import re
import subprocess

COLUMN = 30


def ask(program, path):
    done = subprocess.run([program, *path, "--help"], capture_output=True, text=True, check=True)
    return done.stdout


def sections(text):
    """(what stands before the first section, {heading: its lines}, what comes after them)."""
    before, found, footer, current = [], {}, [], None
    for line in text.splitlines():
        heading = re.fullmatch(r"(Positionals|Options|Subcommands):", line)
        if heading:
            current = found.setdefault(heading.group(1), [])
        elif current is not None and line.startswith("  ") and not footer:
            current.append(line)
        elif found and line.strip() and not line.startswith("Usage:"):
            footer.append(line)
        elif footer:
            footer.append(line)
        elif not found:
            before.append(line)
    return before, found, "\n".join(footer).strip()


def items(lines):
    """[(what is named, its text)]"""
    found = []
    for line in lines:
        if line[2] != " ":
            named, text = line[2:], ""
            if len(line) > COLUMN and line[COLUMN - 1] == " " and line[COLUMN] != " ":
                named, text = line[2:COLUMN].rstrip(), line[COLUMN:].strip()
            found.append([named.rstrip(), text])
        else:
            found[-1][1] = (found[-1][1] + " " + line.strip()).strip()
    return found


def option(named, text):
    names = re.match(r"-[-\w]+(?:,-[-\w]+)*", named).group(0)
    rest = named[len(names):]
    value = re.match(r" ([A-Z][A-Z0-9_-]*)", rest)
    if value and value.group(1) in ("REQUIRED",):
        value = None
    choices = re.search(r"\{([^}]*)\}", rest)
    return {"names": names.split(","), "value": value.group(1) if value else None, "text": text,
            "choices": choices.group(1).split(",") if choices else []}


def read(program, name, path=()):
    before, found, footer = sections(ask(program, path))
    text = " ".join(line.strip() for line in before if line.strip() and not line.startswith("Usage:"))
    tree = {"name": path[-1] if path else name, "path": list(path), "text": text, "footer": footer,
            "alone": not re.search(r"^Usage: .* SUBCOMMAND$", ask(program, path), re.MULTILINE),
            "positionals": [], "options": [], "commands": []}
    for named, said in items(found.get("Positionals", [])):
        tree["positionals"].append({"name": named.split()[0], "text": said, "required": "REQUIRED" in named.split()})
    for named, said in items(found.get("Options", [])):
        tree["options"].append(option(named, said))
    for named, _ in items(found.get("Subcommands", [])):
        # Other names of the command come after a comma.
        below = (*path, named.split()[0].rstrip(","))
        # A program answers a command that it does not know with the help of all of them.
        if ask(program, below) == ask(program, path):
            raise SystemExit(f"{name} lists a command that it does not know: {' '.join(below)}")
        tree["commands"].append(read(program, name, below))
    return tree


def walk(tree):
    yield tree
    for command in tree["commands"]:
        yield from walk(command)
