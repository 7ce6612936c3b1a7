"""`plimsoll stats --prometheus`: two hosts with an exporter each, seen through Debian's Prometheus and VictoriaMetrics."""

import csv
import io
import json
import os
import subprocess
import threading
import time
import unittest
import urllib.request

import case
from exporter import Exporter
from prometheus import ADDRESS, Prometheus
from victoria import Victoria

VICTORIA = "127.0.0.1:8428"
GIB = 1 << 30
# What cAdvisor 0.49 says of one container: no family of ours, no pids, no pressure.
CADVISOR = """
container_start_time_seconds{{id="/docker/{id}",image="nginx:1",name="old"}} 1763681581
container_memory_working_set_bytes{{id="/docker/{id}",image="nginx:1",name="old"}} 1048576
container_spec_memory_limit_bytes{{id="/docker/{id}",image="nginx:1",name="old"}} 0
container_cpu_usage_seconds_total{{cpu="total",id="/docker/{id}",image="nginx:1",name="old"}} 7
machine_memory_bytes 8589934592
"""


class Host:
    """The files of a host with docker's containers, and an exporter that reads them. `cpus` are the cores that each
    container keeps busy."""

    def __init__(self, name, memory, **cpus):
        self.root = case.work / name
        self.cpus = {f"{sum(map(ord, name + one)):064x}": (one, cores) for one, cores in cpus.items()}
        self.write("proc/meminfo", f"MemTotal: {memory >> 10} kB\nSwapTotal: 0 kB\n")
        self.write("proc/stat", "cpu  1 0 1 1 0 0 0 0 0 0\nbtime 1700000000\n")
        self.write("proc/cpuinfo", "processor\t: 0\n")
        self.write("proc/self/mountinfo", f"1 0 0:1 / {self.root}/cgroup rw - cgroup2 none rw\n")
        (self.root / "sys").mkdir()
        self.write("cgroup/cgroup.controllers", "cpu memory pids\n")
        self.write("cgroup/cgroup.procs", "")
        for identity, (one, _) in self.cpus.items():
            self.add(identity, one)
        self.begun = time.monotonic()
        self.tick()
        roots = [f"--{root}-root={self.root}/{root}" for root in ("cgroup", "proc", "sys")]
        self.exporter = Exporter(*roots, f"--host-root={self.root}", "--docker-root=/docker", "-store_container_labels")
        self.running = True
        self.clock = threading.Thread(target=self.keep_ticking)
        self.clock.start()

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def add(self, identity, name):
        group = f"cgroup/docker/{identity}/"
        for file, text in (
            ("cgroup.procs", ""),
            ("cpu.stat", ""),
            ("cgroup.events", "populated 1\nfrozen 0\n"),
            ("memory.current", "10485760\n"),
            ("memory.stat", "anon 4096\nfile 8192\ninactive_file 0\n"),
            ("memory.max", "20971520\n" if name == "web" else "max\n"),
            ("cpu.max", "150000 100000\n" if name == "web" else "max 100000\n"),
            ("pids.current", "3\n"),
            ("pids.max", "max\n"),
        ):
            self.write(group + file, text)
        config = {"ID": identity, "Name": f"/{name}", "Created": "2023-11-14T22:13:20Z"}
        config |= {"Config": {"Image": "nginx:1.25", "Labels": {"tier": "front"}}}
        config |= {"State": {"Running": True, "Pid": 0, "StartedAt": "2023-11-14T22:13:21Z"}}
        self.write(f"docker/containers/{identity}/config.v2.json", json.dumps(config))

    def tick(self):
        for identity, (_, cores) in self.cpus.items():
            used = int((time.monotonic() - self.begun) * cores * 1e6)
            text = f"usage_usec {used:012}\nuser_usec {used:012}\nsystem_usec 0\n"
            text += f"nr_periods {used:012}\nnr_throttled {used // 2:012}\n"
            # In place and of one length: the exporter holds the file open, and must never see a half.
            with open(self.root / f"cgroup/docker/{identity}/cpu.stat", "r+b", buffering=0) as file:
                file.write(text.encode())

    def keep_ticking(self):
        while self.running:
            self.tick()
            time.sleep(0.1)

    def stop(self):
        self.running = False
        self.clock.join()
        self.exporter.stop()


class Cadvisor:
    """Serves a recorded exposition on loopback."""

    def __init__(self):
        directory = case.work / "cadvisor"
        directory.mkdir()
        (directory / "metrics").write_text(CADVISOR.format(id="c" * 64).lstrip())
        self.address = "127.0.0.1:8081"
        command = ["/usr/bin/python3", "-m", "http.server", "8081", "--bind", "127.0.0.1", "--directory", str(directory)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def setUpModule():
    global north, south, cadvisor, prometheus
    north = Host("north", 4 * GIB, web=0.5, quiet=0.0)
    unittest.addModuleCleanup(north.stop)
    south = Host("south", 8 * GIB, web=2.0)
    unittest.addModuleCleanup(south.stop)
    cadvisor = Cadvisor()
    unittest.addModuleCleanup(cadvisor.stop)
    prometheus = Prometheus(cadvisor.address, plimsoll=north.exporter.address, plimsoll_south=south.exporter.address)
    unittest.addModuleCleanup(prometheus.stop)


def stats(*arguments, url=f"http://{ADDRESS}", environment=None):
    """Exit code, stdout, stderr."""
    command = [str(case.PLIMSOLL), "stats", "--prometheus", url, *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, env=os.environ | (environment or {})
    )
    return done.returncode, done.stdout, done.stderr


def rows(*arguments, url=f"http://{ADDRESS}"):
    code, out, err = stats("--no-stream", "--format", "json", "--raw", *arguments, url=url)
    assert code == 0, err
    return {(row["host"], row["name"]): row for row in map(json.loads, out.splitlines())}


def wait_for_rates(url=f"http://{ADDRESS}"):
    wanted = {(north.exporter.address, "web"), (south.exporter.address, "web"), (cadvisor.address, "old")}

    def complete():
        found = rows(url=url)
        return found if all("cpu_percent" in found.get(key, {}) for key in wanted) else None

    found = case.eventually(complete, 60, every=1)
    assert found, rows(url=url)
    return found


class View(unittest.TestCase):
    def check(self, url):
        found = wait_for_rates(url)
        self.assertEqual(
            set(found),
            {
                (north.exporter.address, "web"),
                (north.exporter.address, "quiet"),
                (south.exporter.address, "web"),
                (cadvisor.address, "old"),
            },
        )
        web = found[north.exporter.address, "web"]
        self.assertEqual((web["runtime"], web["image"], web["pids"]), ("docker", "nginx:1.25", 3))
        self.assertEqual((web["memory_bytes"], web["memory_limit_bytes"]), (10485760, 20971520))
        self.assertEqual((web["memory_percent"], web["cpu_limit_cores"]), (50, 1.5))
        self.assertIsNone(web["pids_limit"])
        quiet = found[north.exporter.address, "quiet"]
        self.assertIsNone(quiet["memory_limit_bytes"])
        self.assertAlmostEqual(quiet["memory_percent"], 100 * 10485760 / (4 * GIB), places=3)
        old = found[cadvisor.address, "old"]
        self.assertEqual((old["id"], old["memory_bytes"]), ("c" * 64, 1048576))
        self.assertIsNone(old["memory_limit_bytes"])
        for absent in ("pids", "throttled_percent", "pressure_cpu_percent", "oom_kills"):
            self.assertNotIn(absent, old)
        return found

    def test_prometheus_has_the_rows_of_all_hosts(self):
        self.check(f"http://{ADDRESS}/")

    def test_rates_are_those_of_the_counters(self):
        def right():
            found = wait_for_rates()
            busy = found[south.exporter.address, "web"]
            # Both clocks are a test's: within a third is enough to tell cores from percents and seconds.
            return 130 < busy["cpu_percent"] < 270 and 33 < busy["throttled_percent"] < 67

        self.assertTrue(case.eventually(right, 60, every=1), rows())

    def test_victoria_metrics_has_them_too(self):
        victoria = Victoria(
            VICTORIA,
            f"-promscrape.config={case.work / 'prometheus.yml'}",
            "-promscrape.config.strictParse=false",  # It has no evaluation_interval.
            "-search.latencyOffset=0s",
        )
        self.addCleanup(victoria.stop)
        self.check(f"http://{VICTORIA}")

    def test_the_table_has_a_host_column_and_the_options_of_stats(self):
        wait_for_rates()
        code, out, err = stats("--no-stream", "--sort", "cpu", "--top", "2", "--filter", "name=web")
        self.assertEqual(code, 0, err)
        header, first, second = out.splitlines()
        self.assertTrue(header.startswith("HOST "), header)
        self.assertTrue(first.startswith(south.exporter.address), out)
        self.assertTrue(second.startswith(north.exporter.address), out)
        code, out, _ = stats("--count", "2", "--interval", "1s", "--format", "{{.Host}} {{.Name}} {{.PIDs}}")
        self.assertEqual(code, 0)
        self.assertEqual(out.splitlines().count(f"{cadvisor.address} old --"), 2, out)
        self.assertEqual(set(rows("--filter", f"host={cadvisor.address}")), {(cadvisor.address, "old")})
        self.assertEqual(set(rows("--match", 'job="plimsoll"', "--filter", "label=tier=front")),
                         {(north.exporter.address, "web"), (north.exporter.address, "quiet")})  # fmt: skip

    def test_csv_has_a_row_per_container_and_refresh(self):
        wait_for_rates()
        code, out, err = stats("--count", "2", "--interval", "1s", "--format", "csv")
        self.assertEqual(code, 0, err)
        table = list(csv.DictReader(io.StringIO(out)))
        found = [row for row in table if (row["host"], row["name"]) == (north.exporter.address, "web")]
        self.assertEqual(len(found), 2, out)
        self.assertEqual(len({row["timestamp"] for row in found}), 2)
        self.assertEqual((found[0]["memory_bytes"], found[0]["memory_limit_bytes"]), ("10485760", "20971520"))
        self.assertEqual((found[0]["cpu_limit_cores"], found[0]["pids_limit"]), ("1.5", "inf"))
        old = [row for row in table if row["host"] == cadvisor.address]
        self.assertEqual([(row["pids"], row["runtime"], row["memory_limit_bytes"]) for row in old], [("", "", "inf")] * 2)

    def test_a_reference_names_its_host_where_it_must(self):
        code, _, err = stats("--no-stream", "web")
        self.assertEqual(code, 3)
        self.assertIn(f"{south.exporter.address}/web", err)
        self.assertEqual(set(rows(f"{south.exporter.address}/web")), {(south.exporter.address, "web")})

    def test_cgroups_of_all_hosts(self):
        self.assertIn((north.exporter.address, "/docker"), rows("--all-cgroups"))


class Refusals(unittest.TestCase):
    def test_nobody_listens(self):
        code, out, err = stats("--no-stream", url="http://127.0.0.1:9")
        self.assertEqual((code, out), (5, ""))
        self.assertIn("127.0.0.1:9", err)

    def test_what_the_server_says_is_said(self):
        code, _, err = stats("--no-stream", "--match", "job=plimsoll")
        self.assertEqual(code, 1)
        self.assertIn("status 400", err)
        self.assertIn("parse error", err)

    def test_no_series_says_which_were_looked_for(self):
        code, _, err = stats("--no-stream", "--match", 'job="plimsoll-test-none"')
        self.assertEqual(code, 3)
        self.assertIn("plimsoll_container_info", err)
        self.assertIn('job="plimsoll-test-none"', err)

    def test_a_page_is_no_prometheus(self):
        code, _, err = stats("--no-stream", url=f"http://{north.exporter.address}")
        self.assertEqual(code, 1)
        self.assertRegex(err, "status 40[45]")


class WithPassword(unittest.TestCase):
    """Last: it starts Prometheus anew."""

    def test_secrets_come_from_files(self):
        token = case.work / "token"
        token.write_text("abc\n")
        web = case.work / "web.yml"
        # The password is "secret".
        web.write_text("basic_auth_users: {cluster: $2b$04$g08vCfwNCX39gbo/sxfdQ.65lKPxmmX.9t4CkdfdxtWdPcZzL1I7O}\n")
        self.assertIn("--token-file", stats("--no-stream", url=f"http://{'me'}:secret@{ADDRESS}")[2])
        prometheus.stop()
        prometheus.command.append(f"--web.config.file={web}")
        prometheus.ready = lambda: time.sleep(5) or True
        prometheus.start()
        code, _, err = stats("--no-stream", "--token-file", str(token))
        self.assertEqual(code, 4, err)
        self.assertIn("--token-file", err)
        secret = ("--no-stream", "--user", "cluster")

        def allowed():
            return stats(*secret, environment={"PLIMSOLL_PASSWORD": "secret"})[0] == 0

        self.assertTrue(case.eventually(allowed, 60, every=1), stats(*secret, environment={"PLIMSOLL_PASSWORD": "secret"}))


if __name__ == "__main__":
    case.main()
