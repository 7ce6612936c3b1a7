"""What containers cost by the engine, beside dockerd in one run: script/bench calls it with the build's programs.

    bench/engine.py [--build DIR] [--runs 20] [--many 200]

Both serve the same docker command line in a host of its own (namespaces and cgroups that are removed). The runs of
both alternate, each first as often as the other. Times are medians; single figures hold on this machine today,
ratios anywhere.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/clients"))
import images
import mini_host

CLI = "/usr/bin/docker"
IMAGE = "plimsoll-test/busybox:1"


class Side:
    """An engine and the command line that talks to it."""

    def __init__(self, name, socket, command, log):
        self.name = name
        self.socket = socket
        self.output = open(log, "w", encoding="utf-8")
        self.process = subprocess.Popen(command, stdout=self.output, stderr=self.output)
        deadline = time.monotonic() + 60
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"{name} does not start:\n{Path(log).read_text()}")
            time.sleep(0.05)
        self.docker("import", "-", IMAGE, data=images.busybox_tar())

    def answers(self):
        return subprocess.run([CLI, "-H", f"unix://{self.socket}", "ps"], capture_output=True, check=False).returncode == 0

    def docker(self, *arguments, data=None):
        done = subprocess.run([CLI, "-H", f"unix://{self.socket}", *arguments], input=data, capture_output=True, check=False)
        if done.returncode != 0:
            sys.exit(f"{self.name}: docker {' '.join(arguments)}: {done.stderr.decode()}")
        return done.stdout.decode()

    def timed(self, *arguments):
        start = time.perf_counter()
        self.docker(*arguments)
        return time.perf_counter() - start

    def processes(self):
        """Its own and its helpers' pids: all that have its program or a keeper's."""
        wanted = {"ours": ("plimsoll", "plimsoll-shim"), "dockerd": ("dockerd", "containerd", "containerd-shim", "docker-proxy")}[self.name]
        for directory in Path("/proc").iterdir():
            try:
                if directory.name.isdigit() and (directory / "comm").read_text().strip() in {name[:15] for name in wanted}:
                    yield directory
            except OSError:
                continue

    def resident(self):
        """KiB, shared pages counted by their share."""
        total = 0
        for directory in self.processes():
            try:
                lines = (directory / "smaps_rollup").read_text().splitlines()
                total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
            except OSError:
                continue
        return total

    def ticks(self):
        total = 0
        for directory in self.processes():
            fields = (directory / "stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total

    def stop(self):
        for container in self.docker("ps", "-aq").split():
            self.docker("rm", "-f", container)
        self.process.terminate()
        self.process.wait(60)


def row(what, ours, theirs, unit="ms"):
    print(f"| {what} | {ours:.1f} {unit} | {theirs:.1f} {unit} | {theirs / ours if ours else float('nan'):.1f} |", flush=True)


def paired(what, sides, runs, *arguments):
    """The same command by both, turn and turn about."""
    times = {side.name: [] for side in sides}
    for turn in range(runs):
        for side in sides if turn % 2 == 0 else reversed(sides):
            times[side.name].append(side.timed(*arguments) * 1000)
    row(what, *(statistics.median(times[side.name]) for side in sides))


def many(sides, count):
    """`count` running containers: how fast they come, and what they hold."""
    for what in ("bridge", "none"):
        rates, sizes = [], []
        for side in sides:
            before, start = side.resident(), time.perf_counter()
            for number in range(count):
                side.docker("run", "-d", "--name", f"many-{number}", "--network", what, IMAGE, "sleep", "100000")
            rates.append(count / (time.perf_counter() - start))
            sizes.append((side.resident() - before) / count)
            if what == "none":
                ticks, start = side.ticks(), time.perf_counter()
                time.sleep(10)
                used = (side.ticks() - ticks) / os.sysconf("SC_CLK_TCK") / (time.perf_counter() - start)
                print(f"|   {side.name}: idle with {count} containers, share of a processor | {used * 100:.2f} % | | |", flush=True)
            for number in range(count):
                side.docker("rm", "-f", f"many-{number}")
        print(f"| {count} containers one after the other, network {what}: a second | {rates[0]:.1f} | {rates[1]:.1f} | {rates[0] / rates[1]:.1f} |", flush=True)
        row("  memory for each (engine's growth and keepers)", sizes[0], sizes[1], "KiB")


def measure(sides, runs, count):
    print("| what | Plimsoll | dockerd | times |\n|---|---|---|---|")
    paired("docker run --rm, bridge", sides, runs, "run", "--rm", IMAGE, "true")
    paired("docker run --rm, network none", sides, runs, "run", "--rm", "--network", "none", IMAGE, "true")
    for side in sides:
        for number in range(20):
            side.docker("run", "-d", "--name", f"one-{number}", "--network", "none", IMAGE, "sleep", "100000")
    paired("docker exec NAME true", sides, runs, "exec", "one-0", "true")
    paired("docker stats --no-stream of 20", sides, max(runs // 4, 3), "stats", "--no-stream")
    for side in sides:
        for number in range(180):
            side.docker("create", "--name", f"made-{number}", "--network", "none", IMAGE, "true")
    paired("docker ps -a with 200", sides, runs, "ps", "-a")
    for side in sides:
        for container in side.docker("ps", "-aq").split():
            side.docker("rm", "-f", container)
    many(sides, count)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--many", type=int, default=100)
    arguments = parser.parse_args()
    if "PLIMSOLL_INSIDE" not in os.environ:
        # Absolute: the host inside starts elsewhere.
        return mini_host.outside([str(Path(__file__).resolve()), "--build", str(arguments.build.resolve()),
                                  "--runs", str(arguments.runs), "--many", str(arguments.many)])
    work = mini_host.inside()
    ours = Side("ours", "/run/plimsoll/plimsoll.sock",
                [str(arguments.build / "bin/plimsoll"), "engine", "--state-dir", str(work / "plimsoll")], work / "ours.log")
    theirs = Side("dockerd", "/run/docker.sock",
                  ["dockerd", "--exec-opt", "native.cgroupdriver=cgroupfs", "--pidfile", "/run/docker.pid", "-H", "unix:///run/docker.sock"],
                  work / "dockerd.log")
    try:
        measure([ours, theirs], arguments.runs, arguments.many)
    finally:
        ours.stop()
        theirs.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
