"""The kernel's own numbers of a docker container, read by other means than ours."""

import os
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
V2 = (ROOT / "cgroup.controllers").exists()
CLOCK_TICK = os.sysconf("SC_CLK_TCK")


def directory(controller, path):
    return ROOT / path.lstrip("/") if V2 else ROOT / controller / path.lstrip("/")


def text(controller, path, name):
    return (directory(controller, path) / name).read_text()


def keyed(controller, path, name):
    return {key: int(value) for key, value in (line.split() for line in text(controller, path, name).splitlines())}


def cpu_seconds(path):
    if V2:
        return keyed("cpu", path, "cpu.stat")["usage_usec"] / 1e6
    return int(text("cpuacct", path, "cpuacct.usage")) / 1e9


def throttled_periods(path):
    return keyed("cpu", path, "cpu.stat")["nr_throttled"]


def memory_usage(path):
    return int(text("memory", path, "memory.current" if V2 else "memory.usage_in_bytes"))


def memory_working_set(path):
    stat = keyed("memory", path, "memory.stat")
    return max(0, memory_usage(path) - stat["inactive_file" if V2 else "total_inactive_file"])


def memory_rss(path):
    return keyed("memory", path, "memory.stat")["anon" if V2 else "total_rss"]


def pids(path):
    return int(text("pids", path, "pids.current"))


def block_io(path):
    """(bytes read, bytes written) over all devices."""
    read = written = 0
    if V2:
        for line in text("io", path, "io.stat").splitlines():
            words = dict(word.split("=") for word in line.split()[1:])
            read += int(words.get("rbytes", 0))
            written += int(words.get("wbytes", 0))
    else:
        for line in text("blkio", path, "blkio.throttle.io_service_bytes_recursive").splitlines():
            words = line.split()
            read += int(words[2]) if words[1:2] == ["Read"] else 0
            written += int(words[2]) if words[1:2] == ["Write"] else 0
    return read, written


def disk_of(path):
    """"/dev/vda", the whole disk a path is on; None if it is on no single disk (tmpfs, btrfs, NFS)."""
    number = path.stat().st_dev
    device = Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}")
    if not device.exists():
        return None
    device = device.resolve()
    return "/dev/" + (device.parent if (device / "partition").exists() else device).name


def interfaces(pid):
    """name -> (bytes received, bytes sent) in the network namespace of a process, without lo."""
    counters = {}
    for line in Path(f"/proc/{pid}/net/dev").read_text().splitlines()[2:]:
        name, numbers = line.split(":")
        numbers = numbers.split()
        if name.strip() != "lo":
            counters[name.strip()] = int(numbers[0]), int(numbers[8])
    return counters
