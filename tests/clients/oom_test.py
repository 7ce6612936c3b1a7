"""OOM kills of a real dockerd's containers, on a host whose tree is a part of the machine's."""

import unittest

import case
import oom
from docker import Docker
from exporter import Exporter


def setUpModule():
    Host.docker = Docker()
    unittest.addModuleCleanup(Host.docker.stop)


class Host:
    docker = None

    @classmethod
    def new_exporter(cls):
        return Exporter()


class LivingOn(Host, oom.LivingOn, unittest.TestCase):
    pass


class Ending(Host, oom.Ending, unittest.TestCase):
    pass


if __name__ == "__main__":
    case.main()
