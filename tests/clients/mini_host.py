"""A host of its own for a test program: namespaces and cgroups that nobody else sees.

outside() re-runs the program in new pid, network, mount and cgroup namespaces, below one cgroup
/plimsoll-test-clients-PID in every hierarchy; inside() then mounts what a host has: /proc, the cgroup
trees (whose roots are that cgroup), an empty /run, and a /var/lib of its own. Daemons run there with
their default paths, their bridges and firewall rules stay there, and all of it ends with the program:
by the kernel when it is killed, and the cgroups by the next run.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PREFIX = "plimsoll-test-clients-"
CGROUP_ROOT = Path("/sys/fs/cgroup")
PR_SET_PDEATHSIG = 1
NOTHING_TO_RUN_ON = 77  # ctest's code for "skipped".


def cgroup_mounts(mountinfo):
    """(mount point, "cgroup" or "cgroup2", options) of every hierarchy, each once."""
    mounts = {}
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split()[:3]
        if kind not in ("cgroup", "cgroup2"):
            continue
        words = [word for word in options.split(",") if word not in ("rw", "ro", "xattr", "nsdelegate")]
        mounts.setdefault((kind, ",".join(words)), before.split()[4])
    return [(Path(point), kind, options) for (kind, options), point in mounts.items()]


def remove_cgroup(directory):
    """Kills what runs in it (all of it is ours) and removes it; waits for the kernel at most 10 s."""
    deadline = time.monotonic() + 10
    while directory.exists() and time.monotonic() < deadline:
        children = sorted((path for path in directory.rglob("*") if path.is_dir()), reverse=True)
        for path in [*children, directory]:
            try:
                path.rmdir()
            except FileNotFoundError:
                pass
            except OSError:  # Busy: there are processes yet.
                for pid in (path / "cgroup.procs").read_text().split():
                    if int(pid) not in (0, os.getpid()):
                        os.kill(int(pid), signal.SIGKILL)
        time.sleep(0.05)


def sweep():
    """Removes what a killed run left behind."""
    for directory in CGROUP_ROOT.glob(f"*/{PREFIX}*"):
        if not Path(f"/proc/{directory.name.removeprefix(PREFIX)}").exists():
            remove_cgroup(directory)


def make_cgroup(directory):
    directory.mkdir()
    cpus = directory / "cpuset.cpus"
    if cpus.exists() and (directory / "cgroup.clone_children").exists():
        # v1: a cpuset takes no process before it has processors and nodes.
        for name in ("cpuset.cpus", "cpuset.mems"):
            (directory / name).write_text((directory.parent / name).read_text())
        (directory / "cgroup.clone_children").write_text("1")


def outside(arguments):
    """Runs this program inside; returns its exit code. Leaves nothing behind."""
    if os.geteuid() != 0:
        print("SKIP: needs root: it makes namespaces and cgroups of its own")
        return NOTHING_TO_RUN_ON
    sweep()
    mounts = cgroup_mounts(Path("/proc/self/mountinfo").read_text())
    cgroups = [point / f"{PREFIX}{os.getpid()}" for point, _, _ in mounts]
    work = tempfile.mkdtemp(prefix="plimsoll-test-", dir="/var/tmp")  # On disk: block IO is measured.
    parent = os.getpid()
    libc = ctypes.CDLL(None, use_errno=True)

    def enter():
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        for cgroup in cgroups:
            (cgroup / "cgroup.procs").write_text("0")

    command = ["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount", "--mount-proc", "--cgroup"]
    command += ["--propagation", "private", sys.executable, *arguments]
    environment = {
        **os.environ,
        "PLIMSOLL_INSIDE": work,
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "LC_ALL": "C.UTF-8",
    }
    try:
        for cgroup in cgroups:
            make_cgroup(cgroup)
        inner = subprocess.Popen(command, env=environment, preexec_fn=enter)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: inner.kill())
        return inner.wait()
    finally:
        for cgroup in cgroups:
            remove_cgroup(cgroup)
        shutil.rmtree(work, ignore_errors=True)


def run(*command):
    subprocess.run(command, check=True)


def inside():
    """Makes the new namespaces look like a host; the path of the directory for everything made."""
    work = Path(os.environ["PLIMSOLL_INSIDE"])
    mounts = cgroup_mounts(Path("/proc/self/mountinfo").read_text())
    # Those of outside show paths above our root ("/.."), as no host does.
    run("umount", "--recursive", "--lazy", str(CGROUP_ROOT))
    if not any(kind == "cgroup2" and point == CGROUP_ROOT for point, kind, _ in mounts):
        run("mount", "-t", "tmpfs", "cgroup", str(CGROUP_ROOT))
    for point, kind, options in mounts:
        point.mkdir(parents=True, exist_ok=True)
        if kind == "cgroup2":
            run("mount", "-t", "cgroup2", "cgroup2", str(point))
            make_leaf(point)
        else:
            options = options if not options.startswith("name=") else f"none,{options}"
            run("mount", "-t", "cgroup", "-o", options, "cgroup", str(point))
    run("mount", "-t", "tmpfs", "run", "/run")
    own_state(work)
    run("ip", "link", "set", "lo", "up")
    # An uplink to nowhere: the host has a network of its own to count.
    run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "veth-nowhere")
    run("ip", "address", "add", "192.0.2.1/24", "dev", "eth0")
    for end in ("eth0", "veth-nowhere"):
        run("ip", "link", "set", end, "up")
    return work


def own_state(work):
    """An own view of /var/lib, with the runtimes' state in it empty and on disk (an overlay cannot
    be the upper layer of docker's overlays)."""
    upper, scratch = work / "lib", work / "lib-scratch"
    upper.mkdir()
    scratch.mkdir()
    layers = f"lowerdir=/var/lib,upperdir={upper},workdir={scratch}"
    run("mount", "-t", "overlay", "-o", layers, "overlay", "/var/lib")
    for name in ("docker", "containers", "containerd"):
        (work / name).mkdir()
        Path("/var/lib", name).mkdir(exist_ok=True)
        run("mount", "--bind", str(work / name), f"/var/lib/{name}")


def make_leaf(root):
    """v2: a group with processes may not hand controllers on, except the real root."""
    controllers = (root / "cgroup.controllers").read_text().split()
    if not controllers:
        return
    leaf = root / "init"
    leaf.mkdir()
    for pid in (root / "cgroup.procs").read_text().split():
        (leaf / "cgroup.procs").write_text(pid)
    (root / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in controllers))
