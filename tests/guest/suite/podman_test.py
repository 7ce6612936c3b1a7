"""podman with systemd as its cgroup manager: a scope for each container, with or without root."""

import json
import subprocess
import unittest
from pathlib import Path

import case
import units
from docker import size
from exporter import Exporter
from podman import IMAGE, Podman

MIB = 1024**2
# Shared memory, and memory of its own: a shell's variable.
HOLD = (
    "dd if=/dev/zero of=/dev/shm/held bs=1M count=20;"
    " x=$(dd if=/dev/zero bs=1M count=8 | busybox tr '\\0' x); sleep 100000; echo $x"
)
# A session of another user with a manager of its own, as after a login.
TESTER = ["systemd-run", "--quiet", "--machine=tester@", "--user", "--pipe", "--wait", "--collect"]
# conmon stays when podman ends.
TESTER += ["--property=KillMode=process", "--"]


def setUpModule():
    global exporter, podman, runc, rootless
    exporter = Exporter()
    unittest.addModuleCleanup(exporter.stop)
    unittest.addModuleCleanup(units.stop)
    unittest.addModuleCleanup(remove)
    podman = Podman(runtime="crun", manager="systemd")
    runc = Podman(runtime="runc", manager="systemd")
    limits = ["--memory", "96m", "--pids-limit", "50", "--shm-size", "40m"]
    podman.run("hold", HOLD, *limits, "--label", "com.example.team=red")
    runc.run("other", "exec sleep 100000")
    # As podman's own units do it: conmon and the container share the service's cgroup.
    split = [*podman.command, "run", "--name", "split", "--network", "none", "--cgroups", "split", IMAGE]
    units.run(
        "systemd-run", "--quiet", "--unit=split", f"--slice={units.SLICE}", "--property=Delegate=yes", "--",
        *split, "sleep", "100000",
    )  # fmt: skip
    units.run("loginctl", "enable-linger", "tester")
    case.eventually(lambda: units.run(*TESTER, "true", check=False) is not None)
    rootless = Podman(runtime="crun", manager="systemd", prefix=TESTER)
    rootless.run("theirs", "exec sleep 100000")


def remove():
    for command in (["podman"], [*TESTER, "podman"]):
        subprocess.run([*command, "rm", "-f", "-a", "-t", "0"], capture_output=True, check=False)


def process_of(runtime, name):
    return int(runtime("inspect", "--format", "{{.State.Pid}}", name))


def path_of(runtime, name):
    """The container's cgroup, from the kernel: the group that the runtime made, not one inside."""
    (line,) = Path(f"/proc/{process_of(runtime, name)}/cgroup").read_text(encoding="utf-8").splitlines()
    path = line.removeprefix("0::")
    return path[: -len("/container")] if path.endswith("/container") else path


def entry(path):
    found = [container for container in exporter.containers() if container["cgroup"] == path]
    assert len(found) == 1, f"{path}: {len(found)} entries"
    return found[0]


class PodmanTest(unittest.TestCase):
    def named(self, runtime, name, shape):
        path = path_of(runtime, name)
        identity = runtime("inspect", "--format", "{{.Id}}", name)
        self.assertRegex(path, shape.replace("ID", identity))

        def told():
            (sample,) = exporter.scrape().series("container_start_time_seconds", name=name)
            self.assertEqual((sample.labels["image"], sample.labels["id"]), (IMAGE, path))
            ours = entry(path)
            self.assertEqual((ours["runtime"], ours["id"]), ("podman", identity))
            return True

        case.eventually(told, 60)

    def test_a_scope_below_machine_slice(self):
        self.named(podman, "hold", r"^/machine\.slice/libpod-ID\.scope$")

    def test_another_runtime(self):
        self.named(runc, "other", r"^/machine\.slice/libpod-ID\.scope$")

    def test_a_container_inside_a_service(self):
        self.named(podman, "split", rf"^{units.SLICE_PATH}/split\.service/libpod-payload-ID$")
        # The service stands beside its container, and holds what the container holds.
        service = units.number(f"{units.SLICE_PATH}/split.service", "memory.current")
        self.assertGreaterEqual(service, units.number(path_of(podman, "split"), "memory.current"))

    def test_of_another_user(self):
        self.named(rootless, "theirs", r"^/user\.slice/user-1000\.slice/user@1000\.service/user\.slice/libpod-ID\.scope$")

    def test_each_container_is_listed_once(self):
        names = sorted(container["name"] for container in exporter.containers() if container["runtime"] == "podman")
        self.assertEqual(names, ["hold", "other", "split", "theirs"])

    def test_values_beside_the_kernel_and_podman_stats(self):
        path = path_of(podman, "hold")

        def equal():
            theirs = json.loads(podman("stats", "--no-stream", "--format", "json", "hold"))[0]
            current = units.number(path, "memory.current")
            ours = entry(path)
            self.assertEqual(ours["memory"]["usage"], current)
            self.assertGreater(current, 20 * MIB)
            self.assertEqual(ours["memory"]["limit"], 96 * MIB)
            self.assertEqual(ours["pids"], {**ours["pids"], "current": units.number(path, "pids.current"), "limit": 50})
            self.assertEqual(str(ours["pids"]["current"]), str(theirs["pids"]))
            # podman's usage is without files; three digits are all that it prints.
            used, limit = (size(part) for part in theirs["mem_usage"].split(" / "))
            self.assertGreater(used, 8 * MIB)
            self.assertAlmostEqual(ours["memory"]["rss"], used, delta=0.02 * used)
            self.assertAlmostEqual(ours["memory"]["limit"], limit, delta=0.01 * limit)
            return True

        case.eventually(equal, 60)

    def test_stats_knows_it_by_its_name(self):
        done = units.run(
            str(case.PLIMSOLL), "stats", "--local", "--no-stream", "--raw", "--format", "json", "hold", "theirs", "split"
        )
        told = {line["name"]: line for line in map(json.loads, done.splitlines())}
        self.assertEqual(set(told), {"hold", "theirs", "split"})
        self.assertEqual(told["hold"]["image"], IMAGE)
        self.assertEqual(told["hold"]["memory_limit_bytes"], 96 * MIB)

    def test_from_inside_a_container_that_sees_the_hosts_trees(self):
        # A cgroup namespace of its own and the host mounted, as people run an agent.
        library_path = ":".join(f"/host{path}" for path in ("/payload/lib", "/lib/x86_64-linux-gnu"))
        loader = ["/host/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", "--library-path", library_path]
        roots = ["--cgroup-root=/host/sys/fs/cgroup", "--proc-root=/host/proc", "--sys-root=/host/sys", "--host-root=/host"]
        stats = ["/host/payload/bin/plimsoll", "stats", "--local", "--no-stream", "--raw", "--format", "json", *roots]
        text = podman(
            "run", "--rm", "--name", "agent", "--network", "none", "--pid", "host", "--privileged", "-v", "/:/host:ro",
            IMAGE, *loader, *stats, "hold", "other",
        )  # fmt: skip
        told = {line["name"]: line["cgroup"] for line in map(json.loads, text.splitlines())}
        self.assertEqual(told, {"hold": path_of(podman, "hold"), "other": path_of(runc, "other")})

    def test_removed_is_gone(self):
        path = path_of(podman, "hold")
        podman("rm", "-f", "-t", "0", "hold")
        gone = lambda: not exporter.scrape().series("container_memory_usage_bytes", id=path)
        self.assertTrue(case.eventually(gone))


if __name__ == "__main__":
    case.main()
