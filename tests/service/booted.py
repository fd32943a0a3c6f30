"""A real `systemd --user`, in namespaces of its own, for an ordinary user who exists only there.

  booted.py COMMAND [ARGUMENT …]

Runs the command as that user, with HOME, XDG_RUNTIME_DIR and a bus, beside a journald; the build folder (HARK_BUILD) is at
/run/hark/build, the checkout's tests at /run/hark/tests. With HARK_TREE, the folder of another system, everything happens in
that system. Nothing of it is left when it ends. Where the machine does not allow it, says why and ends with 77."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

UID = 21234
USER = "hark-guest"
PLACE = pathlib.Path("/run/hark")
HOME = pathlib.Path("/home") / USER
RUNTIME = pathlib.Path(f"/run/user/{UID}")
CGROUP = pathlib.Path("/sys/fs/cgroup")
# journald finds the user's unit by these names.
SESSION = f"user.slice/user-{UID}.slice/user@{UID}.service"
SYSTEMD = "/lib/systemd/systemd"
JOURNALD = "/lib/systemd/systemd-journald"
PATIENCE = 30
ME = pathlib.Path(__file__).resolve()


def skip(why):
    print(f"skipped: {why}", flush=True)
    sys.exit(77)


def run(*words):
    return subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=PATIENCE)


def need(*words):
    done = run(*words)
    if done.returncode != 0:
        skip(f"{' '.join(str(w) for w in words)}: {(done.stderr or done.stdout).strip()}")


def outside(arguments):
    if os.geteuid() != 0:
        skip("only root can make an ordinary user for this")
    if not HOME.parent.is_dir():
        skip("there is no /home")
    for program in ("unshare", "mount", "dbus-daemon", "systemctl", "systemd-run", SYSTEMD):
        if not shutil.which(program):
            skip(f"there is no {program}")
    need("unshare", "--mount", "--pid", "--fork", "--cgroup", "true")
    before = groups()
    code = subprocess.run(["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--cgroup", sys.executable, "-B",
                           str(ME), "--inside", *arguments]).returncode
    # The kernel lets go of the last process a moment after its end is told.
    for folder in sorted(groups() - before, key=lambda f: -len(f)):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                os.rmdir(folder)
                break
            except FileNotFoundError:
                break
            except OSError:
                os.sched_yield()
    return code


def groups():
    """The cgroups of the user's session, and what they are below, where they are seen from outside."""
    found = set()
    for root in (CGROUP, CGROUP / "unified"):
        found |= {str(root / "user.slice")} if (root / "user.slice").is_dir() else set()
        for folder, _, _ in os.walk(root / f"user.slice/user-{UID}.slice"):
            found.add(folder)
    return found


def enter_tree(tree):
    """The other system is the root from now on."""
    old = tree / "mnt"
    need("pivot_root", tree, old)
    os.chdir("/")
    need("umount", "-l", "/mnt")


def make_place(build, root):
    """With `root` before all paths, while it is not the root yet."""
    def at(path):
        return root / str(path).lstrip("/")

    need("mount", "--make-rprivate", "/")
    if root != pathlib.Path("/"):
        need("mount", "--rbind", root, root)
        need("mount", "--rbind", "/dev", at("/dev"))
        need("mount", "-t", "proc", "proc", at("/proc"))
        need("mount", "-t", "sysfs", "sysfs", at("/sys"))
        need("mount", "-t", "tmpfs", "none", at("/sys/fs/cgroup"))
        need("mount", "-t", "tmpfs", "-o", "mode=1777", "none", at("/tmp"))
    need("mount", "-t", "tmpfs", "-o", "mode=755", "none", at("/run"))
    # The fourth and the fifth are what the system's own systemd makes at boot (docs/adr/0035).
    for folder in (PLACE, "/run/user", "/run/systemd/journal", "/run/systemd/unit-root", "/run/credentials", "/run/systemd/system",
                   PLACE / "build", PLACE / "tests"):
        os.makedirs(at(folder), exist_ok=True)
    need("mount", "-t", "tmpfs", "-o", "mode=755", "none", at("/home"))
    for folder in (HOME, RUNTIME):
        os.mkdir(at(folder), 0o700)
        os.chown(at(folder), UID, UID)
    need("mount", "--bind", build, at(PLACE / "build"))
    need("mount", "--bind", ME.parent.parent, at(PLACE / "tests"))
    users = at(PLACE / "passwd")
    users.write_text(at("/etc/passwd").read_text() + f"{USER}:x:{UID}:{UID}::{HOME}:/bin/sh\n")
    need("mount", "--bind", users, at("/etc/passwd"))
    if root != pathlib.Path("/"):
        enter_tree(root)


def make_cgroup():
    run("umount", "-l", CGROUP)
    need("mount", "-t", "cgroup2", "none", CGROUP)
    session = CGROUP / SESSION
    try:
        session.mkdir(parents=True, exist_ok=True)
        for folder, _, files in os.walk(session):
            for name in [folder] + [os.path.join(folder, f) for f in files]:
                os.chown(name, UID, UID)
    except OSError as error:
        skip(f"no control group can be made: {error}")
    return session


def start_journald():
    """With the user's entries in a journal of the user's. Without it the tests of the log are skipped."""
    if not os.path.exists(JOURNALD):
        return
    need("mount", "-t", "tmpfs", "-o", "mode=755", "none", "/var/log")
    os.mkdir("/var/log/journal")
    pathlib.Path("/run/systemd/journal/flushed").touch()
    journald = subprocess.Popen([JOURNALD], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: os.path.exists("/run/systemd/journal/socket") or journald.poll() is not None, "journald does not listen")


def wait_until(condition, why):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            skip(why)
        os.sched_yield()


def become_user():
    os.setgroups([])
    os.setresgid(UID, UID, UID)
    os.setresuid(UID, UID, UID)
    os.chdir(HOME)


def in_group(session):
    def enter():
        (session / "cgroup.procs").write_text(str(os.getpid()))
        become_user()
    return enter


def inside(arguments):
    build = os.environ["HARK_BUILD"]
    make_place(build, pathlib.Path(os.environ.get("HARK_TREE", "/")))
    session = make_cgroup()
    start_journald()
    environment = {
        "PATH": "/usr/bin:/bin", "HOME": str(HOME), "USER": USER, "LANG": "C.UTF-8", "XDG_RUNTIME_DIR": str(RUNTIME),
        "PYTHONPATH": f"{PLACE}/build/tests/integration/stubs:{PLACE}/tests/integration",
        "PYTHONDONTWRITEBYTECODE": "1", "HARKD": f"{PLACE}/build/daemon/app/harkd", "HARK_BACKEND": f"{PLACE}/build/tools/backend/hark-backend",
        "HARK": f"{PLACE}/build/tools/hark/hark", "HARK_SERVICE_PROBE": f"{PLACE}/build/tests/service/service_probe",
    }
    log = open(PLACE / "systemd.log", "ab")
    enter = in_group(session)
    if not os.path.exists("/usr/lib/systemd/user/dbus.socket"):
        subprocess.Popen(["dbus-daemon", "--session", f"--address=unix:path={RUNTIME}/bus", "--nofork", "--nopidfile"],
                         env=environment, preexec_fn=become_user, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    manager = subprocess.Popen([SYSTEMD, "--user"], env=environment, preexec_fn=enter, stdin=subprocess.DEVNULL, stdout=log,
                               stderr=log)

    def answers():
        if manager.poll() is not None:
            skip("systemd --user ended: " + (PLACE / "systemd.log").read_text()[-500:])
        done = subprocess.run(["systemctl", "--user", "show", "-p", "Version"], env=environment, preexec_fn=become_user,
                              capture_output=True)
        return done.returncode == 0 and os.path.exists(RUNTIME / "bus")
    wait_until(answers, "systemd --user does not answer")
    test = subprocess.run(arguments, env=environment, preexec_fn=become_user)
    if test.returncode not in (0, 77):
        sys.stderr.write("--- systemd\n" + (PLACE / "systemd.log").read_text(errors="replace")[-4000:])
    return test.returncode


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    given = sys.argv[1:]
    sys.exit(inside(given[1:]) if given[0] == "--inside" else outside(given))
