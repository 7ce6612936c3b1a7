"""OOM kills that end docker's containers on cgroup v2, with systemd's driver."""

import unittest

import case
import oom
from docker_service import Service
from exporter import Exporter


def setUpModule():
    Ending.docker = Service()
    unittest.addModuleCleanup(Ending.docker.stop)


class Ending(oom.Ending, unittest.TestCase):
    in_time = False  # On emulated processors dockerd may take longer.

    @classmethod
    def new_exporter(cls):
        return Exporter()


if __name__ == "__main__":
    case.main()
