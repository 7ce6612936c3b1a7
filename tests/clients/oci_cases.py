"""plimsoll-oci by its command line: the life of containers, beside runc where there is one, and every part of a
configuration. Cases for oci_test.py, and for the guest's on cgroup v2."""

import json
import os
import re
import shutil
import stat
import unittest
from pathlib import Path

import bundle
import case
from bundle import Runtime, config, mount

RUNC = shutil.which("runc", path="/usr/sbin:/usr/bin")


def set_up():
    global ours, theirs
    assert bundle.OURS.exists(), f"{bundle.OURS} is not built"
    ours = Runtime(bundle.OURS, "ours")
    theirs = Runtime(RUNC, "runc") if RUNC else None


def words(done):
    """The last message without the time, and who said it."""
    lines = [line for line in done.stderr.splitlines() if "level=error" in line]
    return re.sub(r"^time=\S+ ", "", lines[-1]) if lines else ""


class FromInside(unittest.TestCase):
    def inside(self, settings, **more):
        """What a container says that ends well."""
        done = ours.run(settings, **more)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout


class Lifecycle(unittest.TestCase):
    def test_create_start_kill_delete(self):
        directory = ours.bundle(config("sleep", "100"))
        pid_file = case.work / "pid"
        done = ours("create", "--bundle", str(directory), "--pid-file", str(pid_file), "life")
        self.assertEqual(done.returncode, 0, done.stderr)
        state = ours.state("life")
        self.assertEqual((state["status"], state["id"], state["bundle"]), ("created", "life", str(directory)))
        self.assertEqual(int(pid_file.read_text()), state["pid"])
        self.assertEqual(ours("start", "life").returncode, 0)
        self.assertEqual(ours.state("life")["status"], "running")
        self.assertEqual(Path(f"/proc/{state['pid']}/comm").read_text().strip(), "sleep")
        self.assertEqual(json.loads(ours("ps", "--format", "json", "life").stdout), [state["pid"]])
        self.assertEqual([one["id"] for one in json.loads(ours("list", "--format", "json").stdout)], ["life"])
        self.assertEqual(ours("kill", "life", "KILL").returncode, 0)
        self.assertTrue(case.eventually(lambda: ours.state("life")["status"] == "stopped"))
        self.assertEqual(ours("delete", "life").returncode, 0)
        self.assertEqual(list(ours.root.iterdir()), [])
        self.assertEqual(list(Path("/sys/fs/cgroup").rglob("plimsoll-test-oci/ours-*")), [])

    def test_the_state_directory_is_nobody_elses(self):
        ours("list")
        self.assertEqual(stat.S_IMODE(ours.root.stat().st_mode), 0o700)

    def test_exit_codes(self):
        self.assertEqual(ours.run(config("sh", "-c", "exit 7")).returncode, 7)
        self.assertEqual(ours.run(config("sh", "-c", "sh -c 'kill -9 $$'; exit $?")).returncode, 137)

    def test_pause_exec_update(self):
        ours.start(config("sleep", "100"), "busy")
        try:
            done = ours("exec", "--user", "5:6", "--env", "A=b", "--cwd", "/tmp", "busy", "sh", "-c", "id; echo $A; pwd; exit 3")
            self.assertEqual((done.returncode, done.stdout), (3, "uid=5 gid=6\nb\n/tmp\n"))
            self.assertEqual(ours("pause", "busy").returncode, 0)
            self.assertEqual(ours.state("busy")["status"], "paused")
            self.assertEqual(ours("exec", "busy", "true").returncode, 255)
            self.assertEqual(ours("resume", "busy").returncode, 0)
            done = ours("update", "--pids-limit", "33", "busy")
            self.assertEqual(done.returncode, 0, done.stderr)
            limits = [path.read_text().strip() for path in Path("/sys/fs/cgroup").rglob("plimsoll-test-oci/*/pids.max")]
            self.assertIn("33", limits)
        finally:
            self.assertEqual(ours("delete", "--force", "busy").returncode, 0)

    def test_what_is_not_there_leaves_nothing_behind(self):
        for arguments in (["/nope"], ["nope"], ["/etc"]):
            self.assertEqual(ours.run(config(*arguments)).returncode, 1)
        self.assertEqual(list(ours.root.iterdir()), [])
        self.assertEqual(list(Path("/sys/fs/cgroup").rglob("plimsoll-test-oci/ours-*")), [])

    @unittest.skipUnless(RUNC, "no runc to compare with")
    def test_the_same_codes_and_words_as_runc(self):
        for runtime in (ours, theirs):
            runtime.start(config("sleep", "100"), "same")
        again = {runtime: runtime.bundle(config("true")) for runtime in (ours, theirs)}
        try:
            for command in (
                ["state", "same"], ["start", "same"], ["state", "other"], ["start", "other"], ["kill", "other"],
                ["delete", "other"], ["delete", "--force", "other"], ["exec", "other", "true"],
                ["exec", "same", "/nope"], ["exec", "same", "nope"], ["exec", "same", "/etc"],
                ["exec", "--cwd", "/nope", "same", "true"], ["exec", "same", "sh", "-c", "exit 9"],
                ["delete", "same"], ["resume", "same"], ["create", "--bundle", "BUNDLE", "same"],
                ["create", "--bundle", "BUNDLE", "a/b"], ["run", "--bundle", "/nowhere", "other"],
            ):  # fmt: skip
                with self.subTest(" ".join(command)):
                    answers = []
                    for runtime in (ours, theirs):
                        done = runtime(*[str(again[runtime]) if word == "BUNDLE" else word for word in command])
                        answers.append((done.returncode, words(done)))
                    self.assertEqual(*answers)
        finally:
            for runtime in (ours, theirs):
                runtime("delete", "--force", "same")


class Configuration(unittest.TestCase):
    def check(self, settings, expected, **more):
        done = ours.run(settings, **more)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.split(), expected.split())

    def test_hostname_working_directory_and_home(self):
        settings = config("sh", "-c", "hostname; pwd; echo $HOME; id -u")
        settings["process"].update(cwd="/made/here", user={"uid": 1000, "gid": 1000})
        self.check(settings, "inside /made/here /home/u 1000")

    def test_groups_are_those_asked_for(self):
        settings = config("id")
        settings["process"]["user"] = {"uid": 1000, "gid": 1000, "additionalGids": [4, 5]}
        done = ours.run(settings)
        self.assertIn("groups=4,5", re.sub(r"\(\w+\)", "", done.stdout))

    def test_capabilities_and_limits(self):
        settings = config("sh", "-c", "cat /proc/self/status; ulimit -n; ulimit -Hn")
        text = ours.run(settings).stdout
        wanted = "%016x" % sum(1 << bit for bit in (0, 5, 10, 6, 7, 27))
        for line in (f"CapPrm:\t{wanted}", f"CapBnd:\t{wanted}", "CapInh:\t" + "0" * 16, "CapAmb:\t" + "0" * 16, "NoNewPrivs:\t1"):
            self.assertIn(line, text)
        self.assertEqual(text.split()[-2:], ["512", "1024"])

    def test_read_only(self):
        settings = config("sh", "-c", "touch /x /run/x; touch /tmp/x && echo ok")
        settings["root"]["readonly"] = True
        settings["mounts"] += [mount("/tmp", "tmpfs"), mount("/run", "tmpfs", "ro")]
        done = ours.run(settings)
        self.assertEqual(done.stdout, "ok\n")
        self.assertEqual(done.stderr.count("Read-only file system"), 2)

    def test_masked_and_read_only_paths(self):
        settings = config("sh", "-c", "cat /proc/kcore /proc/keys | dd bs=1 count=1 2>/dev/null; ls -A /sys/firmware; echo 1 > /proc/sys/kernel/panic")
        done = ours.run(settings)
        self.assertEqual(done.stdout, "")
        self.assertIn("Read-only file system", done.stderr)

    def test_binds(self):
        folder = case.work / "volume"
        (folder / "below").mkdir(parents=True, exist_ok=True)
        (folder / "file").write_text("content")
        settings = config("sh", "-c", "cat /v/file /f; touch /v/new || echo refused")
        settings["mounts"] += [
            mount("/v", "bind", "rbind", "ro", source=str(folder)),
            mount("/f", "bind", "bind", source=str(folder / "file")),
        ]
        self.check(settings, "contentcontentrefused")

    def test_a_missing_source_is_named(self):
        settings = config("true")
        settings["mounts"].append(mount("/v", "bind", "bind", source="/no/such/place"))
        done = ours.run(settings)
        self.assertEqual(done.returncode, 1)
        self.assertIn("/no/such/place", done.stderr)
        self.assertIn("no such file or directory", done.stderr)

    def test_tmpfs_with_the_images_content(self):
        root = bundle.rootfs(case.work / "root-copy-up")
        (root / "data/sub").mkdir(parents=True)
        (root / "data/sub/file").write_text("kept")
        settings = config("sh", "-c", "cat /data/sub/file; echo more > /data/new")
        settings["mounts"].append(mount("/data", "tmpfs", "tmpcopyup"))
        self.check(settings, "kept", root=root)
        self.assertFalse((root / "data/new").exists())

    def test_sysctls(self):
        settings = config("cat", "/proc/sys/net/ipv4/ip_forward", "/proc/sys/kernel/shm_rmid_forced")
        settings["linux"]["sysctl"] = {"net.ipv4.ip_forward": "1", "kernel.shm_rmid_forced": "1"}
        self.check(settings, "1 1")

    def test_a_user_namespace(self):
        root = bundle.rootfs(case.work / "root-users")
        for path in [root, *root.rglob("*")]:
            os.chown(path, 100000, 100000, follow_symlinks=False)
        case.work.chmod(0o755)
        settings = config("sh", "-c", "id -u; cat /proc/self/uid_map; echo x > /dev/null; touch /mine; stat -c %u /mine")
        settings["linux"]["namespaces"].append({"type": "user"})
        for kind in ("uidMappings", "gidMappings"):
            settings["linux"][kind] = [{"containerID": 0, "hostID": 100000, "size": 65536}]
        self.check(settings, "0 0 100000 65536 0", root=root)
        self.assertEqual((root / "mine").stat().st_uid, 100000)

    def test_a_time_namespace(self):
        settings = config("cat", "/proc/uptime")
        settings["linux"]["namespaces"].append({"type": "time"})
        settings["linux"]["timeOffsets"] = {"boottime": {"secs": 1000000}}
        done = ours.run(settings)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreater(float(done.stdout.split()[0]), 1000000)

    def test_joined_namespaces(self):
        ours.start(config("sleep", "100"), "first")
        try:
            pid = ours.state("first")["pid"]
            settings = config("ps")
            for entry in settings["linux"]["namespaces"]:
                if entry["type"] in ("pid", "network", "ipc", "uts"):
                    name = {"network": "net"}.get(entry["type"], entry["type"])
                    entry["path"] = f"/proc/{pid}/ns/{name}"
            del settings["hostname"]
            done = ours.run(settings)
            self.assertIn("sleep 100", done.stdout, done.stderr)
            settings["linux"]["namespaces"][0]["path"] = f"/proc/{pid}/ns/net"
            self.assertIn("not a namespace of the kind", ours.run(settings).stderr)
        finally:
            ours("delete", "--force", "first")

    def test_hooks(self):
        log = case.work / "hooks"
        log.unlink(missing_ok=True)
        settings = config("true")
        settings["annotations"] = {"key": "x" * 200000}  # More than a pipe holds.
        hook = lambda name: {"path": "/bin/sh", "args": ["sh", "-c", f"echo {name} >> {log}"]}  # Never reads its input.
        settings["hooks"] = {name: [hook(name)] for name in ("prestart", "createRuntime", "createContainer", "poststart", "poststop")}
        inside = {"path": "/bin/sh", "args": ["/bin/sh", "-c", "/bin/cat > /tmp/state"], "env": ["PATH=/bin"]}
        settings["hooks"]["startContainer"] = [inside]
        root = bundle.rootfs(case.work / "root-hooks")
        done = ours.run(settings, root=root)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(log.read_text().split(), ["prestart", "createRuntime", "createContainer", "poststart", "poststop"])
        self.assertEqual(json.loads((root / "tmp/state").read_text())["status"], "created")

    def test_a_hook_that_fails_ends_the_creation(self):
        settings = config("true")
        settings["hooks"] = {"createRuntime": [{"path": "/bin/sh", "args": ["sh", "-c", "echo why >&2; exit 4"]}]}
        done = ours.run(settings)
        self.assertEqual(done.returncode, 1)
        self.assertIn("error running hook #0: error running hook: exit status 4, stdout: , stderr: why", done.stderr)
        settings["hooks"]["createRuntime"][0].update(args=["sh", "-c", "sleep 100"], timeout=1)
        self.assertIn("timeout", ours.run(settings).stderr)

    def test_seccomp(self):
        for no_new_privileges in (True, False):
            settings = config("sh", "-c", "mkdir /tmp/refused; echo went on")
            settings["process"]["noNewPrivileges"] = no_new_privileges
            settings["linux"]["seccomp"] = {
                "defaultAction": "SCMP_ACT_ALLOW",
                "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}],
            }
            done = ours.run(settings)
            self.assertEqual((done.returncode, done.stdout), (0, "went on\n"), done.stderr)
            self.assertIn("Function not implemented", done.stderr)

    def test_descriptors_are_passed_on_only_when_asked_for(self):
        fd = os.open("/dev/zero", os.O_RDONLY)
        os.dup2(fd, 3)
        os.set_inheritable(3, True)
        settings = config("ls", "/proc/self/fd")
        self.assertEqual(ours.run(settings, "--preserve-fds", "1", close_fds=False).stdout.split(), ["0", "1", "2", "3", "4"])
        self.assertEqual(ours.run(settings, close_fds=False).stdout.split(), ["0", "1", "2", "3"])
        os.close(3)

    def test_a_terminal(self):
        settings = config("sh", "-c", "tty; ls -l /dev/console | dd bs=1 count=1 2>/dev/null; stty size")
        settings["process"].update(terminal=True, consoleSize={"height": 33, "width": 99})
        done = ours.run(settings)
        self.assertEqual(done.stdout.split(), ["/dev/pts/0", "c33", "99"], done.stderr)
