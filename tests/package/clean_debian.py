"""The packages on a clean Debian 12, used by a person from sign-in to uninstall.

  clean_debian.py PACKAGES [--tree FOLDER]

Makes the system with debootstrap from the mirror that this machine uses (kept in FOLDER, so that the second run is quick), and in a
copy of it: installs the packages with apt, lets a person use them under a systemd of the person's own (person.sh), and removes
them. Needs root. Ends with 77 and the reason where the system cannot be made."""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
BOOTED = HERE.parent / "service/booted.py"
PACKAGES = ("harkd", "hark", "hark-backend")
# For the session of the person; what harkd needs comes by its own dependencies.
SESSION = ("systemd", "dbus-user-session")


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


def run(*words, **options):
    return subprocess.run([str(w) for w in words], text=True, **options)


def must(what, *words, **options):
    done = run(*words, capture_output=True, **options)
    if done.returncode != 0:
        sys.exit(f"FAILED: {what}: " + (done.stderr + done.stdout)[-3000:])
    return done.stdout


def mirror():
    texts = [p.read_text() for p in sorted(pathlib.Path("/etc/apt").glob("sources.list*/**/*")) if p.is_file()]
    texts += [pathlib.Path("/etc/apt/sources.list").read_text()] if os.path.exists("/etc/apt/sources.list") else []
    for text in texts:
        for found in re.findall(r"^(?:URIs:|deb (?:\[[^]]*\] )?)\s*(\S+/debian/?)(?:\s|$)", text, re.MULTILINE):
            return found
    skip("no Debian mirror in the apt configuration")


def make_tree(tree):
    if (tree / "usr").exists():
        return
    print(f"debootstrap   into {tree}", flush=True)
    partial = tree.with_name(tree.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    done = run("debootstrap", "--variant=minbase", "bookworm", partial, mirror(), capture_output=True)
    if done.returncode != 0:
        skip("debootstrap: " + (done.stdout + done.stderr).strip()[-500:])
    partial.rename(tree)


def like_this_machine(tree):
    """The packages of the clean system come from where this machine's do."""
    for name in ("sources.list.d", "apt.conf.d", "trusted.gpg.d", "keyrings"):
        source = pathlib.Path("/etc/apt") / name
        if source.is_dir():
            shutil.copytree(source, tree / "etc/apt" / name, dirs_exist_ok=True)
    for file in ("/etc/resolv.conf", "/etc/hosts"):
        if os.path.exists(file):
            shutil.copyfile(file, str(tree) + file)
    (tree / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
    (tree / "usr/sbin/policy-rc.d").chmod(0o755)


def in_tree(tree, *words):
    """A command in the system, with a /proc of its own; what it leaves running ends with it."""
    script = f'mount -t proc proc "{tree}/proc" && exec chroot "{tree}" "$@"'
    return ("unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script, "sh", *words)


def apt(tree, *words):
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    environment.update({k: v for k, v in os.environ.items() if k.lower() in ("http_proxy", "https_proxy", "no_proxy")})
    return must("apt-get " + " ".join(str(w) for w in words), *in_tree(tree, "apt-get", "-y", "--no-install-recommends", *words),
                env=environment)


def installed_files(tree):
    text = must("dpkg -L", *in_tree(tree, "dpkg", "-L", *PACKAGES))
    return {line for line in text.splitlines() if (tree / line.lstrip("/")).is_file()}


def check_installed(tree):
    for program in PACKAGES:
        version = must(program, *in_tree(tree, program, "--version")).strip()
        libraries = must("ldd", *in_tree(tree, "ldd", f"/usr/bin/{program}"))
        assert "not found" not in libraries, libraries
        assert "sqlcipher" not in libraries and "sqlite" not in libraries, libraries
        print(f"installed     {version}: {len(libraries.splitlines())} libraries, SQLCipher in it")
    files = installed_files(tree)
    wanted = {f"/usr/share/man/man1/{p}.1.gz" for p in PACKAGES} | {
        "/usr/lib/systemd/user/harkd.service", "/usr/lib/systemd/user/harkd.socket",
        "/usr/share/bash-completion/completions/hark", "/usr/share/zsh/vendor-completions/_hark",
        "/usr/share/fish/vendor_completions.d/hark.fish"}
    assert wanted <= files, f"missing: {wanted - files}"
    return files


def main():
    options = argparse.ArgumentParser(description="Uses the packages on a clean Debian 12.")
    options.add_argument("packages", type=pathlib.Path)
    options.add_argument("--tree", type=pathlib.Path, default=None)
    chosen = options.parse_args()
    if os.geteuid() != 0:
        skip("only root can make a system")
    if not shutil.which("debootstrap"):
        skip("there is no debootstrap")
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hark-debian-") as folder:
        clean = chosen.tree.resolve() if chosen.tree else pathlib.Path(folder) / "clean"
        make_tree(clean)
        tree = pathlib.Path(folder) / "system"
        must("copy", "cp", "-a", "--reflink=auto", clean, tree)
        like_this_machine(tree)
        for name in PACKAGES:
            found, = chosen.packages.glob(f"{name}_*.deb")
            shutil.copy(found, tree / f"srv/{name}.deb")
        apt(tree, "-q", "update")
        apt(tree, "install", *(f"/srv/{name}.deb" for name in PACKAGES))
        files = check_installed(tree)
        # The library for C++ wants compilers' worth of packages: that they are all there to be had is enough.
        found, = chosen.packages.glob("libhark-client-dev_*.deb")
        shutil.copy(found, tree / "srv/sdk.deb")
        apt(tree, "install", "--simulate", "/srv/sdk.deb")
        apt(tree, "install", *SESSION)
        # An update and a removal do not fail where systemd is there and does not answer.
        (tree / "run/systemd/system").mkdir(parents=True, exist_ok=True)
        apt(tree, "install", "--reinstall", "/srv/harkd.deb")
        print("a person", flush=True)
        code = run(sys.executable, "-B", BOOTED, "sh", "/run/hark/tests/package/person.sh",
                   env=dict(os.environ, HARK_TREE=str(tree), HARK_BUILD=str(chosen.packages.resolve()))).returncode
        if code != 0:
            sys.exit(code)
        apt(tree, "purge", *PACKAGES)
        left = [f for f in files if (tree / f.lstrip("/")).exists()]
        assert not left, f"left behind: {left}"
        print(f"purged        {len(files)} files, none left\ntime          {time.monotonic() - begun:.0f} s\nok")


if __name__ == "__main__":
    main()
