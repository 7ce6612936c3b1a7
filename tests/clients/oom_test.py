"""OOM kills of a real dockerd's containers, on a host whose tree is a part of the machine's."""

import unittest

import case
from docker import Docker
from exporter import Exporter
from oom import Kills


def setUpModule():
    DockerKills.docker = Docker()
    unittest.addModuleCleanup(DockerKills.docker.stop)


class DockerKills(Kills, unittest.TestCase):
    @classmethod
    def new_exporter(cls):
        return Exporter()


if __name__ == "__main__":
    case.main()
