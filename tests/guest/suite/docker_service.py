"""Debian's docker as a service."""

import subprocess

import images
import units
from docker import CLI, IMAGE, Docker


class Service(Docker):
    """dockerd as its own unit runs it."""

    def __init__(self):
        units.run("systemctl", "start", "docker.service")
        subprocess.run([CLI, "import", "-", IMAGE], input=images.busybox_tar(), check=True, capture_output=True)

    def stop(self):
        for name in self("ps", "-aq").split():
            self("rm", "-f", name)
        units.run("systemctl", "stop", "docker.service", "docker.socket", "containerd.service")
