"""Plans against the kernel of cgroup v2: the program of the kernel ring, in a group that systemd has
delegated with every controller."""

import os
import subprocess
import unittest

import case
import units

PROGRAM = "/payload/bin/plimsoll_cgroupfs_limit_kernel_test"


class Limits(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.addClassCleanup(units.stop)
        cls.group = units.start("plimsoll-test-limits", "exec sleep infinity", Delegate="yes")
        directory = units.ROOT / cls.group.lstrip("/")
        # No process beside the groups that the program makes.
        (directory / "holder").mkdir()
        (directory / "holder/cgroup.procs").write_text(units.text(cls.group, "cgroup.procs"), encoding="ascii")
        controllers = units.text(cls.group, "cgroup.controllers").split()
        (directory / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in controllers), encoding="ascii")
        cls.controllers = controllers

    def test_plans_are_answered_as_predicted(self):
        for name in ("cpu", "cpuset", "io", "memory", "pids"):
            self.assertIn(name, self.controllers)
        environment = {**os.environ, "PLIMSOLL_TEST_CGROUP": self.group, "PLIMSOLL_LIMIT_PLANS": "250"}
        with open("output", "w+", encoding="utf-8") as output:
            done = subprocess.run([PROGRAM], env=environment, stdout=output, stderr=output, timeout=240, check=False)
            output.seek(0)
            text = output.read()
        print(text[-4000:])
        self.assertEqual(done.returncode, 0)
        self.assertNotIn("SKIPPED", text)


if __name__ == "__main__":
    case.main()
