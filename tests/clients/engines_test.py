"""plimsoll-oci under dockerd, containerd and podman: the same codes and phrases as on runc."""

import os
import re
import shutil
import subprocess
import unittest

import bundle
import case
import docker as dockers
import podman as podmans
from docker import IMAGE, Docker
from podman import Podman

RUNC = shutil.which("runc", path="/usr/sbin:/usr/bin")


def setUpModule():
    assert bundle.OURS.exists(), f"{bundle.OURS} is not built"


def answer(command, seconds=60):
    """Exit code, output, and the message without ids and times."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False, stdin=subprocess.DEVNULL)
    # The client says so, or not, depending on which of two answers reaches it first.
    message = re.sub(r".*error waiting for container.*\n", "", done.stderr)
    message = re.sub(r"[0-9a-f]{64}|time=\S+", "", message)
    return done.returncode, done.stdout, message


CASES = {
    "output": ["echo", "hello"],
    "exit code": ["sh", "-c", "exit 7"],
    "no such path": ["/nope"],
    "no such name": ["nope"],
    "a directory": ["/etc"],
    "killed": ["sh", "-c", "sh -c 'kill -9 $$'; exit $?"],
}
FLAGS = {
    "read-only": (["--read-only", "--tmpfs", "/run"], ["sh", "-c", "echo x > /x; echo y > /run/y && echo ok"]),
    "limits": (["-m", "64m", "--cpus", "0.5", "--pids-limit", "50"], ["echo", "limited"]),
    "user": (["-u", "1000:1000", "-w", "/tmp"], ["sh", "-c", "echo $HOME; busybox grep -E 'Uid|Gid|Cap|Seccomp:|NoNew' /proc/self/status"]),
    "capabilities": (["--cap-drop", "ALL", "--cap-add", "CHOWN"], ["sh", "-c", "busybox grep Cap /proc/self/status"]),
    "no new privileges": (["--security-opt", "no-new-privileges"], ["sh", "-c", "busybox grep -E 'NoNew|Seccomp:' /proc/self/status"]),
    "host's pids": (["--pid", "host"], ["echo", "here"]),
    "init": (["--init"], ["echo", "there"]),
}


class Dockerd(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.docker = Docker("--add-runtime", f"plimsoll={bundle.OURS}")
        cls.addClassCleanup(cls.docker.stop)

    def run_on(self, runtime, flags, command):
        return answer([dockers.CLI, "run", "--rm", "--network", "none", "--runtime", runtime, *flags, IMAGE, *command])

    @unittest.skipUnless(RUNC, "no runc to compare with")
    def test_the_same_as_on_runc(self):
        for name, command in CASES.items():
            with self.subTest(name):
                self.assertEqual(self.run_on("plimsoll", [], command), self.run_on("runc", [], command))
        for name, (flags, command) in FLAGS.items():
            if name == "init" and not shutil.which("docker-init"):
                continue
            with self.subTest(name):
                self.assertEqual(self.run_on("plimsoll", flags, command), self.run_on("runc", flags, command))

    def test_a_life(self):
        docker = self.docker
        docker("run", "-d", "--name", "life", "--runtime", "plimsoll", "--memory", "64m", IMAGE, "sleep", "1000")
        self.assertEqual(answer([dockers.CLI, "exec", "life", "sh", "-c", "exit 3"])[0], 3)
        self.assertEqual(answer([dockers.CLI, "exec", "life", "/nope"])[0], 126)
        docker("pause", "life")
        self.assertEqual(docker("inspect", "-f", "{{.State.Status}}", "life"), "paused")
        docker("unpause", "life")
        docker("update", "--memory", "100m", "--memory-swap", "200m", "life")
        self.assertEqual(docker.stats("life")["memory_limit"], 100 * 1024**2)
        self.assertIn("sleep 1000", docker("top", "life"))
        shared = ["--network", "container:life", "--pid", "container:life"]
        self.assertIn("sleep", docker("run", "--rm", "--runtime", "plimsoll", *shared, IMAGE, "cat", "/proc/1/comm"))
        docker("rm", "--force", "life")

    def test_a_terminal(self):
        docker = self.docker
        docker("run", "-d", "-t", "--name", "tty", "--runtime", "plimsoll", IMAGE, "sh", "-c", "echo to a terminal; sleep 1000")
        self.assertTrue(case.eventually(lambda: "to a terminal\r\n" in self.logs("tty")))
        docker("rm", "--force", "tty")

    def logs(self, name):
        done = subprocess.run([dockers.CLI, "logs", name], capture_output=True, check=False)
        return done.stdout.decode()

    def test_containerd(self):
        saved = case.work / "image.tar"
        ctr = ["ctr", "--address", "/run/docker/containerd/containerd.sock", "--namespace", "plimsoll-test"]
        self.docker("save", "-o", str(saved), IMAGE)
        self.assertEqual(answer([*ctr, "images", "import", str(saved)])[0], 0)
        run = [*ctr, "run", "--rm", "--runc-binary", str(bundle.OURS), f"docker.io/{IMAGE}"]
        self.assertEqual(answer([*run, "one", "/bin/echo", "hello"])[:2], (0, "hello\n"))
        self.assertEqual(answer([*run, "two", "/bin/sh", "-c", "exit 5"])[0], 5)
        code, _, message = answer([*run, "three", "/nope"])
        self.assertEqual(code, 1)
        self.assertIn('exec: "/nope": stat /nope: no such file or directory', message)


class PodmanEngine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Its default asks for more descriptors than a host without CAP_SYS_RESOURCE may give.
        settings = case.work / "containers.conf"
        settings.write_text('[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]\n')
        os.environ["CONTAINERS_CONF"] = str(settings)
        cls.podman = Podman(runtime=str(bundle.OURS))
        cls.theirs = Podman() if RUNC else None

    def run_on(self, podman, *command):
        return answer([*podman.command, "run", "--rm", "--network", "none", podmans.IMAGE, *command])

    @unittest.skipUnless(RUNC, "no runc to compare with")
    def test_the_same_codes_as_on_runc(self):
        for name, command in CASES.items():
            with self.subTest(name):
                ours, theirs = self.run_on(self.podman, *command), self.run_on(self.theirs, *command)
                self.assertEqual(ours[:2], theirs[:2], ours[2])

    def test_a_life(self):
        podman = self.podman
        podman.run("life", "sleep 1000", "--memory", "64m")
        self.assertEqual(answer([*podman.command, "exec", "life", "sh", "-c", "exit 3"])[0], 3)
        podman("pause", "life")
        podman("unpause", "life")
        podman("update", "--memory", "100m", "--memory-swap", "200m", "life")
        podman("rm", "--force", "--time", "0", "life")


if __name__ == "__main__":
    case.main()
