"""`plimsoll recommend` of a live exporter, on docker's containers whose needs are known."""

import json
import subprocess
import time
import unittest

import case
import kernel
from docker import Docker
from exporter import Exporter

MIB = 1 << 20
HELD = 40  # MiB that "hold" keeps, in shared memory.
SEEN = 15


def setUpModule():
    global docker, exporter, paths
    docker = Docker()
    unittest.addModuleCleanup(docker.stop)
    hold = f"dd if=/dev/zero of=/dev/shm/held bs=1M count={HELD}; while :; do sleep 1; done"
    paths = {
        "hold": "/docker/" + docker.run("hold", hold, "--shm-size", "64m", "--memory", "128m"),
        "spin": "/docker/" + docker.run("spin", "while :; do :; done", "--cpus", "0.02"),
    }
    exporter = Exporter()
    unittest.addModuleCleanup(exporter.stop)
    # So that there is something to look back on.
    time.sleep(SEEN + 5)
    assert case.eventually(lambda: kernel.throttled_periods(paths["spin"]) > 20, 60), "it was not throttled"


def run_recommend(*words):
    command = [str(case.PLIMSOLL), "recommend", "--exporter", exporter.address, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


class RecommendTest(unittest.TestCase):
    def recommend(self, *words):
        done = run_recommend(*words)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def advice(self, name):
        answer = json.loads(self.recommend(name, "--json", "--min-seen", f"{SEEN}s"))
        self.assertEqual([one["name"] for one in answer["containers"]], [name])
        (one,) = answer["containers"]
        self.assertNotIn("refused", one)
        return {proposal["knob"]: proposal for proposal in one["proposals"]}

    def test_memory_is_what_it_needs_and_a_little_more(self):
        proposed = self.advice("hold")["memory.max"]
        used = kernel.memory_working_set(paths["hold"])
        self.assertGreaterEqual(proposed["value"], max(used, HELD * MIB))
        self.assertLess(proposed["value"], 128 * MIB)
        self.assertEqual(proposed["current"], 128 * MIB)

    def test_a_throttled_container_gets_more_than_its_limit(self):
        proposed = self.advice("spin")["cpu.max"]
        self.assertAlmostEqual(proposed["current"], 0.02, delta=0.001)
        self.assertGreaterEqual(proposed["value"], 0.03)
        self.assertIn("were throttled", proposed["why"])

    def test_all_of_them_and_the_hosts_headroom(self):
        text = self.recommend("--min-seen", f"{SEEN}s")
        self.assertRegex(text, r"(?m)^hold: seen for ")
        self.assertRegex(text, r"(?m)^spin: seen for ")
        self.assertRegex(text, r"(?m)^Host: .* memory, .* cores; limits of \d+ containers: ")
        self.assertIn("have no memory limit: each may use all of the host", text)
        host = json.loads(self.recommend("--json"))["host"]
        self.assertGreaterEqual(host["containers"], 2)
        self.assertGreaterEqual(host["without_memory_limit"], 1)
        self.assertGreaterEqual(host["memory_limits"], 128 * MIB)
        self.assertGreaterEqual(host["working_sets"], HELD * MIB)

    def test_too_little_was_seen(self):
        text = self.recommend("hold", "--min-seen", "1h")
        self.assertRegex(text, r"no advice: seen for .* at least ")

    def test_what_is_not_there_is_said(self):
        done = run_recommend("nobody")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("nobody", done.stderr)
        nowhere = [str(case.PLIMSOLL), "recommend", "--exporter", "127.0.0.1:1"]
        done = subprocess.run(nowhere, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 5)
        self.assertIn("no exporter to be had", done.stderr)


if __name__ == "__main__":
    case.main()
