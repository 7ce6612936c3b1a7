"""Policies on cgroup v2: on a service of systemd's, which has its limits from its manager, and on
podman's containers, each in a scope."""

import subprocess
import unittest

import case
import policy_cases
import units
from podman import Podman


def setUpModule():
    unittest.addModuleCleanup(units.stop)
    PodmanTest.podman = Podman(runtime="crun", manager="systemd")


class ServiceTest(policy_cases.Policies, unittest.TestCase):
    observed = 20  # All is slower in the emulator.
    kind = f"runtime: systemd, cgroup: '{units.SLICE_PATH}/plimsoll-test-*.service'"

    def begin(self, name):
        return units.start(name, "exec sleep infinity")

    def end(self, name):
        units.run("systemctl", "stop", f"{name}.service", check=False)

    def test_a_daemon_reload_keeps_it(self):
        self.rules(self.rule("pids.max: 77"))
        path = self.container("plimsoll-test-reloaded")
        self.has(path, "77")
        units.run("systemctl", "daemon-reload")
        self.has(path, "77")
        self.assertEqual(units.property_of("plimsoll-test-reloaded.service", "TasksMax"), "77")


class PodmanTest(policy_cases.Policies, unittest.TestCase):
    podman = None
    observed = 20
    kind = "runtime: podman"

    def begin(self, name):
        container = self.podman.run(name, "exec sleep 100000")
        return f"/machine.slice/libpod-{container}.scope"

    def end(self, name):
        subprocess.run(["podman", "rm", "--force", "--time", "0", name], check=False, capture_output=True)


if __name__ == "__main__":
    case.main()
