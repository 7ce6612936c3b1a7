"""The Debian packages on a Debian with systemd: installed, used, with the runtime of containers, installed again over a
running host, removed, purged."""

import json
import os
import subprocess
import unittest
import urllib.request
from pathlib import Path

import case
import containers_packages
import documents
import units
from containers_packages import ENGINE, STATE, docker, page, run_docker

NAMES = ("plimsoll", "plimsoll-engine")  # The others are files only, but for the runtime of containers.
RUNTIME = "plimsoll-runtime"
DEBS = {name: str(path) for name in (*NAMES, RUNTIME) for path in (case.ROOT / "debs").glob(f"{name}_*.deb")}
EXPORTER = "plimsoll-exporter.service"
# The libraries that the packages depend on came with the tests, not by apt.
LIBRARIES = Path("/etc/ld.so.conf.d/plimsoll-test.conf")
UNIT = "plimsoll-test-workload"
PROGRAM = "/usr/bin/plimsoll"
MIB = 1 << 20


def setUpModule():
    unittest.addModuleCleanup(clean)
    LIBRARIES.write_text("/payload/lib\n")
    units.run("ldconfig")
    os.environ.pop("LD_LIBRARY_PATH", None)


def clean():
    containers_packages.clean()
    if Path(PROGRAM).exists():  # A case failed.
        units.run("dpkg", "--purge", *NAMES, RUNTIME, check=False)
    LIBRARIES.unlink(missing_ok=True)
    units.run("ldconfig")
    units.stop()


def install(*names):
    assert set(DEBS) == {*NAMES, RUNTIME}, DEBS
    units.run("dpkg", "--force-depends", "--install", *(DEBS[name] for name in names))


def active(unit):
    return units.property_of(unit, "ActiveState")


def pid(unit):
    return int(units.property_of(unit, "MainPID"))


def rights(process):
    """How many capabilities it has."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("CapEff:")), 16).bit_count()


def get(path):
    with urllib.request.urlopen(f"http://127.0.0.1:7546{path}", timeout=20) as answer:
        return answer.read().decode()


def ready():
    try:
        return get("/-/ready")
    except OSError:
        return None


class Packages(unittest.TestCase):
    web = None  # What docker says of the container that lives through it all.

    def still_serves(self):
        found = containers_packages.inspect()
        self.assertEqual(found["State"]["Pid"], self.web["State"]["Pid"])
        self.assertEqual(page(), "served\n")
        self.assertEqual(docker("exec", containers_packages.NAME, "echo", "here"), "here")
        self.assertEqual(docker("logs", containers_packages.NAME), "up")

    def test_installed_it_measures_and_limits(self):
        install(*NAMES)
        self.assertEqual((active(EXPORTER), active("plimsoll-engine.socket")), ("active", "active"))
        self.assertTrue(case.eventually(ready, 60))
        self.assertIn("container_memory_usage_bytes", get("/metrics?name=container_memory_usage_bytes&all=true"))
        # Somebody of its own, not root.
        status = Path(f"/proc/{pid(EXPORTER)}/status").read_text()
        self.assertNotRegex(status, r"\nUid:\s+0\s")
        # The journal has the level of what the services say, and the time once.
        entries = map(json.loads, units.run("journalctl", "--no-pager", "--output=json", "-u", EXPORTER).splitlines())
        (said, *_) = [one for one in entries if one["MESSAGE"].startswith("listening on")]
        self.assertEqual(said["PRIORITY"], "6")
        path = units.start(UNIT, "exec sleep infinity")
        units.run(PROGRAM, "limit", "set", f"cgroup:{path}", "--memory", "48M")
        self.assertEqual(units.number(path, "memory.max"), 48 * MIB)

    def test_without_the_runtime_it_says_so(self):
        self.assertIn(b"this engine runs no containers", run_docker("ps").stderr)
        self.assertEqual(rights(pid(ENGINE)), 4)

    def test_with_the_runtime_it_runs_containers(self):
        before = pid(ENGINE)
        install(RUNTIME)
        self.assertNotEqual(pid(ENGINE), before)
        info = json.loads(docker("info", "--format", "{{json .}}"))
        self.assertEqual((info["CgroupDriver"], info["CgroupVersion"]), ("systemd", "2"))
        self.assertIn("containers.conf", units.property_of(ENGINE, "DropInPaths"))
        Packages.web = containers_packages.start()
        self.assertEqual(page(), "served\n")
        path = f"/plimsoll.slice/plimsoll-{self.web['Id']}.scope"
        self.assertIn(str(self.web["State"]["Pid"]), units.text(path, "cgroup.procs").split())
        self.assertEqual((units.number(path, "memory.max"), units.number(path, "pids.max")), (64 * MIB, 30))
        self.assertEqual(units.text(path, "cpu.max").strip(), "50000 100000")

    def test_a_restart_of_the_unit_keeps_them(self):
        before = pid(ENGINE)
        units.run("systemctl", "restart", ENGINE)
        self.assertNotEqual(pid(ENGINE), before)
        self.still_serves()
        docker("update", "--memory", "96m", "--memory-swap", "96m", containers_packages.NAME)
        self.assertEqual(units.number(f"/plimsoll.slice/plimsoll-{self.web['Id']}.scope", "memory.max"), 96 * MIB)

    def test_stopped_the_unit_leaves_them_running_and_starts_when_asked(self):
        units.run("systemctl", "stop", ENGINE)
        self.assertEqual(active(ENGINE), "inactive")
        self.assertEqual(page(), "served\n")
        self.still_serves()
        self.assertEqual(active(ENGINE), "active")

    def test_over_a_running_host_containers_limits_and_settings_stay(self):
        path = f"{units.SLICE_PATH}/{UNIT}.service"
        Path("/etc/default/plimsoll-exporter").write_text('PLIMSOLL_EXPORTER_FLAGS="--web.max-connections=77"\n')
        Path("/etc/default/plimsoll-engine").write_text("PLIMSOLL_ENGINE_FLAGS=--events.journal\n")
        before = {unit: pid(unit) for unit in (ENGINE, EXPORTER, f"{UNIT}.service")}
        install(*NAMES, RUNTIME)
        self.assertTrue(case.eventually(ready, 60))
        self.assertNotEqual(pid(EXPORTER), before[EXPORTER])
        self.assertIn("77", Path(f"/proc/{pid(EXPORTER)}/cmdline").read_text())
        self.assertEqual(pid(f"{UNIT}.service"), before[f"{UNIT}.service"])
        self.assertEqual(units.number(path, "memory.max"), 48 * MIB)
        shown = json.loads(units.run(PROGRAM, "limit", "show", "--json", f"cgroup:{path}"))
        self.assertNotEqual(pid(ENGINE), before[ENGINE])
        (memory,) = (one for one in shown["settings"] if one["knob"] == "memory.max")
        # It remembers what was there before its limit.
        self.assertEqual((memory["value"], memory["found"]), (48 * MIB, "max"))
        self.still_serves()

    def test_the_journal_has_what_met_a_limit_and_explains_it(self):
        path = units.start(f"{UNIT}-hog", "exec tail /dev/zero", MemoryMax="32M")

        def told():
            lines = units.run("journalctl", "--quiet", "--no-pager", "--output=json", "PLIMSOLL_KIND=oom_kill", check=False).splitlines()
            return [entry for entry in map(json.loads, lines) if entry.get("PLIMSOLL_PROCESS") == "tail"]

        self.assertTrue(case.eventually(told, 60), units.run("journalctl", "--no-pager", "-u", ENGINE, "-n", "30"))
        (entry, *_) = told()
        self.assertEqual((entry["PLIMSOLL_CGROUP"], entry["PRIORITY"], entry["_SYSTEMD_UNIT"]), (path, "4", ENGINE))
        explained = units.run("journalctl", "--no-pager", "--catalog", "PLIMSOLL_KIND=oom_kill")
        self.assertIn(f"Subject: oom_kill in {path}", explained)
        self.assertIn("Defined-By: Plimsoll", explained)
        self.assertIn(f"plimsoll events --report {entry['PLIMSOLL_EVENT']}", explained)

    def test_what_the_documents_say_to_systemd(self):
        steps = [step for page in documents.PAGES for step in documents.steps(page) if isinstance(step, documents.Command)]
        commands = dict.fromkeys(step.text.removeprefix("sudo ") for step in steps if documents.word(step.text) in ("systemctl", "journalctl"))
        self.assertGreater(len(commands), 5)
        for command in commands:
            # An editor; and whether the kernel's log has what is looked for is not known.
            if command.startswith("systemctl edit"):
                continue
            allowed = (0, 1) if "--grep" in command else (0,)
            done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=120)
            self.assertIn(done.returncode, allowed, f"{command}: {done.stdout}{done.stderr}")
        # The page about services ends with the exporter's socket.
        units.run("systemctl", "disable", "--now", "plimsoll-exporter.socket")
        units.run("systemctl", "restart", EXPORTER)
        self.assertTrue(case.eventually(ready, 60))

    def test_without_the_runtime_again_containers_end_and_keep_what_they_had(self):
        units.run("dpkg", "--remove", RUNTIME)
        self.assertFalse(Path(f"/proc/{self.web['State']['Pid']}").exists())
        self.assertEqual(units.run("systemctl", "list-units", "--all", "--no-legend", "plimsoll-*.scope"), "")
        self.assertEqual(containers_packages.mounts(), [])
        self.assertTrue((STATE / f"containers/{self.web['Id']}").exists())
        # Limits go on, as before it was installed.
        self.assertIn(b"this engine runs no containers", run_docker("ps").stderr)
        self.assertEqual(rights(pid(ENGINE)), 4)

    def test_installed_again_they_are_there(self):
        install(RUNTIME)
        self.assertEqual(docker("ps", "-a", "--format", "{{.Names}} {{.State}}"), f"{containers_packages.NAME} exited")
        docker("start", containers_packages.NAME)
        self.assertTrue(containers_packages.logs("up\nup"))
        self.assertEqual(page(), "served\n")

    def test_removed_it_leaves_what_runs_and_its_state(self):
        path = f"{units.SLICE_PATH}/{UNIT}.service"
        units.run("dpkg", "--remove", RUNTIME, *NAMES)
        self.assertFalse(Path(PROGRAM).exists())
        self.assertNotEqual(active(EXPORTER), "active")
        self.assertNotEqual(active("plimsoll-engine.socket"), "active")
        self.assertEqual(units.number(path, "memory.max"), 48 * MIB)
        self.assertTrue(Path("/etc/default/plimsoll-exporter").exists())
        self.assertTrue(any(STATE.iterdir()))

    def test_purged_it_leaves_nothing(self):
        units.run("dpkg", "--purge", RUNTIME, *NAMES)
        for path in ("/etc/default/plimsoll-exporter", str(STATE), "/run/plimsoll", "/etc/plimsoll"):
            self.assertFalse(Path(path).exists(), path)
        self.assertEqual(units.run("getent", "group", "plimsoll", check=False), "")
        self.assertNotIn("plimsoll-e", units.run("systemctl", "list-unit-files", "--no-legend", "plimsoll*"))


if __name__ == "__main__":
    case.main()
