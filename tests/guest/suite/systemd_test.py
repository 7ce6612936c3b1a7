"""A systemd host on cgroup v2: services with limits, our numbers beside the kernel's files."""

import json
import os
import subprocess
import unittest
from datetime import datetime
from pathlib import Path

import case
import units
from exporter import Exporter

MIB = 1024**2
FILL = "/usr/bin/python3 -c 'x = bytearray({mib} << 20)'"
HOLD = "exec /usr/bin/python3 -c 'import time; x = bytearray(20 << 20); time.sleep(100000)'"
WRITE = "dd if=/dev/zero of=/var/tmp/data bs=1M count=8 oflag=direct; dd if=/var/tmp/data of=/dev/null bs=1M iflag=direct"
CROWD = "for i in 1 2 3 4 5 6; do sleep 100000 & done; wait"


def setUpModule():
    global exporter, paths
    exporter = Exporter("-disable_metrics=")  # Every group.
    unittest.addModuleCleanup(exporter.stop)
    unittest.addModuleCleanup(units.stop)
    paths = {
        "spin": units.start(
            "spin", "while :; do :; done", CPUQuota="20%", CPUWeight=50, IOWeight=200, AllowedCPUs="0-1"
        ),
        "hold": units.start(
            "hold", HOLD, MemoryMax="64M", MemoryHigh="48M", MemoryLow="8M", MemorySwapMax=0, TasksMax=33
        ),
        "killed": units.start(
            "killed", f"{FILL.format(mib=64)}; exec sleep 100000", MemoryMax="24M", MemorySwapMax=0, OOMPolicy="continue"
        ),
        "write": units.start("write", f"{WRITE}; exec sleep 100000", IOAccounting="yes"),
        "crowd": units.start("crowd", CROWD),
        "slice": units.SLICE_PATH,
        "scope": units.start_scope("scope", "exec sleep 100000"),
    }


def moment(text):
    """RFC 3339 with nanoseconds, which datetime does not take, in seconds."""
    whole, fraction = text.rstrip("Z").split(".")
    return datetime.fromisoformat(f"{whole}+00:00").timestamp() + float(f"0.{fraction}")


def cgtop(text):
    """Service -> the words of its last line."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    table = {words[0].split("/")[-1].removesuffix(".service"): words for words in lines}
    assert {"spin", "hold"} <= set(table), text
    return table


def entry(name):
    """What we say of one of the units."""
    listed = json.loads(exporter.get("/api/v1/containers?all=true")[1])["containers"]
    found = [container for container in listed if container["cgroup"] == paths[name]]
    assert len(found) == 1, f"{paths[name]}: {len(found)} entries"
    return found[0]


class Values(unittest.TestCase):
    def between(self, theirs, ours):
        """Counters that grow meanwhile: ours come to pass a reading of the kernel's, as soon as their
        tier is due, and are never ahead of the next one."""
        before = theirs()

        def held():
            told = ours()
            after = theirs()
            for key, value in before.items():
                self.assertLessEqual(told[key], after[key], key)
                self.assertLessEqual(value, told[key], key)
            return True

        case.eventually(held, 40)

    def test_cpu_held_by_a_quota(self):
        self.assertTrue(case.eventually(lambda: units.keyed(paths["spin"], "cpu.stat")["nr_throttled"] > 5))

        def theirs():
            stat = units.keyed(paths["spin"], "cpu.stat")
            seconds = {key: stat[f"{key}_usec"] / 1e6 for key in ("usage", "user", "system", "throttled")}
            return {**seconds, "periods": stat["nr_periods"], "throttled_periods": stat["nr_throttled"]}

        self.between(theirs, lambda: entry("spin")["cpu"])

    def test_the_quota_holds_and_the_rate_says_so(self):
        def rate():
            return entry("spin")["rates"].get("cpu_cores")

        self.assertTrue(case.eventually(lambda: rate() and 0 < rate() < 0.3), rate())
        self.assertGreater(entry("spin")["rates"]["throttled_ratio"], 0)

    def test_limits_are_what_systemd_wrote(self):
        cpu = entry("spin")["cpu"]
        self.assertAlmostEqual(cpu["quota"] / cpu["period"], 0.2)
        self.assertEqual(cpu["weight"], units.number(paths["spin"], "cpu.weight"))
        self.assertEqual(cpu["weight"], 50)
        memory = entry("hold")["memory"]
        expected = {"limit": 64 * MIB, "high": 48 * MIB, "low": 8 * MIB, "min": 0, "swap_limit": 0}
        self.assertEqual({key: memory[key] for key in expected}, expected)
        self.assertEqual(entry("hold")["pids"]["limit"], 33)
        self.assertIsNone(entry("spin")["memory"]["limit"], "unlimited")

    def test_memory(self):
        ready = lambda: units.number(paths["hold"], "memory.current") > 20 * MIB
        self.assertTrue(case.eventually(ready))

        def equal():
            stat = units.keyed(paths["hold"], "memory.stat")
            current = units.number(paths["hold"], "memory.current")
            memory = entry("hold")["memory"]
            expected = {
                "usage": current,
                "working_set": current - stat["inactive_file"],
                "rss": stat["anon"],
                "cache": stat["file"],
                "mapped_file": stat["file_mapped"],
                "active_anon": stat["active_anon"],
                "inactive_anon": stat["inactive_anon"],
                "active_file": stat["active_file"],
                "inactive_file": stat["inactive_file"],
                "unevictable": stat["unevictable"],
                "shmem": stat["shmem"],
                "slab": stat["slab"],
                "kernel": stat["kernel"],
                "peak": units.number(paths["hold"], "memory.peak"),
                "swap": units.number(paths["hold"], "memory.swap.current"),
                "pgfault": stat["pgfault"],
                "pgmajfault": stat["pgmajfault"],
            }
            self.assertEqual({key: memory.get(key) for key in expected}, expected)
            return True

        case.eventually(equal)
        self.assertGreaterEqual(entry("hold")["memory"]["rss"], 20 * MIB)

    def test_a_kill_for_memory(self):
        killed = lambda: units.keyed(paths["killed"], "memory.events")["oom_kill"] == 1
        self.assertTrue(case.eventually(killed, 60), "the kernel never killed it")

        def told():
            events = units.keyed(paths["killed"], "memory.events")
            ours = entry("killed")["memory"]["events"]
            self.assertEqual({key: ours[key] for key in events}, events)
            self.assertEqual(ours["oom_kill"], 1)
            local = units.keyed(paths["killed"], "memory.events.local")
            ours = entry("killed")["memory"]["events_local"]
            self.assertEqual({key: local[key] for key in ours}, ours)
            self.assertEqual(ours["oom_kill"], 1)
            return True

        case.eventually(told)
        count = lambda: exporter.scrape().value("container_oom_events_total", id=paths["killed"])
        self.assertTrue(case.eventually(lambda: count() == 1), count())

    def test_processes(self):
        self.assertTrue(case.eventually(lambda: units.number(paths["crowd"], "pids.current") == 7))
        told = lambda: entry("crowd")["pids"]["current"] == 7
        self.assertTrue(case.eventually(told))
        self.assertEqual(str(7), units.property_of("crowd.service", "TasksCurrent"))

    def test_cpuset(self):
        self.assertEqual(units.text(paths["spin"], "cpuset.cpus.effective").strip(), "0-1")
        self.assertEqual(entry("spin")["cpuset_cpus"], "0-1")

    def test_io_of_a_disk(self):
        number = Path("/sys/block/vda/dev").read_text(encoding="utf-8").strip()

        def done():
            disk = units.io(paths["write"]).get(number, {})
            return min(disk.get("rbytes", 0), disk.get("wbytes", 0)) >= 8 * MIB

        self.assertTrue(case.eventually(done, 60), "the reads and writes never reached the disk")

        def equal():
            disk = units.io(paths["write"])[number]
            (ours,) = [device for device in entry("write")["devices"] if device["device"] == "/dev/vda"]
            names = {"rbytes": "read_bytes", "wbytes": "write_bytes", "rios": "reads", "wios": "writes"}
            self.assertEqual({ours_: ours[ours_] for ours_ in names.values()}, {names[k]: disk[k] for k in names})
            self.assertEqual(f"{ours['major']}:{ours['minor']}", number)
            return True

        case.eventually(equal)

    def test_pressure(self):
        def theirs():
            return {r: units.pressure(paths["spin"], r)["some"] for r in ("cpu", "memory", "io")}

        # Throttling is a stall for a processor.
        self.assertTrue(case.eventually(lambda: theirs()["cpu"] > 0.1), theirs())
        self.between(theirs, lambda: {r: entry("spin")["pressure"][r]["some"] for r in ("cpu", "memory", "io")})

    def test_freezing_and_thawing(self):
        units.run("systemctl", "freeze", "crowd.service")
        self.addCleanup(units.run, "systemctl", "thaw", "crowd.service")
        state = lambda: entry("crowd")["cgroup_state"]
        self.assertTrue(case.eventually(lambda: state()["frozen"] == 1), state())
        units.run("systemctl", "thaw", "crowd.service")
        self.assertTrue(case.eventually(lambda: state()["frozen"] == 0), state())
        self.assertEqual(state()["populated"], 1)

    def test_a_slice_is_the_sum_of_what_is_in_it(self):
        self.between(
            lambda: {"usage": units.keyed(units.SLICE_PATH, "cpu.stat")["usage_usec"] / 1e6},
            lambda: entry("slice")["cpu"],
        )
        within = sum(entry(name)["memory"]["usage"] for name in ("spin", "hold", "killed", "crowd"))
        self.assertGreaterEqual(entry("slice")["memory"]["usage"], 0.9 * within)


class Identity(unittest.TestCase):
    def test_units_are_called_what_systemd_calls_them(self):
        for name, unit in (("spin", "spin.service"), ("scope", "scope.scope"), ("slice", units.SLICE)):
            with self.subTest(unit=unit):
                path = units.property_of(unit, "ControlGroup")
                self.assertEqual(path, paths[name])
                told = entry(name)
                self.assertEqual(
                    (told["runtime"], told["id"], told["display"], told["container"]),
                    ("systemd", unit, unit, False),
                )

    def test_every_unit_with_a_cgroup_is_there(self):
        def same():
            listed = json.loads(exporter.get("/api/v1/containers?all=true")[1])["containers"]
            ours = {container["cgroup"] for container in listed}
            theirs = {"/" + str(path.relative_to(units.ROOT)) for path in units.ROOT.rglob("*") if path.is_dir()}
            self.assertEqual(ours, theirs | {"/"})
            return True

        case.eventually(same)

    def test_a_service_that_ends_is_gone(self):
        paths["short"] = units.start("short", "exec sleep 100000")
        self.assertTrue(case.eventually(lambda: entry("short")["pids"]["current"] == 1))
        units.run("systemctl", "stop", "short.service")
        left = lambda: exporter.scrape().series("container_memory_usage_bytes", id=paths["short"])
        self.assertTrue(case.eventually(lambda: not left()))


    def test_what_is_exposed_is_kept_for_promtool(self):
        text = exporter.get("/metrics")[1]
        self.assertIn(f'id="{paths["hold"]}"', text)
        Path(os.environ["PLIMSOLL_ARTIFACTS"], "systemd.prom").write_text(text, encoding="utf-8")


class Killed(unittest.TestCase):
    """OOM kills of services that do not live on."""

    def test_a_service_that_died_of_it_is_counted(self):
        # systemd ends the service and removes its group; the slice above keeps the count.
        before = units.keyed(units.SLICE_PATH, "memory.events")["oom_kill"]
        units.start("dying", f"exec {FILL.format(mib=64)}", MemoryMax="16M", MemorySwapMax=0)
        ended = lambda: units.property_of("dying.service", "Result") == "oom-kill"
        self.assertTrue(case.eventually(ended, 60), units.property_of("dying.service", "Result"))
        kernel = units.keyed(units.SLICE_PATH, "memory.events")["oom_kill"]
        self.assertGreater(kernel, before)
        told = lambda: entry("slice")["memory"]["events"]["oom_kill"] >= kernel
        self.assertTrue(case.eventually(told))


class Commands(unittest.TestCase):
    def plimsoll(self, *arguments):
        done = subprocess.run([case.PLIMSOLL, *arguments], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_doctor_knows_the_host(self):
        findings = json.loads(self.plimsoll("doctor", "--format", "json"))["findings"]
        said = {}
        for finding in findings:
            said[finding["subject"]] = said.get(finding["subject"], "") + finding["text"]
            self.assertNotEqual(finding["level"], "FAIL", finding)
        self.assertRegex(said["cgroups"], r"^v2\b")
        for controller in units.text("/", "cgroup.controllers").split():
            if controller not in ("misc", "rdma"):
                self.assertIn(controller, said["controllers"])
        self.assertIn("every cgroup", said["pressure"])
        self.assertIn("systemd", str(findings))

    def test_doctor_in_a_cgroup_namespace_says_what_it_cannot_see(self):
        # As in a container without the host's tree: the mount shows paths above its root.
        script = f"{case.PLIMSOLL} doctor --format json"
        done = units.run("unshare", "--cgroup", "/bin/sh", "-c", script, check=False)
        said = [finding["text"] for finding in json.loads(done)["findings"] if finding["subject"] == "cgroups"]
        self.assertTrue(any("is visible" in text for text in said), said)

    def test_a_namespaces_own_mount_is_a_tree_of_its_own(self):
        # cgroup namespaces root the tree at the group of whoever made them.
        path = units.start("nested", "exec sleep 100000", Delegate="yes")
        (units.ROOT / path.lstrip("/") / "below").mkdir()
        self.addCleanup(units.run, "systemctl", "stop", "nested.service")
        script = (
            f"echo $$ > {units.ROOT}{path}/cgroup.procs && exec unshare --cgroup --mount /bin/sh -c"
            f" 'mount -t cgroup2 none /mnt && {case.PLIMSOLL} stats --local --no-stream --raw --format json"
            " --all-cgroups --cgroup-root /mnt'"
        )
        told = [json.loads(line)["cgroup"] for line in units.run("/bin/sh", "-c", script).splitlines()]
        self.assertIn("/below", told)
        self.assertFalse([cgroup for cgroup in told if cgroup.startswith(("/system.slice", "/plimsoll.slice"))], told)

    def test_cpu_beside_cgtop(self):
        command = ["systemd-cgtop", "--batch", "--raw", "--iterations=2", "--delay=3", "--depth=4", units.SLICE_PATH]

        def close():
            before = entry("spin")
            table = cgtop(units.run(*command))
            after = entry("spin")
            theirs = float(table["spin"][2]) / 100
            passed = moment(after["sampled_at"]) - moment(before["sampled_at"])
            ours = (after["cpu"]["usage"] - before["cpu"]["usage"]) / passed
            self.assertLess(ours, 0.3)
            self.assertAlmostEqual(ours, theirs, delta=0.1)
            told = entry("hold")
            self.assertEqual(told["pids"]["current"], int(table["hold"][1]))
            used = int(table["hold"][3])
            self.assertAlmostEqual(told["memory"]["usage"], used, delta=0.02 * used)
            return True

        case.eventually(close, 60)

    def test_stats_beside_the_kernel(self):
        shown = "--raw", "--format", "json", "--no-stream", "--local", "--all-cgroups"
        line = self.plimsoll("stats", *shown, "hold.service", "crowd.service")
        told = {entry["name"]: entry for entry in map(json.loads, line.splitlines())}
        self.assertEqual(told["crowd.service"]["pids"], 7)
        stat = units.keyed(paths["hold"], "memory.stat")
        usage = units.number(paths["hold"], "memory.current") - stat["inactive_file"]
        self.assertAlmostEqual(told["hold.service"]["memory_bytes"], usage, delta=0.02 * usage)


if __name__ == "__main__":
    case.main()
