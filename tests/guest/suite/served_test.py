"""What clients ask for, on cgroup v2 with docker and systemd's driver: cAdvisor's REST API, streams, the
formats of a page, service discovery, and samples that are pushed."""

import gzip
import http.server
import json
import threading
import unittest
import urllib.request

import cadvisor_api
import case
import units
from docker_service import Service
from exporter import Exporter

HOLD = "dd if=/dev/zero of=/dev/shm/held bs=1M count=30 && exec sleep 100000"
OPENMETRICS = "application/openmetrics-text;version=1.0.0"
PROTOBUF = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"


def scope(identity):
    return f"/system.slice/docker-{identity}.scope"


class Receiver(http.server.BaseHTTPRequestHandler):
    """Takes what is pushed."""

    bodies = []

    def do_POST(self):
        self.bodies.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def setUpModule():
    global docker, exporter, paths
    docker = Service()
    unittest.addModuleCleanup(docker.stop)
    receiver = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
    unittest.addModuleCleanup(receiver.shutdown)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    ids = {
        "hold": docker.run("hold", HOLD, "--shm-size", "64m", "--memory", "128m", "--pids-limit", "64"),
        "spin": docker.run("spin", "while :; do :; done", "--cpus", "0.1"),
        "crowd": docker.run("crowd", "for i in 1 2 3 4 5 6; do sleep 100000 & done; wait"),
        "target": docker.run("target", "exec sleep 100000", "--label", "prometheus.io/port=9100"),
    }
    paths = {name: scope(identity) for name, identity in ids.items()}
    queue = case.work / "queue"
    queue.mkdir()
    queue.chmod(0o777)
    url = f"http://127.0.0.1:{receiver.server_port}/api/v1/write"
    exporter = Exporter("-disable_metrics=", f"--push.url={url}", f"--push.queue-dir={queue}", "--push.interval=2s")
    unittest.addModuleCleanup(exporter.stop)
    Api.docker, Api.exporter, Api.paths = docker, exporter, paths


def answer(target, **headers):
    """Headers and body."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(f"http://{exporter.address}{target}", headers=named)
    with urllib.request.urlopen(request, timeout=20) as response:
        return response.headers, response.read()


def lines_of(target, count):
    """The first objects of a stream."""
    objects = []
    with urllib.request.urlopen(f"http://{exporter.address}{target}", timeout=60) as stream:
        for line in stream:
            line = line.strip().removeprefix(b"data: ")
            if line.startswith(b"{"):
                objects.append(json.loads(line))
            if len(objects) == count:
                return objects
    raise AssertionError(f"the stream ended after {len(objects)} objects")


class Api(cadvisor_api.CadvisorApi, unittest.TestCase):
    path_of = staticmethod(scope)


class Streams(unittest.TestCase):
    def test_a_snapshot_a_second(self):
        frames = lines_of("/api/v1/stream?name=spin", 4)
        used = [frame["containers"][0]["cpu"]["usage"] for frame in frames]
        self.assertEqual(used, sorted(used))
        self.assertGreater(used[-1], used[0])
        self.assertEqual(frames[0]["containers"][0]["cgroup"], paths["spin"])

    def test_columns_ten_times_a_second(self):
        frames = lines_of("/api/v1/stream?name=spin&interval=100ms&fields=cpu.usage,pids.current", 12)
        values = [row[1] for frame in frames if "values" in frame for row in frame["values"]]
        self.assertEqual(values, sorted(values))
        self.assertLessEqual(values[-1], units.keyed(paths["spin"], "cpu.stat")["usage_usec"] / 1e6)

    def test_the_past_as_events(self):
        frames = lines_of("/api/v1/stream?name=hold&format=sse&since=-5m", 3)
        self.assertEqual({frame["cgroup"] for frame in frames if "cgroup" in frame}, {paths["hold"]})


class Formats(unittest.TestCase):
    def test_each_is_what_was_asked_for(self):
        headers, body = answer("/metrics", Accept=OPENMETRICS)
        self.assertTrue(headers["Content-Type"].startswith("application/openmetrics-text"))
        self.assertTrue(body.endswith(b"# EOF\n"))
        headers, body = answer("/metrics", Accept=PROTOBUF, Accept_Encoding="gzip")
        self.assertTrue(headers["Content-Type"].startswith("application/vnd.google.protobuf"))
        self.assertIn(b"container_memory_usage_bytes", gzip.decompress(body))

    def test_families_that_are_chosen(self):
        text = answer("/metrics?collect[]=memory&container=hold")[1].decode()
        self.assertIn("container_memory_usage_bytes{", text)
        self.assertNotIn("container_cpu_usage", text)
        self.assertNotIn('name="spin"', text)


class Others(unittest.TestCase):
    def test_service_discovery(self):
        def found():
            (group,) = json.loads(answer("/sd")[1])
            address = docker("inspect", "-f", "{{.NetworkSettings.IPAddress}}", "target")
            self.assertEqual(group["targets"], [f"{address}:9100"])
            return True

        case.eventually(found)

    def test_pages_of_containers(self):
        page = answer("/docker/hold")[1].decode()
        self.assertIn("<th>memory.limit</th><td>128.0 MiB</td>", page)
        self.assertIn(f'href="/containers{paths["hold"]}"', answer("/docker/")[1].decode())

    def test_pushed_samples_arrive(self):
        def arrived():
            self.assertGreater(len(Receiver.bodies), 1)
            headers, body = Receiver.bodies[-1]
            self.assertEqual(headers["Content-Encoding"], "snappy")
            self.assertEqual(headers["X-Prometheus-Remote-Write-Version"], "0.1.0")
            self.assertGreater(len(body), 1000)
            return True

        case.eventually(arrived, 60)
        self.assertEqual(exporter.scrape().value("plimsoll_push_samples_total", outcome="dropped"), 0)


if __name__ == "__main__":
    case.main()
