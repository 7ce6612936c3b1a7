"""What containers cost by the engine, beside dockerd in one run: script/bench calls it with the build's programs.

    bench/engine.py [--build DIR] [--runs 20] [--many 500]

Both serve the same docker command line in a host of its own (namespaces and cgroups that are removed). The runs of
both alternate, each first as often as the other. Times are medians; single figures hold on this machine today,
ratios anywhere. The command line's own share is the same for both and no engine's, so that each row is there twice:
by the docker command line, and over the socket with the same requests and nothing else.
"""

import argparse
import concurrent.futures
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/clients"))
import engine_client
import images
import instant_engine
import mini_host

CLI = "/usr/bin/docker"
IMAGE = "plimsoll-test/busybox:1"
SLEEP = ["sleep", "100000"]


def docker(path, *arguments, data=None):
    done = subprocess.run([CLI, "-H", f"unix://{path}", *arguments], input=data, capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{path}: docker {' '.join(arguments)}: {done.stderr.decode()}")
    return done.stdout.decode()


class Side:
    """An engine and its clients."""

    def __init__(self, name, programs, socket, command, log):
        self.name = name
        self.programs = {program[:15] for program in programs}
        self.socket = socket
        self.client = engine_client.Client(socket)
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
        return docker(self.socket, *arguments, data=data)

    def processes(self):
        """Its own and its helpers' directories in /proc."""
        for directory in Path("/proc").iterdir():
            try:
                if directory.name.isdigit() and (directory / "comm").read_text().strip() in self.programs:
                    yield directory
            except OSError:  # It has ended meanwhile.
                continue

    def memory(self):
        """(resident, resident with shared pages counted by their share) of all processes, in KiB."""
        sums = {"Rss:": 0, "Pss:": 0}
        for directory in self.processes():
            try:
                lines = (directory / "smaps_rollup").read_text().splitlines()[1:]
            except OSError:  # It has ended meanwhile.
                continue
            for key, value in (line.split()[:2] for line in lines):
                if key in sums:
                    sums[key] += int(value)
        return sums["Rss:"], sums["Pss:"]

    def engine_memory(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0])

    def activity(self):
        """(processor ticks, times that a thread woke up) of all processes since they began."""
        ticks, switches = 0, 0
        for directory in self.processes():
            try:
                fields = (directory / "stat").read_text().rpartition(")")[2].split()
                threads = [(thread / "status").read_text() for thread in (directory / "task").iterdir()]
            except OSError:
                continue
            ticks += int(fields[11]) + int(fields[12])
            switches += sum(int(text.partition("\nvoluntary_ctxt_switches:")[2].split()[0]) for text in threads)
        return ticks, switches

    def stop(self):
        self.client.remove_all()
        self.client.close()
        self.process.terminate()
        self.process.wait(60)
        self.output.close()


def show(what, ours, theirs, unit):
    times = f"{theirs / ours:.1f}" if ours else "-"
    print(f"| {what} | {ours:.1f} {unit} | {theirs:.1f} {unit} | {times} |", flush=True)


def paired(what, sides, runs, action):
    """The same by both, turn and turn about."""
    times = {side.name: [] for side in sides}
    for turn in range(runs):
        for side in sides if turn % 2 == 0 else reversed(sides):
            start = time.perf_counter()
            action(side)
            times[side.name].append((time.perf_counter() - start) * 1000)
    show(what, *(statistics.median(times[side.name]) for side in sides), "ms")


def both_ways(what, sides, runs, command, request):
    paired(f"{what}, docker command line", sides, runs, lambda side: side.docker(*command))
    paired(f"{what}, over the socket", sides, runs, lambda side: request(side.client))


def measure(sides, runs):
    paired("the command line itself: docker version", sides, runs, lambda side: side.docker("version"))
    instant = instant_engine.InstantEngine("/run/instant.sock")
    paired("the command line itself: run --rm by an engine that answers at once", sides, runs,
           lambda side: docker(instant.path, "run", "--rm", IMAGE, "true"))
    instant.close()
    for network in ("bridge", "none"):
        both_ways(f"run --rm, network {network}", sides, runs, ["run", "--rm", "--network", network, IMAGE, "true"],
                  lambda client, network=network: client.run_and_remove(IMAGE, ["true"], network))
    for side in sides:
        for number in range(20):
            side.client.start(side.client.create(IMAGE, SLEEP, "none", f"one-{number}"))
    both_ways("exec true", sides, runs, ["exec", "one-0", "true"], lambda client: client.exec("one-0", ["true"]))
    few = max(runs // 5, 3)
    both_ways("stats --no-stream of 20", sides, few, ["stats", "--no-stream"], stats_of_all)
    for side in sides:
        for number in range(180):
            side.client.create(IMAGE, ["true"], "none", f"made-{number}")
    both_ways("ps -a of 200", sides, runs, ["ps", "-a"], lambda client: client.ask("GET", "/containers/json?all=1"))
    for side in sides:
        side.client.remove_all()


def stats_of_all(client):
    """As the command line: each container's by a connection of its own, all at once."""
    ids = [container["Id"] for container in client.ask("GET", "/containers/json")]

    def one(container):
        other = engine_client.Client(client.path)
        other.ask("GET", f"/containers/{container}/stats?stream=0")
        other.close()

    with concurrent.futures.ThreadPoolExecutor(len(ids)) as pool:
        list(pool.map(one, ids))


def many(side, network, count):
    """`count` running containers by one engine: how fast they come, what they hold, what they do at rest."""
    side.client.close()  # The other one had its turn: an idle connection is closed by the server after a while.
    before, own_before, start = side.memory(), side.engine_memory(), time.perf_counter()
    for number in range(count):
        side.client.start(side.client.create(IMAGE, SLEEP, network, f"many-{number}"))
    rate = count / (time.perf_counter() - start)
    time.sleep(12)  # Threads that are no longer needed leave.
    after, own = side.memory(), side.engine_memory() - own_before
    ticks, switches = side.activity()
    time.sleep(10)
    later = side.activity()
    rss, pss = ((after[i] - before[i]) / count for i in (0, 1))
    used = (later[0] - ticks) / os.sysconf("SC_CLK_TCK") / 10 * 100
    print(f"| {side.name}, {count} on network {network} | {rate:.1f} | {rss:.0f} KiB | {pss:.0f} KiB | {own / count:.1f} KiB "
          f"| {used:.2f} % | {(later[1] - switches) / 10:.1f} |", flush=True)
    side.client.remove_all()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--many", type=int, default=500)
    arguments = parser.parse_args()
    if "PLIMSOLL_INSIDE" not in os.environ:
        # Absolute: the host inside starts elsewhere.
        return mini_host.outside([str(Path(__file__).resolve()), "--build", str(arguments.build.resolve()),
                                  "--runs", str(arguments.runs), "--many", str(arguments.many)])
    work = mini_host.inside()
    sides = []
    try:
        sides.append(Side("Plimsoll", ("plimsoll", "plimsoll-shim"), "/run/plimsoll/plimsoll.sock",
                          [str(arguments.build / "bin/plimsoll"), "engine", "--state-dir", str(work / "plimsoll")],
                          work / "ours.log"))
        sides.append(Side("dockerd", ("dockerd", "containerd", "containerd-shim", "docker-proxy"), "/run/docker.sock",
                          ["dockerd", "--exec-opt", "native.cgroupdriver=cgroupfs", "--pidfile", "/run/docker.pid",
                           "-H", "unix:///run/docker.sock"], work / "dockerd.log"))
        if arguments.runs:
            print("| what | Plimsoll | dockerd | times |\n|---|---|---|---|")
            measure(sides, arguments.runs)
        if arguments.many:
            print("\n| running containers | started a second | RSS for each | PSS for each | of it the engine's | processor at rest "
                  "| wake-ups a second |\n|---|---|---|---|---|---|---|")
            for network in ("bridge", "none"):
                many(sides[0], network, arguments.many)
                # Slower by so much that fewer do.
                many(sides[1], network, max(arguments.many // 10, 1))
    finally:
        for side in sides:
            side.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
