"""plimsoll-engine.service and the two sockets under the real systemd: started by the first client, confined,
restarted without a client or a limit lost."""

import json
import os
import shutil
import signal
import unittest
import urllib.request
from pathlib import Path

import case
import units

ENGINE, ENGINE_SOCKET = "plimsoll-engine.service", "plimsoll-engine.socket"
EXPORTER, EXPORTER_SOCKET = "plimsoll-exporter.service", "plimsoll-exporter.socket"
SLICES = ("plimsoll.slice", "plimsoll-agent.slice")
SOURCE = case.ROOT / "packaging/systemd"
CONFIG = Path("/etc/plimsoll/engine.yaml")
FOLDER = Path("/run/systemd/system")
SOCKET = Path("/run/plimsoll/plimsoll.sock")
GROUP = units.ROOT / "plimsoll-test-engine"
MIB = 1 << 20
# The watchdog is not waited for half a minute; the program and its libraries stand elsewhere here.
HERE = f"""
[Service]
WatchdogSec=4s
Environment=LD_LIBRARY_PATH={os.environ.get("LD_LIBRARY_PATH", "/payload/lib")}
"""
ADDRESS = "127.0.0.1:7546"


def setUpModule():
    unittest.addModuleCleanup(clean)
    units.run("systemd-sysusers", str(SOURCE / "plimsoll.sysusers"))
    units.run("systemd-tmpfiles", "--create", str(SOURCE / "plimsoll.tmpfiles"))
    for name in (ENGINE, EXPORTER):
        (FOLDER / name).write_text((SOURCE / name).read_text().replace("/usr/bin/plimsoll", str(case.PLIMSOLL)))
        (FOLDER / f"{name}.d").mkdir(parents=True, exist_ok=True)
        (FOLDER / f"{name}.d/here.conf").write_text(HERE)
    for name in (ENGINE_SOCKET, EXPORTER_SOCKET, *SLICES):
        shutil.copy(SOURCE / name, FOLDER)
    # As an operator moves it to another address.
    (FOLDER / f"{EXPORTER_SOCKET}.d").mkdir()
    (FOLDER / f"{EXPORTER_SOCKET}.d/here.conf").write_text(f"[Socket]\nListenStream=\nListenStream={ADDRESS}\n")
    CONFIG.parent.mkdir(exist_ok=True)
    shutil.copy(SOURCE.parent / "engine.yaml", CONFIG)
    CONFIG.chmod(0o644)
    GROUP.mkdir()
    units.run("systemctl", "daemon-reload")
    units.run("systemctl", "start", ENGINE_SOCKET, EXPORTER_SOCKET)


def clean():
    units.stop()
    names = (ENGINE_SOCKET, EXPORTER_SOCKET, ENGINE, EXPORTER)
    units.run("systemctl", "stop", *names, check=False)
    units.run("systemctl", "clean", "--what=all", ENGINE, EXPORTER, check=False)
    for name in (*names, *SLICES):
        shutil.rmtree(FOLDER / f"{name}.d", ignore_errors=True)
        (FOLDER / name).unlink(missing_ok=True)
    # No daemon-reload, which takes as long as several cases: units that are stopped are forgotten anyway.
    units.run("systemctl", "reset-failed", check=False)
    if GROUP.exists():
        GROUP.rmdir()
    for group in ("plimsoll", "plimsoll-read"):
        units.run("groupdel", group, check=False)
    shutil.rmtree("/run/plimsoll", ignore_errors=True)
    shutil.rmtree(CONFIG.parent, ignore_errors=True)


def active(unit):
    return units.property_of(unit, "ActiveState")


def main_pid(unit=ENGINE):
    return int(units.property_of(unit, "MainPID"))


def status(unit=ENGINE):
    """/proc/PID/status as a dictionary."""
    lines = Path(f"/proc/{main_pid(unit)}/status").read_text().splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def limit(*words):
    return units.run(str(case.PLIMSOLL), "limit", *words)


def setting(knob):
    shown = json.loads(limit("show", "--json", f"cgroup:/{GROUP.name}"))
    return next(one for one in shown["settings"] if one["knob"] == knob)


def memory_max():
    return (GROUP / "memory.max").read_text().strip()


class Engine(unittest.TestCase):
    def test_the_socket_is_there_before_the_engine(self):
        self.assertEqual((active(ENGINE_SOCKET), active(ENGINE)), ("active", "inactive"))
        facts = SOCKET.stat()
        self.assertEqual((facts.st_uid, SOCKET.group(), facts.st_mode & 0o777), (0, "plimsoll", 0o660))
        self.assertEqual(SOCKET.parent.stat().st_mode & 0o777, 0o755)

    def test_the_first_client_starts_it_and_is_answered(self):
        limit("set", f"cgroup:/{GROUP.name}", "--memory", "64M", "--pids", "40")
        self.assertEqual(active(ENGINE), "active")
        self.assertEqual(memory_max(), str(64 * MIB))
        self.assertIn(str(SOCKET), units.property_of(ENGINE, "StatusText"))
        # Those who may only look: the engine adds them to the socket that systemd made.
        self.assertIn(b"system.posix_acl_access", b" ".join(os.fsencode(name) for name in os.listxattr(SOCKET)))

    def test_a_unit_is_limited_by_way_of_systemd(self):
        path = units.start("plimsoll-test-by-engine", "exec sleep infinity")
        limit("set", f"cgroup:{path}", "--memory", "96M")
        self.assertEqual(units.number(path, "memory.max"), 96 * MIB)
        self.assertEqual(units.property_of("plimsoll-test-by-engine.service", "MemoryMax"), str(96 * MIB))

    def test_root_with_four_capabilities(self):
        of_process = status()
        four = (1 << 0) | (1 << 1) | (1 << 24) | (1 << 34)  # CHOWN, DAC_OVERRIDE, SYS_RESOURCE, SYSLOG
        self.assertEqual(int(of_process["CapEff"], 16), four)
        self.assertEqual((of_process["NoNewPrivs"], of_process["Seccomp"]), ("1", "2"))

    def test_a_group_of_another_user_can_be_limited(self):
        theirs = GROUP / "theirs"
        # Made in a group of its own: a controller of the group itself may be in use.
        theirs.mkdir()
        self.addCleanup(theirs.rmdir)
        for path in (theirs, *theirs.iterdir()):
            os.chown(path, 1000, 1000)
        limit("set", f"cgroup:/{GROUP.name}/theirs", "--pids", "30")
        self.addCleanup(limit, "restore", f"cgroup:/{GROUP.name}/theirs")
        self.assertEqual((theirs / "pids.max").read_text().strip(), "30")

    def test_its_memory_is_kept_by_every_group_above(self):
        path = "/plimsoll.slice/plimsoll-agent.slice"
        self.assertEqual(units.property_of(ENGINE, "ControlGroup"), f"{path}/{ENGINE}")
        self.assertEqual(units.number(f"{path}/{ENGINE}", "memory.min"), 16 * MIB)
        self.assertEqual(units.number(path, "memory.min"), 48 * MIB)
        self.assertEqual(units.number("/plimsoll.slice", "memory.min"), 48 * MIB)
        self.assertEqual(Path(f"/proc/{main_pid()}/oom_score_adj").read_text().strip(), "-500")

    def test_a_restart_loses_no_limit_and_turns_nobody_away(self):
        limit("set", f"cgroup:/{GROUP.name}", "--memory", "32M", "--for", "1h")
        before = main_pid()
        units.run("systemctl", "restart", "--no-block", ENGINE)
        asked = 0
        while main_pid() in (before, 0) or active(ENGINE) != "active":
            setting("memory.max")  # Fails if the socket is closed to it.
            asked += 1
        print(f"asked {asked} times meanwhile", flush=True)
        self.assertGreater(asked, 0)
        after = setting("memory.max")
        self.assertEqual((after["value"], after["found"]), (32 * MIB, "max"))
        self.assertIn("lease_ends", after)
        self.assertEqual(memory_max(), str(32 * MIB))

    def test_killed_it_comes_back_and_knows(self):
        os.kill(main_pid(), signal.SIGKILL)
        self.assertTrue(case.eventually(lambda: units.property_of(ENGINE, "NRestarts") == "1", 60))
        self.assertEqual(setting("memory.max")["found"], "max")
        self.assertEqual(memory_max(), str(32 * MIB))

    def test_one_that_hangs_is_ended(self):
        hung = main_pid()
        holder = units.hold([hung])
        self.assertTrue(case.eventually(lambda: units.property_of(ENGINE, "NRestarts") == "2", 60), "nobody noticed")
        self.assertNotEqual(main_pid(), hung)
        self.assertEqual(memory_max(), str(32 * MIB))
        os.waitpid(holder, 0)

    def test_reload_is_not_the_end(self):
        # Answered: it is up again, and has read its settings as they were.
        self.assertEqual(setting("pids.max")["value"], 40)
        before = main_pid()
        CONFIG.write_text(CONFIG.read_text().replace("level: info", "level: debug") + "policy-dir: /nowhere\n")
        units.run("systemctl", "reload", ENGINE)
        self.assertEqual(setting("pids.max")["value"], 40)
        said = lambda: units.run("journalctl", "--no-pager", "-u", ENGINE)
        self.assertTrue(case.eventually(lambda: f"settings read again from {CONFIG}" in said()), said())
        self.assertIn("policy-dir: another value than the engine started with", said())
        self.assertEqual(main_pid(), before)

    def test_what_was_found_is_put_back(self):
        limit("restore", f"cgroup:/{GROUP.name}")
        self.assertEqual((memory_max(), (GROUP / "pids.max").read_text().strip()), ("max", "max"))

    def test_stopped_with_its_socket_nothing_listens(self):
        units.run("systemctl", "stop", ENGINE)
        self.assertEqual(units.property_of(ENGINE, "Result"), "success")
        self.assertTrue(SOCKET.exists())
        units.run("systemctl", "stop", ENGINE_SOCKET)
        self.assertFalse(SOCKET.exists())


class Exporter(unittest.TestCase):
    def test_the_first_scrape_starts_it(self):
        self.assertEqual(active(EXPORTER), "inactive")
        with urllib.request.urlopen(f"http://{ADDRESS}/metrics", timeout=120) as response:
            self.assertIn("plimsoll_cgroups", response.read().decode())
        self.assertEqual(active(EXPORTER), "active")
        journal = units.run("journalctl", "--no-pager", "-u", EXPORTER)
        self.assertIn(f"listening on {ADDRESS}", journal)
        # The one that it was given, and no other.
        listening = units.run("ss", "--tcp", "--listening", "--numeric", "--processes", "--no-header")
        ours = [line for line in listening.splitlines() if f"pid={main_pid(EXPORTER)}," in line]
        self.assertEqual([line.split()[3] for line in ours], [ADDRESS])


if __name__ == "__main__":
    case.main()
