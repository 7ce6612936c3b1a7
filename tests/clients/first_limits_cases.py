"""Containers of our own engine have the limits of its policies before their first instruction: cases for whoever
starts that engine."""

import signal
import unittest

import case
import kernel
import policy_cases
from container_host import IMAGE, ContainerHost, clis

# As the container sees its own group.
PIDS = "cat /sys/fs/cgroup/pids.max" if kernel.V2 else "cat /sys/fs/cgroup/pids/pids.max"
MEMORY = "cat /sys/fs/cgroup/memory.max" if kernel.V2 else "cat /sys/fs/cgroup/memory/memory.limit_in_bytes"
NAME = "plimsoll-test-first"
SLEEP = "trap 'exit 0' TERM; sleep 100000 & wait"


def set_up(suite, *flags):
    found = clis()
    assert found, "there is no docker command line here"
    files = policy_cases.Files("first-policies")
    host = ContainerHost(next(iter(found.values())), "--policy-dir", str(files.directory), *flags)
    unittest.addModuleCleanup(host.stop)
    suite.host, suite.files = host, files


class First:
    host = None
    files = None
    runs = 20

    def tearDown(self):
        self.host.remove_all()
        self.rules("")

    def metric(self, sample):
        status, text = self.host.engine.ask("/metrics")
        self.assertEqual(status, 200, text)
        return policy_cases.value(text, sample)

    def rules(self, text):
        """In force when this returns."""
        self.files.write(text)
        read = self.metric("plimsoll_policy_reloads_total")
        self.host.engine.process.send_signal(signal.SIGHUP)
        again = lambda: self.metric("plimsoll_policy_reloads_total") > read
        self.assertTrue(case.eventually(again), self.host.engine.log())
        self.assertEqual(self.metric("plimsoll_policy_last_reload_successful"), 1, self.host.engine.log())

    def rule(self, limits="pids.max: 77, memory.max: 64M", match=f"name: '{NAME}*'", mode="enforce", more=""):
        self.rules(f"mode: {mode}\nrules: [{{name: r, match: {{{match}}}, limits: {{{limits}}}{more}}}]\n")

    def said(self, *flags, script=f"{PIDS}; {MEMORY}", name=NAME):
        done = self.host.docker("run", "--rm", "--name", name, *flags, IMAGE, "sh", "-c", script)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.split()

    def group(self, identity):
        return self.host.engine.limits(identity)[1]["target"]["cgroup"]

    def pids(self, identity):
        return kernel.text("pids", self.group(identity), "pids.max").strip()

    def no_drift(self):
        for kind in ("reported", "repaired", "adopted"):
            self.assertEqual(self.metric(f'plimsoll_drift_answers_total{{answer="{kind}"}}'), 0)
        self.assertNotIn("foreign write", self.host.engine.log())

    def test_it_reads_them(self):
        self.rule()
        for i in range(self.runs):
            with self.subTest(run=i):
                # What docker is told is written when the groups are made, and is no foreign write.
                flags = ["--pids-limit", "500", "--memory", "128m"] if i % 2 else []
                self.assertEqual(self.said(*flags, name=f"{NAME}-{i}"), ["77", str(64 << 20)])
        self.no_drift()

    def test_whatever_the_rule_looks_at(self):
        for match in [f"image: '{IMAGE}'", "label: {tier: front}", "runtime: plimsoll", "cgroup: '/plimsoll-*'",
                      "compose: {project: shop, service: web}"]:
            with self.subTest(match=match):
                self.rule(match=match)
                labels = ["tier=front", "com.docker.compose.project=shop", "com.docker.compose.service=web"]
                flags = [word for label in labels for word in ("--label", label)]
                self.assertEqual(self.said(*flags), ["77", str(64 << 20)])

    def test_others_have_what_docker_was_told(self):
        self.rule(match="name: somebody-else")
        self.assertEqual(self.said("--pids-limit", "500", script=PIDS), ["500"])
        self.rule(mode="observe")
        self.assertEqual(self.said("--pids-limit", "500", script=PIDS), ["500"])

    def test_what_was_found_comes_back(self):
        self.rule()
        identity = self.host.start(NAME, SLEEP, "--pids-limit", "500")
        self.assertEqual(self.pids(identity), "77")
        found = lambda: self.host.engine.setting(identity, "pids.max")
        self.assertEqual((found()["found"], found()["rule"]), ("500", "policy r"))
        status, history = self.host.engine.ask(f"/plimsoll/v1/history?ref={identity}")
        self.assertEqual(status, 200, history)
        self.assertIn("policy r", str(history))
        kernel_file = kernel.directory("pids", self.group(identity)) / "pids.max"
        values_held = lambda: self.metric("plimsoll_policy_values_held") == 2
        self.assertTrue(case.eventually(values_held))
        kernel_file.write_text("1000")
        self.assertTrue(case.eventually(lambda: self.pids(identity) == "77"), self.host.engine.log())
        self.rules("")
        self.assertTrue(case.eventually(lambda: self.pids(identity) == "500"), self.host.engine.log())

    def test_also_when_it_is_started_again(self):
        self.rule()
        self.host.start(NAME, f"{PIDS}; exit 3", "--restart", "on-failure:2", "--pids-limit", "500")
        ended = lambda: self.host.inspect(NAME)["RestartCount"] == 2 and \
            not self.host.inspect(NAME)["State"]["Running"]
        self.assertTrue(case.eventually(ended, 60), self.host("logs", NAME))
        self.assertEqual(self.host("logs", NAME).split(), ["77"] * 3)

    def test_the_engine_that_comes_back_takes_it_up(self):
        self.rule()
        identity = self.host.start(NAME, SLEEP)
        self.assertEqual(self.pids(identity), "77")
        self.host.engine.stop(signal.SIGKILL)
        self.host.engine.start()
        self.assertTrue(case.eventually(lambda: self.metric("plimsoll_policy_values_held") == 2))
        self.assertEqual(self.pids(identity), "77")
        self.assertEqual(self.metric('plimsoll_limit_changes_total{outcome="done"}'), 0)
        self.no_drift()

    def test_what_cannot_be_set_is_told_and_holds_nobody_up(self):
        self.rule("memory.max: 64k, pids.max: 77")
        # Not even its process fits.
        identity = self.host.start(NAME, SLEEP, "--memory", "128m")
        told = lambda: "policy r:" in self.host.engine.log()
        self.assertTrue(case.eventually(told), self.host.engine.log())
        self.assertTrue(self.host.inspect(identity)["State"]["Running"])
        self.assertEqual(self.host("exec", NAME, "sh", "-c", MEMORY), str(128 << 20))
