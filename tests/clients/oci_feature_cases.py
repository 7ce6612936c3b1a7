"""plimsoll-oci: what of the specification and of runc's command line few containers use. Each case looks
from inside the container. For oci_test.py, and for the guest's on cgroup v2."""

import array
import errno
import fcntl
import json
import os
import shutil
import socket
import struct
import subprocess
import threading
import unittest
from pathlib import Path

import bundle
import case
import oci_cases
from bundle import config, mount

KERNEL = tuple(int(word) for word in os.uname().release.split("-")[0].split(".")[:2])
V2 = Path("/sys/fs/cgroup/cgroup.controllers").exists()
NOTIFY_RECEIVE, NOTIFY_SEND = 0xC0502100, 0xC0182101  # linux/seccomp.h


def shape(value):
    """JSON without its figures. Lists of numbers and zeros left out are how a host happens to be."""
    if isinstance(value, dict):
        return {key: shape(part) for key, part in value.items() if part != 0}
    return type(value).__name__


def group_of(pid):
    entries = dict(line.split(":")[1:] for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines())
    return entries["" if V2 else "memory"]


class Listening:
    """A unix socket that takes one message with descriptors."""

    def __init__(self, name):
        self.path = case.work / name
        self.path.unlink(missing_ok=True)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(self.path))
        self.socket.listen()
        self.socket.settimeout(20)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        self.path.unlink()

    def take(self):
        """(the bytes, the descriptor)"""
        connection, _ = self.socket.accept()
        with connection:
            data, control, _, _ = connection.recvmsg(1 << 16, socket.CMSG_SPACE(4))
        (_, _, passed), fds = control[0], array.array("i")
        fds.frombytes(passed[:4])
        return data, fds[0]


class Features(oci_cases.FromInside):
    def running(self, identity, settings):
        oci_cases.ours.start(settings, identity)
        self.addCleanup(oci_cases.ours, "delete", "--force", identity)

    # events

    @unittest.skipUnless(oci_cases.RUNC, "no runc to compare with")
    def test_events_has_the_figures_of_runc(self):
        answers = []
        for runtime in (oci_cases.ours, oci_cases.theirs):
            settings = config("sh", "-c", "dd if=/dev/zero of=/dev/null bs=64k count=2000; exec sleep 100")
            settings["linux"]["resources"] = {"memory": {"limit": 64 << 20}, "pids": {"limit": 20}, "cpu": {"quota": 50000, "period": 100000}}
            runtime.start(settings, "figures")
            self.addCleanup(runtime, "delete", "--force", "figures")
            done = runtime("events", "--stats", "figures")
            self.assertEqual(done.returncode, 0, done.stderr)
            answers.append(json.loads(done.stdout))
        ours, theirs = answers
        for answer in answers:
            # What a newer kernel counts, and what happens or not, is no matter of the runtime.
            answer["data"]["cpu"]["throttling"] = answer["data"]["memory"].pop("cache", None)
            answer["data"]["hugetlb"] = answer["data"]["blkio"] = None
            self.assertGreater(answer["data"]["cpu"]["usage"]["total"], 0)
        self.assertEqual(set(ours["data"]), set(theirs["data"]))
        self.assertEqual(shape(ours["data"]["cpuset"]), shape(theirs["data"]["cpuset"]))
        self.assertEqual(ours["data"]["memory"]["usage"]["limit"], 64 << 20)
        self.assertEqual(ours["data"]["pids"]["limit"], theirs["data"]["pids"]["limit"])
        self.assertEqual(set(ours["data"]["memory"]["raw"]), set(theirs["data"]["memory"]["raw"]))
        for part in ("usage", "swap", "kernel", "kernelTCP"):
            self.assertEqual(ours["data"]["memory"][part]["limit"], theirs["data"]["memory"][part]["limit"], part)

    def test_events_until_the_end_with_the_lack_of_memory(self):
        settings = config("sh", "-c", "sleep 1; dd if=/dev/zero of=/dev/null bs=200M count=1; sleep 1")
        settings["linux"]["resources"] = {"memory": {"limit": 32 << 20, "swap": 32 << 20}}
        self.running("lacking", settings)
        done = oci_cases.ours("events", "--interval", "300ms", "lacking")
        self.assertEqual(done.returncode, 0, done.stderr)
        kinds = [json.loads(line)["type"] for line in done.stdout.splitlines()]
        self.assertIn("oom", kinds)
        self.assertGreater(kinds.count("stats"), 1)
        self.assertIn("is not running", oci_cases.ours("events", "lacking").stderr)
        self.assertIn("must be greater than 0", oci_cases.ours("events", "--interval", "0s", "lacking").stderr)

    # Filters that ask

    def answer(self, listening, taken, error, count):
        data, listener = listening.take()
        taken.append(json.loads(data))
        for _ in range(count):
            request = bytearray(80)
            fcntl.ioctl(listener, NOTIFY_RECEIVE, request)
            fcntl.ioctl(listener, NOTIFY_SEND, bytearray(struct.pack("=Qqii", *struct.unpack_from("=Q", request), 0, -error, 0)))
        os.close(listener)

    def test_a_filter_that_asks(self):
        for no_new_privileges in (True, False):
            with self.subTest(no_new_privileges), Listening("listener") as listening:
                settings = config("sh", "-c", "mkdir /tmp/refused; exec sleep 100")
                settings["process"]["noNewPrivileges"] = no_new_privileges
                settings["annotations"] = {"who": "asks"}
                settings["linux"]["seccomp"] = {
                    "defaultAction": "SCMP_ACT_ALLOW", "listenerPath": str(listening.path), "listenerMetadata": "for whom",
                    "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_NOTIFY"}],
                }  # fmt: skip
                taken = []
                agent = threading.Thread(target=self.answer, args=(listening, taken, errno.EXDEV, 1))
                agent.start()
                directory = oci_cases.ours.bundle(settings)
                identity = f"asks{no_new_privileges}"
                self.addCleanup(oci_cases.ours, "delete", "--force", identity)
                done = oci_cases.ours("create", "--bundle", str(directory), identity)
                self.assertEqual(done.returncode, 0, done.stderr)
                done = oci_cases.ours("start", identity)
                self.assertEqual(done.returncode, 0, done.stderr)
                agent.join(20)
                pid = oci_cases.ours.state(identity)["pid"]
                state = taken[0]
                self.assertEqual((state["fds"], state["pid"], state["metadata"]), (["seccompFd"], pid, "for whom"))
                self.assertEqual((state["state"]["id"], state["state"]["annotations"]), (identity, {"who": "asks"}))
                # A process that joins has a listener of its own.
                agent = threading.Thread(target=self.answer, args=(listening, taken, errno.ENFILE, 1))
                agent.start()
                done = oci_cases.ours("exec", identity, "mkdir", "/tmp/too")
                self.assertIn("Too many open files in system", done.stderr)
                agent.join(20)
                self.assertEqual((taken[1]["state"]["pid"], taken[1]["state"]["status"]), (pid, "running"))
                self.assertNotEqual(taken[1]["pid"], pid)

    def test_a_filter_that_asks_nobody(self):
        settings = config("true")
        settings["linux"]["seccomp"] = {
            "defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/no/such/socket",
            "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_NOTIFY"}],
        }  # fmt: skip
        done = oci_cases.ours.run(settings)
        self.assertEqual(done.returncode, 1)
        self.assertIn("listenerPath", done.stderr)

    # exec

    def test_exec_into_a_group_below(self):
        self.running("groups", config("sleep", "100"))
        pid = oci_cases.ours.state("groups")["pid"]
        made = [path for path in Path("/sys/fs/cgroup").rglob(group_of(pid).lstrip("/")) if (path / "cgroup.procs").exists()]
        for path in made:
            (path / "below").mkdir()
        done = oci_cases.ours("exec", "--cgroup", "below", "groups", "cat", "/proc/self/cgroup")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual({line.rsplit(":", 1)[1] for line in done.stdout.splitlines()} - {"/"}, {"/below"}, done.stdout)
        if not V2:
            done = oci_cases.ours("exec", "--cgroup", "memory:below", "groups", "cat", "/proc/self/cgroup")
            self.assertEqual([line.split(":")[1] for line in done.stdout.splitlines() if line.endswith(":/below")], ["memory"])
            self.assertIn("unknown controller", oci_cases.ours("exec", "--cgroup", "nope:below", "groups", "true").stderr)
        for bad in ("../../..", "below/../.."):
            done = oci_cases.ours("exec", "--cgroup", bad, "groups", "true")
            self.assertIn("is not a sub cgroup path", done.stderr)
            self.assertEqual(done.returncode, 255)

    @unittest.skipUnless(os.cpu_count() > 1, "one processor only")
    def test_exec_on_other_processors(self):
        # None of the first: a process that has entered the container's cpuset could not be there.
        settings = config("sleep", "100")
        settings["linux"].setdefault("resources", {})["cpu"] = {"cpus": "1"}
        self.running("processors", settings)
        process = config("sh", "-c", "while read a b; do [ $a = Cpus_allowed_list: ] && echo $b; done < /proc/self/status")["process"]
        path = case.work / "process.json"
        for last in ("1", ""):
            process["execCPUAffinity"] = {"initial": "0", "final": last}
            path.write_text(json.dumps(process))
            for _ in range(5):
                done = oci_cases.ours("exec", "--process", str(path), "processors")
                self.assertEqual(done.stdout, "1\n", done.stderr)

    def test_pidfd_socket(self):
        def pid_of(fd):
            lines = dict(line.split(":\t", 1) for line in Path(f"/proc/self/fdinfo/{fd}").read_text().splitlines())
            os.close(fd)
            return int(lines["Pid"])  # -1: it has ended.

        with Listening("pidfd") as listening:
            directory = oci_cases.ours.bundle(config("sleep", "100"))
            self.addCleanup(oci_cases.ours, "delete", "--force", "told")
            done = oci_cases.ours("run", "--detach", "--pidfd-socket", str(listening.path), "--bundle", str(directory), "told")
            self.assertEqual(done.returncode, 0, done.stderr)
            word, fd = listening.take()
            self.assertEqual((word, pid_of(fd)), (b"standard", oci_cases.ours.state("told")["pid"]))
            done = oci_cases.ours("exec", "--pidfd-socket", str(listening.path), "told", "true")
            self.assertEqual(done.returncode, 0, done.stderr)
            word, fd = listening.take()
            self.assertEqual((word, pid_of(fd)), (b"setns", -1))

    # Fields of config.json

    @unittest.skipUnless(Path("/proc/self/numa_maps").exists(), "a kernel without memory policies")
    def test_memory_policy(self):
        settings = config("cat", "/proc/self/numa_maps")
        settings["linux"]["memoryPolicy"] = {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]}
        self.assertIn(" bind=static:0 ", self.inside(settings))
        settings["linux"]["memoryPolicy"] = {"mode": "MPOL_BIND", "nodes": "900"}
        self.assertIn("memory policy", oci_cases.ours.run(settings).stderr)

    @unittest.skipUnless(shutil.which("ip"), "no ip to make a device with")
    def test_network_devices(self):
        subprocess.run(["ip", "link", "add", "pltest-a", "type", "veth", "peer", "name", "pltest-b"], check=True)
        self.addCleanup(subprocess.run, ["ip", "link", "del", "pltest-b"], stderr=subprocess.DEVNULL)
        for words in ("link set pltest-a mtu 1400 up", "addr add 192.0.2.5/24 dev pltest-a", "addr add 2001:db8::5/64 dev pltest-a"):
            subprocess.run(["ip", *words.split()], check=True)
        settings = config("busybox", "ip", "addr", "show", "net7")
        settings["linux"]["netDevices"] = {"pltest-a": {"name": "net7"}}
        text = self.inside(settings)
        for expected in ("UP", "mtu 1400", "inet 192.0.2.5/24", "inet6 2001:db8::5/64"):
            self.assertIn(expected, text)
        settings["linux"]["netDevices"] = {"pltest-none": {}}
        self.assertIn("/linux/netDevices/pltest-none", oci_cases.ours.run(settings).stderr)

    def test_scheduler_and_io_priority(self):
        settings = config("sh", "-c", "cat /proc/self/stat; busybox ionice")
        settings["process"]["scheduler"] = {"policy": "SCHED_BATCH", "nice": 5}
        settings["process"]["ioPriority"] = {"class": "IOPRIO_CLASS_BE", "priority": 6}
        stat, priority = self.inside(settings).splitlines()
        fields = stat.rsplit(")", 1)[1].split()
        self.assertEqual((fields[16], fields[38], priority), ("5", "3", "best-effort: prio 6"))

    def test_personality(self):
        settings = config("busybox", "uname", "-m")
        settings["linux"]["personality"] = {"domain": "LINUX32"}
        self.assertEqual(self.inside(settings), "i686\n")

    def propagation(self, settings, destination):
        lines = [line.split(" - ")[0].split() for line in self.inside(settings).splitlines()]
        return sorted({word.split(":")[0] for line in lines if line[4] == destination for word in line[6:]})

    def test_propagation_of_the_root(self):
        # A slave of nobody's where the host's mount has no peers: systemd makes all of them shared.
        words = ["findmnt", "-no", "PROPAGATION", "-T", str(case.work)]
        host = subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
        slave = ["master"] if host.startswith("shared") else []
        for word, expected in (("shared", ["shared"]), ("slave", slave), ("private", []), ("unbindable", ["unbindable"])):
            settings = config("cat", "/proc/self/mountinfo")
            settings["linux"]["rootfsPropagation"] = word
            self.assertEqual(self.propagation(settings, "/"), expected, word)

    def test_propagation_of_binds(self):
        folder = case.work / "shared"
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "test", str(folder)], check=True)
        self.addCleanup(subprocess.run, ["umount", "-R", str(folder)], check=True)
        subprocess.run(["mount", "--make-shared", str(folder)], check=True)
        for word, expected in (
            ("rshared", ["master", "shared"]), ("shared", ["master", "shared"]), ("rslave", ["master"]), ("slave", ["master"]),
            ("rprivate", []), ("private", []), ("unbindable", ["unbindable"]),
        ):  # fmt: skip
            settings = config("cat", "/proc/self/mountinfo")
            settings["mounts"].append(mount("/v", "bind", "bind", word, source=str(folder)))
            self.assertEqual(self.propagation(settings, "/v"), expected, word)
        # What is mounted on the host meanwhile is seen, when it is asked for.
        (folder / "later").mkdir()
        settings = config("sh", "-c", "until [ -e /v/later/file ]; do sleep 1; done; echo seen")
        settings["mounts"].append(mount("/v", "bind", "rbind", "rslave", source=str(folder)))
        later = threading.Timer(0.5, subprocess.run, [["sh", "-c", f"mount -t tmpfs later {folder}/later; touch {folder}/later/file"]])
        later.start()
        self.assertEqual(self.inside(settings), "seen\n")
        later.join()

    @unittest.skipUnless(KERNEL >= (6, 3), "tmpfs maps no ids before Linux 6.3")
    def test_mounts_with_mapped_ids(self):
        folder = case.work / "mapped"
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "test", str(folder)], check=True)
        self.addCleanup(subprocess.run, ["umount", str(folder)], check=True)
        (folder / "file").write_text("x")
        os.chown(folder / "file", 1000, 1001)
        settings = config("stat", "-c", "%u:%g", "/v/file")
        maps = {key: [{"containerID": inner, "hostID": outer, "size": 1}] for key, inner, outer in (("uidMappings", 1000, 5), ("gidMappings", 1001, 6))}
        settings["mounts"].append({**mount("/v", "bind", "bind", "idmap", source=str(folder)), **maps})
        self.assertEqual(self.inside(settings), "5:6\n")

    def test_offsets_of_a_time_namespace(self):
        settings = config("cat", "/proc/self/timens_offsets")
        settings["linux"]["namespaces"].append({"type": "time"})
        settings["linux"]["timeOffsets"] = {"monotonic": {"secs": 5000, "nanosecs": 1000}, "boottime": {"secs": 7000}}
        words = [line.split() for line in self.inside(settings).splitlines()]
        self.assertEqual(words, [["monotonic", "5000", "1000"], ["boottime", "7000", "0"]])


class UnderSystemd(unittest.TestCase):
    def test_groups_that_systemd_makes(self):
        settings = config("sleep", "100")
        settings["linux"].update(cgroupsPath="system.slice:plimsoll:test-oci", resources={"memory": {"limit": 64 << 20}, "pids": {"limit": 50}})
        directory = oci_cases.ours.bundle(settings)
        self.addCleanup(oci_cases.ours, "--systemd-cgroup", "delete", "--force", "scoped")
        done = oci_cases.ours("--systemd-cgroup", "run", "--detach", "--bundle", str(directory), "scoped")
        self.assertEqual(done.returncode, 0, done.stderr)
        pid = oci_cases.ours.state("scoped")["pid"]
        group = group_of(pid)
        self.assertEqual(group, "/system.slice/plimsoll-test-oci.scope")
        shown = subprocess.run(["systemctl", "show", "-P", "MemoryMax", "plimsoll-test-oci.scope"], capture_output=True, text=True, check=True)
        self.assertEqual(shown.stdout.strip(), str(64 << 20))
        done = oci_cases.ours("--systemd-cgroup", "update", "--memory", "48m", "scoped")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(Path(f"/sys/fs/cgroup{group}/memory.max").read_text().strip(), str(48 << 20))
        self.assertEqual(oci_cases.ours("--systemd-cgroup", "exec", "scoped", "true").returncode, 0)
        self.assertEqual(oci_cases.ours("--systemd-cgroup", "delete", "--force", "scoped").returncode, 0)
        self.assertFalse(Path(f"/sys/fs/cgroup{group}").exists())
