"""plimsoll-exporter.service under the real systemd: ready, confined, reloaded, restarted, and killed when it hangs."""

import os
import re
import signal
import time
import unittest
import urllib.request
from pathlib import Path

import case
import units
from exporter import Scrape

UNIT = "plimsoll-exporter.service"
FOLDER = Path("/run/systemd/system")
ADDRESS = "127.0.0.1:7546"
# The watchdog is not waited for half a minute; nobody takes what is pushed, so that it stays in the queue.
HERE = f"""
[Service]
WatchdogSec=4s
Environment="PLIMSOLL_EXPORTER_FLAGS=--web.listen-address={ADDRESS} --push.url=http://127.0.0.1:9/ --push.interval=1s"
Environment=LD_LIBRARY_PATH={os.environ.get("LD_LIBRARY_PATH", "/payload/lib")}
"""


def setUpModule():
    # The program stands elsewhere here.
    text = (case.ROOT / "packaging/systemd" / UNIT).read_text().replace("/usr/bin/plimsoll", str(case.PLIMSOLL))
    (FOLDER / UNIT).write_text(text)
    (FOLDER / f"{UNIT}.d").mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{UNIT}.d/here.conf").write_text(HERE)
    unittest.addModuleCleanup(clean)
    units.run("systemctl", "daemon-reload")
    units.run("systemctl", "start", UNIT)


def clean():
    units.run("systemctl", "stop", UNIT, check=False)
    units.run("systemctl", "clean", "--what=state", UNIT, check=False)
    (FOLDER / f"{UNIT}.d/here.conf").unlink()
    (FOLDER / f"{UNIT}.d").rmdir()
    (FOLDER / UNIT).unlink()
    units.run("systemctl", "daemon-reload")
    units.run("systemctl", "reset-failed", check=False)


def main_pid():
    return int(units.property_of(UNIT, "MainPID"))


def status():
    """/proc/PID/status as a dictionary."""
    lines = Path(f"/proc/{main_pid()}/status").read_text().splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def scrape():
    with urllib.request.urlopen(f"http://{ADDRESS}/metrics", timeout=20) as response:
        return Scrape(response.read().decode())


class Service(unittest.TestCase):
    def test_started_means_ready(self):
        # `systemctl start` came back with the first sample taken: nothing is waited for.
        self.assertEqual(units.property_of(UNIT, "ActiveState"), "active")
        self.assertEqual(units.property_of(UNIT, "StatusText"), "serving")
        self.assertGreater(scrape().value("plimsoll_cgroups"), 5)

    def test_another_user_and_two_capabilities(self):
        of_process = status()
        self.assertNotEqual(of_process["Uid"].split()[0], "0")
        two = (1 << 2) | (1 << 34)  # CAP_DAC_READ_SEARCH, CAP_SYSLOG
        self.assertEqual(int(of_process["CapEff"], 16), two)
        self.assertEqual(int(of_process["CapBnd"], 16) & ~two, 0)
        self.assertEqual(of_process["NoNewPrivs"], "1")

    def test_what_it_looks_at_is_not_hidden_by_its_sandbox(self):
        page = scrape()
        self.assertEqual(page.series("plimsoll_capability_missing"), [])
        self.assertEqual(page.value("plimsoll_sandboxed"), 1)
        self.assertEqual(page.value("plimsoll_collector_kernel_log_readable"), 1)
        self.assertEqual({sample.labels["collector"] for sample in page.series("plimsoll_collector_success") if sample.value == 0}, set())
        self.assertEqual(page.series("plimsoll_reader_denied_total"), [])
        # Its own service is a cgroup like any other; the host's file system is the host's.
        self.assertTrue(page.series("container_cpu_usage_seconds_total", id=f"/plimsoll.slice/plimsoll-agent.slice/{UNIT}"))
        root = os.statvfs("/")
        sizes = [sample.value for sample in page.series("container_fs_limit_bytes", id="/")]
        self.assertIn(root.f_blocks * root.f_frsize, sizes)

    def test_a_push_waits_in_its_own_directory(self):
        queue = Path("/var/lib/plimsoll-exporter/push")
        self.assertTrue(case.eventually(lambda: list(queue.iterdir()), 30), "nothing waits")
        self.assertEqual(str(queue.stat().st_uid), status()["Uid"].split()[0])
        self.assertEqual(scrape().value("plimsoll_push_queue_on_disk"), 1)

    def test_reload_is_answered_and_ends_nothing(self):
        before = main_pid()
        units.run("systemctl", "reload", UNIT)
        self.assertTrue(case.eventually(lambda: units.property_of(UNIT, "ActiveState") == "active"))
        self.assertEqual(main_pid(), before)
        self.assertGreater(scrape().value("plimsoll_cgroups"), 5)

    def test_the_watchdog_is_fed(self):
        before = units.property_of(UNIT, "WatchdogTimestampMonotonic")
        self.assertTrue(case.eventually(lambda: units.property_of(UNIT, "WatchdogTimestampMonotonic") != before, 30))
        self.assertEqual(units.property_of(UNIT, "NRestarts"), "0")

    def test_a_sampler_that_hangs_is_noticed(self):
        hung = main_pid()
        # The loop, which is the first thread, goes on and answers; the sampler is among the others.
        holder = units.hold([int(task) for task in os.listdir(f"/proc/{hung}/task") if int(task) != hung])
        with urllib.request.urlopen(f"http://{ADDRESS}/-/healthy", timeout=10) as response:
            self.assertEqual(response.status, 200)
        self.assertTrue(case.eventually(lambda: units.property_of(UNIT, "NRestarts") == "1", 60), "nobody noticed")
        self.assertTrue(case.eventually(lambda: units.property_of(UNIT, "ActiveState") == "active", 60))
        self.assertNotEqual(main_pid(), hung)
        journal = units.run("journalctl", "--no-pager", "-u", UNIT)
        self.assertRegex(journal, re.compile("watchdog timeout", re.IGNORECASE))
        os.waitpid(holder, 0)

    def test_killed_it_comes_back(self):
        os.kill(main_pid(), signal.SIGKILL)
        self.assertTrue(case.eventually(lambda: units.property_of(UNIT, "NRestarts") == "2", 60))
        self.assertTrue(case.eventually(lambda: units.property_of(UNIT, "ActiveState") == "active", 60))
        self.assertGreater(scrape().value("plimsoll_cgroups"), 5)

    def test_stop_is_quick_and_clean(self):
        begun = time.monotonic()
        units.run("systemctl", "stop", UNIT)
        self.assertEqual(units.property_of(UNIT, "Result"), "success")
        print(f"stopped after {time.monotonic() - begun:.1f} s", flush=True)


if __name__ == "__main__":
    case.main()
