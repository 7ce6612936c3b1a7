"""Containers of a real podman, which nobody announces to us: no daemon, no socket."""

import unittest

import case
import kernel
from exporter import Exporter
from podman import IMAGE, Podman

MIB = 1024**2


def setUpModule():
    global podman, exporter
    exporter = Exporter()  # First: podman's storage appears while it runs.
    unittest.addModuleCleanup(exporter.stop)
    podman = Podman()
    hold = "dd if=/dev/zero of=/dev/shm/held bs=1M count=20; sleep 100000"
    podman.run("spin", "while :; do :; done", "--label", "com.example.team=red")
    podman.run("hold", hold, "--memory", "96m", "--pids-limit", "50")


def path_of(name):
    """The container's cgroup, from the kernel."""
    pid = podman("inspect", "--format", "{{.State.Pid}}", name)
    with open(f"/proc/{pid}/cgroup", encoding="utf-8") as lines:
        for line in lines:
            _, controllers, path = line.strip().split(":", 2)
            if "memory" in controllers.split(",") or (kernel.V2 and not controllers):
                return path
    raise AssertionError(f"process {pid} is in no cgroup")


class PodmanTest(unittest.TestCase):
    def test_name_image_and_path_of_containers_that_started_after_us(self):
        def named():
            scrape = exporter.scrape()
            for name in ("spin", "hold"):
                found = scrape.series("container_start_time_seconds", name=name)
                self.assertEqual(len(found), 1, name)
                (sample,) = found
                self.assertEqual((sample.labels["image"], sample.labels["id"]), (IMAGE, path_of(name)))
            return True

        case.eventually(named, 40)

    def test_labels_are_there_as_soon_as_podmans_socket_is(self):
        # podman keeps them in a database of its own: all else is read from files without asking.
        def spin():
            return next(entry for entry in exporter.containers() if entry.get("name") == "spin")

        self.assertEqual((spin()["runtime"], spin()["labels"]), ("podman", {}))
        stop = podman.serve()
        self.addCleanup(stop)
        told = lambda: spin()["labels"].get("com.example.team") == "red"
        self.assertTrue(case.eventually(told, 60))

    def test_values(self):
        path = path_of("hold")

        def equal():
            scrape = exporter.scrape()
            self.assertEqual(scrape.value("container_memory_usage_bytes", id=path), kernel.memory_usage(path))
            self.assertGreater(kernel.memory_usage(path), 20 * MIB)
            self.assertEqual(scrape.value("container_spec_memory_limit_bytes", id=path), 96 * MIB)
            (entry,) = [entry for entry in exporter.containers() if entry["cgroup"] == path]
            self.assertEqual(entry["pids"], {**entry["pids"], "current": kernel.pids(path), "limit": 50})
            return True

        case.eventually(equal)
        before = exporter.scrape().total("container_cpu_usage_seconds_total", name="spin")
        more = lambda: exporter.scrape().total("container_cpu_usage_seconds_total", name="spin") > before
        self.assertTrue(case.eventually(more))
        self.assertLessEqual(before, kernel.cpu_seconds(path_of("spin")))

    def test_without_a_network_there_are_no_network_series(self):
        scrape = exporter.scrape()
        self.assertEqual(scrape.series("container_network_receive_bytes_total", name="spin"), [])

    def test_removed_is_gone(self):
        podman("rm", "-f", "-t", "0", "hold")
        gone = lambda: not exporter.scrape().series("container_memory_usage_bytes", name="hold")
        self.assertTrue(case.eventually(gone))


if __name__ == "__main__":
    case.main()
