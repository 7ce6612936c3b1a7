"""`plimsoll limit` on services of a live systemd: told, verified, and still there after a reload."""

import json
import signal
import unittest

import case
import limit_cases
import units
from engine import Engine


def setUpModule():
    UnitTest.engine = Engine(name="systemd").start()
    unittest.addModuleCleanup(UnitTest.engine.stop)
    unittest.addModuleCleanup(units.stop)


class UnitTest(limit_cases.Cli, unittest.TestCase):
    def service(self, name, **properties):
        path = units.start(f"plimsoll-test-{name}", "exec sleep infinity", **properties)
        self.addCleanup(units.run, "systemctl", "stop", f"plimsoll-test-{name}.service", check=False)
        return path, f"cgroup:{path}"

    def files(self, path, *names):
        return [units.text(path, name).strip() for name in names]

    def test_set_survives_a_reload_and_restore_brings_back(self):
        path, ref = self.service("web", MemoryMax="256M", TasksMax=50)
        told = self.limit("set", ref, "--memory", "64M", "--cpus", "0.25", "--pids", "40", "--cpuset-cpus", "0")
        self.assertNotIn("subtree_control", told, "systemd enables controllers itself")
        expected = ["67108864", "25000 100000", "40", "0"]
        names = ("memory.max", "cpu.max", "pids.max", "cpuset.cpus")
        self.assertEqual(self.files(path, *names), expected)
        for verb in ("daemon-reload", "daemon-reexec"):
            units.run("systemctl", verb)
            self.assertEqual(self.files(path, *names), expected, verb)
        self.assertEqual(units.property_of("plimsoll-test-web.service", "MemoryMax"), "67108864")
        self.assertEqual(units.property_of("plimsoll-test-web.service", "CPUQuotaPerSecUSec"), "250ms")

        self.limit("unset", ref, "--cpus")
        units.run("systemctl", "daemon-reload")
        self.assertEqual(self.files(path, "memory.max", "pids.max"), ["67108864", "40"])
        shown = self.limit("show", ref)
        self.assertRegex(shown, r"cpu.quota +max")
        self.assertIn("systemd unit plimsoll-test-web.service", shown)

        self.limit("restore", ref)
        self.assertEqual(self.files(path, "memory.max", "pids.max"), [str(256 << 20), "50"])
        units.run("systemctl", "daemon-reload")
        self.assertEqual(self.files(path, "memory.max", "pids.max"), [str(256 << 20), "50"])
        self.assertEqual(units.property_of("plimsoll-test-web.service", "MemoryMax"), str(256 << 20))

    def test_a_lease_ends_through_systemd_though_the_engine_was_killed(self):
        path, ref = self.service("lease")
        self.limit("set", ref, "--memory", "64M", "--for", "1s")
        self.engine.stop(signal.SIGKILL)
        units.run("systemctl", "daemon-reload")
        self.assertEqual(self.files(path, "memory.max"), ["67108864"])
        self.engine.start()
        self.assertTrue(case.eventually(lambda: self.files(path, "memory.max") == ["max"], 30))
        units.run("systemctl", "daemon-reload")
        self.assertEqual(self.files(path, "memory.max"), ["max"])

    def test_what_systemd_has_no_property_for_is_refused_with_the_reason(self):
        path, ref = self.service("refused")
        for flags, reason in (
            (("--oom-group",), "OOMPolicy="),
            (("--cpus", "1", "--cpu-burst", "10ms"), "no property for cpu.max.burst"),
            (("--pids", "0"), "takes no 0"),
        ):
            with self.subTest(flags=flags):
                self.assertIn(reason, self.limit("set", ref, "--memory", "64M", *flags, code=1))
                self.assertEqual(self.files(path, "memory.max"), ["max"])

    def test_a_slice(self):
        path, ref = self.service("sliced")
        parent = path.rsplit("/", 1)[0]
        self.limit("set", f"cgroup:{parent}", "--memory", "300M", "--pids", "500")
        self.addCleanup(self.limit, "restore", f"cgroup:{parent}")
        units.run("systemctl", "daemon-reload")
        self.assertEqual(self.files(parent, "memory.max", "pids.max"), [str(300 << 20), "500"])

    def test_what_is_below_a_delegated_unit_is_written_directly(self):
        path, _ = self.service("delegated", Delegate="yes")
        group = units.ROOT / path.lstrip("/") / "inner"
        group.mkdir()
        (group / "cgroup.procs").write_text(units.text(path, "cgroup.procs"))
        self.limit("set", f"cgroup:{path}/inner", "--pids", "30")
        shown = json.loads(self.limit("show", "--json", f"cgroup:{path}/inner"))
        self.assertEqual(shown["target"]["manager"], "")
        self.assertEqual(self.files(f"{path}/inner", "pids.max"), ["30"])
        units.run("systemctl", "daemon-reload")
        self.assertEqual(self.files(f"{path}/inner", "pids.max"), ["30"])


if __name__ == "__main__":
    case.main()
