"""Policies on real containers: their limits come as they appear, stay against foreign writes, follow the
files, and are given back. `Policies` is told by its module who makes a container and where its group is."""

import re
import signal
import time

import case
import kernel
import limit_cases
from engine import Engine


class Files:
    """A policy directory: one file, replaced as a whole."""

    def __init__(self, name):
        self.directory = case.work / name
        self.directory.mkdir(mode=0o755)
        self.write("")

    def write(self, text):
        path = self.directory / "test.yaml"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o644)


def value(metrics, sample):
    """Of one sample of a scrape; fails without it."""
    found = re.search(rf"^{re.escape(sample)} (\S+)$", metrics, re.MULTILINE)
    assert found, f"no {sample} in\n{metrics}"
    return float(found.group(1))


class Policies(limit_cases.Cli):
    """A module gives `begin(name)`: a container of that name is started; its cgroup. And `end(name)`."""

    kind = ""  # Of the match: what all containers of the module have and nothing else has.
    observed = 10  # Seconds before a share is known; longer than it takes to make a container and ask.

    def setUp(self):
        self.files = Files(f"policies-{self.id()}")
        self.engine = Engine("--policy-dir", str(self.files.directory)).start()
        self.addCleanup(self.engine.stop)

    def rules(self, text):
        """In force when this returns."""
        self.files.write(text)
        read = value(self.metrics(), "plimsoll_policy_reloads_total")
        self.engine.process.send_signal(signal.SIGHUP)
        again = lambda: value(self.metrics(), "plimsoll_policy_reloads_total") > read
        self.assertTrue(case.eventually(again), self.engine.log())

    def rule(self, limits, mode="enforce", more=""):
        return f"mode: {mode}\nrules: [{{name: r, match: {{{self.kind}}}, limits: {{{limits}}}{more}}}]\n"

    def metrics(self):
        status, text = self.engine.ask("/metrics")
        self.assertEqual(status, 200, text)
        return text

    def container(self, name):
        self.addCleanup(self.end, name)
        return self.begin(name)

    def pids(self, path):
        return kernel.text("pids", path, "pids.max").strip()

    def has(self, path, pids, every=0.2):
        self.assertTrue(case.eventually(lambda: self.pids(path) == pids, every=every),
                        f"pids.max is {self.pids(path)}, not {pids}\n{self.engine.log()}")

    def test_limits_come_with_the_container_and_go_with_the_rule(self):
        self.rules(self.rule("pids.max: 77, memory.max: 64M"))
        path = self.container("plimsoll-test-appears")
        self.has(path, "77")
        limit = "memory.max" if kernel.V2 else "memory.limit_in_bytes"
        self.assertTrue(case.eventually(lambda: kernel.text("memory", path, limit).strip() == str(64 << 20)))
        self.assertIn("policy r", self.limit("show", f"cgroup:{path}"))
        metrics = self.metrics()
        self.assertEqual(value(metrics, "plimsoll_policy_rules"), 1)
        # A runtime may put groups of its own below the container's.
        self.assertGreaterEqual(value(metrics, "plimsoll_policy_groups_matched"), 1)
        self.assertGreaterEqual(value(metrics, "plimsoll_policy_values_held"), 2)
        self.assertGreaterEqual(value(metrics, 'plimsoll_limit_writes_total{outcome="done"}'), 2)
        self.rules(self.rule("pids.max: 66, memory.max: 64M"))
        self.has(path, "66")
        self.rules("rules: broken\n")  # Takes nothing away.
        self.assertEqual(value(self.metrics(), "plimsoll_policy_last_reload_successful"), 0)
        self.assertEqual(self.pids(path), "66")
        self.rules("")
        self.assertTrue(case.eventually(lambda: self.pids(path) not in ("66", "77")), self.engine.log())

    def test_a_foreign_write_is_repaired(self):
        self.rules(self.rule("pids.max: 77"))
        path = self.container("plimsoll-test-foreign")
        self.has(path, "77")
        repairs = lambda: value(self.metrics(), 'plimsoll_drift_answers_total{answer="repaired"}')
        took = []
        for count in (1, 2):  # A third within ten seconds would be a fight, and answered later.
            begun = time.monotonic()
            (kernel.directory("pids", path) / "pids.max").write_text("1000")
            self.has(path, "77", every=0.002)
            took.append(time.monotonic() - begun)
            # It is read back before it counts: a write in between would be one more to repair.
            self.assertTrue(case.eventually(lambda count=count: repairs() == count), self.metrics())
        print(f"[figure] a foreign write is repaired within {max(took) * 1000:.0f} ms")
        self.assertIn('pids.max is "1000" instead of "77" of policy r (repair', self.engine.log())

    def test_observing_only_reports(self):
        self.rules(self.rule("pids.max: 77", mode="observe"))
        path = self.container("plimsoll-test-observed")
        matched = lambda: value(self.metrics(), "plimsoll_policy_groups_matched") >= 1
        self.assertTrue(case.eventually(matched), self.metrics())
        told = self.limit("policy", "explain", f"cgroup:{path}")
        self.assertIn("observed: 77 by r", told)
        self.assertNotEqual(self.pids(path), "77")
        self.assertEqual(value(self.metrics(), 'plimsoll_limit_changes_total{outcome="done"}'), 0)

    def test_a_share_of_what_was_observed_waits_until_it_is_known(self):
        self.rules(self.rule("'pids.max': 300% of max", more=f", min_observed: {self.observed}s"))
        path = self.container("plimsoll-test-share")
        explained = lambda: self.failing("policy", "explain", f"cgroup:{path}")
        waits = lambda: re.search(rf"not yet known: observed for \d+ s of {self.observed} s", explained())
        self.assertTrue(case.eventually(waits), explained())
        self.assertNotIn(self.pids(path), ("3", "6"))
        # One shell, and what it runs.
        at_most = int(kernel.text("pids", path, "pids.current")) * 3
        set_so = lambda: self.pids(path).isdigit() and 0 < int(self.pids(path)) <= max(at_most, 9)
        self.assertTrue(case.eventually(set_so, self.observed + 40), f"{self.pids(path)}\n{explained()}")
        self.assertIn("300% of max", explained())
