"""Transient systemd units of the tests, all below plimsoll-test.slice; systemd and the kernel asked
by other means than ours."""

import ctypes
import os
import subprocess
from pathlib import Path

SLICE = "plimsoll-test.slice"
SLICE_PATH = f"/plimsoll.slice/{SLICE}"  # A dash in a slice's name is a level of the tree.
ROOT = Path("/sys/fs/cgroup")


def run(*command, check=True):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if check:
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}{done.stdout}"
    return done.stdout.strip()


def start(name, script, **properties):
    """A service that runs a shell script; its cgroup."""
    settings = [f"--property={key}={value}" for key, value in properties.items()]
    run("systemd-run", "--quiet", f"--unit={name}", f"--slice={SLICE}", *settings, "/bin/sh", "-c", script)
    return f"{SLICE_PATH}/{name}.service"


def start_scope(name, script):
    """A scope: processes that somebody else started. Its cgroup."""
    command = ["systemd-run", "--quiet", "--scope", f"--unit={name}", f"--slice={SLICE}", "/bin/sh", "-c", script]
    subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return f"{SLICE_PATH}/{name}.scope"


def stop():
    run("systemctl", "stop", SLICE, check=False)
    run("systemctl", "reset-failed", check=False)


def property_of(unit, name):
    return run("systemctl", "show", "--value", f"--property={name}", unit)


def text(path, name):
    return (ROOT / path.lstrip("/") / name).read_text(encoding="utf-8")


def number(path, name):
    """The value of a file with one number; None is "max"."""
    value = text(path, name).strip()
    return None if value == "max" else int(value)


def keyed(path, name):
    return {key: int(value) for key, value in (line.split() for line in text(path, name).splitlines())}


def pressure(path, resource):
    """kind -> seconds stalled."""
    stalled = {}
    for line in text(path, f"{resource}.pressure").splitlines():
        kind, *words = line.split()
        stalled[kind] = int(dict(word.split("=") for word in words)["total"]) / 1e6
    return stalled


def io(path):
    """device number -> counters of io.stat."""
    devices = {}
    for line in text(path, "io.stat").splitlines():
        device, *words = line.split()
        devices[device] = {key: int(value) for key, value in (word.split("=") for word in words)}
    return devices


def hold(threads):
    """Stops threads of another process, until they are gone; a signal would stop all of them. The pid of who does it."""
    seize, interrupt, wait_all = 0x4206, 0x4207, 0x40000000  # ptrace(2), waitpid(2)
    pid = os.fork()
    if pid:
        return pid
    ptrace = ctypes.CDLL(None, use_errno=True).ptrace
    for thread in threads:
        if ptrace(seize, thread, None, None) != 0 or ptrace(interrupt, thread, None, None) != 0:
            os._exit(1)
    try:
        while True:
            os.waitpid(-1, wait_all)
    except ChildProcessError:
        os._exit(0)
