"""The groups that look at processes, sockets and events, all of them on, behind the default sandbox.

What must hold: values are those of the kernel's files, no group needs more rights than the exporter
keeps, and the worker that reads them stays within its share of a CPU. Cases for groups_test.py, with
docker's cgroupfs driver here, and for the guest's, with systemd's on cgroup v2.
"""

import json
import os
import re
import subprocess
import unittest
import urllib.error
from pathlib import Path

import case
import kernel
from exporter import Exporter

EVENTS = {"core": {"events": ["context-switches", ["page-faults", "task-clock"]]}}
# Three TCP sockets that listen, one of them over IPv6, a pair that is connected, two UDP sockets.
SOCKETS = """
import socket, time
held = [socket.create_server(("127.0.0.1", port)) for port in (4001, 4002)]
held.append(socket.create_server(("::", 4003), family=socket.AF_INET6))
held.append(socket.create_connection(("127.0.0.1", 4001)))
held += [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
for port, one in zip((4004, 4005), held[-2:]):
    one.bind(("127.0.0.1", port))
print("ready", flush=True)
time.sleep(100000)
"""


def set_up(new_docker, path_of):
    """In setUpModule(): `new_docker` starts docker, `path_of` is the cgroup of a container's id."""
    global docker, exporter, paths, pids
    docker = new_docker()
    unittest.addModuleCleanup(docker.stop)
    ids = {
        "quiet": docker.run("quiet", "sleep 100000 & sleep 100000 & wait", "--ulimit", "nofile=512:1024"),
        "spin": docker.run("spin", "while :; do :; done", "--cpus", "0.2"),
        "serve": docker.run("serve", "httpd -f -p 80 -h /www"),
    }
    paths = {name: path_of(identity) for name, identity in ids.items()}
    pids = {name: docker("inspect", "-f", "{{.State.Pid}}", name) for name in ids}
    # In the container's network, by a process outside of its cgroups: the table is the namespace's.
    command = ["nsenter", "-t", pids["quiet"], "-n", "/usr/bin/python3", "-c", SOCKETS]
    sockets = subprocess.Popen(command, stdout=subprocess.PIPE)
    unittest.addModuleCleanup(sockets.wait)
    unittest.addModuleCleanup(sockets.kill)
    assert sockets.stdout.readline() == b"ready\n"
    config = case.work / "events.json"
    config.write_text(json.dumps(EVENTS))
    exporter = Exporter(
        "-disable_metrics=", "-enable_load_reader", f"-perf_events_config={config}", "-referenced_reset_interval=3",
        "-resctrl_interval=5s",
    )
    unittest.addModuleCleanup(exporter.stop)


def procs(name):
    return [int(pid) for pid in kernel.text("pids", paths[name], "cgroup.procs").split()]


def sum_of(name, read):
    return sum(read(Path(f"/proc/{pid}")) for pid in procs(name))


class Groups:
    """Cases; the module that calls set_up() makes them a TestCase."""

    def equals(self, expected, metric, **labels):
        """The worker looks every ten seconds."""

        def equal():
            self.assertEqual(exporter.scrape().value(metric, **labels), expected(), f"{metric}{labels}")
            return True

        case.eventually(equal, 120, 1)

    def test_it_runs_as_nobody_behind_the_filter(self):
        status = Path(f"/proc/{exporter.process.pid}/status").read_text()
        self.assertIn("Seccomp:\t2", status)
        self.assertNotRegex(status, r"\nUid:\t0")

    def test_flags_that_would_write_are_named(self):
        # Nobody has resctrl here; the flag is named all the same.
        for flag in ("--referenced_reset_interval", "--resctrl_interval"):
            self.assertRegex(exporter.log(), f"{flag} has no effect: it writes .*--user=root --no-sandbox")

    def test_descriptors_and_sockets(self):
        links = lambda process: [os.readlink(link) for link in (process / "fd").iterdir()]
        self.equals(lambda: sum_of("serve", lambda p: len(links(p))), "container_file_descriptors", name="serve")
        sockets = lambda p: sum(link.startswith("socket:") for link in links(p))
        self.assertGreaterEqual(sum_of("serve", sockets), 1)
        self.equals(lambda: sum_of("serve", sockets), "container_sockets", name="serve")

    def test_limits_of_open_files(self):
        self.equals(lambda: 512, "container_ulimits_soft", name="quiet", ulimit="max_open_files")

    def test_scheduler_times(self):
        def seconds(process):
            return sum(int((task / "schedstat").read_text().split()[0]) for task in (process / "task").iterdir()) / 1e9

        self.equals(lambda: round(sum_of("quiet", seconds), 9), "container_cpu_schedstat_run_seconds_total", name="quiet")
        periods = lambda scrape, **labels: scrape.value("container_cpu_schedstat_run_periods_total", **labels)
        # The worker goes from cgroup to cgroup: the turn of these may come later.
        self.assertTrue(case.eventually(lambda: periods(now := exporter.scrape(), id="/") > periods(now, name="spin"), 120, 1))

    def test_tcp_and_udp_sockets(self):
        states = {("tcp", "listen"): 2, ("tcp", "established"): 2, ("tcp6", "listen"): 1, ("tcp", "timewait"): 0}
        for (family, state), count in states.items():
            self.equals(lambda: count, f"container_network_{family}_usage_total", name="quiet", tcp_state=state)
        self.equals(lambda: 2, "container_network_udp_usage_total", name="quiet", udp_state="listen")
        self.assertTrue(exporter.scrape().series("container_network_tcp_usage_total", id="/", tcp_state="listen"))

    def test_counters_of_tcp(self):
        def opened():
            names, numbers = (line.split() for line in Path(f"/proc/{pids['quiet']}/net/snmp").read_text().splitlines() if line.startswith("Tcp:"))
            return int(numbers[names.index("ActiveOpens")])

        self.assertEqual(opened(), 1)
        self.equals(opened, "container_network_advance_tcp_stats_total", name="quiet", tcp_state="activeopens")

    def test_referenced_memory(self):
        def referenced(process):
            return int(re.search(r"\nReferenced: +(\d+) kB", (process / "smaps_rollup").read_text()).group(1)) * 1024

        self.assertGreater(sum_of("quiet", referenced), 0)
        self.equals(lambda: sum_of("quiet", referenced), "container_referenced_bytes", name="quiet")

    def test_load(self):
        busy = lambda: exporter.scrape().value("container_cpu_load_average_10s", name="spin")
        self.assertTrue(case.eventually(lambda: busy() > 100, 60, 1), "one task that always wants to run")
        states = lambda: exporter.scrape().total("container_tasks_state", name="quiet")
        self.assertTrue(case.eventually(lambda: states() == 3))

    def test_events_of_the_kernel(self):
        scrape = exporter.scrape
        if not case.eventually(lambda: scrape().value("plimsoll_perf_counters") > 0, 15):
            self.skipTest("this kernel has no perf events of cgroups: " + str(scrape().value("plimsoll_perf_refused_total")))
        clock = lambda: scrape().series("container_perf_events_total", id="/", event="task-clock")
        self.assertTrue(case.eventually(lambda: sum(sample.value for sample in clock()) > 0, 30, 1))
        self.assertEqual({sample.labels["cpu"] for sample in clock()}, {str(cpu) for cpu in range(os.cpu_count())})
        for sample in scrape().series("container_perf_events_scaling_ratio"):
            self.assertGreaterEqual(sample.value, 0)
            self.assertLessEqual(sample.value, 1)

    def test_topology(self):
        scrape = exporter.scrape()
        self.assertEqual(len(scrape.series("machine_thread_siblings_count")), os.cpu_count())
        self.assertGreater(scrape.total("machine_node_memory_capacity_bytes"), 0)
        self.assertTrue(scrape.series("machine_cpu_cache_capacity_bytes"))

    def test_the_rest_api_has_them_too(self):
        path = paths["quiet"]

        def stats(version):
            body = json.loads(exporter.get(f"/api/{version}{path}")[1])
            return body["stats"][-1] if isinstance(body, dict) and "stats" in body else body[path]["stats"][-1]

        one = stats("v1.3/containers")
        self.assertEqual(one["network"]["tcp"]["Listen"], 2)
        self.assertEqual(one["network"]["udp"]["Listen"], 2)
        self.assertEqual(one["network"]["tcp_advanced"]["ActiveOpens"], 1)
        self.assertEqual(one["processes"]["ulimits"], [{"name": "max_open_files", "soft_limit": 512, "hard_limit": 1024}])
        self.assertGreater(one["cpu"]["schedstat"]["run_time"], 0)
        self.assertGreater(one["referenced_memory"], 0)
        self.assertEqual(sum(one["task_stats"].values()), 3)
        two = stats("v2.1/stats")
        self.assertEqual(two["processes"]["fd_count"], one["processes"]["fd_count"])

    def test_nothing_was_refused_and_the_worker_stays_small(self):
        scrape = exporter.scrape()
        self.assertEqual(scrape.value("plimsoll_tasks_denied_total"), 0)
        self.assertEqual(scrape.value("plimsoll_tasks_malformed_total"), 0)
        begun = scrape.value("process_start_time_seconds")
        age = scrape.value("container_last_seen", id="/") - begun
        self.assertLess(scrape.value("plimsoll_tasks_cpu_seconds_total"), 0.1 * age)


class Strict:
    """--compat=strict beside the default."""

    strict = None

    @classmethod
    def setUpClass(cls):
        cls.strict = Exporter("-disable_metrics=", "--compat=strict", "-event_storage_event_limit=default=2")
        cls.addClassCleanup(cls.strict.stop)

    def test_every_series_has_every_label_and_a_time(self):
        scrape = self.strict.scrape()
        mine = {sample.name: sample for sample in scrape.series("container_memory_usage_bytes", name="quiet")}
        (root,) = scrape.series("container_memory_usage_bytes", id="/")
        self.assertEqual(set(root.labels), set(mine["container_memory_usage_bytes"].labels))
        self.assertEqual(root.labels["name"], "")
        self.assertIsNotNone(root.timestamp)
        self.assertIsNone(scrape.series("container_spec_memory_limit_bytes", name="quiet")[0].timestamp)

    def test_zeros_are_invented(self):
        zeros = self.strict.scrape().series("container_cpu_load_average_10s", name="quiet")
        self.assertEqual([sample.value for sample in zeros], [0])

    def test_measured_values_are_the_same(self):
        mine = self.strict.scrape().value("container_spec_memory_limit_bytes", name="quiet")
        self.assertEqual(mine, exporter.scrape().value("container_spec_memory_limit_bytes", name="quiet"))

    def test_errors_of_the_api_are_500(self):
        for one, status in ((self.strict, 500), (exporter, 404)):
            with self.assertRaises(urllib.error.HTTPError) as caught:
                one.get("/api/v1.3/containers/nowhere")
            self.assertEqual(caught.exception.code, status)

    def test_events_are_kept_by_their_limits(self):
        events = json.loads(self.strict.get("/api/v1.3/events/?creation_events=true&subcontainers=true&max_events=100")[1])
        self.assertEqual(len(events), 2)
        self.assertGreater(len(json.loads(exporter.get("/api/v1.3/events/?creation_events=true&subcontainers=true&max_events=100")[1])), 2)

