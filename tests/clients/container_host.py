"""A `plimsoll engine` that runs containers in this host, and a docker command line that talks to it."""

import io
import json
import os
import pty
import select
import shutil
import subprocess
import tarfile
import time
import unittest

import case
import images
from engine import Engine

IMAGE = "plimsoll-test/busybox:1"
COMMANDS = "cat chmod chown date dd echo env false head hostname httpd id ip kill ls mkdir mount nc nproc ping ps " \
           "rm seq sh sleep stat stty sync tail test touch tr true tty uname wc wget".split()


class ContainerHost:
    """One engine for all cases of a program; its containers are named by the cases."""

    def __init__(self, cli, *flags):
        self.cli = cli
        self.engine = Engine("--containers", "true", *flags, name="containers").start()
        self.config = case.work / "docker-config"
        self.config.mkdir(exist_ok=True)
        self.import_image(IMAGE)

    def import_image(self, name):
        done = self.docker("import", "-", name, input=images.busybox_tar(COMMANDS))
        assert done.returncode == 0, f"import: {done.stderr}\n{self.engine.log()}"

    def environment(self):
        return {**os.environ, "DOCKER_HOST": f"unix://{self.engine.socket}", "DOCKER_CONFIG": str(self.config)}

    def docker(self, *arguments, input=None, timeout=60, binary=False):
        """The finished command; its output as text, or as bytes."""
        if isinstance(input, str):
            input = input.encode()
        done = subprocess.run([self.cli, *arguments], input=input, capture_output=True, timeout=timeout, check=False,
                              env=self.environment())
        if not binary:
            done.stdout, done.stderr = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        return done

    def __call__(self, *arguments, **options):
        """What it prints; fails when it does."""
        done = self.docker(*arguments, **options)
        assert done.returncode == 0, \
            f"docker {' '.join(arguments)}: {done.returncode}: {done.stderr}\n{self.engine.log()[-2000:]}"
        return done.stdout if options.get("binary") else done.stdout.strip()

    def start(self, name, script, *flags):
        """A container in the background that runs a shell script; its id."""
        return self("run", "-d", "--name", name, *flags, IMAGE, "sh", "-c", script)

    def ready(self, name, script, *flags):
        """The same, once it has said "up": before that a shell has no traps, and no files are there."""
        identity = self.start(name, script, *flags)
        assert case.eventually(lambda: "up" in self("logs", name).splitlines(), 60), self("logs", name)
        return identity

    def inspect(self, name):
        return json.loads(self("inspect", name))[0]

    def remove_all(self):
        found = self("ps", "-aq").split()
        if found:
            self("rm", "-f", "-v", *found)

    def popen(self, *arguments):
        return subprocess.Popen([self.cli, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, env=self.environment())

    def terminal(self, *arguments):
        return Terminal([self.cli, *arguments], self.environment())

    def stop(self):
        try:
            self.remove_all()
        finally:
            self.engine.stop()


class Terminal:
    """A command on a pseudo terminal, typed to and read from."""

    def __init__(self, command, environment):
        parent, child = pty.openpty()
        self.fd = parent
        self.seen = ""
        self.process = subprocess.Popen(command, stdin=child, stdout=child, stderr=child, env=environment,
                                        start_new_session=True)
        os.close(child)

    def type(self, text):
        os.write(self.fd, text.encode())

    def expect(self, text, seconds=60):
        """Reads until `text` has come, and forgets all up to it."""
        deadline = time.monotonic() + seconds
        while text not in self.seen:
            assert time.monotonic() < deadline, f"{text!r} did not come, but: {self.seen!r}"
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self.fd, 4096).decode(errors="replace")
                except OSError:  # EIO: the other end is closed.
                    assert text in self.seen, f"{text!r} did not come, but: {self.seen!r}"
        self.seen = self.seen.partition(text)[2]

    def read_for(self, seconds):
        """What comes in that time, or until the command ends."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < deadline:
            if select.select([self.fd], [], [], 0.05)[0]:
                try:
                    self.seen += os.read(self.fd, 4096).decode(errors="replace")
                except OSError:
                    pass

    def wait(self, seconds=60):
        """The exit status; reads on, as terminals do."""
        self.read_for(seconds)
        status = self.process.wait(1)
        os.close(self.fd)
        return status


def clis():
    """The command lines of this host, by a name for each; Debian's, and another one first in PATH."""
    found = {"Debian": "/usr/bin/docker"} if os.access("/usr/bin/docker", os.X_OK) else {}
    other = shutil.which("docker", path="/usr/local/bin:/usr/local/sbin:/opt/bin")
    if other:
        found["Newer"] = other
    return found


def names_in(tar_bytes):
    with tarfile.open(fileobj=io.BytesIO(tar_bytes)) as tar:
        return [one.name.removeprefix("./").rstrip("/") for one in tar.getmembers()]


def add_cases(namespace, *suites, flags=()):
    """To a test module: its set-up, and each of the suites once for each command line of this host. `flags` are
    the engine's."""
    found = clis()

    def set_up():
        assert found, "there is no docker command line here"
        host = ContainerHost(next(iter(found.values())), *flags)
        unittest.addModuleCleanup(host.stop)
        for suite in suites:
            suite.host = host

    def choose(path):
        def set_up_class(cls):
            cls.host.cli = path

        return classmethod(set_up_class)

    namespace["setUpModule"] = set_up
    for name, path in found.items():
        for suite in suites:
            made = type(f"{name}{suite.__name__}", (suite, unittest.TestCase), {"setUpClass": choose(path)})
            made.__module__ = namespace["__name__"]
            namespace[made.__name__] = made
