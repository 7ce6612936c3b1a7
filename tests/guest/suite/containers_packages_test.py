"""The packages of an engine that runs containers, on a Debian with systemd: its own unit with the drop-in, and the
docker command line on its socket."""

import json
import os
import subprocess
import unittest
import urllib.request
from pathlib import Path

import case
import images
import units

NAMES = ("plimsoll", "plimsoll-engine", "plimsoll-runtime")
DEBS = {name: str(path) for name in NAMES for path in (case.ROOT / "debs").glob(f"{name}_*.deb")}
ENGINE = "plimsoll-engine.service"
SOCKET = Path("/run/plimsoll/plimsoll.sock")
STATE = Path("/var/lib/plimsoll")
# The libraries that the packages depend on came with the tests, not by apt.
LIBRARIES = Path("/etc/ld.so.conf.d/plimsoll-test.conf")
IMAGE = "plimsoll-test/busybox:1"
COMMANDS = "dd echo grep httpd ls mount sh sleep true".split()
MIB = 1 << 20
PORT = 18089


def setUpModule():
    unittest.addModuleCleanup(clean)
    LIBRARIES.write_text("/payload/lib\n")
    units.run("ldconfig")
    os.environ.pop("LD_LIBRARY_PATH", None)


def clean():
    for name in docker("ps", "-aq", check=False).split():
        docker("rm", "-f", "-v", name, check=False)
    units.run("dpkg", "--purge", *NAMES, check=False)
    # Purging leaves the default bridge, as it leaves limits, until the next boot.
    units.run("ip", "link", "delete", "plimsoll0", check=False)
    LIBRARIES.unlink(missing_ok=True)
    units.run("ldconfig")


def install(*names):
    assert len(DEBS) == len(NAMES), DEBS
    units.run("dpkg", "--force-depends", "--install", *(DEBS[name] for name in names))


def run_docker(*arguments, input=None):
    environment = {**os.environ, "DOCKER_HOST": f"unix://{SOCKET}"}
    return subprocess.run(["/usr/bin/docker", *arguments], input=input, capture_output=True, check=False, env=environment)


def docker(*arguments, check=True, **options):
    done = run_docker(*arguments, **options)
    if check and done.returncode:
        journal = units.run("journalctl", "--no-pager", "-u", ENGINE, "-n", "30")
        raise AssertionError(f"docker {' '.join(arguments)}: {done.stderr.decode()}\n{journal}")
    return done.stdout.decode().strip()


def pid(unit=ENGINE):
    return int(units.property_of(unit, "MainPID"))


def inspect(name):
    return json.loads(docker("inspect", name))[0]


def status_of(process):
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def page():
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/", timeout=60) as answer:
        return answer.read().decode()


def mounts():
    """Of containers, in the host's own mount namespace."""
    return [line for line in Path("/proc/1/mountinfo").read_text().splitlines() if f" {STATE}" in line or " /run/plimsoll/" in line]


class Packages(unittest.TestCase):
    web = None  # What docker says of the container that lives through it all.

    def still_serves(self):
        found = inspect("plimsoll-test-web")
        self.assertEqual(found["State"]["Pid"], self.web["State"]["Pid"])
        self.assertEqual(page(), "served\n")
        self.assertEqual(docker("exec", "plimsoll-test-web", "echo", "here"), "here")
        self.assertEqual(docker("logs", "plimsoll-test-web"), "up")

    def test_without_the_runtime_it_says_so(self):
        install("plimsoll", "plimsoll-engine")
        self.assertIn(b"this engine runs no containers", run_docker("ps").stderr)
        four = status_of(pid())["CapEff"]
        self.assertEqual(int(four, 16).bit_count(), 4)

    def test_installed_it_runs_them(self):
        before = pid()
        install("plimsoll-runtime")
        self.assertNotEqual(pid(), before)
        info = json.loads(docker("info", "--format", "{{json .}}"))
        self.assertEqual((info["CgroupDriver"], info["CgroupVersion"]), ("systemd", "2"))
        self.assertIn("containers.conf", units.property_of(ENGINE, "DropInPaths"))
        docker("import", "-", IMAGE, input=images.busybox_tar(COMMANDS))
        script = "echo served > /www/index.html; httpd -p 80 -h /www && echo up; exec sleep 100000"
        docker("run", "-d", "--name", "plimsoll-test-web", "-p", f"{PORT}:80", "--memory", "64m", "--cpus", "0.5",
               "--pids-limit", "30", "-v", "plimsoll-test-data:/data", IMAGE, "sh", "-c", script)  # fmt: skip
        self.assertTrue(case.eventually(lambda: docker("logs", "plimsoll-test-web") == "up", 60))
        Packages.web = inspect("plimsoll-test-web")
        self.assertEqual(page(), "served\n")
        path = f"/plimsoll.slice/plimsoll-{self.web['Id']}.scope"
        self.assertIn(str(self.web["State"]["Pid"]), units.text(path, "cgroup.procs").split())
        self.assertEqual((units.number(path, "memory.max"), units.number(path, "pids.max")), (64 * MIB, 30))
        self.assertEqual(units.text(path, "cpu.max").strip(), "50000 100000")

    def test_a_restart_of_the_unit_keeps_them(self):
        before = pid()
        units.run("systemctl", "restart", ENGINE)
        self.assertNotEqual(pid(), before)
        self.still_serves()
        docker("update", "--memory", "96m", "--memory-swap", "96m", "plimsoll-test-web")
        self.assertEqual(units.number(f"/plimsoll.slice/plimsoll-{self.web['Id']}.scope", "memory.max"), 96 * MIB)

    def test_stopped_the_unit_leaves_them_running_and_starts_when_asked(self):
        units.run("systemctl", "stop", ENGINE)
        self.assertEqual(units.property_of(ENGINE, "ActiveState"), "inactive")
        self.assertEqual(page(), "served\n")
        self.still_serves()
        self.assertEqual(units.property_of(ENGINE, "ActiveState"), "active")

    def test_an_upgrade_keeps_them(self):
        before = pid()
        install(*NAMES)
        self.assertNotEqual(pid(), before)
        self.still_serves()

    def test_removed_it_ends_them_and_keeps_what_they_had(self):
        units.run("dpkg", "--remove", "plimsoll-runtime")
        self.assertFalse(Path(f"/proc/{self.web['State']['Pid']}").exists())
        self.assertEqual(units.run("systemctl", "list-units", "--all", "--no-legend", "plimsoll-*.scope"), "")
        self.assertEqual(mounts(), [])
        self.assertTrue((STATE / f"containers/{self.web['Id']}").exists())
        # Limits go on, as before it was installed.
        self.assertIn(b"this engine runs no containers", run_docker("ps").stderr)
        self.assertEqual(int(status_of(pid())["CapEff"], 16).bit_count(), 4)

    def test_installed_again_they_are_there(self):
        install("plimsoll-runtime")
        self.assertEqual(docker("ps", "-a", "--format", "{{.Names}} {{.State}}"), "plimsoll-test-web exited")
        docker("start", "plimsoll-test-web")
        self.assertTrue(case.eventually(lambda: docker("logs", "plimsoll-test-web") == "up\nup", 60))
        self.assertEqual(page(), "served\n")


if __name__ == "__main__":
    case.main()
