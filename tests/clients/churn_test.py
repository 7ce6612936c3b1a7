"""Cgroups come and go by the thousand while the exporter is scraped ten times a second."""

import threading
import time
import unittest
from pathlib import Path

import case
import kernel
from exporter import Exporter

GROUPS = 2000
ALIVE = 50  # At a time.
ROOTS = [kernel.ROOT] if kernel.V2 else [kernel.ROOT / name for name in ("cpu", "cpuacct", "memory", "pids", "blkio")]


def setUpModule():
    global exporter
    exporter = Exporter()
    unittest.addModuleCleanup(exporter.stop)


class Churn(threading.Thread):
    """Makes GROUPS cgroups, each removed again when ALIVE newer ones are there."""

    def __init__(self):
        super().__init__()
        self.made = 0
        self.error = None

    def run(self):
        try:
            for number in range(GROUPS + ALIVE):
                if number < GROUPS:
                    for root in ROOTS:
                        (root / f"plimsoll-test-churn-{number}").mkdir()
                    self.made += 1
                if number >= ALIVE:
                    for root in ROOTS:
                        (root / f"plimsoll-test-churn-{number - ALIVE}").rmdir()
                time.sleep(0.002)
        except OSError as error:
            self.error = error


class ChurnTest(unittest.TestCase):
    def test_every_scrape_parses_and_nothing_leaks(self):
        before = exporter.descriptors()
        memory_before = resident(exporter.process.pid)
        churn = Churn()
        churn.start()
        scrapes, seen = 0, set()
        while churn.is_alive():
            started = time.monotonic()
            scrape = exporter.scrape()  # Raises when it does not parse.
            scrapes += 1
            self.assertTrue(scrape.series("container_cpu_usage_seconds_total", id="/"), "the rest was lost")
            ids = [sample.labels["id"] for sample in scrape.series("container_start_time_seconds")]
            self.assertEqual(len(ids), len(set(ids)), "a group twice in one scrape")
            seen |= {name for name in ids if "churn" in name}
            time.sleep(max(0.0, 0.1 - (time.monotonic() - started)))
        churn.join()
        self.assertIsNone(churn.error)
        self.assertEqual(churn.made, GROUPS)
        self.assertGreater(scrapes, 10)
        self.assertGreater(len(seen), ALIVE, "the scrapes saw none of it")

        def settled():
            left = [s for s in exporter.scrape().series("container_memory_usage_bytes") if "churn" in s.labels["id"]]
            self.assertEqual(left, [])
            self.assertLessEqual(exporter.descriptors(), before + 5)
            return True

        case.eventually(settled, 30)
        # 2000 groups forgotten; 16 MiB would be 8 KiB kept of each.
        self.assertLess(resident(exporter.process.pid) - memory_before, 16 * 1024**2)

    def test_the_log_names_no_fault(self):
        faults = [line for line in exporter.log().splitlines() if "error" in line.lower()]
        self.assertEqual(faults, [], "gone is not failed")

    def test_a_group_made_again_is_a_new_one(self):
        paths = [root / "plimsoll-test-again" for root in ROOTS]
        start = 'container_start_time_seconds'

        def born():
            found = exporter.scrape().series(start, id="/plimsoll-test-again")
            return found and found[0].value

        self.make(paths)
        first = case.eventually(born)
        self.assertTrue(first)
        for path in paths:
            path.rmdir()
        time.sleep(1.1)  # Birth is told in whole seconds.
        self.make(paths)
        self.assertTrue(case.eventually(lambda: (born() or 0) > first), "the old birth is still told")
        for path in paths:
            path.rmdir()

    def make(self, paths):
        for path in paths:
            path.mkdir()

    def test_it_stops_when_asked(self):
        self.assertEqual(exporter.stop(), 0)


def resident(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


if __name__ == "__main__":
    case.main()
