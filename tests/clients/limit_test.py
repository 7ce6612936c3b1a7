"""`plimsoll limit` with real load, on a host whose tree is a part of this machine's cgroup v1."""

import unittest

import case
import limit_cases
from docker import Docker
from engine import Engine


def setUpModule():
    LoadTest.engine = DockerTest.engine = Engine(name="limit").start()
    unittest.addModuleCleanup(LoadTest.engine.stop)


class LoadTest(limit_cases.Load, unittest.TestCase):
    pass


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
