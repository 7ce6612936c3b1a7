"""dockerd with its default paths, inside a mini host, and the docker command line."""

import json
import re
import shutil
import signal
import subprocess
from pathlib import Path

import case
import images

CLI = "/usr/bin/docker"  # Debian's, whatever else stands in PATH.
IMAGE = "plimsoll-test/busybox:1"
SOCKET = "/run/docker.sock"
ROOTS = {  # Where a v1 controller is mounted; on v2 there is one tree.
    name: Path("/sys/fs/cgroup") / name for name in ("cpu", "cpuacct", "memory", "blkio", "pids")
}


class Docker:
    def __init__(self, *flags):
        self.log_path = case.work / "dockerd.log"
        command = ["dockerd", "--exec-opt", "native.cgroupdriver=cgroupfs", "--pidfile", "/run/docker.pid"]
        command += ["-H", f"unix://{SOCKET}", *flags]
        with open(self.log_path, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        assert case.eventually(self.answers, 60), f"dockerd does not start:\n{self.log_path.read_text()}"
        subprocess.run([CLI, "import", "-", IMAGE], input=images.busybox_tar(), check=True, capture_output=True)

    def answers(self):
        assert self.process.poll() is None, f"dockerd ended:\n{self.log_path.read_text()}"
        return subprocess.run([CLI, "ps"], capture_output=True, check=False).returncode == 0

    def __call__(self, *arguments, cli=CLI):
        done = subprocess.run([cli, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"docker {' '.join(arguments)}: {done.stderr}"
        return done.stdout.strip()

    def run(self, name, script, *flags):
        """Starts a container that runs a shell script; its id."""
        return self("run", "-d", "--name", name, *flags, IMAGE, "sh", "-c", script)

    def stats(self, name, cli=CLI):
        """One line of `docker stats`, as numbers."""
        return parse_stats(json.loads(self("stats", "--no-stream", "--format", "{{json .}}", name, cli=cli)))

    def clis(self):
        """Debian's command line and, where there is one, what stands first in PATH."""
        other = shutil.which("docker", path="/usr/local/bin:/usr/local/sbin:/opt/bin")
        return [CLI] + ([other] if other else [])

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)


UNITS = {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3, "TiB": 1024**4}


def size(text):
    """"1.5kB" in bytes."""
    number, unit = re.fullmatch(r"([0-9.e+]+)([A-Za-z]+)", text.strip()).groups()
    return float(number) * UNITS[unit]


def parse_stats(line):
    used, limit = (size(part) for part in line["MemUsage"].split(" / "))
    received, sent = (size(part) for part in line["NetIO"].split(" / "))
    read, written = (size(part) for part in line["BlockIO"].split(" / "))
    return {
        "id": line["ID"],
        "name": line["Name"],
        "cpu": float(line["CPUPerc"].rstrip("%")) / 100,
        "memory": used,
        "memory_limit": limit,
        "received": received,
        "sent": sent,
        "read": read,
        "written": written,
        "pids": int(line["PIDs"]),
    }
