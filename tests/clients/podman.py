"""podman with its default paths, inside a mini host or the guest. It has no daemon."""

import subprocess
from pathlib import Path

import images

SOCKET = Path("/run/podman/podman.sock")
IMAGE = "localhost/plimsoll-test/busybox:1"


class Podman:
    # crun of Debian 12 refuses hybrid hosts; without systemd there is only the cgroupfs manager.
    def __init__(self, runtime="runc", manager="cgroupfs", prefix=()):
        """`prefix` is a command that runs podman, for example as somebody else."""
        options = ["--runtime", runtime, "--cgroup-manager", manager, "--events-backend", "file"]
        self.command = [*prefix, "podman", *options]
        self("import", "-", IMAGE, stdin=images.busybox_tar())

    def __call__(self, *arguments, stdin=None):
        done = subprocess.run([*self.command, *arguments], input=stdin, capture_output=True, check=False)
        assert done.returncode == 0, f"podman {' '.join(arguments)}: {done.stderr.decode()}"
        return done.stdout.decode().strip()

    def serve(self):
        """Starts podman's API service at its usual socket; a function that ends it."""
        SOCKET.parent.mkdir(parents=True, exist_ok=True)
        command = [*self.command, "system", "service", "--time", "0", f"unix://{SOCKET}"]
        service = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def stop():
            service.terminate()
            service.wait(30)

        return stop

    def run(self, name, script, *flags):
        """Starts a container that runs a shell script; its id."""
        return self("run", "-d", "--name", name, "--network", "none", *flags, IMAGE, "sh", "-c", script)
