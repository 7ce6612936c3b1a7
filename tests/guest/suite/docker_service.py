"""Debian's docker as a service."""

import subprocess

import images
import units
from docker import CLI, IMAGE, Docker


class Service(Docker):
    """dockerd as its own unit runs it. It and the image are left to the jobs after this one: a start takes
    emulated processors long."""

    def __init__(self):
        units.run("systemctl", "start", "docker.service")
        if IMAGE not in self("images", "--format", "{{.Repository}}:{{.Tag}}").splitlines():
            subprocess.run([CLI, "import", "-", IMAGE], input=images.busybox_tar(), check=True, capture_output=True)

    def stop(self):
        names = self("ps", "-aq").split()
        if names:
            self("rm", "-f", *names)
