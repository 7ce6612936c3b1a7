"""`plimsoll limit` on processes that use all they get: held, killed inside, refused, taken back.

The host is a mini host on this machine's cgroup v1, or the guest's cgroup v2: `Load` is told by its
engine."""

import json
import os
import signal
import subprocess
import time

import case
import kernel
from load import EAT, FORK, HOLD, MIB, SPIN, Group


class Cli:
    engine = None  # Started by the module.

    def run_limit(self, words):
        command = [str(case.PLIMSOLL), "limit", "--socket", str(self.engine.socket), *words]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=90, check=False)

    def limit(self, *words, code=0):
        """What `plimsoll limit WORDS` prints, both streams."""
        done = self.run_limit(words)
        self.assertEqual(done.returncode, code, f"limit {' '.join(words)}: {done.stdout}\n{self.engine.log()}")
        return done.stdout

    def failing(self, *words):
        """The same, whether it fails or not."""
        return self.run_limit(words).stdout


class Load(Cli):
    parent = ""  # Of the groups: what somebody has delegated to us.

    def group(self, name):
        group = Group(name, self.parent)
        self.addCleanup(group.remove)
        return group

    def settings(self, group):
        shown = json.loads(self.limit("show", "--json", group.ref))
        return {entry["knob"]: entry for entry in shown["settings"]}

    def test_a_cpu_hog_gets_a_quarter_of_a_cpu(self):
        group = self.group("spin")
        group.start(SPIN)
        self.assertIn("cpu.quota 0.25 cpus", self.limit("set", group.ref, "--cpus", "0.25"))
        self.assertTrue(case.eventually(lambda: kernel.throttled_periods(group.path) > 2))
        rates = []
        for _ in range(3):
            begun, before = time.monotonic(), kernel.cpu_seconds(group.path)
            time.sleep(10)
            rates.append((kernel.cpu_seconds(group.path) - before) / (time.monotonic() - begun))
            print(f"[figure] a CPU hog under 0.25 CPUs used {rates[-1]:.4f}")
            # More than its share it never gets; less only while the machine has no CPU to spare for it.
            self.assertLess(rates[-1], 0.25 * 1.02)
            if rates[-1] > 0.25 * 0.98:
                break
        self.assertGreater(max(rates), 0.25 * 0.98)
        # Free again, and no longer held: how much that is depends on who else wants the CPU.
        self.limit("unset", group.ref, "--cpus")
        throttled = kernel.throttled_periods(group.path)
        time.sleep(1)
        self.assertEqual(kernel.throttled_periods(group.path), throttled)
        self.assertEqual(self.settings(group)["cpu.quota"]["value"], "max")

    def test_a_memory_hog_dies_inside_and_nobody_else(self):
        group, other = self.group("eat"), self.group("bystander")
        bystander = other.ready(HOLD.format(mib=30))
        hog = group.ready(EAT)
        self.limit("set", group.ref, "--memory", "64M", "--swap", "0")
        hog.stdin.write("20\n")
        hog.stdin.flush()
        self.assertEqual(hog.stdout.readline(), "1\n")
        hog.stdin.write("80\n")
        hog.stdin.flush()
        self.assertEqual(hog.wait(30), -signal.SIGKILL)
        self.assertTrue(case.eventually(lambda: group.oom_kills() == 1), group.oom_kills())
        self.assertIsNone(bystander.poll())
        self.assertEqual(other.oom_kills(), 0)

    def test_taking_memory_away_is_refused_below_what_is_in_use(self):
        group = self.group("floor")
        hog = group.ready(HOLD.format(mib=60))
        self.limit("set", group.ref, "--memory", "200M", "--swap", "0")
        told = self.limit("set", group.ref, "--memory", "32M", code=1)
        print(f"[figure] refused: {told.strip().splitlines()[0]}")
        self.assertEqual(group.memory_max(), 200 * MIB)
        self.assertIsNone(hog.poll())
        self.assertEqual(group.oom_kills(), 0)
        self.limit("set", group.ref, "--memory", "100M")
        self.assertEqual(group.memory_max(), 100 * MIB)

    def test_taking_memory_away_that_is_cache_is_done(self):
        group = self.group("cache")
        data = case.work / "data"
        hog = group.ready(EAT.replace("import sys", f"import sys\nopen({str(data)!r}, 'wb').write(bytes(120 << 20))"))
        self.addCleanup(data.unlink)
        stat = kernel.keyed("memory", group.path, "memory.stat")
        prefix = "" if kernel.V2 else "total_"
        if stat[f"{prefix}inactive_file"] + stat[f"{prefix}active_file"] < 100 * MIB:
            self.skipTest("/var/tmp is no file system with pages that can be dropped")
        os.sync()  # What is not on the disk yet cannot be dropped.
        self.limit("set", group.ref, "--memory", "48M")
        self.assertEqual(group.memory_max(), 48 * MIB)
        self.assertLessEqual(kernel.memory_usage(group.path), 48 * MIB)
        self.assertIsNone(hog.poll())
        self.assertEqual(group.oom_kills(), 0)

    def test_a_fork_bomb_is_held(self):
        group = self.group("fork")
        self.limit("set", group.ref, "--pids", "40")
        bomb = group.start(FORK)
        self.assertEqual(int(bomb.stdout.readline()), 39)
        self.assertEqual(len(group.pids()), 40)
        self.limit("unset", group.ref, "--pids")
        self.assertEqual(group.pids_max(), "max")

    def test_restore_brings_back_what_was_there(self):
        group = self.group("restore")
        (kernel.directory("pids", group.path) / "pids.max").write_text("77", encoding="ascii")
        self.limit("set", group.ref, "--pids", "50", "--memory", "64M")
        self.limit("set", group.ref, "--pids", "60")
        self.assertEqual(self.settings(group)["pids.max"]["found"], "77")
        self.limit("restore", group.ref)
        self.assertEqual((group.pids_max(), group.memory_max()), ("77", None))

    def test_a_plan_writes_nothing(self):
        group = self.group("plan")
        told = self.limit("plan", group.ref, "--memory", "64M", "--pids", "5", "--what-if")
        self.assertRegex(told, r"pids.max +max +5\n")
        self.assertRegex(told, r"(?m)^memory.max: the host has .*, of which it may have .* %$")
        self.assertEqual((group.pids_max(), group.memory_max()), ("max", None))
        self.assertIn("planned", self.limit("set", "--dry-run", group.ref, "--pids", "5"))
        self.assertEqual(group.pids_max(), "max")

    def test_docker_s_memory_swap_is_both_together(self):
        group = self.group("swap")
        self.assertIn("give --memory", self.limit("set", group.ref, "--memory-swap", "96M", code=2))
        self.limit("set", group.ref, "--memory", "64M", "--memory-swap", "96M")
        self.assertEqual(self.settings(group)["memory.swap"]["value"], 32 * MIB)

    def test_a_lease_ends(self):
        group = self.group("lease")
        self.limit("set", group.ref, "--pids", "30", "--for", "2s")
        self.assertEqual(group.pids_max(), "30")
        self.assertIn("lease_ends", self.settings(group)["pids.max"])
        self.assertTrue(case.eventually(lambda: group.pids_max() == "max", 15), group.pids_max())

    def test_a_lease_ends_though_the_engine_was_killed(self):
        group = self.group("killed")
        self.limit("set", group.ref, "--memory", "64M")
        self.limit("set", group.ref, "--pids", "30", "--for", "1s")
        self.engine.stop(signal.SIGKILL)
        self.assertIn("no engine answers", self.limit("show", code=5))
        time.sleep(1.5)
        self.assertEqual((group.pids_max(), group.memory_max()), ("30", 64 * MIB))
        self.engine.start()
        self.assertTrue(case.eventually(lambda: group.pids_max() == "max", 15), group.pids_max())
        self.assertEqual(group.memory_max(), 64 * MIB)
        self.limit("restore", group.ref)
        self.assertIsNone(group.memory_max())

    def test_says_what_is_wrong_and_what_to_do(self):
        self.assertIn("there is no container", self.limit("show", "no-such-container", code=3))
        self.assertIn("--memory: ", self.limit("set", "x", "--memory", "much", code=2))
        self.assertIn("say what to set", self.limit("set", "x", code=2))
        self.assertIn("Did you mean 'unset'", self.limit("unsett", code=2))

    def test_history_says_who_did_what(self):
        group = self.group("history")
        self.limit("set", group.ref, "--pids", "30")
        told = self.limit("history", group.ref)
        self.assertRegex(told, r"uid 0 plimsoll +request +\S+ +pids.max +max +30 +done")
