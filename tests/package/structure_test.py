"""What an installation consists of, and that manual pages and shell completion say what the programs do: asked of the programs
themselves, by running them, and not of the scripts that wrote the pages."""

import gzip
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

BUILD = pathlib.Path(os.environ["HARK_BUILD"])
PROGRAMS = {"harkd": BUILD / "daemon/app/harkd", "hark": BUILD / "tools/hark/hark",
            "hark-backend": BUILD / "tools/backend/hark-backend"}
DOCUMENTS = BUILD / "tools/package/share"
# What says of an argument that it is none of the program's (CLI11's words).
UNKNOWN = "not expected"
COMPONENTS = {
    "harkd": {"bin/harkd", "lib/systemd/user/harkd.service", "lib/systemd/user/harkd.socket", "share/man/man1/harkd.1.gz",
              "share/bash-completion/completions/harkd", "share/zsh/vendor-completions/_harkd",
              "share/fish/vendor_completions.d/harkd.fish", "share/doc/harkd/copyright", "share/doc/harkd/changelog.Debian.gz"},
    "hark": {"bin/hark", "share/man/man1/hark.1.gz", "share/bash-completion/completions/hark",
             "share/zsh/vendor-completions/_hark", "share/fish/vendor_completions.d/hark.fish", "share/doc/hark/copyright",
             "share/doc/hark/changelog.Debian.gz"},
    "backend": {"bin/hark-backend", "share/man/man1/hark-backend.1.gz", "share/bash-completion/completions/hark-backend",
                "share/zsh/vendor-completions/_hark-backend", "share/fish/vendor_completions.d/hark-backend.fish",
                "share/doc/hark-backend/copyright", "share/doc/hark-backend/changelog.Debian.gz"},
}


def run(*words, **options):
    return subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=60, **options)


def harmless():
    """An environment in which no command of a program's reaches anything."""
    nowhere = "/nowhere"
    return {"PATH": nowhere, "HOME": nowhere, "HARK_SOCKET": f"{nowhere}/socket", "XDG_RUNTIME_DIR": nowhere}


def page_of(name):
    return gzip.decompress((DOCUMENTS / name / f"{name}.1.gz").read_bytes()).decode()


def plain(text):
    for written, meant in (("\\-", "-"), ("\\fB", ""), ("\\fI", ""), ("\\fP", "")):
        text = text.replace(written, meant)
    return text


def options_in_page(name):
    """{command: its long options}; "" are those of all commands."""
    found, command = {"": set()}, ""
    for line in page_of(name).splitlines():
        if line.startswith(".SS "):
            words = plain(line[4:]).split()[1:]
            command = " ".join(w for w in words if w == w.lower())
            found[command] = set()
        elif line.startswith('.SH "EXIT'):
            break
        elif line.startswith("\\fB\\-"):
            found[command] |= set(re.findall(r"--[a-z][-a-z]*", plain(line)))
    return found


def options_in_help(program, command):
    """By how --help looks: two blanks, then the option."""
    text = run(program, *command.split(), "--help").stdout
    names = set()
    for line in text.splitlines():
        match = re.match(r"  (?:-[a-zA-Z],)?(--[a-z][-a-z]*)", line)
        if match:
            names.add(match.group(1))
    return names


def commands_in_help(program, command=""):
    """All commands below one, asked of each in turn."""
    text = run(program, *command.split(), "--help").stdout
    below = re.search(r"^Subcommands:\n((?:  .*\n)+)", text, re.MULTILINE)
    found = []
    for word in re.findall(r"^  ([^\s,]+)", below.group(1), re.MULTILINE) if below else []:
        path = f"{command} {word}".strip()
        found += [path, *commands_in_help(program, path)]
    return found


def needed(program, command, folder):
    """What a command cannot be without, so that nothing else than an option can be wrong with it."""
    text = run(program, *command.split(), "--help").stdout
    usage = re.search(r"^Usage: (.*)$", text, re.MULTILINE).group(1)
    words = ["x" for word in usage.split() if re.fullmatch(r"[A-Z]+", word) and word != "SUBCOMMAND"]
    for option in re.findall(r"^  (--[-a-z]+) .*REQUIRED", text, re.MULTILINE):
        words += [option, str(folder)]
    return words


class ManualPages(unittest.TestCase):
    def test_each_command_and_option_is_in_the_page_and_no_other(self):
        for name, program in PROGRAMS.items():
            pages = options_in_page(name)
            self.assertEqual(set(pages) - {""}, set(commands_in_help(program)), name)
            self.assertEqual(pages[""], options_in_help(program, ""), name)
            for command in set(pages) - {""}:
                self.assertEqual(pages[command], options_in_help(program, command) - {"--help"}, f"{name} {command}")

    def test_the_program_takes_each_option_of_its_page_and_refuses_others(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, program in PROGRAMS.items():
                for command, options in options_in_page(name).items():
                    # hark's own options may come after each command; alone they are not enough.
                    words = command.split() or (["version"] if name == "hark" else [])
                    rest = needed(program, command, folder) if words else []
                    for option in options - {"--help", "--version"} - set(rest):
                        done = run(program, *words, *rest, option, env=harmless())
                        self.assertNotIn(UNKNOWN, done.stderr, f"{name} {command} {option}")
                    done = run(program, *words, *rest, "--no-such-option", env=harmless())
                    self.assertNotEqual(done.returncode, 0)
                    if "subcommand is required" not in done.stderr:
                        self.assertIn(UNKNOWN, done.stderr, f"{name} {command}")

    @unittest.skipUnless(shutil.which("man"), "there is no man")
    def test_the_pages_are_without_a_warning(self):
        for name in PROGRAMS:
            page = DOCUMENTS / name / f"{name}.1"
            done = run("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page, env=dict(os.environ, LC_ALL="C.UTF-8"))
            self.assertEqual((done.returncode, done.stderr), (0, ""), name)


class Completion(unittest.TestCase):
    def bash(self, name, line):
        words = line.split(" ")
        quoted = " ".join(f"'{w}'" for w in words)
        script = (f'source "{DOCUMENTS}/{name}/{name}.bash"; COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; '
                  f'_{name.replace("-", "_")}; printf "%s\\n" "${{COMPREPLY[@]}}"')
        done = run("bash", "-c", script)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_bash_offers_what_may_come_next(self):
        for name, program in PROGRAMS.items():
            commands = commands_in_help(program)
            for command in ["", *commands]:
                line = f"{name} {command}".strip()
                below = {c.rpartition(" ")[2] for c in commands if c.rpartition(" ")[0] == command}
                offered = set(self.bash(name, line + " "))
                self.assertEqual({w for w in offered if not w.startswith("-")}, below, line)
                self.assertLessEqual(options_in_help(program, command), offered, line)
        self.assertEqual(self.bash("hark", "hark serv"), ["service"])
        self.assertEqual(self.bash("hark", "hark service install --on"), ["--on-demand"])
        self.assertEqual(self.bash("hark", "hark messages --timeout 3 --aro"), ["--around"])
        self.assertEqual(set(self.bash("hark-backend", "hark-backend serve --responder ")), {"none", "echo"})

    def test_the_other_shells_can_read_theirs(self):
        for shell in ("zsh", "fish"):
            if not shutil.which(shell):
                print(f"there is no {shell}: only the files were looked at")
            for name, program in PROGRAMS.items():
                file = DOCUMENTS / name / f"{name}.{shell}"
                text = file.read_text()
                for command in commands_in_help(program):
                    for option in options_in_help(program, command):
                        self.assertIn(option if shell == "zsh" else f"-l {option[2:]}", text)
                if shutil.which(shell):
                    done = run(shell, "-n", file)
                    self.assertEqual((done.returncode, done.stderr), (0, ""), name)


class Installation(unittest.TestCase):
    def test_each_part_installs_what_its_package_holds_and_nothing_else(self):
        for component, wanted in COMPONENTS.items():
            with tempfile.TemporaryDirectory() as folder:
                done = run("cmake", "--install", BUILD, "--component", component, "--prefix", folder)
                self.assertEqual(done.returncode, 0, done.stderr)
                prefix = pathlib.Path(folder)
                files = {str(p.relative_to(prefix)) for p in prefix.rglob("*") if p.is_file()}
                self.assertEqual({f for f in files if "/lintian/" not in f}, wanted, component)

    def test_the_installed_unit_starts_the_installed_program(self):
        with tempfile.TemporaryDirectory() as folder:
            run("cmake", "--install", BUILD, "--component", "harkd", "--prefix", folder)
            unit = (pathlib.Path(folder) / "lib/systemd/user/harkd.service").read_text()
            prefix = re.search(r"^CMAKE_INSTALL_PREFIX:PATH=(.*)$", (BUILD / "CMakeCache.txt").read_text(), re.MULTILINE)
            self.assertIn(f"\nExecStart={prefix.group(1)}/bin/harkd\n", unit)

    def test_the_packages_are_cut_as_documented(self):
        config = (BUILD / "CPackConfig.cmake").read_text()
        for name in ("harkd", "hark", "hark-backend", "libhark-client-dev"):
            self.assertRegex(config, rf'set\(CPACK_DEBIAN_[A-Z]+_PACKAGE_NAME "{name}"\)')
        self.assertIn('set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS "ON")', config)
        # The library of the desktop's key store is loaded when it is needed, which shlibdeps cannot know.
        self.assertNotIn("libsecret", run("ldd", PROGRAMS["harkd"]).stdout)
        self.assertRegex(config, r'set\(CPACK_DEBIAN_HARKD_PACKAGE_RECOMMENDS "[^"]*\blibsecret-1-0\b')


if __name__ == "__main__":
    unittest.main(verbosity=2)
