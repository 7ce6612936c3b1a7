"""`plimsoll limit` with real load, on a host whose tree is a part of this machine's cgroup v1."""

import os
import time
import unittest

import case
import kernel
import limit_cases
from docker import Docker
from engine import Engine
from load import MIB


def setUpModule():
    LoadTest.engine = DockerTest.engine = Engine(name="limit").start()
    unittest.addModuleCleanup(LoadTest.engine.stop)


# Around the page cache: v1 holds a read where it is asked of the disk.
READ = """
import mmap, os
fd = os.open({path!r}, os.O_RDONLY | os.O_DIRECT)
block = mmap.mmap(-1, 65536)
print("ready", flush=True)
while True:
    for at in range(0, {size}, 65536):
        os.preadv(fd, [block], at)
"""


class LoadTest(limit_cases.Load, unittest.TestCase):
    def test_direct_reads_of_a_disk_are_held(self):
        path, size = case.work / "read-directly", 16 * MIB
        path.write_bytes(os.urandom(size))
        self.addCleanup(path.unlink)
        os.sync()
        disk = kernel.disk_of(path)
        if disk is None:
            self.skipTest("/var/tmp is on no disk of its own that reads could be held at")
        try:
            os.close(os.open(path, os.O_RDONLY | os.O_DIRECT))
        except OSError as error:
            self.skipTest(f"the file system of /var/tmp has no direct reads: {error}")
        group = self.group("io")
        group.ready(READ.format(path=str(path), size=size))
        read = lambda: kernel.block_io(group.path)[0]
        if not case.eventually(lambda: read() > 0, 20):
            self.skipTest("this kernel does not count what a group reads of this disk")
        free = rate(read, 2)
        if free < 4 * MIB:
            self.skipTest(f"this disk gives {free / MIB:.1f} MiB/s without a limit: too little to see one of 2")
        self.limit("set", group.ref, "--io-rbps", f"{disk}=2M")
        time.sleep(2)  # What was asked for before is on its way.
        held = rate(read, 10)
        print(f"[figure] direct reads on v1: {free / MIB:.1f} MiB/s, under a limit of 2 MiB/s {held / MIB:.3f}")
        self.assertLess(held, 2 * MIB * 1.1)
        self.assertGreater(held, 2 * MIB * 0.5)
        self.limit("unset", group.ref, "--io-rbps")
        self.assertTrue(case.eventually(lambda: rate(read, 1) > 3 * MIB))


def rate(counter, seconds):
    """Per second."""
    before, begun = counter(), time.monotonic()
    time.sleep(seconds)
    return (counter() - before) / (time.monotonic() - begun)


class DockerTest(limit_cases.Cli, unittest.TestCase):
    def test_a_container_by_its_name(self):
        docker = Docker()
        self.addCleanup(docker.stop)
        docker.run("shop", "while :; do :; done", "--cpus", "0.5")
        self.limit("set", "shop", "--cpus", "0.25", "--memory", "64M")
        told = self.limit("show", "shop")
        self.assertRegex(told, r"cpu.quota +0.25 cpus +50000 +- +request")
        self.assertRegex(told, r"memory.max +64M +max +- +request")
        # What `docker update` cannot: no limit at all, and the value that docker had set.
        self.limit("unset", "shop", "--memory")
        self.limit("restore", "shop")
        self.assertRegex(self.limit("show", "shop"), r"cpu.quota +0.5 cpus +- +- +-")
        docker("rm", "--force", "shop")
        self.assertTrue(case.eventually(lambda: "there is no" in self.failing("show", "shop")))


if __name__ == "__main__":
    case.main()
