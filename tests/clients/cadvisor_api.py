"""cAdvisor's REST API against a real dockerd: cases for docker_test.py, and for the guest's, which own the
containers."""

import json
import subprocess
import threading
import urllib.error
import urllib.request

import case
import kernel

MIB = 1024**2


class CadvisorApi:
    """Cases; who makes them a TestCase sets `docker`, `exporter` and `paths` (name -> cgroup path)."""

    docker = exporter = paths = None

    @staticmethod
    def path_of(identity):
        """The cgroup of a container, as docker's driver names it."""
        return f"/docker/{identity}"

    def ask(self, target, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://{self.exporter.address}{target}", data=data)
        with urllib.request.urlopen(request, timeout=10) as response:
            self.assertEqual(response.headers["Content-Type"], "application/json")
            return json.load(response)

    def status_of(self, target):
        try:
            self.ask(target)
        except urllib.error.HTTPError as error:
            return error.code
        return 200

    def test_a_container_by_name_by_id_and_by_path(self):
        path = self.paths["hold"]
        identity = self.docker("inspect", "-f", "{{.Id}}", "hold")
        self.assertEqual(path, self.path_of(identity))
        for name in ("hold", identity, identity[:12]):
            found = self.ask(f"/api/v1.3/docker/{name}")
            self.assertEqual(list(found), [path])
            self.assertEqual(found[path]["aliases"], ["hold", identity])
        info = self.ask(f"/api/v1.0/containers{path}", {"num_stats": 3})
        self.assertEqual(info["namespace"], "docker")
        self.assertEqual(info["spec"]["memory"]["limit"], 128 * MIB)
        self.assertLessEqual(len(info["stats"]), 3)
        self.assertEqual(info["stats"][-1]["processes"]["threads_max"], 64)
        self.assertEqual(self.ask("/api/v1.3/docker/", None).keys() >= {path}, True)

    def test_numbers_are_the_kernels(self):
        path = self.paths["hold"]

        def equal():
            stats = self.ask(f"/api/v2.1/stats{path}?count=1&max_age=0s")[path]["stats"]
            memory = stats[0]["memory"]
            self.assertEqual(memory["usage"], kernel.memory_usage(path))
            self.assertEqual(memory["working_set"], kernel.memory_working_set(path))
            self.assertEqual(memory["rss"], kernel.memory_rss(path))
            return True

        case.eventually(equal)

    def test_history_gives_rates(self):
        path = self.paths["spin"]

        def rates():
            stats = self.ask(f"/api/v2.1/stats{path}?count=-1")[path]["stats"]
            times = [point["timestamp"] for point in stats]
            self.assertEqual(times, sorted(times))
            self.assertGreater(len(stats), 2)
            used = [point["cpu"]["usage"]["total"] for point in stats]
            self.assertEqual(used, sorted(used))
            # A tenth of a processor is its quota.
            self.assertLess(stats[-1]["cpu_inst"]["usage"]["total"], 0.5e9)
            return True

        case.eventually(rates)

    def test_processes_are_those_of_the_container(self):
        listed = self.ask("/api/v2.0/ps/crowd?type=docker")
        self.assertEqual(len(listed), 7)
        pids = set(map(int, kernel.text("memory", self.paths["crowd"], "cgroup.procs").split()))
        self.assertEqual({process["pid"] for process in listed}, pids)
        self.assertEqual({process["user"] for process in listed}, {"root"})

    def test_machine_storage_and_summary(self):
        machine = self.ask("/api/v1.3/machine")
        self.assertGreater(machine["num_cores"], 0)
        threads = [cpu for node in machine["topology"] for core in node["cores"] for cpu in core["thread_ids"]]
        self.assertEqual(len(threads), machine["num_cores"])
        self.assertIn("disk_map", self.ask("/api/v2.0/attributes"))
        self.assertIsInstance(self.ask("/api/v2.0/storage"), list)
        summary = self.ask("/api/v2.0/summary/hold?type=docker")[self.paths["hold"]]
        self.assertGreater(summary["latest_usage"]["memory"], 30 * MIB)

    def test_unknown_ones_are_404(self):
        self.assertEqual(self.status_of("/api/v1.3/docker/nobody"), 404)
        self.assertEqual(self.status_of("/api/v1.0/containers/nowhere"), 404)
        self.assertEqual(self.status_of("/api/v2.0/stats/?count=-5"), 400)
        self.assertEqual(self.status_of("/api/v1.3"), 400)

    def test_events_of_a_life(self):
        seen = []

        def listen():
            url = f"http://{self.exporter.address}/api/v1.3/events/?stream=true&all_events=true&subcontainers=true"
            with urllib.request.urlopen(url, timeout=60) as stream:
                for line in stream:
                    if line.strip():
                        seen.append(json.loads(line))

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        clients = lambda: self.exporter.scrape().value("plimsoll_stream_clients") > 0
        self.assertTrue(case.eventually(clients))
        path = self.path_of(self.docker.run("mayfly", "sleep 100000"))
        self.addCleanup(subprocess.run, ["docker", "rm", "-f", "mayfly"], capture_output=True)
        types = lambda: [event["event_type"] for event in seen if event["container_name"] == path]
        self.assertTrue(case.eventually(lambda: types() == ["containerCreation"]), seen)
        self.docker("rm", "-f", "mayfly")
        self.assertTrue(case.eventually(lambda: types() == ["containerCreation", "containerDeletion"]), seen)
        ours = self.ask("/api/v1/events?name=mayfly")
        self.assertEqual([event["type"] for event in ours], ["creation", "deletion"])
        self.assertEqual(ours[0]["name"], "mayfly")
        past = self.ask(f"/api/v1.3/events{path}?deletion_events=true")
        self.assertEqual([event["container_name"] for event in past], [path])
