"""The exporter pushes to Debian's Prometheus and VictoriaMetrics, through an outage of the receiver."""

import json
import os
import subprocess
import time
import unittest
import urllib.parse
import urllib.request

import case
import kernel
from exporter import Exporter
from prometheus import ADDRESS, Prometheus
from victoria import Victoria

VICTORIA = "127.0.0.1:8428"
INTERVAL = 1  # Seconds between pushes.
OUTAGE = int(os.environ.get("PLIMSOLL_PUSH_OUTAGE", "20"))  # Seconds; by hand 600.
ROOTS = [kernel.ROOT] if kernel.V2 else [kernel.ROOT / name for name in ("cpu", "cpuacct", "memory", "pids")]


def setUpModule():
    global prometheus, exporter
    prometheus = Prometheus(None, "--web.enable-remote-write-receiver")
    unittest.addModuleCleanup(prometheus.stop)
    exporter = pushing_exporter(f"http://{ADDRESS}/api/v1/write", "queue-prometheus")
    unittest.addModuleCleanup(exporter.stop)


def pushing_exporter(url, queue):
    return Exporter(
        f"--push.url={url}",
        f"--push.interval={INTERVAL}s",
        f"--push.queue-dir={case.work / queue}",
        "--push.external-label=instance=host-1",
        "--push.external-label=cluster=north",
    )


def metric(name, **labels):
    return exporter.scrape().value(f"plimsoll_push_{name}", **labels)


class Group:
    """A cgroup of the test in every hierarchy that is sampled."""

    def __init__(self, name):
        self.paths = [root / name for root in ROOTS]

    def __enter__(self):
        for path in self.paths:
            path.mkdir()
        return self

    def __exit__(self, *_):
        for path in self.paths:
            path.rmdir()


class Receiver(Victoria):
    def exported(self, selector):
        """Raw samples as stored, young ones included: [(labels, values)], one entry for each stored block."""
        query = urllib.parse.urlencode({"match[]": selector, "reduce_mem_usage": "1"})
        with urllib.request.urlopen(f"http://{VICTORIA}/api/v1/export?{query}", timeout=10) as response:
            lines = [json.loads(line) for line in response.read().splitlines()]
        return [(line["metric"], line["values"]) for line in lines]


class PushTest(unittest.TestCase):
    def test_prometheus_has_what_a_scrape_shows_under_our_labels(self):
        self.assertTrue(case.eventually(lambda: prometheus.query('container_memory_usage_bytes{id="/"}'), 30))
        ((labels, _),) = prometheus.query('machine_cpu_cores{job="plimsoll"}')
        self.assertEqual((labels["instance"], labels["cluster"]), ("host-1", "north"))
        self.assertEqual([value for _, value in prometheus.query("up")], [1])
        pushed = {labels["__name__"] for labels, _ in prometheus.query('{instance="host-1"}')}
        scraped = {sample.name for sample in exporter.scrape().samples}
        self.assertIn("up", pushed)
        # But for what began or ended between the two.
        self.assertLess(len((scraped ^ pushed) - {"up"}), 10, scraped ^ pushed)

    def test_a_series_ends_with_its_group(self):
        usage = 'container_memory_usage_bytes{id=~".*plimsoll-test-push"}'
        with Group("plimsoll-test-push"):
            self.assertTrue(case.eventually(lambda: prometheus.query(usage), 30))
        # Without the marker it would go on for five minutes.
        self.assertTrue(case.eventually(lambda: not prometheus.query(usage), 20), "a ghost series")

    def test_an_outage_loses_nothing(self):
        refused = metric("samples_total", outcome="refused")
        prometheus.stop()
        self.assertTrue(case.eventually(lambda: metric("queue_samples") > 0 and metric("retries_total") > 0, 30))
        time.sleep(OUTAGE)
        waiting = metric("queue_samples")
        self.assertEqual(metric("queue_on_disk"), 1)
        prometheus.start()
        self.assertTrue(case.eventually(lambda: metric("queue_samples") == 0, 60), "the queue does not empty")
        self.assertEqual(metric("samples_total", outcome="dropped"), 0)
        self.assertEqual(metric("samples_total", outcome="refused"), refused)
        times = prometheus.times("up", OUTAGE + 60)
        self.assertGreaterEqual(len(times), OUTAGE / INTERVAL)
        gap = max(later - earlier for earlier, later in zip(times, times[1:]))
        self.assertLess(gap, 2.5 * INTERVAL, f"a gap, though {waiting} samples waited")

    def test_a_restart_during_an_outage_loses_nothing(self):
        global exporter
        prometheus.stop()
        self.assertTrue(case.eventually(lambda: metric("queue_samples") > 0, 30))
        time.sleep(3)
        self.assertEqual(exporter.stop(), 0)
        exporter = pushing_exporter(f"http://{ADDRESS}/api/v1/write", "queue-prometheus")
        self.assertIn("samples wait from before the start", exporter.log())
        prometheus.start()
        self.assertTrue(case.eventually(lambda: metric("queue_samples") == 0, 60), "the queue does not empty")
        # A start takes a second or two.
        times = prometheus.times("up", 20)
        self.assertLess(max(later - earlier for earlier, later in zip(times, times[1:])), 6)

    def test_two_exporters_do_not_share_a_queue(self):
        flags = ["--push.url=http://127.0.0.1:1/", f"--push.queue-dir={case.work / 'queue-prometheus'}"]
        second = subprocess.run(
            [str(case.PLIMSOLL), "exporter", "--web.listen-address=127.0.0.1:0", *flags],
            capture_output=True, text=True, timeout=30, check=False,
        )
        self.assertEqual(second.returncode, 1)
        self.assertIn("--push.queue-dir", second.stderr)

    def test_victoria_metrics_takes_it_too(self):
        victoria = Receiver(VICTORIA)
        self.addCleanup(victoria.stop)
        pushing = pushing_exporter(f"http://{VICTORIA}/api/v1/write", "queue-victoria")
        self.addCleanup(pushing.stop)
        selector = 'machine_cpu_cores{instance="host-1"}'
        self.assertTrue(case.eventually(lambda: victoria.exported(selector), 30), victoria.log_path.read_text())
        cores = pushing.scrape().value("machine_cpu_cores")
        for labels, values in victoria.exported(selector):
            self.assertEqual((labels["job"], labels["cluster"]), ("plimsoll", "north"))
            self.assertEqual(set(values), {cores})


if __name__ == "__main__":
    case.main()
