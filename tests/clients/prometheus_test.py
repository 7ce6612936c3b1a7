"""Prometheus scrapes the exporter: the usual dashboards get data, promtool finds no fault."""

import http.server
import threading
import unittest
from pathlib import Path

import case
import kernel
from docker import Docker
from exporter import Exporter
from prometheus import Prometheus, lint

QUERIES = Path(__file__).parent / "dashboard_queries.txt"
GAPS = Path(__file__).parent / "dashboard_gaps.txt"
POD = {"io.kubernetes.pod.namespace": "shop", "io.kubernetes.pod.name": "web-0", "io.kubernetes.container.name": "web"}
ALLOWED = case.ROOT / "exporter/metrics/promtool_allowlist.txt"
# Reads, writes and spins, so that every counter of the dashboards moves.
BUSY = (
    "while :; do dd if=/dev/zero of=/tmp/data bs=1M count=4 oflag=direct;"
    " dd if=/tmp/data of=/dev/null bs=1M iflag=direct; i=0; while [ $i -lt 200000 ]; do i=$((i + 1)); done; done"
)


def lines_of(path):
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


class StateMetrics(http.server.BaseHTTPRequestHandler):
    """What kube-state-metrics says of the one pod: the rules of kubernetes-mixin join with it."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(b'kube_pod_info{namespace="shop",pod="web-0",node="node-1"} 1\n')

    def log_message(self, *_):
        pass


def setUpModule():
    global docker, exporter, prometheus
    docker = Docker()
    unittest.addModuleCleanup(docker.stop)
    disk = kernel.disk_of(case.work)
    limit = ["--device-write-bps", f"{disk}:100gb"] if disk else []
    docker.run("busy", BUSY, "--memory", "64m", "--cpus", "0.3", *limit)
    labels = [word for key, value in POD.items() for word in ("--label", f"{key}={value}")]
    docker.run("k8s_web_web-0_shop", BUSY, "--memory", "64m", "--cpus", "0.2", *labels, *limit)
    exporter = Exporter()
    unittest.addModuleCleanup(exporter.stop)
    states = http.server.HTTPServer(("127.0.0.1", 0), StateMetrics)
    threading.Thread(target=states.serve_forever, daemon=True).start()
    unittest.addModuleCleanup(states.shutdown)
    state_metrics = f"127.0.0.1:{states.server_port}"
    prometheus = Prometheus(exporter.address, **{"kube-state-metrics": state_metrics})
    unittest.addModuleCleanup(prometheus.stop)


class PrometheusTest(unittest.TestCase):
    def test_the_target_is_up_and_every_sample_is_taken(self):
        self.assertTrue(case.eventually(lambda: prometheus.query('count_over_time(up{job="cadvisor"}[1m]) >= 5')))
        self.assertEqual([value for _, value in prometheus.query('up{job="cadvisor"}')], [1])
        ((_, scraped),) = prometheus.query('scrape_samples_scraped{job="cadvisor"}')
        ((_, kept),) = prometheus.query('scrape_samples_post_metric_relabeling{job="cadvisor"}')
        self.assertGreater(scraped, 100)
        self.assertEqual(scraped, kept)
        log = prometheus.log_path.read_text()
        for complaint in ("duplicate", "out of order", "out-of-order", "Append failed", "invalid"):
            self.assertNotIn(complaint, log)

    def test_dashboard_queries_return_data(self):
        for query in lines_of(QUERIES):
            with self.subTest(query=query):
                self.assertTrue(case.eventually(lambda: prometheus.query(query), 15, 1), "no data")

    def test_queries_that_are_written_down_as_gaps_are_silent(self):
        for line in lines_of(GAPS):
            query, _, reason = line.rpartition(" | ")
            with self.subTest(query=query):
                self.assertTrue(reason)
                self.assertEqual(prometheus.query(query), [], "answered: move it to dashboard_queries.txt")

    def test_a_rate_is_the_containers_quota(self):
        rate = 'sum(rate(container_cpu_usage_seconds_total{name="busy"}[10s]))'
        within = lambda: [value for _, value in prometheus.query(rate) if 0 < value < 0.6]
        self.assertTrue(case.eventually(within, 30, 1), prometheus.query(rate))

    def test_series_end_with_their_container(self):
        docker.run("short", "while :; do :; done")
        usage = 'container_memory_usage_bytes{name="short"}'
        self.assertTrue(case.eventually(lambda: prometheus.query(usage), 30))
        docker("rm", "-f", "short")
        self.assertTrue(case.eventually(lambda: not prometheus.query(usage), 30), "a ghost series")
        # What an alert on killed containers asks.
        self.assertTrue(prometheus.query('container_last_seen{name="short"}'))

    def test_promtool_finds_nothing_but_what_is_written_down(self):
        # "family | finding | reason"
        allowed = {" ".join(part.strip() for part in line.split("|")[:2]) for line in lines_of(ALLOWED)}
        self.assertEqual(set(lint(exporter.scrape().text)) - allowed, set())

    def test_promtool_sees_a_fault(self):
        # Otherwise the case above could pass because promtool did not run.
        self.assertTrue(lint("# TYPE fault_total gauge\nfault_total 1\n"))


if __name__ == "__main__":
    case.main()
