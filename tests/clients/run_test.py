"""script/run --check and `plimsoll stats`, as a newcomer types them."""

import json
import os
import subprocess
import unittest

import case
from docker import Docker
from exporter import Exporter


def setUpModule():
    global docker
    docker = Docker()
    unittest.addModuleCleanup(docker.stop)
    docker.run("hold", "dd if=/dev/zero of=/dev/shm/held bs=1M count=20; sleep 100000", "--shm-size", "64m")
    docker.run("crowd", "for i in 1 2 3; do sleep 100000 & done; wait", "--memory", "64m")


def stats(*flags):
    done = subprocess.run([case.PLIMSOLL, "stats", *flags], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"plimsoll stats {flags}: {done.stderr}"
    return done.stdout


class RunTest(unittest.TestCase):
    def test_check_asks_every_endpoint(self):
        environment = {**os.environ, "PLIMSOLL": str(case.PLIMSOLL)}
        command = [str(case.ROOT / "script/run"), "--check"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("every endpoint answers", done.stdout)


class StatsTest(unittest.TestCase):
    """Without a running exporter and with one; the same columns as docker's."""

    def compare(self, *flags):
        lines = [json.loads(line) for line in stats("--no-stream", "--format", "json", *flags).splitlines()]
        ours = {line["Name"]: line for line in lines}
        theirs = docker("stats", "--no-stream", "--format", "{{json .}}").splitlines()
        self.assertEqual(len(theirs), 2)
        for line in map(json.loads, theirs):
            for key in ("Name", "ID", "PIDs", "MemUsage", "MemPerc", "Container"):
                self.assertEqual(ours[line["Name"]][key], line[key], f"{line['Name']} {key}")

    def test_alone(self):
        case.eventually(lambda: self.compare("--local") or True)

    def test_with_an_exporter(self):
        exporter = Exporter()
        self.addCleanup(exporter.stop)
        case.eventually(lambda: self.compare("--host", exporter.address) or True)

    def test_all_of_them_are_also_those_that_ended(self):
        docker.run("ended", "exit 3")
        docker("wait", "ended")
        names = lambda *flags: stats("--no-stream", "--local", "--format", "{{.Name}} {{.CPUPerc}}", *flags).splitlines()
        self.assertIn("ended --", names("-a"))
        self.assertEqual(sorted(line.split()[0] for line in names()), ["crowd", "hold"])
        theirs = docker("stats", "--no-stream", "-a", "--format", "{{.Name}}").splitlines()
        self.assertEqual(sorted(line.split()[0] for line in names("-a")), sorted(theirs))

    def test_the_table_has_dockers_columns(self):
        header = stats("--no-stream", "--local").splitlines()[0]
        theirs = docker("stats", "--no-stream").splitlines()[0]
        for column in ("CONTAINER ID", "NAME", "CPU %", "MEM USAGE / LIMIT", "MEM %", "NET I/O", "BLOCK I/O", "PIDS"):
            self.assertIn(column, theirs)
            self.assertIn(column, header)


if __name__ == "__main__":
    case.main()
