"""Processes that misbehave, each in a group of its own, and what the kernel says of them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import case
import kernel

MIB = 1 << 20
MEMORY_MAX = "memory.max" if kernel.V2 else "memory.limit_in_bytes"
CONTROLLERS = ("cpu", "cpuacct", "memory", "pids", "freezer", "blkio")

SPIN = "while True: pass"
# Says "ready" when it has what it asks for.
HOLD = "import sys, time; x = bytearray({mib} << 20); print('ready', flush=True); time.sleep(100000)"
# One more MiB each line of its input: what is there stays touched.
EAT = (
    "import sys\nx = []\nprint('ready', flush=True)\nfor line in sys.stdin:\n"
    "  x.append(bytearray(int(line) << 20)); print(len(x), flush=True)"
)
# Forks until it may not, holds what it got, and says how many those are.
FORK = (
    "import os, time\nn = 0\nwhile n < 5000:\n  try:\n    if os.fork() == 0: time.sleep(100000)\n"
    "  except OSError: break\n  n += 1\nprint(n, flush=True)\ntime.sleep(100000)"
)


class Group:
    """A cgroup of the test's own, in every hierarchy that the engine writes to."""

    def __init__(self, name, parent=""):
        self.path = f"{parent}/plimsoll-test-{name}-{os.getpid()}"
        roots = [kernel.ROOT] if kernel.V2 else [kernel.ROOT / controller for controller in CONTROLLERS]
        self.directories = [Path(os.path.realpath(root)) / self.path.lstrip("/") for root in roots]
        self.directories = list(dict.fromkeys(self.directories))
        self.processes = []
        for directory in self.directories:
            directory.mkdir()

    @property
    def ref(self):
        return f"cgroup:{self.path}"

    def start(self, script):
        """A process that is in the group from its first instruction of the script on."""

        def enter():
            for directory in self.directories:
                (directory / "cgroup.procs").write_text("0", encoding="ascii")

        process = subprocess.Popen(
            [sys.executable, "-c", script], preexec_fn=enter, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.processes.append(process)
        return process

    def ready(self, script):
        process = self.start(script)
        assert process.stdout.readline().strip() == "ready", f"ended with {process.poll()}"
        return process

    def pids(self):
        return [int(pid) for pid in (self.directories[0] / "cgroup.procs").read_text().split()]

    def text(self, controller, name):
        return kernel.text(controller, self.path, name).strip()

    def memory_max(self):
        """In bytes; None: no limit."""
        text = self.text("memory", MEMORY_MAX)
        return None if text == "max" or int(text) > 1 << 62 else int(text)

    def pids_max(self):
        return self.text("pids", "pids.max")

    def oom_kills(self):
        return kernel.keyed("memory", self.path, "memory.events" if kernel.V2 else "memory.oom_control")["oom_kill"]

    def remove(self):
        def empty():
            for pid in self.pids():
                os.kill(pid, signal.SIGKILL)
            return not self.pids()

        if self.directories[0].exists():
            assert case.eventually(empty), f"{self.path} keeps its processes"
        for process in self.processes:
            process.stdin.close()
            process.stdout.close()
            process.wait(20)
        for directory in self.directories:
            assert case.eventually(lambda directory=directory: removed(directory)), directory


def removed(directory):
    try:
        directory.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
