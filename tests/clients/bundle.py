"""Bundles of one static busybox, and a runtime's command line to run them with."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import case

OURS = Path(os.environ.get("PLIMSOLL_BUILD", case.ROOT / "build/dev")) / "bin/plimsoll-oci"
CAPABILITIES = ["CAP_CHOWN", "CAP_KILL", "CAP_NET_BIND_SERVICE", "CAP_SETGID", "CAP_SETUID", "CAP_MKNOD"]
COMMANDS = "sh true false ls cat sleep id ps mount hostname echo stat touch env kill sync dd stty tty readlink mkdir".split()
MASKED = ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/acpi", "/sys/firmware"]
READONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]


def rootfs(path):
    for folder in ("bin", "proc", "dev", "sys", "tmp", "etc", "run"):
        (path / folder).mkdir(parents=True)
    shutil.copy("/bin/busybox", path / "bin/busybox")
    for command in COMMANDS:
        (path / "bin" / command).symlink_to("busybox")
    (path / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\n1000:x:0:0::/wrong:/bin/sh\nu:x:1000:1000::/home/u:/bin/sh\n")
    return path


def mount(destination, kind, *options, source=None):
    return {"destination": destination, "type": kind, "source": source or kind, "options": list(options)}


def config(*args):
    """What `runc spec` writes, without a terminal."""
    return {
        "ociVersion": "1.0.2",
        "process": {
            "user": {"uid": 0, "gid": 0},
            "args": list(args),
            "env": ["PATH=/bin:/usr/bin", "TERM=xterm"],
            "cwd": "/",
            "capabilities": {kind: CAPABILITIES for kind in ("bounding", "effective", "permitted")},
            "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 512}],
            "noNewPrivileges": True,
        },
        "root": {"path": "rootfs", "readonly": False},
        "hostname": "inside",
        "mounts": [
            mount("/proc", "proc"),
            mount("/dev", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
            mount("/dev/pts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"),
            mount("/dev/shm", "tmpfs", "nosuid", "noexec", "nodev", "mode=1777"),
            mount("/dev/mqueue", "mqueue", "nosuid", "noexec", "nodev"),
            mount("/sys", "sysfs", "nosuid", "noexec", "nodev", "ro"),
            mount("/sys/fs/cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", "ro"),
        ],
        "linux": {
            "namespaces": [{"type": kind} for kind in ("pid", "network", "ipc", "uts", "mount", "cgroup")],
            "maskedPaths": MASKED,
            "readonlyPaths": READONLY,
        },
    }


class Runtime:
    """One program with a state directory of its own."""

    def __init__(self, program, name):
        self.program, self.name = str(program), name
        self.root = case.work / f"state-{name}"
        self.count = 0

    def __call__(self, *arguments, seconds=20, **more):
        # To files: a created container holds its standard output open as long as it lives.
        out, err = case.work / "stdout", case.work / "stderr"
        with open(out, "wb") as stdout, open(err, "wb") as stderr:
            more.setdefault("stdin", subprocess.DEVNULL)
            done = subprocess.run(
                [self.program, "--root", str(self.root), *arguments],
                stdout=stdout, stderr=stderr, timeout=seconds, check=False, **more,
            )  # fmt: skip
        done.stdout, done.stderr = out.read_text(errors="replace"), err.read_text(errors="replace")
        return done

    def bundle(self, settings, root=None):
        """A directory with `settings`; on the shared root file system unless it gets one of its own."""
        self.count += 1
        directory = case.work / f"bundle-{self.name}-{self.count}"
        directory.mkdir()
        settings["root"]["path"] = str(root or shared())
        settings["linux"].setdefault("cgroupsPath", f"/plimsoll-test-oci/{self.name}-{self.count}")
        (directory / "config.json").write_text(json.dumps(settings))
        return directory

    def run(self, settings, *flags, root=None, **more):
        """Runs it to its end."""
        directory = self.bundle(settings, root)
        return self("run", *flags, "--bundle", str(directory), f"c{self.count}", **more)

    def start(self, settings, identity, root=None):
        """Created and started; deleted by the caller."""
        directory = self.bundle(settings, root)
        for words in (["create", "--bundle", str(directory), identity], ["start", identity]):
            done = self(*words)
            assert done.returncode == 0, f"{words}: {done.stderr}"

    def state(self, identity):
        return json.loads(self("state", identity).stdout)


def shared():
    path = case.work / "rootfs"
    return path if path.exists() else rootfs(path)
