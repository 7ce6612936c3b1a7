"""OOM kills of docker's containers, each counted once: cases for whoever has a docker.

LivingOn and Ending are for a TestCase that gives `docker` and a way to start an exporter, which runs as
it does by default: another user, few capabilities, its seccomp filter.
"""

import json
import subprocess
import time
from pathlib import Path

import case
from docker import CLI, IMAGE

# dd has one buffer, and fills it.
EAT = "dd if=/dev/zero of=/dev/null bs=64M count=1"
LIMITS = ["--memory", "16m", "--memory-swap", "16m"]


def vmstat_kills():
    lines = Path("/proc/vmstat").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))


class Kills:
    """What both have."""

    docker = None

    @classmethod
    def new_exporter(cls):
        raise NotImplementedError

    @classmethod
    def setUpClass(cls):
        cls.exporter = cls.new_exporter()
        cls.addClassCleanup(lambda: cls.exporter.stop())

    def total(self, metric, name):
        """Of the newest scrape; all that have the name."""
        return sum(sample.value for sample in self.exporter.scrape().series(metric, name=name))

    def becomes(self, kills, name, metric="container_oom_events_total"):
        """It gets there, and goes no further."""
        case.eventually(lambda: self.assertEqual(self.total(metric, name), kills) is None, 60)
        time.sleep(2.5)
        self.assertEqual(self.total(metric, name), kills)

    def seen(self, name):
        seen = case.eventually(lambda: self.exporter.scrape().series("container_last_seen", name=name), 60)
        self.assertTrue(seen, f"{name} does not appear")

    def kill_in(self, name):
        done = subprocess.run([CLI, "exec", name, "sh", "-c", EAT], capture_output=True, check=False)
        self.assertEqual(done.returncode, 137, "dd was not killed")


class LivingOn(Kills):
    """Containers that survive a kill."""

    def test_the_log_is_read_by_whoever_dropped_root(self):
        self.assertEqual(self.exporter.scrape().value("plimsoll_collector_kernel_log_readable"), 1)

    def test_a_kill_in_a_container_that_goes_on(self):
        self.docker.run("goes-on", "sleep 100000", *LIMITS)
        self.seen("goes-on")
        self.becomes(0, "goes-on")
        for kills in (1, 2):
            self.kill_in("goes-on")
            self.becomes(kills, "goes-on")
        self.becomes(2, "goes-on", "plimsoll_workload_oom_kills_total")
        self.assertEqual(self.exporter.scrape().value("plimsoll_host_oom_kills_total"), vmstat_kills())

    def test_kills_while_we_were_away(self):
        self.assertEqual(self.exporter.stop(), 0, self.exporter.log())
        self.kill_in("goes-on")
        type(self).exporter = self.new_exporter()
        self.becomes(3, "goes-on")
        self.becomes(0, "goes-on", "plimsoll_workload_oom_kills_total")  # Since our start.
        self.kill_in("goes-on")
        self.becomes(4, "goes-on")

    def test_events_tell_each_kill_once(self):
        (entry,) = [one for one in self.exporter.containers() if one["name"] == "goes-on"]
        self.kill_in("goes-on")
        self.becomes(5, "goes-on")
        events = json.loads(self.exporter.get("/api/v1/events?type=oom_kill")[1])
        kills = [event for event in events if event["cgroup"] == entry["cgroup"]]
        self.assertEqual(len({event["pid"] for event in kills}), len(kills), kills)
        self.assertEqual({event["process"] for event in kills}, {"dd"})
        self.assertGreaterEqual(len(kills), 2)  # Since the restart; the log remembers those before.


class Ending(Kills):
    """Containers that end by it."""

    # The runtime writes down how they ended within the two seconds that an event waits for it.
    in_time = True

    def test_a_container_that_the_kill_ends(self):
        self.docker.run("ends", f"sleep 3; exec {EAT}", *LIMITS)
        self.seen("ends")
        self.becomes(1, "ends")

        def told():
            scrape = self.exporter.scrape()
            self.assertEqual(scrape.value("plimsoll_container_exit_code", name="ends"), 137)
            self.assertEqual(scrape.value("plimsoll_container_exit_oom_killed", name="ends"), 1)
            return True

        case.eventually(told, 30)
        events = json.loads(self.exporter.get("/api/v1/events?type=deletion")[1])
        told = [event.get("exit_code") for event in events if event.get("name") == "ends"]
        self.assertIn(told, [[137]] if self.in_time else [[137], [None]])

    def test_a_container_removed_at_once(self):
        before = vmstat_kills()
        command = [CLI, "run", "--rm", "--name", "removed", *LIMITS, IMAGE, "sh", "-c", f"sleep 3; exec {EAT}"]
        done = subprocess.run(command, capture_output=True, check=False)
        self.assertEqual(done.returncode, 137, done.stderr)
        self.becomes(1, "removed")
        self.becomes(1, "removed", "plimsoll_workload_oom_kills_total")
        self.assertEqual(self.exporter.scrape().value("plimsoll_host_oom_kills_total"), before + 1)

    def test_a_container_gone_before_anybody_looked(self):
        # Some of them the runtime no longer knows by name when we ask.
        def totals():
            scrape = self.exporter.scrape()
            return [scrape.total(f"plimsoll_{scope}_oom_kills_total") for scope in ("workload", "host")]

        before = totals()
        for _ in range(3):
            command = [CLI, "run", "--rm", "--name", "brief", *LIMITS, IMAGE, "sh", "-c", f"exec {EAT}"]
            self.assertEqual(subprocess.run(command, capture_output=True, check=False).returncode, 137)
        case.eventually(lambda: self.assertEqual(totals(), [kills + 3 for kills in before]) is None)
