"""Options of `docker run` that change what a process finds, and what keeps a host tidy."""

import io
import json
import os
import subprocess
import tarfile
import time
from pathlib import Path

import case
from container_host import IMAGE


class Options:
    host = None

    def tearDown(self):
        self.host.remove_all()

    def run_it(self, *arguments, **options):
        return self.host.docker("run", "--rm", *arguments, **options)

    def status(self, *flags):
        """/proc/self/status of a container's first process, as a dictionary."""
        done = self.run_it(*flags, IMAGE, "cat", "/proc/self/status")
        self.assertEqual(done.returncode, 0, done.stderr)
        return dict(line.split(":\t", 1) for line in done.stdout.splitlines() if ":\t" in line)

    def test_links_on_the_default_bridge(self):
        self.host.start("db", "sleep 1000", "--expose", "5432", "-e", "SECRET=1")
        address = self.host.inspect("db")["NetworkSettings"]["IPAddress"]
        done = self.run_it("--name", "app", "--link", "db:store", IMAGE, "sh", "-c", "env; cat /etc/hosts")
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = done.stdout.splitlines()
        for line in (f"STORE_PORT=tcp://{address}:5432", f"STORE_PORT_5432_TCP_ADDR={address}",
                     "STORE_PORT_5432_TCP_PROTO=tcp", "STORE_NAME=/app/store", "STORE_ENV_SECRET=1"):
            self.assertIn(line, lines)
        self.assertTrue(any(line.startswith(address) and "store" in line.split() for line in lines))

    def test_volumes_of_another(self):
        self.host("run", "--name", "has", "-v", "/kept", IMAGE, "sh", "-c", "echo theirs > /kept/f")
        self.assertEqual(self.run_it("--volumes-from", "has", IMAGE, "cat", "/kept/f").stdout, "theirs\n")
        done = self.run_it("--volumes-from", "has:ro", IMAGE, "touch", "/kept/g")
        self.assertIn("Read-only file system", done.stderr)
        # "Not found" would make the command line pull the image.
        done = self.run_it("--volumes-from", "nobody", IMAGE, "true")
        self.assertEqual(done.returncode, 125)
        self.assertIn("Error response from daemon: No such container: nobody", done.stderr)
        self.assertNotIn("Unable to find image", done.stderr)

    def test_the_network_of_another(self):
        self.host.start("first", "mkdir /w; echo found > /w/index.html; exec httpd -f -p 80 -h /w")
        done = self.run_it("--network", "container:first", IMAGE, "sh", "-c",
                           "sleep 0.3; wget -q -O - http://127.0.0.1/; hostname")
        self.assertEqual(done.stdout.splitlines(), ["found", self.host.inspect("first")["Config"]["Hostname"]])
        done = self.run_it("--network", "container:first", "-p", "80", IMAGE, "true")
        self.assertEqual(done.returncode, 125)
        self.assertIn("conflicting options: port publishing and the container type network mode", done.stderr)
        self.host("kill", "first")
        self.assertRegex(self.run_it("--network", "container:first", IMAGE, "true").stderr,
                         "cannot join network of a non running container")

    def test_an_init_reaps_and_passes_signals_on(self):
        self.host.start("reaped", "(sleep 0.1 &) ; sleep 1000", "--init")
        names = self.host("exec", "reaped", "cat", "/proc/1/comm")
        self.assertIn("init", names)
        time.sleep(0.5)
        lines = self.host("exec", "reaped", "ps")
        self.assertNotIn("[sleep]", lines)
        self.host.start("passes", "trap 'exit 8' TERM; while :; do sleep 0.05; done", "--init")
        time.sleep(0.3)
        self.host("stop", "-t", "10", "passes")
        self.assertEqual(self.host.inspect("passes")["State"]["ExitCode"], 8)

    def test_privileged(self):
        usual, privileged = self.status(), self.status("--privileged")
        own = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
        self.assertEqual(privileged["CapEff"], own["CapBnd"])
        self.assertEqual((usual["Seccomp"], privileged["Seccomp"]), ("2", "0"))
        done = self.run_it("--privileged", IMAGE, "sh", "-c",
                           "mount -t tmpfs t /tmp && echo mounted; echo 1 > /proc/sys/net/ipv4/ip_forward && ls /dev")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("mounted", done.stdout)
        self.assertGreater(len(done.stdout.split()), 15)
        self.assertNotEqual(self.run_it(IMAGE, "mount", "-t", "tmpfs", "t", "/tmp").returncode, 0)

    def test_capabilities(self):
        self.assertEqual(self.status("--cap-add", "NET_ADMIN")["CapEff"], "00000000a80435fb")
        fewer = f"{0xa80425fb & ~(1 << 13) & ~(1 << 27):016x}"
        self.assertEqual(self.status("--cap-drop", "NET_RAW", "--cap-drop", "CAP_MKNOD")["CapEff"], fewer)
        self.assertEqual(self.status("--user", "12", "--cap-add", "NET_ADMIN")["CapEff"], "0000000000000000")
        done = self.run_it("--cap-add", "NOSUCH", IMAGE, "true")
        self.assertEqual(done.returncode, 125)
        self.assertIn('invalid CapAdd: unknown capability: "CAP_NOSUCH"', done.stderr)
        done = self.run_it("--cap-drop", "CAP_NOSUCH", IMAGE, "true")
        self.assertIn('invalid CapDrop: unknown capability: "CAP_NOSUCH"', done.stderr)

    def test_no_signal_is_ignored(self):
        status = self.status()
        self.assertEqual([status[key] for key in ("SigBlk", "SigIgn")], ["0" * 16] * 2)
        self.host.start("signals", "sleep 1000")
        inside = self.host("exec", "signals", "cat", "/proc/self/status")
        self.assertRegex(inside, r"SigIgn:\t0{16}\n")

    def test_security_options(self):
        self.assertEqual(self.status()["NoNewPrivs"], "0")
        self.assertEqual(self.status("--security-opt", "no-new-privileges")["NoNewPrivs"], "1")
        self.assertEqual(self.status("--security-opt", "seccomp=unconfined")["Seccomp"], "0")
        profile = case.work / "no-mkdir.json"
        profile.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
            {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 85}]}))
        done = self.run_it("--security-opt", f"seccomp={profile}", IMAGE, "sh", "-c", "mkdir /x; touch /y && echo made")
        self.assertEqual(done.stdout, "made\n")
        self.assertIn("Interrupted system call should be restarted", done.stderr)
        done = self.run_it("--security-opt", "nonsense=1", IMAGE, "true")
        self.assertEqual(done.returncode, 125)
        self.assertIn("nonsense", done.stderr)

    def test_names_of_hosts(self):
        done = self.run_it("--hostname", "me.example.org", "--add-host", "other:10.9.8.7", "--dns", "10.1.1.1",
                           "--dns-search", "example.net", "--dns-option", "timeout:3", IMAGE, "sh", "-c",
                           "hostname; cat /etc/hosts /etc/resolv.conf")
        lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
        self.assertEqual(lines[0], "me.example.org")
        self.assertIn("10.9.8.7 other", lines)
        self.assertTrue(any(" me.example.org" in line for line in lines), lines)
        for line in ("nameserver 10.1.1.1", "search example.net", "options timeout:3"):
            self.assertIn(line, lines)
        self.assertTrue(lines[1:] and any(line.endswith(" me.example.org me") for line in lines), lines)
        done = self.run_it("--hostname", "a.b.c", "--domainname", "d.e", IMAGE, "cat", "/etc/hosts")
        self.assertEqual(done.stdout.splitlines()[-1].split()[1:], ["a.b.c.d.e", "a"])

    def test_no_log(self):
        self.host("run", "--name", "quiet", "--log-driver", "none", IMAGE, "echo", "x")
        self.assertIn("configured logging driver does not support reading", self.host.docker("logs", "quiet").stderr)

    def test_logs_are_rotated(self):
        limits = ["--log-opt", "max-size=10k", "--log-opt", "max-file=2"]
        self.host("run", "--name", "talks", *limits, IMAGE, "sh", "-c",
                  "i=0; while [ $i -lt 1000 ]; do echo line $i; i=$((i + 1)); done")
        lines = self.host("logs", "talks").splitlines()
        self.assertEqual(lines[-1], "line 999")
        self.assertEqual(lines, [f"line {number}" for number in range(1000 - len(lines), 1000)])
        self.assertTrue(100 < len(lines) < 500, len(lines))
        path = Path(self.host.inspect("talks")["LogPath"])
        written = sorted(path.parent.glob(path.name + "*"))
        self.assertEqual([file.name for file in written], [path.name, path.name + ".1"])
        self.assertTrue(all(0 < file.stat().st_size <= 10_000 for file in written))
        self.assertEqual(self.host("logs", "--tail", "2", "talks").splitlines(), ["line 998", "line 999"])

    def test_log_options_are_checked(self):
        for option, why in (("max-size=much", "invalid size: 'much'"), ("max-file=0", "max-file cannot be less than 1")):
            done = self.host.docker("run", "--name", "wrong", "--log-opt", option, IMAGE, "true")
            self.assertEqual(done.returncode, 125, option)
            self.assertIn(f"failed to initialize logging driver: {why}", done.stderr)
            self.host("rm", "wrong")

    def test_restarts_wait_longer_each_time(self):
        begun = time.monotonic()
        self.host.start("fails", "date +%s.%N; exit 3", "--restart", "on-failure:4")
        self.assertTrue(case.eventually(lambda: not self.host.inspect("fails")["State"]["Running"]
                                        and self.host.inspect("fails")["RestartCount"] == 4))
        self.assertGreater(time.monotonic() - begun, 0.1 + 0.2 + 0.4 + 0.8)
        self.assertEqual(len(self.host("logs", "fails").splitlines()), 5)
        self.host.start("well", "exit 0", "--restart", "on-failure")
        self.assertEqual(self.host("wait", "well"), "0")
        self.assertEqual(self.host.inspect("well")["RestartCount"], 0)

    def test_top_takes_arguments_of_ps(self):
        self.host.start("shown", "sleep 1000")
        lines = self.host("top", "shown", "-o", "pid,comm,args").splitlines()
        self.assertEqual(lines[0].split(), ["PID", "COMMAND", "COMMAND"])
        self.assertTrue(any("sleep 1000" in line for line in lines[1:]), lines)
        self.assertIn("PPID", self.host("top", "shown", "-ef").splitlines()[0])
        self.assertNotEqual(self.host.docker("top", "shown", "--nonsense").returncode, 0)

    def test_killed_for_memory_beside_others(self):
        """The one that is killed need not be the first process."""
        done = self.host.docker("run", "--name", "hog", "--memory", "10m", "--memory-swap", "10m", IMAGE, "sh", "-c",
                                "tail /dev/zero; exit $?")
        self.assertEqual(done.returncode, 137)
        self.assertTrue(self.host.inspect("hog")["State"]["OOMKilled"])

    def test_a_fast_talker_waits(self):
        """What a process does not read stays with the client, and not in the engine's memory."""
        if not hasattr(self.host.engine, "run_dir"):
            self.skipTest("of our engine")
        before = self.resident()
        with open("/dev/zero", "rb") as zeros:
            client = subprocess.Popen([self.host.cli, "run", "--rm", "-i", "--name", "deaf", IMAGE, "sleep", "1000"],
                                      stdin=zeros, stdout=subprocess.DEVNULL, env=self.host.environment())
        self.addCleanup(client.wait, 30)
        self.addCleanup(client.kill)
        self.assertTrue(case.eventually(lambda: self.host.docker("exec", "deaf", "true").returncode == 0))
        time.sleep(2)
        self.assertLess(self.resident() - before, 24 << 20)
        self.host("rm", "-f", "deaf")
        # One that reads late gets everything.
        much = b"x" * (24 << 20)
        done = self.run_it("-i", IMAGE, "sh", "-c", "sleep 1; wc -c", input=much)
        self.assertEqual(done.stdout.strip(), str(len(much)), done.stderr)

    def resident(self):
        status = Path(f"/proc/{self.host.engine.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) * 1024


class Upkeep:
    """Images, archives and what is removed by label or age."""

    host = None

    def tearDown(self):
        self.host.remove_all()

    def test_import_with_changes(self):
        tar = self.host("save", IMAGE, binary=True)  # Any archive will do.
        self.host("import", "-c", 'CMD ["echo", "changed"]', "-c", "ENV A=1 B=2", "-c", "USER 12", "-m", "why", "-",
                  "changed:1", input=tar)
        self.addCleanup(self.host, "rmi", "changed:1")
        config = json.loads(self.host("image", "inspect", "changed:1"))[0]
        self.assertEqual((config["Config"]["Cmd"], config["Config"]["Env"], config["Config"]["User"], config["Comment"]),
                         (["echo", "changed"], ["A=1", "B=2"], "12", "why"))
        done = self.host.docker("import", "-c", "FROM x", "-", input=tar)
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stderr.lower(), "from")

    def labelled_image(self, name, label):
        self.host("create", "--name", "base", IMAGE, "sh", "-c", f"# {name}")
        self.host("commit", "-c", f"LABEL {label}=1", "base", name)
        self.host("rm", "base")

    def test_prune_by_label_and_age(self):
        self.labelled_image("pruned:1", "go")
        self.labelled_image("kept:1", "stay")
        self.addCleanup(self.host, "rmi", "kept:1")
        self.host("image", "prune", "-a", "-f", "--filter", "until=1h")
        self.host("image", "prune", "-a", "-f", "--filter", "label=go")
        names = self.host("images", "--format", "{{.Repository}}:{{.Tag}}").splitlines()
        self.assertNotIn("pruned:1", names)
        self.assertIn("kept:1", names)
        self.assertIn(IMAGE, names)
        for kind in ("go", "stay"):
            self.host("create", "--name", f"c-{kind}", "--label", kind, IMAGE, "true")
            self.host("network", "create", "--label", kind, f"n-{kind}")
            self.host("volume", "create", "--label", kind, f"v-{kind}")
        self.addCleanup(self.host, "volume", "rm", "v-stay")
        self.addCleanup(self.host, "network", "rm", "n-stay")
        self.host("container", "prune", "-f", "--filter", "until=1h")
        self.host("container", "prune", "-f", "--filter", "label=go")
        self.assertEqual(self.host("ps", "-a", "--format", "{{.Names}}"), "c-stay")
        self.host("network", "prune", "-f", "--filter", "until=1h")
        self.host("network", "prune", "-f", "--filter", "label!=stay")
        networks = self.host("network", "ls", "--format", "{{.Name}}").splitlines()
        self.assertNotIn("n-go", networks)
        self.assertIn("n-stay", networks)
        self.assertEqual(self.host.docker("volume", "prune", "-f", "--filter", "until=1h").returncode, 1)
        # Newer clients mean volumes without a name, unless they say all.
        every = ["--filter", "all=1"] if "--all" in self.host("volume", "prune", "--help") else []
        self.host("volume", "prune", "-f", *every, "--filter", "label=go")
        self.assertEqual(self.host("volume", "ls", "-q"), "v-stay")

    def test_platforms(self):
        done = self.host.docker("create", "--platform", "linux/s390x", "--pull", "never", IMAGE, "true")
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stderr, "does not match the specified platform: wanted linux/s390x, actual: linux/")
        own = json.loads(self.host("image", "inspect", IMAGE))[0]["Architecture"]
        self.assertEqual(self.host("run", "--rm", "--platform", f"linux/{own}", IMAGE, "echo", "runs"), "runs")
        done = self.host.docker("create", "--platform", "nonsense", "--pull", "never", IMAGE, "true")
        self.assertIn("unknown operating system or architecture", done.stderr)

    def test_events_of_the_past_are_told_at_once(self):
        self.host("run", "--rm", "--name", "past", IMAGE, "true")
        time.sleep(0.1)
        until = str(time.time())
        times = []
        for _ in range(3):
            begun = time.monotonic()
            text = self.host("events", "--since", "1m", "--until", until, "--filter", "container=past", "--format",
                             "{{.Action}}")
            times.append(time.monotonic() - begun)
            self.assertIn("destroy", text.split())
        plain = time.monotonic()
        self.host("version")
        self.assertLess(min(times), time.monotonic() - plain + 0.2, times)

    def test_copies_become_the_users(self):
        with_user = io.BytesIO()
        with tarfile.open(fileobj=with_user, mode="w") as tar:
            passwd = tarfile.TarInfo("passwd")
            text = b"root:x:0:0::/:/bin/sh\nweb:x:33:34::/:/bin/sh\n"
            passwd.size = len(text)
            tar.addfile(passwd, io.BytesIO(text))
        self.host("create", "--name", "base", IMAGE, "true")
        self.host("cp", "-", "base:/etc", input=with_user.getvalue())
        self.host("commit", "-c", "USER web", "base", "with-user:1")
        self.addCleanup(self.host, "rmi", "with-user:1")
        self.host("run", "-d", "--name", "owned", "with-user:1", "sleep", "1000")
        self.addCleanup(self.host.remove_all)
        here = case.work / f"given-{os.urandom(3).hex()}"
        here.write_text("x")
        os.chown(here, 1234, 1234)
        self.host("cp", "-a", str(here), "owned:/tmp/archived")
        self.assertEqual(self.host("exec", "owned", "stat", "-c", "%u:%g", "/tmp/archived"), "33:34")
        self.host.remove_all()
