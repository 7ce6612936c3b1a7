"""Breaches on cgroup v2: the program of the kernel ring, in a group that systemd has delegated with every
controller. memory.events, pids.events and PSI instead of v1's eventfds."""

import os
import subprocess
import unittest

import case
import units

PROGRAM = "/payload/bin/plimsoll_control_breach_kernel_test"
# Of v1's eventfds only.
OF_V1 = {
    "MonitorKernel.ThresholdsOfManyAreMadeOneGroupAtATime",
    "MonitorKernel.WithoutTheLogARemovedGroupsShortageIsTold",
}


class Breaches(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.addClassCleanup(units.stop)
        cls.group = units.start("plimsoll-test-breaches", "exec sleep infinity", Delegate="yes")
        directory = units.ROOT / cls.group.lstrip("/")
        # No process beside the groups that the program makes.
        (directory / "holder").mkdir()
        (directory / "holder/cgroup.procs").write_text(units.text(cls.group, "cgroup.procs"), encoding="ascii")
        controllers = units.text(cls.group, "cgroup.controllers").split()
        (directory / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in controllers), encoding="ascii")
        cls.controllers = controllers

    def test_breaches_are_told(self):
        for name in ("cpu", "memory", "pids"):
            self.assertIn(name, self.controllers)
        environment = {**os.environ, "PLIMSOLL_TEST_CGROUP": self.group}
        with open("output", "w+", encoding="utf-8") as output:
            done = subprocess.run([PROGRAM], env=environment, stdout=output, stderr=output, timeout=240, check=False)
            output.seek(0)
            text = output.read()
        print(text[-6000:])
        self.assertEqual(done.returncode, 0)
        lines = (line for line in text.splitlines() if line.startswith("[  SKIPPED ]") and "MonitorKernel." in line)
        self.assertLessEqual({line.split()[3].rstrip(",") for line in lines}, OF_V1)


if __name__ == "__main__":
    case.main()
