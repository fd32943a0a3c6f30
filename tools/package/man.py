"""Manual pages from what the programs say of themselves (help_tree.py) and what only a page tells (pages.py).

  man.py PROGRAM NAME VERSION DATE FILE"""

import pathlib
import sys

import help_tree
import pages


def roff(text):
    """Text as it is: no character of it is an instruction."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga").replace("^", "\\(ha")
    text = text.replace("~", "\\(ti").replace("\"", "\\(dq")
    return "\n".join("\\&" + line if line.startswith(".") else line for line in text.splitlines())


def bold(text):
    return f"\\fB{roff(text)}\\fP"


def italic(text):
    return f"\\fI{roff(text)}\\fP"


def synopsis(tree, name):
    lines = []
    for command in help_tree.walk(tree):
        if not command["alone"]:
            continue
        words = [bold(" ".join([name, *command["path"]]))]
        if len(command["options"]) > 1:
            words.append("[" + italic("OPTION") + "]...")
        for positional in command["positionals"]:
            word = italic(positional["name"])
            words.append(word if positional["required"] else f"[{word}]")
        lines.append(" ".join(words))
    return "\n.br\n".join(lines)


def option_lines(options):
    lines = []
    for option in options:
        names = ", ".join(bold(n) for n in option["names"])
        value = " " + italic(option["value"]) if option["value"] else ""
        text = option["text"] + (f" ({', '.join(option['choices'])})" if option["choices"] else "")
        lines += [".TP", names + value, roff(text) or "\\&"]
    return lines


def command_lines(tree, name):
    lines = []
    for command in list(help_tree.walk(tree))[1:]:
        words = " ".join(command["path"])
        lines += [f".SS {bold(name + ' ' + words)}" + "".join(" " + italic(p["name"]) for p in command["positionals"]),
                  roff(command["text"]) + "."]
        for positional in command["positionals"]:
            lines += [".TP", italic(positional["name"]), roff(positional["text"])]
        lines += option_lines(o for o in command["options"] if "--help" not in o["names"])
    return lines


def page(program, name, version, date):
    tree = help_tree.read(program, name)
    extra = pages.PAGES[name]
    lines = [f'.TH {name.upper().replace("-", chr(92) + "-")} 1 "{date}" "Hark {version}" "Hark"', ".SH NAME",
             f"{roff(name)} \\- {roff(extra['purpose'])}", ".SH SYNOPSIS", synopsis(tree, name), ".SH DESCRIPTION"]
    for paragraph in extra["description"]:
        lines += [".PP", roff(paragraph)]
    lines += [".SH OPTIONS", *option_lines(tree["options"])]
    if tree["commands"]:
        lines += [".SH COMMANDS", *command_lines(tree, name)]
    for heading, paragraphs in extra["sections"]:
        lines.append(f'.SH "{heading}"')
        for term, text in paragraphs:
            lines += [".TP", bold(term), roff(text)] if term else [".PP", roff(text)]
    lines += ['.SH "EXIT STATUS"', ".nf", roff(tree["footer"]), ".fi", '.SH "SEE ALSO"', roff(extra["see"])]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    pathlib.Path(sys.argv[5]).write_text(page(*sys.argv[1:5]))
