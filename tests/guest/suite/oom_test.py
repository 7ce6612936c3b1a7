"""OOM kills of docker's containers on cgroup v2, with systemd's driver."""

import unittest

import case
import oom
from docker_service import Service
from exporter import Exporter


def setUpModule():
    LivingOn.docker = Service()
    unittest.addModuleCleanup(LivingOn.docker.stop)


class LivingOn(oom.LivingOn, unittest.TestCase):
    @classmethod
    def new_exporter(cls):
        return Exporter()


if __name__ == "__main__":
    case.main()
