"""Containers of the engine in scopes of systemd's, on cgroup v2: the cases that touch groups."""

import os
import signal
from pathlib import Path

import case
import container_life_cases
from container_host import IMAGE, add_cases

SLICE = "plimsoll-test-containers.slice"


class Life(container_life_cases.Life):
    chosen = (
        "test_killed_for_memory", "test_killed_for_memory_while_its_keeper_waits", "test_limits_are_written_and_changed",
        "test_pause", "test_restart_and_start_again", "test_remove",
    )  # fmt: skip

    def test_killed_for_memory_while_its_keeper_waits(self):
        # systemd removes the group with its counters; the kernel's log is left.
        self.host("run", "-d", "--name", "late", "--memory", "8m", "--memory-swap", "8m", IMAGE, "sh", "-c",
                  "sleep 5; exec tail /dev/zero")  # fmt: skip
        process = Path(f"/proc/{self.host.inspect('late')['State']['Pid']}")
        group = Path("/sys/fs/cgroup") / process.joinpath("cgroup").read_text().strip().partition("::/")[2]
        keeper = int(process.joinpath("stat").read_text().rpartition(")")[2].split()[1])
        self.assertIn("plimsoll-shim", Path(f"/proc/{keeper}/cmdline").read_text())
        os.kill(keeper, signal.SIGSTOP)
        try:
            self.assertTrue(group.exists())
            self.assertTrue(case.eventually(lambda: not group.exists(), 60))
        finally:
            os.kill(keeper, signal.SIGCONT)
        self.assertEqual(self.host("wait", "late"), "137")
        self.assertTrue(self.host.inspect("late")["State"]["OOMKilled"])


add_cases(globals(), Life, flags=("--containers.cgroup-driver", "systemd", "--containers.cgroup-parent", SLICE))

if __name__ == "__main__":
    case.main()
