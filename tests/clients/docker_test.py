"""Containers of a real dockerd: our numbers beside the kernel's files and beside `docker stats`."""

import subprocess
import time
import unittest
from pathlib import Path

import cadvisor_api
import case
import kernel
from docker import IMAGE, Docker
from exporter import Exporter

MIB = 1024**2
SPIN = "while :; do :; done"
WRITE = "dd if=/dev/zero of=/tmp/data bs=1M count=8 oflag=direct; dd if=/tmp/data of=/dev/null bs=1M iflag=direct"
LOADS = {
    # name: (script, flags of docker run)
    "spin": (SPIN, ["--cpus", "0.1", "--memory", "64m", "--label", "com.example.team=blue"]),
    "hold": (
        "dd if=/dev/zero of=/dev/shm/held bs=1M count=30 && sleep 100000",
        ["--shm-size", "64m", "--memory", "128m", "--pids-limit", "64"],
    ),
    "crowd": ("for i in 1 2 3 4 5 6; do sleep 100000 & done; wait", []),
    "serve": ("dd if=/dev/zero of=/www/file bs=1M count=2; httpd -f -p 80 -h /www", []),
    "host": ("sleep 100000", ["--network", "host"]),
    "elsewhere": ("sleep 100000", ["--cgroup-parent", "/plimsoll-test-parent"]),
}


# Not a fault of ours: the containers' layers must be on one disk to have block IO of their own.
NO_DISK = "the containers' layers are not on a block device here"


def setUpModule():
    global docker, exporter, paths, pids
    docker = Docker()
    unittest.addModuleCleanup(docker.stop)
    ids = {name: docker.run(name, script, *flags) for name, (script, flags) in LOADS.items()}
    disk = kernel.disk_of(case.work)
    if disk:
        # A limit nobody reaches: since 6.x v1 counts a group's block IO only when it has one.
        limit = ["--device-write-bps", f"{disk}:100gb"]
        ids["write"] = docker.run("write", f"{WRITE}; sleep 100000", *limit)
    ids["sharer"] = docker.run("sharer", "sleep 100000", "--network", "container:serve")
    address = docker("inspect", "-f", "{{.NetworkSettings.IPAddress}}", "serve")
    fetch = f"for i in 1 2 3; do wget -q -O /dev/null http://{address}/file || exit 1; done; sleep 100000"
    ids["fetch"] = docker.run("fetch", fetch)
    paths = {name: f"/docker/{identity}" for name, identity in ids.items()}
    paths["elsewhere"] = f"/plimsoll-test-parent/{ids['elsewhere']}"
    pids = {name: docker("inspect", "-f", "{{.State.Pid}}", name) for name in ids}
    # The groups that are on by default, and the one of container_threads.
    off = "advtcp,cpu_topology,cpuset,hugetlb,memory_numa,referenced_memory,resctrl,sched,tcp,udp"
    exporter = Exporter(f"--disable_metrics={off}")
    unittest.addModuleCleanup(exporter.stop)
    CadvisorApi.docker, CadvisorApi.exporter, CadvisorApi.paths = docker, exporter, paths


class Values(unittest.TestCase):
    """Against the kernel's files."""

    def test_cpu(self):
        def between():
            before = kernel.cpu_seconds(paths["spin"])
            time.sleep(0.3)  # A scrape may serve a sample that is a quarter of a second old.
            ours = exporter.scrape().total("container_cpu_usage_seconds_total", name="spin")
            self.assertLessEqual(before, ours)
            self.assertLessEqual(ours, kernel.cpu_seconds(paths["spin"]))
            return True

        case.eventually(between)

    def test_cpu_of_one_that_sleeps_is_exact(self):
        expected = kernel.cpu_seconds(paths["crowd"])
        self.assertAlmostEqual(
            exporter.scrape().total("container_cpu_usage_seconds_total", name="crowd"), expected, places=6
        )

    def test_throttling(self):
        self.assertTrue(case.eventually(lambda: kernel.throttled_periods(paths["spin"]) > 5))
        after = exporter.scrape().value("container_cpu_cfs_throttled_periods_total", name="spin")
        self.assertGreater(after, 0)

    def test_memory(self):
        def equal():
            scrape = exporter.scrape()
            usage = scrape.value("container_memory_usage_bytes", name="hold")
            self.assertEqual(usage, kernel.memory_usage(paths["hold"]))
            self.assertGreaterEqual(usage, 30 * MIB)
            working_set = scrape.value("container_memory_working_set_bytes", name="hold")
            self.assertEqual(working_set, kernel.memory_working_set(paths["hold"]))
            self.assertEqual(scrape.value("container_memory_rss", name="hold"), kernel.memory_rss(paths["hold"]))
            return True

        case.eventually(equal)

    def test_limits(self):
        scrape = exporter.scrape()
        self.assertEqual(scrape.value("container_spec_memory_limit_bytes", name="hold"), 128 * MIB)
        period = scrape.value("container_spec_cpu_period", name="spin")
        self.assertAlmostEqual(scrape.value("container_spec_cpu_quota", name="spin") / period, 0.1)
        self.assertEqual(scrape.value("container_threads_max", name="hold"), 64)

    def test_processes(self):
        # The shell and six sleeps.
        self.assertEqual(kernel.pids(paths["crowd"]), 7)
        self.assertEqual(exporter.scrape().value("container_threads", name="crowd"), 7)

    @unittest.skipUnless(kernel.disk_of(Path("/var/tmp")), NO_DISK)
    def test_block_io(self):
        done = lambda: min(kernel.block_io(paths["write"])) >= 8 * MIB
        self.assertTrue(case.eventually(done), "the container's reads and writes never reached a device")

        def equal():
            scrape = exporter.scrape()
            ours = [scrape.total(f"container_fs_{what}_bytes_total", name="write") for what in ("reads", "writes")]
            self.assertEqual(tuple(ours), kernel.block_io(paths["write"]))
            return True

        case.eventually(equal)

    def test_network(self):
        self.assertTrue(case.eventually(lambda: kernel.interfaces(pids["fetch"])["eth0"][0] > 6 * MIB))

        def equal():
            scrape = exporter.scrape()
            for name in ("fetch", "serve"):
                received, sent = kernel.interfaces(pids[name])["eth0"]
                for metric, expected in (("receive", received), ("transmit", sent)):
                    ours = scrape.value(f"container_network_{metric}_bytes_total", name=name, interface="eth0")
                    self.assertEqual(ours, expected, f"{name} {metric}")
            return True

        case.eventually(equal)

    def test_a_shared_network_is_counted_once(self):
        scrape = exporter.scrape()
        owners = {sample.labels.get("name") for sample in scrape.series("container_network_receive_bytes_total")}
        self.assertIn("serve", owners)
        self.assertNotIn("sharer", owners)
        self.assertNotIn("host", owners, "the host's traffic is not the container's")


class Identity(unittest.TestCase):
    def test_names_images_and_paths(self):
        scrape = exporter.scrape()
        for name, path in paths.items():
            with self.subTest(container=name):
                (sample,) = scrape.series("container_start_time_seconds", name=name)
                self.assertEqual((sample.labels["id"], sample.labels["image"]), (path, IMAGE))

    def test_json_tells_labels_and_runtime(self):
        (spin,) = [entry for entry in exporter.containers() if entry.get("name") == "spin"]
        self.assertEqual(spin["runtime"], "docker")
        self.assertEqual(spin["labels"]["com.example.team"], "blue")

    def test_rename_is_seen(self):
        docker("rename", "host", "renamed")
        self.addCleanup(docker, "rename", "renamed", "host")
        self.assertTrue(case.eventually(lambda: exporter.scrape().series("container_last_seen", name="renamed")))
        self.assertEqual(exporter.scrape().series("container_memory_usage_bytes", name="host"), [])

    def test_a_late_container_has_its_name_and_leaves_when_it_ends(self):
        identity = docker.run("late", SPIN)
        self.addCleanup(subprocess.run, ["docker", "rm", "-f", "late"], capture_output=True)
        self.assertTrue(
            case.eventually(lambda: exporter.scrape().series("container_memory_usage_bytes", name="late"))
        )
        docker("rm", "-f", "late")
        path = f"/docker/{identity}"
        gone = lambda: not exporter.scrape().series("container_memory_usage_bytes", id=path)
        self.assertTrue(case.eventually(gone))
        # What ended is still said to have been there, for alerts on it.
        self.assertTrue(exporter.scrape().series("container_last_seen", name="late"))

    def test_a_restart_is_the_same_name_with_new_counters(self):
        docker.run("again", "dd if=/dev/zero of=/dev/null bs=1M count=2000; sleep 100000")
        self.addCleanup(docker, "rm", "-f", "again")
        case.eventually(lambda: exporter.scrape().series("container_cpu_usage_seconds_total", name="again"))
        docker("restart", "-t", "0", "again")
        path = f"/docker/{docker('inspect', '-f', '{{.Id}}', 'again')}"

        def fresh():
            ours = exporter.scrape().total("container_cpu_usage_seconds_total", name="again")
            # A sum over CPUs in floating point may be a hair above the kernel's own.
            return ours <= kernel.cpu_seconds(path) + 1e-6

        self.assertTrue(case.eventually(fresh))


class CadvisorApi(cadvisor_api.CadvisorApi, unittest.TestCase):
    """Against cAdvisor's clients' expectations."""


class DockerStats(unittest.TestCase):
    """Against `docker stats`, Debian's and any newer one on this machine."""

    def compare(self, check):
        for cli in docker.clis():
            with self.subTest(cli=cli):
                case.eventually(lambda: check(cli) or True)

    def assert_close(self, ours, theirs, relative, what):
        self.assertLessEqual(abs(ours - theirs), relative * max(theirs, 1), f"{what}: {ours} against {theirs}")

    def test_memory_and_pids(self):
        def check(cli):
            theirs = docker.stats("hold", cli=cli)
            scrape = exporter.scrape()
            ours = scrape.value("container_memory_working_set_bytes", name="hold")
            self.assert_close(ours, theirs["memory"], 0.001, "memory without the inactive page cache")
            limit = scrape.value("container_spec_memory_limit_bytes", name="hold")
            self.assert_close(limit, theirs["memory_limit"], 0.001, "limit")
            crowd = docker.stats("crowd", cli=cli)
            self.assertEqual(scrape.value("container_threads", name="crowd"), crowd["pids"])

        self.compare(check)

    def test_network(self):
        def check(cli):
            theirs = docker.stats("fetch", cli=cli)
            scrape = exporter.scrape()
            received = scrape.total("container_network_receive_bytes_total", name="fetch")
            sent = scrape.total("container_network_transmit_bytes_total", name="fetch")
            # Three digits are all that docker prints.
            self.assert_close(received, theirs["received"], 0.006, "received")
            self.assert_close(sent, theirs["sent"], 0.006, "sent")

        self.compare(check)

    @unittest.skipUnless(kernel.disk_of(Path("/var/tmp")), NO_DISK)
    def test_block_io(self):
        def check(cli):
            theirs = docker.stats("write", cli=cli)
            scrape = exporter.scrape()
            for what in ("read", "written"):
                metric = {"read": "reads", "written": "writes"}[what]
                ours = scrape.total(f"container_fs_{metric}_bytes_total", name="write")
                self.assert_close(ours, theirs[what], 0.006, what)

        self.compare(check)

    def test_cpu_of_a_throttled_container(self):
        def check(cli):
            before = exporter.scrape().total("container_cpu_usage_seconds_total", name="spin")
            start = kernel.cpu_seconds(paths["spin"])
            theirs = docker.stats("spin", cli=cli)["cpu"]
            after = exporter.scrape().total("container_cpu_usage_seconds_total", name="spin")
            # A tenth of a processor is its quota; a busy machine may give less, to both alike.
            self.assertLess(theirs, 0.3)
            self.assertGreater(after, before)
            self.assert_close(after - before, kernel.cpu_seconds(paths["spin"]) - start, 0.5, "CPU seconds")

        self.compare(check)


if __name__ == "__main__":
    case.main()
