"""Debian's docker as a service, with systemd's cgroup driver: our numbers beside the kernel's and
beside `docker stats`."""

import unittest

import case
import units
from docker import IMAGE
from docker_service import Service
from exporter import Exporter

MIB = 1024**2


def setUpModule():
    global docker, exporter, paths
    exporter = Exporter()  # First: docker appears while it runs.
    unittest.addModuleCleanup(exporter.stop)
    docker = Service()
    unittest.addModuleCleanup(docker.stop)
    hold = "dd if=/dev/zero of=/dev/shm/held bs=1M count=30; exec sleep 100000"
    limits = ["--shm-size", "64m", "--memory", "128m", "--pids-limit", "64"]
    write = "dd if=/dev/zero of=/tmp/data bs=1M count=8 oflag=direct; exec sleep 100000"
    serve = "dd if=/dev/zero of=/www/file bs=1M count=2; exec httpd -f -p 80 -h /www"
    ids = {
        "hold": docker.run("hold", hold, *limits, "--label", "com.example.team=blue"),
        "spin": docker.run("spin", "while :; do :; done", "--cpus", "0.1"),
        "write": docker.run("write", write),
        "serve": docker.run("serve", serve),
    }
    paths = {name: f"/system.slice/docker-{identity}.scope" for name, identity in ids.items()}
    address = docker("inspect", "-f", "{{.NetworkSettings.IPAddress}}", "serve")
    fetch = f"until wget -q -O /dev/null http://{address}/file; do sleep 1; done; exec sleep 100000"
    paths["fetch"] = f"/system.slice/docker-{docker.run('fetch', fetch)}.scope"


def entry(name):
    found = [container for container in exporter.containers() if container["cgroup"] == paths[name]]
    assert len(found) == 1, f"{paths[name]}: {len(found)} entries"
    return found[0]


class DockerTest(unittest.TestCase):
    def test_names_images_and_paths(self):
        def told():
            scrape = exporter.scrape()
            for name, path in paths.items():
                (sample,) = scrape.series("container_start_time_seconds", name=name)
                self.assertEqual((sample.labels["id"], sample.labels["image"]), (path, IMAGE))
            return True

        case.eventually(told, 60)
        self.assertEqual(entry("hold")["labels"]["com.example.team"], "blue")

    def test_memory_and_processes(self):
        def equal():
            current = units.number(paths["hold"], "memory.current")
            stat = units.keyed(paths["hold"], "memory.stat")
            memory = entry("hold")["memory"]
            self.assertEqual((memory["usage"], memory["limit"]), (current, 128 * MIB))
            self.assertEqual(memory["working_set"], current - stat["inactive_file"])
            self.assertGreaterEqual(memory["shmem"], 30 * MIB)
            self.assertEqual(entry("hold")["pids"]["limit"], 64)
            return True

        case.eventually(equal, 40)
        theirs = docker.stats("hold")
        ours = entry("hold")
        self.assertAlmostEqual(ours["memory"]["working_set"], theirs["memory"], delta=0.01 * theirs["memory"])
        self.assertEqual(ours["pids"]["current"], theirs["pids"])

    def test_throttling(self):
        def told():
            before = units.keyed(paths["spin"], "cpu.stat")
            self.assertGreater(before["nr_throttled"], 5)
            ours = entry("spin")["cpu"]
            self.assertAlmostEqual(ours["quota"] / ours["period"], 0.1)
            self.assertGreater(ours["throttled_periods"], 0)
            after = units.keyed(paths["spin"], "cpu.stat")
            self.assertLessEqual(ours["throttled_periods"], after["nr_throttled"])
            self.assertLessEqual(ours["usage"], after["usage_usec"] / 1e6)
            return True

        case.eventually(told, 40)

    def test_block_io(self):
        def equal():
            (disk,) = [device for device in entry("write")["devices"] if device["device"] == "/dev/vda"]
            theirs = units.io(paths["write"])[f"{disk['major']}:{disk['minor']}"]
            self.assertGreaterEqual(theirs["wbytes"], 8 * MIB)
            self.assertEqual((disk["write_bytes"], disk["writes"]), (theirs["wbytes"], theirs["wios"]))
            return True

        case.eventually(equal, 60)

    def test_network(self):
        def equal():
            scrape = exporter.scrape()
            for name, direction, metric in (("fetch", "received", "receive"), ("serve", "sent", "transmit")):
                theirs = docker.stats(name)[direction]
                self.assertGreater(theirs, 2 * MIB)
                ours = scrape.value(f"container_network_{metric}_bytes_total", name=name, interface="eth0")
                self.assertAlmostEqual(ours, theirs, delta=0.01 * theirs)
            return True

        case.eventually(equal, 60)


if __name__ == "__main__":
    case.main()
