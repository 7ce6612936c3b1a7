"""OOM kills of docker's containers on cgroup v2, with systemd's driver."""

import unittest

import case
from docker_service import Service
from exporter import Exporter
from oom import Kills


def setUpModule():
    ServiceKills.docker = Service()
    unittest.addModuleCleanup(ServiceKills.docker.stop)


class ServiceKills(Kills, unittest.TestCase):
    @classmethod
    def new_exporter(cls):
        return Exporter()


if __name__ == "__main__":
    case.main()
