"""The Debian packages on a Debian with systemd: installed, used, installed again over a running host, removed, purged."""

import json
import os
import subprocess
import unittest
import urllib.request
from pathlib import Path

import case
import documents
import units

NAMES = ("plimsoll", "plimsoll-engine")  # The others are files only.
DEBS = [str(path) for name in NAMES for path in (case.ROOT / "debs").glob(f"{name}_*.deb")]
ENGINE, EXPORTER = "plimsoll-engine.service", "plimsoll-exporter.service"
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
    units.run("dpkg", "--purge", *NAMES, check=False)
    LIBRARIES.unlink(missing_ok=True)
    units.run("ldconfig")
    units.stop()


def install():
    assert len(DEBS) == len(NAMES), DEBS
    units.run("dpkg", "--force-depends", "--install", *DEBS)


def active(unit):
    return units.property_of(unit, "ActiveState")


def pid(unit):
    return int(units.property_of(unit, "MainPID"))


def get(path):
    with urllib.request.urlopen(f"http://127.0.0.1:7546{path}", timeout=20) as answer:
        return answer.read().decode()


def ready():
    try:
        return get("/-/ready")
    except OSError:
        return None


class Packages(unittest.TestCase):
    def test_installed_it_measures_and_limits(self):
        install()
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

    def test_over_a_running_host_limits_and_settings_stay(self):
        path = f"{units.SLICE_PATH}/{UNIT}.service"
        Path("/etc/default/plimsoll-exporter").write_text('PLIMSOLL_EXPORTER_FLAGS="--web.max-connections=77"\n')
        Path("/etc/default/plimsoll-engine").write_text("PLIMSOLL_ENGINE_FLAGS=--events.journal\n")
        before = {unit: pid(unit) for unit in (ENGINE, EXPORTER, f"{UNIT}.service")}
        install()
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

    def test_removed_it_leaves_what_runs_and_its_state(self):
        path = f"{units.SLICE_PATH}/{UNIT}.service"
        units.run("dpkg", "--remove", *NAMES)
        self.assertFalse(Path(PROGRAM).exists())
        self.assertNotEqual(active(EXPORTER), "active")
        self.assertNotEqual(active("plimsoll-engine.socket"), "active")
        self.assertEqual(units.number(path, "memory.max"), 48 * MIB)
        self.assertTrue(Path("/etc/default/plimsoll-exporter").exists())
        self.assertTrue(any(Path("/var/lib/plimsoll").iterdir()))

    def test_purged_it_leaves_nothing(self):
        units.run("dpkg", "--purge", *NAMES)
        for path in ("/etc/default/plimsoll-exporter", "/var/lib/plimsoll", "/run/plimsoll", "/etc/plimsoll"):
            self.assertFalse(Path(path).exists(), path)
        self.assertEqual(units.run("getent", "group", "plimsoll", check=False), "")
        self.assertNotIn("plimsoll-e", units.run("systemctl", "list-unit-files", "--no-legend", "plimsoll*"))


if __name__ == "__main__":
    case.main()
