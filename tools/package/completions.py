"""Shell completion from what the programs say of themselves (help_tree.py).

  completions.py PROGRAM NAME FOLDER   writes NAME.bash, NAME.zsh and NAME.fish"""

import pathlib
import sys

import help_tree

# Values that are paths; other values are the person's to know.
PATHS = {"PATH", "FILE", "FOLDER", "DIR"}


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"


def words_of(tree, globals_):
    """What may come next: commands, and options with those that every command takes."""
    names = [n for o in tree["options"] + globals_ for n in o["names"] if n.startswith("--")]
    return [c["name"] for c in tree["commands"]] + sorted(set(names))


def bash(tree, name):
    function = "_" + name.replace("-", "_")
    globals_ = tree["options"]
    lines = [f"# bash completion of {name}: made from its --help.", f"{function}() {{",
             '  local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}" path="" i',
             "  COMPREPLY=()", "  for ((i = 1; i < COMP_CWORD; i++)); do", '    case "$path ${COMP_WORDS[i]}" in']
    commands = [c for c in help_tree.walk(tree) if c["path"]]
    for command in commands:
        lines.append(f'      {quoted(" " + " ".join(command["path"]))}) path={quoted(" " + " ".join(command["path"]))} ;;')
    lines += ["    esac", "  done", '  case "$before" in']
    seen = set()
    for option in (o for c in help_tree.walk(tree) for o in c["options"] if o["value"]):
        names = "|".join(n for n in option["names"] if n not in seen)
        seen.update(option["names"])
        if not names:
            continue
        if option["value"] in PATHS:
            lines.append(f'    {names}) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;')
        else:
            choices = " ".join(option["choices"])
            lines.append(f'    {names}) mapfile -t COMPREPLY < <(compgen -W {quoted(choices)} -- "$word"); return ;;')
    lines += ["  esac", '  case "$path" in']
    for command in [tree] + commands:
        path = " " + " ".join(command["path"]) if command["path"] else ""
        words = " ".join(words_of(command, globals_))
        lines.append(f'    {quoted(path)}) mapfile -t COMPREPLY < <(compgen -W {quoted(words)} -- "$word") ;;')
    lines += ["  esac", "}", f"complete -F {function} {name}"]
    return "\n".join(lines) + "\n"


def zsh_text(text):
    return text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")


def zsh_options(options):
    lines = []
    for option in options:
        for name in option["names"]:
            if not name.startswith("--"):
                continue
            value = ""
            if option["value"]:
                action = "_files" if option["value"] in PATHS else f"({' '.join(option['choices'])})"
                value = f":{option['value']}:{action}"
            lines.append(quoted(f"{name}[{zsh_text(option['text'])}]{value}"))
    return lines


def zsh(tree, name):
    function = "_" + name.replace("-", "_")
    lines = [f"#compdef {name}", f"# zsh completion of {name}: made from its --help.", ""]
    for command in reversed(list(help_tree.walk(tree))):
        own = "_".join([function, *(p.replace("-", "_") for p in command["path"])])
        inherited = [o for o in tree["options"] if o not in command["options"]] if command is not tree else []
        flags = zsh_options(command["options"] + inherited)
        lines += [f"{own}() {{", "  local -a flags commands", f"  flags=({' '.join(flags)})"]
        if command["commands"]:
            described = " ".join(quoted(f"{c['name']}:{zsh_text(c['text'])}") for c in command["commands"])
            lines += [f"  commands=({described})", "  local context state line curcontext=\"$curcontext\"",
                      '  _arguments -C $flags "1: :->command" "*:: :->rest"', '  case "$state" in',
                      "    command) _describe command commands ;;", '    rest) case "$line[1]" in']
            for child in command["commands"]:
                lines.append(f"      {child['name']}) {own}_{child['name'].replace('-', '_')} ;;")
            lines += ["    esac ;;", "  esac"]
        else:
            lines.append('  _arguments $flags "*: :"')
        lines += ["}", ""]
    lines.append(f'{function} "$@"')
    return "\n".join(lines) + "\n"


def fish(tree, name):
    lines = [f"# fish completion of {name}: made from its --help.", f"complete -c {name} -f"]
    for command in help_tree.walk(tree):
        path = command["path"]
        children = [c["name"] for c in command["commands"]]
        if path:
            condition = " && ".join(f"__fish_seen_subcommand_from {word}" for word in path)
        else:
            condition = "__fish_use_subcommand"
        if path and children:
            beneath = condition + f" && not __fish_seen_subcommand_from {' '.join(children)}"
        else:
            beneath = condition
        for child in command["commands"]:
            lines.append(f"complete -c {name} -n {quoted(beneath)} -a {child['name']} -d {quoted(child['text'])}")
        for option in command["options"]:
            where = f" -n {quoted(condition)}" if path else ""
            for long in (n[2:] for n in option["names"] if n.startswith("--")):
                value = ""
                if option["value"]:
                    value = " -r -F" if option["value"] in PATHS else " -x"
                    value += f" -a {quoted(' '.join(option['choices']))}" if option["choices"] else ""
                lines.append(f"complete -c {name}{where} -l {long}{value} -d {quoted(option['text'])}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    program, called, folder = sys.argv[1:4]
    tree = help_tree.read(program, called)
    for shell, write in (("bash", bash), ("zsh", zsh), ("fish", fish)):
        pathlib.Path(folder, f"{called}.{shell}").write_text(write(tree, called))
