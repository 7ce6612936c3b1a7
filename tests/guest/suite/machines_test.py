"""Machines of systemd-nspawn, and a container of LXC: names from systemd-machined and from the path."""

import shutil
import subprocess
import unittest
from pathlib import Path

import case
import units
from exporter import Exporter

NSPAWN = """[Exec]
Boot=no
Parameters=/bin/sleep 100000
PrivateUsers=no

[Network]
VirtualEthernet=no
Private=no
"""
# For a tree without systemd nspawn mounts v1 hierarchies, which takes controllers from everybody.
V2 = "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1"
LXC = """lxc.uts.name = crate
lxc.rootfs.path = dir:{tree}
lxc.net.0.type = none
lxc.apparmor.profile = unconfined
lxc.environment = PATH=/bin
"""


def make_tree(directory):
    """The least that nspawn takes for a system."""
    for folder in ("bin", "usr", "etc", "proc", "sys", "dev", "run", "tmp", "var", "root"):
        (directory / folder).mkdir(parents=True, exist_ok=True)
    (directory / "etc/os-release").write_text("ID=plimsoll-test\n", encoding="utf-8")
    shutil.copy("/bin/busybox", directory / "bin/busybox")
    for name in ("sh", "sleep"):
        (directory / "bin" / name).symlink_to("busybox")
    return directory


def setUpModule():
    global exporter
    exporter = Exporter()
    unittest.addModuleCleanup(exporter.stop)
    unittest.addModuleCleanup(units.stop)
    # As a person starts one: nspawn asks machined for a scope.
    tree = make_tree(case.work / "box")
    options = ["--quiet", "--machine=box-1", f"--directory={tree}", "--resolv-conf=off", "--timezone=off"]
    units.start("starter", f"{V2} exec systemd-nspawn {' '.join(options)} /bin/sleep 100000")
    # As an administrator installs one: the unit is the machine.
    make_tree(Path("/var/lib/machines/crate"))
    Path("/etc/systemd/nspawn").mkdir(exist_ok=True)
    Path("/etc/systemd/nspawn/crate.nspawn").write_text(NSPAWN, encoding="utf-8")
    drop_in = Path("/run/systemd/system/systemd-nspawn@crate.service.d/v2.conf")
    drop_in.parent.mkdir(parents=True)
    drop_in.write_text(f"[Service]\nEnvironment={V2}\n", encoding="utf-8")
    units.run("systemctl", "daemon-reload")
    units.run("systemctl", "start", "systemd-nspawn@crate.service")
    unittest.addModuleCleanup(units.run, "systemctl", "stop", "systemd-nspawn@crate.service")
    config = case.work / "lxc.conf"
    config.write_text(LXC.format(tree=make_tree(case.work / "lxc")), encoding="utf-8")
    command = ["lxc-execute", "--name", "barrel", "--rcfile", str(config), "--", "/bin/sleep", "100000"]
    log = open(case.work / "lxc.log", "w", encoding="utf-8")
    barrel = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def stop():
        subprocess.run(["lxc-stop", "--kill", "--name", "barrel"], check=False, capture_output=True)
        barrel.wait(30)
        log.close()

    unittest.addModuleCleanup(stop)


def entry(runtime, name):
    found = [c for c in exporter.containers() if (c["runtime"], c["name"]) == (runtime, name)]
    assert len(found) == 1, f"{runtime} {name}: {len(found)} of {[c['cgroup'] for c in exporter.containers()]}"
    return found[0]


class Machines(unittest.TestCase):
    def registered(self, name):
        leader = units.run("machinectl", "show", name, "--property=Leader", "--value")
        unit = units.run("machinectl", "show", name, "--property=Unit", "--value")
        path = units.property_of(unit, "ControlGroup")

        def told():
            ours = entry("nspawn", name)
            self.assertEqual((ours["cgroup"], ours["container"]), (path, True))
            self.assertEqual(ours["pid"], int(leader))
            self.assertEqual(ours["memory"]["usage"], units.number(path, "memory.current"))
            (sample,) = exporter.scrape().series("container_start_time_seconds", name=name)
            self.assertEqual(sample.labels["id"], path)
            return True

        case.eventually(told, 40)
        return path

    def test_a_scope_that_nspawn_asked_for(self):
        case.eventually(lambda: "box-1" in units.run("machinectl", "list", "--no-legend"), 40)
        self.assertEqual(self.registered("box-1"), "/machine.slice/machine-box\\x2d1.scope")

    def test_a_unit_that_is_a_machine(self):
        case.eventually(lambda: "crate" in units.run("machinectl", "list", "--no-legend"), 40)
        self.assertEqual(self.registered("crate"), "/machine.slice/systemd-nspawn@crate.service")

    def test_a_machine_that_ends_is_gone(self):
        units.run("machinectl", "terminate", "box-1")
        gone = lambda: not exporter.scrape().series("container_memory_usage_bytes", name="box-1")
        self.assertTrue(case.eventually(gone, 40))

    def test_lxc(self):
        path = "/lxc.payload.barrel"
        started = lambda: (units.ROOT / path.lstrip("/")).exists()
        self.assertTrue(case.eventually(started, 40), (case.work / "lxc.log").read_text(encoding="utf-8"))

        def told():
            ours = entry("lxc", "barrel")
            self.assertEqual(ours["cgroup"], path)
            self.assertEqual(ours["memory"]["usage"], units.number(path, "memory.current"))
            self.assertEqual(ours["pids"]["current"], units.number(path, "pids.current"))
            return True

        case.eventually(told, 40)


if __name__ == "__main__":
    case.main()
