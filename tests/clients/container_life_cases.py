"""The life of containers by the docker command line: run, stop, kill, wait, restart, remove, limits."""

import json
import re
import time
from pathlib import Path

import case
import kernel
from container_host import IMAGE


class Life:
    """add_cases() makes it a TestCase, and sets `host`."""

    host = None

    def tearDown(self):
        self.host.remove_all()

    def run_it(self, *arguments, **options):
        return self.host.docker("run", "--rm", *arguments, **options)

    def test_output_and_exit_code(self):
        done = self.run_it(IMAGE, "sh", "-c", "echo out; echo err >&2; exit 7")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (7, "out\n", "err\n"))
        self.assertEqual(self.host("ps", "-aq"), "")

    def test_exit_codes_that_mean_something(self):
        for command, code, words in [
            (["nothing-of-that-name"], 127, "executable file not found in $PATH"),
            (["/nowhere/at/all"], 127, "no such file or directory"),
            (["/tmp"], 126, "permission denied"),
        ]:
            with self.subTest(command=command):
                done = self.run_it(IMAGE, *command)
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertIn(words, done.stderr)
        self.assertEqual(self.run_it("--memory", "1m", IMAGE, "true").returncode, 125)
        self.assertEqual(self.run_it(IMAGE, "sh", "-c", "sh -c 'kill -9 $$'; exit $?").returncode, 137)
        self.assertEqual(self.run_it(IMAGE, "sh", "-c", "sh -c 'kill -SEGV $$'; exit $?").returncode, 139)

    def test_an_image_that_is_not_there(self):
        done = self.host.docker("run", "--pull", "never", "no-such-image-here", "true")
        self.assertEqual(done.returncode, 125)
        self.assertIn("No such image: no-such-image-here:latest", done.stderr)

    def test_names(self):
        self.host.start("one", "sleep 1000")
        done = self.host.docker("run", "-d", "--name", "one", IMAGE, "true")
        self.assertEqual(done.returncode, 125)
        self.assertIn('Conflict. The container name "/one" is already in use by container', done.stderr)
        self.assertIn("Invalid container name (a b)", self.host.docker("create", "--name", "a b", IMAGE, "true").stderr)
        self.host("rename", "one", "two")
        self.assertEqual(self.host("ps", "--format", "{{.Names}}"), "two")
        self.assertIn("No such container: one", self.host.docker("stop", "one").stderr)

    def test_what_a_process_finds(self):
        done = self.run_it("-e", "A=1", "-w", "/tmp/deep/down", "-u", "12:34", "--hostname", "here", IMAGE, "sh", "-c",
                           "echo $A $HOSTNAME; pwd; id -u; id -g; hostname; echo $PATH; cat /etc/hostname")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.splitlines(), ["1 here", "/tmp/deep/down", "12", "34", "here",
                         "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "here"])

    def test_entrypoint_and_its_arguments(self):
        self.assertEqual(self.run_it("--entrypoint", "echo", IMAGE, "a", "b").stdout, "a b\n")

    def test_rights(self):
        self.host.start("usual", "sleep 1000")
        text = Path(f"/proc/{self.host.inspect('usual')['State']['Pid']}/status").read_text()
        self.assertIn("CapEff:\t00000000a80425fb", text)
        self.assertIn("Seccomp:\t2", text)
        self.host.start("fewer", "sleep 1000", "--cap-drop", "ALL", "--cap-add", "KILL", "--security-opt",
                        "no-new-privileges")
        text = Path(f"/proc/{self.host.inspect('fewer')['State']['Pid']}/status").read_text()
        self.assertIn("CapEff:\t0000000000000020", text)
        self.assertIn("NoNewPrivs:\t1", text)

    def test_mounts_and_limits_of_a_process(self):
        done = self.run_it("--read-only", "--tmpfs", "/scratch:size=1m", "--ulimit", "nofile=100:200", "--shm-size",
                           "2m", IMAGE, "sh", "-c",
                           "touch /x; touch /scratch/x && ulimit -n; ulimit -Hn; mount | tr ' ' ' '")
        self.assertIn("Read-only file system", done.stderr)
        lines = done.stdout.splitlines()
        self.assertEqual(lines[:2], ["100", "200"])
        self.assertTrue(any(line.startswith("tmpfs on /scratch") and "size=1024k" in line for line in lines))
        self.assertTrue(any("on /dev/shm" in line and "size=2048k" in line for line in lines), done.stdout)

    def test_limits_are_written_and_changed(self):
        identity = self.host.start("lim", "sleep 1000", "--memory", "64m", "--cpus", "0.5", "--pids-limit", "20")
        self.assertEqual(self.limit(identity, "memory"), 64 << 20)
        self.assertEqual(self.limit(identity, "pids"), 20)
        self.assertEqual(self.limit(identity, "cpu"), 0.5)
        self.host("update", "--memory", "96m", "--memory-swap", "96m", "--cpus", "0.7", "lim")
        self.assertEqual(self.limit(identity, "memory"), 96 << 20)
        self.assertEqual(self.limit(identity, "cpu"), 0.7)
        resources = self.host.inspect("lim")["HostConfig"]
        self.assertEqual((resources["Memory"], resources["NanoCpus"]), (96 << 20, 700000000))
        self.assertIn("Minimum memory limit allowed is 6MB", self.host.docker("update", "-m", "1m", "lim").stderr)

    def limit(self, identity, what):
        """What the kernel has."""
        root = Path("/sys/fs/cgroup")
        unified = (root / "cgroup.controllers").exists()
        found = [path for path in root.rglob(f"*{identity}*") if path.is_dir()]
        read = lambda name: next(path / name for path in found if (path / name).exists()).read_text().split()
        if what == "cpu":
            if unified:
                quota, period = read("cpu.max")
            else:
                quota, period = read("cpu.cfs_quota_us")[0], read("cpu.cfs_period_us")[0]
            return int(quota) / int(period)
        names = {"memory": ("memory.max", "memory.limit_in_bytes"), "pids": ("pids.max", "pids.max")}
        return int(read(names[what][0 if unified else 1])[0])

    def test_killed_for_memory(self):
        done = self.host.docker("run", "--name", "hog", "--memory", "8m", "--memory-swap", "8m", IMAGE, "sh", "-c",
                                "tail /dev/zero")
        self.assertEqual(done.returncode, 137, done.stderr)
        self.assertTrue(self.host.inspect("hog")["State"]["OOMKilled"])

    def test_stop_kill_and_wait(self):
        self.host.ready("polite", "trap 'exit 5' TERM; echo up; while :; do sleep 0.05; done")
        self.assertEqual(self.host("stop", "polite"), "polite")
        self.assertEqual(self.host("wait", "polite"), "5")
        self.host.ready("deaf", "trap '' TERM; echo up; while :; do sleep 0.05; done")
        self.host("stop", "-t", "1", "deaf")
        self.assertEqual(self.host.inspect("deaf")["State"]["ExitCode"], 137)
        self.host.ready("hup", "trap 'exit 9' HUP; echo up; while :; do sleep 0.05; done")
        waiting = self.host.popen("wait", "hup")
        time.sleep(0.3)
        self.host("kill", "-s", "HUP", "hup")
        self.assertEqual(waiting.communicate(timeout=60)[0], b"9\n")
        self.assertIn("is not running", self.host.docker("kill", "hup").stderr)
        status = self.host("ps", "-a", "--filter", "name=^hup$", "--format", "{{.Status}}")
        self.assertRegex(status, r"^Exited \(9\) .* ago$")

    def test_pause(self):
        self.host.start("pp", "while :; do date +%N > /tmp/now; sleep 0.01; done")
        self.host("pause", "pp")
        self.assertIn("(Paused)", self.host("ps", "--format", "{{.Status}}"))
        self.assertTrue(self.host.inspect("pp")["State"]["Paused"])
        self.assertIn("is paused", self.host.docker("exec", "pp", "true").stderr)
        self.host("unpause", "pp")
        self.assertEqual(self.host("exec", "pp", "echo", "back"), "back")
        self.assertEqual(self.host.docker("unpause", "pp").returncode, 1)

    def test_restart_and_start_again(self):
        self.host.start("again", "echo hello; sleep 1000")
        first = self.host.inspect("again")["State"]
        self.host("restart", "-t", "0", "again")
        second = self.host.inspect("again")["State"]
        self.assertNotEqual(first["Pid"], second["Pid"])
        self.assertTrue(case.eventually(lambda: self.host("logs", "again") == "hello\nhello", 60))
        self.host("stop", "-t", "0", "again")
        self.host("start", "again")
        self.assertTrue(self.host.inspect("again")["State"]["Running"])

    def test_restart_policies(self):
        self.host.start("fails", "exit 3", "--restart", "on-failure:2")
        done = lambda: self.host.inspect("fails")
        self.assertTrue(case.eventually(lambda: done()["RestartCount"] == 2 and not done()["State"]["Running"], 60))
        self.assertEqual(done()["State"]["ExitCode"], 3)
        self.host.start("always", "sleep 0.2", "--restart", "always")
        self.assertTrue(case.eventually(lambda: self.host.inspect("always")["RestartCount"] >= 1, 60))
        self.host("stop", "-t", "0", "always")
        time.sleep(0.5)
        self.assertEqual(self.host.inspect("always")["State"]["Status"], "exited")

    def test_remove(self):
        self.host.start("rr", "sleep 1000")
        done = self.host.docker("rm", "rr")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "cannot remove|You cannot remove a running container")
        self.assertEqual(self.host("rm", "-f", "rr"), "rr")
        self.assertEqual(self.host("ps", "-aq"), "")
        # The command line says so, and is content.
        self.assertEqual(self.host.docker("rm", "-f", "rr").returncode, 0)

    def test_lists(self):
        self.host.start("aa", "sleep 1000", "--label", "x=1")
        self.host("create", "--name", "bb", IMAGE, "sh", "-c", "echo 'a b'")
        table = self.host("ps").splitlines()
        self.assertRegex(table[0], r"^CONTAINER ID +IMAGE +COMMAND +CREATED +STATUS +PORTS +NAMES$")
        self.assertEqual(len(table), 2)
        self.assertRegex(table[1], rf'{re.escape(IMAGE)} +"sh -c \'sleep 1000\'" .* Up .* aa$')
        self.assertEqual(self.host("ps", "-a", "--format", "{{.Names}} {{.State}}").splitlines(),
                         ["bb created", "aa running"])
        for flag, names in [("status=created", "bb"), ("label=x=1", "aa"), ("name=^aa$", "aa"), ("before=bb", "aa"),
                            (f"ancestor={IMAGE}", "bb\naa")]:
            self.assertEqual(self.host("ps", "-a", "--filter", flag, "--format", "{{.Names}}"), names, flag)
        self.assertIn("invalid filter", self.host.docker("ps", "--filter", "colour=red").stderr)
        self.assertEqual(self.host("ps", "-lq"), self.host("ps", "-aq", "--filter", "name=bb"))
        self.assertRegex(self.host("ps", "-as", "--format", "{{.Size}}"), "virtual")

    def test_top_and_stats(self):
        self.host.start("spin", "sleep 1000 & while :; do :; done")
        lines = self.host("top", "spin").splitlines()
        self.assertIn("PID", lines[0])
        self.assertTrue(any("sleep 1000" in line for line in lines))
        line = json.loads(self.host("stats", "--no-stream", "--format", "{{json .}}", "spin"))
        self.assertEqual(line["Name"], "spin")
        # Of what the machine has left for it.
        self.assertGreater(float(line["CPUPerc"].rstrip("%")), 2)
        self.assertEqual(int(line["PIDs"]), 2)
        self.assertNotIn("0B / 0B", line["MemUsage"])

    def test_events_tell_of_a_life(self):
        since = str(time.time())
        self.run_it("--name", "told", "--label", "l=1", IMAGE, "true")
        lines = self.host("events", "--since", since, "--until", str(time.time() + 1), "--filter", "type=container",
                          "--format", "{{.Action}} {{.Actor.Attributes.name}} {{.Actor.Attributes.l}}").splitlines()
        told = [line.split()[0] for line in lines]
        for action in ("create", "start", "die", "destroy"):
            self.assertIn(action, told)
        self.assertTrue(all(line.endswith("told 1") for line in lines), lines)

    def test_pressure_is_its_own_and_told(self):
        """On a hybrid host its group is in the cgroup2 mount as well, where the kernel counts what v1's limits cost."""
        identity = self.host.start("pressed", "while :; do :; done", "--cpus", "0.2")
        group = self.host.engine.limits(identity)[1]["target"]["cgroup"]
        mount = kernel.ROOT if kernel.V2 else kernel.ROOT / "unified"
        stalled = lambda: int((mount / group.lstrip("/") / "cpu.pressure").read_text().splitlines()[0].split("total=")[1])
        self.assertTrue(case.eventually(lambda: stalled() > 500_000))
        told = lambda: [one for one in self.host.engine.ask("/plimsoll/v1/events?kind=cpu_stall")[1]["events"]
                        if one["cgroup"] == group]
        self.assertTrue(case.eventually(told, 30), self.host.engine.log())

    def test_health(self):
        self.host.start("hh", "sleep 1000", "--health-cmd", "test -e /tmp/ok", "--health-interval", "200ms",
                        "--health-retries", "1000")
        self.assertIn("health: starting", self.host("ps", "--format", "{{.Status}}"))
        self.host("exec", "hh", "touch", "/tmp/ok")
        self.assertTrue(case.eventually(lambda: "(healthy)" in self.host("ps", "--format", "{{.Status}}"), 60))

    def test_prune(self):
        self.host("create", "--name", "idle", IMAGE, "true")
        self.host.start("busy", "sleep 1000")
        self.assertIn("Total reclaimed space", self.host("container", "prune", "-f"))
        self.assertEqual(self.host("ps", "-a", "--format", "{{.Names}}"), "busy")
