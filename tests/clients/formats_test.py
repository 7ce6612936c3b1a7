"""A Prometheus that takes native histograms scrapes protobuf, and finds what declares a metrics port.

What must hold: it negotiates protobuf and gzip by itself, its native histograms count every sample
of the exporter though it scrapes seldom, and /sd gives it targets that it can scrape.
"""

import gzip
import json
import unittest
import urllib.request

import case
from docker import Docker
from exporter import Exporter
from prometheus import ADDRESS, Prometheus

PAGE = "mkdir -p /www; echo demo_value 42 > /www/numbers; httpd -f -p 9100 -h /www"
# A second of work now and then: what a scrape every 30 s would average away.
BURSTS = "while :; do i=0; while [ $i -lt 300000 ]; do i=$((i + 1)); done; sleep 4; done"


def setUpModule():
    global docker, exporter, prometheus
    docker = Docker()
    unittest.addModuleCleanup(docker.stop)
    docker.run("bursts", BURSTS)
    labels = {"port": "9100", "path": "numbers", "scrape": "true"}
    docker.run("page", PAGE, *(f"--label=prometheus.io/{key}={value}" for key, value in labels.items()))
    docker.run("shared", "sleep 3600", "--network=host", "--label=prometheus.io/port=9101")
    docker.run("wrong", "sleep 3600", "--label=prometheus.io/port=http")
    exporter = Exporter("--metrics.histograms")
    unittest.addModuleCleanup(exporter.stop)
    prometheus = Prometheus(exporter.address, "--enable-feature=native-histograms", discovery=f"http://{exporter.address}/sd")
    unittest.addModuleCleanup(prometheus.stop)


def ask(path, **headers):
    request = urllib.request.Request(f"http://{exporter.address}{path}", headers=headers)
    with urllib.request.urlopen(request, timeout=10) as response:
        return response.headers, response.read()


class FormatsTest(unittest.TestCase):
    def test_prometheus_takes_protobuf_with_native_histograms(self):
        count = 'histogram_count(plimsoll_container_cpu_usage_cores{name="bursts"})'
        self.assertTrue(case.eventually(lambda: prometheus.query(f"{count} > 10"), 60, 1))
        self.assertEqual([value for labels, value in prometheus.query('up{job="cadvisor"}')], [1])
        # One series each: the classic buckets came along and were not needed.
        self.assertEqual(len(prometheus.ask('plimsoll_container_cpu_usage_cores{name="bursts"}')), 1)
        self.assertEqual(prometheus.query('plimsoll_container_cpu_usage_cores_bucket{name="bursts"}'), [])
        log = prometheus.log_path.read_text()
        for complaint in ("duplicate", "out of order", "Append failed", "invalid", "unmarshal"):
            self.assertNotIn(complaint, log)

    def test_bursts_are_seen(self):
        high = 'histogram_quantile(0.99, plimsoll_container_cpu_usage_cores{name="bursts"})'
        low = 'histogram_quantile(0.2, plimsoll_container_cpu_usage_cores{name="bursts"})'
        above = lambda: prometheus.query(f"({high}) > 4 * ({low})")
        self.assertTrue(case.eventually(above, 60, 1), (prometheus.query(high), prometheus.query(low)))

    def test_gauges_and_counters_keep_their_names(self):
        for family in ("container_memory_usage_bytes", "container_cpu_usage_seconds_total", "container_memory_failcnt"):
            self.assertTrue(prometheus.query(f'{family}{{name="bursts"}}'), family)

    def test_the_formats_have_the_same_series(self):
        accept = {
            "text": "text/plain;version=0.0.4",
            "openmetrics": "application/openmetrics-text;version=1.0.0",
        }
        sizes = {}
        for name, header in accept.items():
            headers, body = ask("/metrics?exclude[]=exporter", Accept=header, **{"Accept-Encoding": "gzip"})
            self.assertEqual(headers["Content-Encoding"], "gzip")
            self.assertIn(header.split(";")[0], headers["Content-Type"])
            sizes[name] = sum(1 for line in gzip.decompress(body).splitlines() if not line.startswith(b"#"))
        self.assertEqual(sizes["text"], sizes["openmetrics"])

    def test_containers_are_found_and_scraped(self):
        found = {one["labels"]["__meta_docker_container_name"]: one for one in json.loads(ask("/sd")[1])}
        self.assertEqual(set(found), {"/page", "/shared"})
        address = docker("inspect", "-f", "{{.NetworkSettings.IPAddress}}", "page").strip()
        self.assertEqual(found["/page"]["targets"], [f"{address}:9100"])
        self.assertEqual(found["/page"]["labels"]["__metrics_path__"], "/numbers")
        self.assertEqual(found["/shared"]["targets"], ["127.0.0.1:9101"])
        (skipped,) = json.loads(ask("/sd?skipped=true")[1])
        self.assertEqual(skipped["container"], "wrong")
        self.assertTrue(case.eventually(lambda: prometheus.query('demo_value{job="found"} == 42'), 60, 1))
        with urllib.request.urlopen(f"http://{ADDRESS}/api/v1/targets?state=active", timeout=10) as response:
            targets = json.load(response)["data"]["activeTargets"]
        names = {target["discoveredLabels"].get("__meta_docker_container_name") for target in targets}
        self.assertLessEqual({"/page", "/shared"}, names)


if __name__ == "__main__":
    case.main()
