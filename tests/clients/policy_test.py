"""Policies on docker's containers, on a host whose tree is a part of this machine's cgroup v1."""

import time
import unittest

import case
import kernel
import policy_cases
from docker import Docker


def setUpModule():
    DockerTest.docker = Docker()
    unittest.addModuleCleanup(DockerTest.docker.stop)


class DockerTest(policy_cases.Policies, unittest.TestCase):
    docker = None
    kind = "runtime: docker"

    def begin(self, name):
        return "/docker/" + self.docker.run(name, "sleep 100000")

    def end(self, name):
        self.docker("rm", "--force", name)

    def test_a_new_group_has_them_at_once(self):
        self.rules(self.rule("pids.max: 77"))
        took = []
        for i in range(30):
            path = f"/docker/{i:064x}"
            group = kernel.directory("pids", path)
            begun = time.monotonic()
            group.mkdir(parents=True)
            self.addCleanup(group.rmdir)
            self.has(path, "77", every=0.0005)
            took.append((time.monotonic() - begun) * 1000)
        print(f"[figure] a new group is limited within {sorted(took)[15]:.1f} ms, {max(took):.1f} ms at most")


if __name__ == "__main__":
    case.main()
