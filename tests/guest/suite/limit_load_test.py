"""`plimsoll limit` with real load on cgroup v2, below a service that systemd has delegated."""

import os
import signal
import time
import unittest
from pathlib import Path

import case
import kernel
import limit_cases
import units
from engine import Engine
from load import EAT, MIB

DISK = Path("/sys/block/vda/dev")
READ = "dd if=/dev/vda of=/dev/null bs=64k count=100000 iflag=direct"


def setUpModule():
    LoadTest.parent = delegated("plimsoll-test-load")
    LoadTest.engine = Engine(name="limit").start()
    unittest.addModuleCleanup(LoadTest.engine.stop)


def delegated(name):
    """A service's group with every controller for the groups below it."""
    unittest.addModuleCleanup(units.stop)
    group = units.start(name, "exec sleep infinity", Delegate="yes")
    directory = units.ROOT / group.lstrip("/")
    # No process beside the groups that are made.
    (directory / "holder").mkdir()
    (directory / "holder/cgroup.procs").write_text(units.text(group, "cgroup.procs"), encoding="ascii")
    controllers = units.text(group, "cgroup.controllers").split()
    (directory / "cgroup.subtree_control").write_text(" ".join(f"+{one}" for one in controllers), encoding="ascii")
    return group


class LoadTest(limit_cases.Load, unittest.TestCase):
    def test_a_hog_above_memory_high_is_slowed_down_and_lives(self):
        group = self.group("high")
        hog = group.ready(EAT)
        self.limit("set", group.ref, "--memory-high", "48M", "--swap", "0")
        hog.stdin.write("80\n")
        hog.stdin.flush()
        events = lambda: kernel.keyed("memory", group.path, "memory.events")
        self.assertTrue(case.eventually(lambda: events()["high"] > 0, 60), events())
        self.assertIsNone(hog.poll())
        self.assertEqual((events()["max"], events()["oom_kill"]), (0, 0))
        self.limit("unset", group.ref, "--memory-high")
        self.assertEqual(hog.stdout.readline(), "1\n")

    def test_all_of_a_group_die_together(self):
        group = self.group("together")
        first, second = group.ready(EAT), group.ready(EAT)
        self.limit("set", group.ref, "--memory", "64M", "--swap", "0", "--oom-group")
        first.stdin.write("120\n")
        first.stdin.flush()
        self.assertEqual((first.wait(60), second.wait(60)), (-signal.SIGKILL, -signal.SIGKILL))

    def test_reads_of_a_disk_are_held(self):
        group = self.group("io")
        device = DISK.read_text(encoding="ascii").strip()
        self.limit("set", group.ref, "--io-rbps", "/dev/vda=2M")
        self.assertEqual(group.text("io", "io.max"), f"{device} rbps={2 * MIB} wbps=max riops=max wiops=max")
        group.start(f"import os\nos.execvp('dd', {READ.split()!r})")

        def read():
            return units.io(group.path).get(device, {}).get("rbytes", 0)

        self.assertTrue(case.eventually(lambda: read() > MIB))
        before, begun = read(), time.monotonic()
        time.sleep(10)
        rate = (read() - before) / (time.monotonic() - begun)
        print(f"[figure] reads under 2 MiB/s: {rate / MIB:.3f} MiB/s")
        self.assertLess(rate, 2 * MIB * 1.1)
        self.assertGreater(rate, 2 * MIB * 0.5)
        self.limit("unset", group.ref, "--io-rbps")
        self.assertEqual(group.text("io", "io.max"), "")

    def test_frozen_and_thawed(self):
        group = self.group("freeze")
        group.ready(EAT)
        self.limit("set", group.ref, "--freeze")
        frozen = lambda: kernel.keyed("freezer", group.path, "cgroup.events")["frozen"]
        self.assertTrue(case.eventually(lambda: frozen() == 1))
        self.limit("restore", group.ref)
        self.assertTrue(case.eventually(lambda: frozen() == 0))


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C")
    case.main()
