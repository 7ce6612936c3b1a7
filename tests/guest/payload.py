"""What is carried into the guest: the built programs without their debug information, the libraries
they need, the python tests, and the list of jobs. See docs/testing.md for how to add one."""

import fnmatch
import json
import os
import re
import shutil
import subprocess
from dataclasses import asdict, dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LABELS = "^(kernel|guest)$"
# Files the python tests read, besides themselves.
TREES = ("tests/clients", "tests/guest", "packaging", "docs")
# Jobs that install Debian's packages of what is built.
PACKAGES = ("packages",)
FILES = ("README.md", "exporter/metrics/promtool_allowlist.txt", "script/record-tree")
# The emulated processors are about ten times slower than this host's.
SLOWNESS = 4
SUITE_TIMEOUT = 900  # Seconds for one file of the suite; quiet machines need an eighth of it.
LONG_TIMEOUT = 45 * 60  # For one of those that run only when asked for.
ENGINE_TESTS = "plimsoll_runtime_engine_kernel_test"
BY_SYSTEMD = ("PLIMSOLL_TEST_CGROUP_DRIVER=systemd", "PLIMSOLL_TEST_CRASHES=200")
LIBRARY = re.compile(r"=> (/\S+) ")
# The guest's own C library: it belongs to its loader.
LIBC = re.compile(r"/(ld-linux-x86-64|libc|libm|libdl|librt|libpthread|libresolv)\.so")


@dataclass(frozen=True)
class Job:
    name: str  # "kernel:network_kernel_test:Network.Counts", "systemd"
    command: list  # As it is run in the guest.
    timeout: int
    program: str = ""  # Of ours, on this host.


def property_of(test, name, default=None):
    return next((entry["value"] for entry in test.get("properties", []) if entry["name"] == name), default)


def ctest_jobs(listing):
    """Jobs of what `ctest --show-only=json-v1` lists: one for each test, as ctest runs them."""
    jobs = []
    for test in listing["tests"]:
        program, *arguments = test.get("command", [""])
        # gtest's own flag that ctest adds: it changes nothing here and makes long lines.
        arguments = [argument for argument in arguments if argument != "--gtest_also_run_disabled_tests"]
        command = [f"/payload/bin/{Path(program).name}", *arguments]
        label = property_of(test, "LABELS", ["kernel"])[0]
        timeout = int(property_of(test, "TIMEOUT", 120)) * SLOWNESS
        jobs.append(Job(f"{label}:{test['name']}", command, timeout, program))
    return jobs


def listed(build):
    command = ["ctest", "--test-dir", str(build), "--show-only=json-v1", "-L", LABELS]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def suite_jobs(directory, prefix="", timeout=SUITE_TIMEOUT):
    return [
        Job(prefix + path.name.removesuffix("_test.py"), ["/usr/bin/python3", f"/payload/tests/guest/{directory.name}/{path.name}"], timeout)
        for path in sorted(directory.glob("*_test.py"))
    ]


def by_systemd(every):
    """The engine's own tests, with containers in scopes of systemd's."""
    return [
        replace(job, name=f"long:systemd:{job.name}", command=["/usr/bin/env", *BY_SYSTEMD, *job.command], timeout=LONG_TIMEOUT)
        for job in every
        if Path(job.program).name == ENGINE_TESTS
    ]


def jobs(build, patterns):
    """All of the ring, or those whose name fits one of the shell patterns; the long ones only so."""
    every = suite_jobs(ROOT / "tests/guest/suite") + ctest_jobs(listed(build))
    if not patterns:
        return every
    every += by_systemd(every) + suite_jobs(ROOT / "tests/guest/long", "long:", LONG_TIMEOUT)
    return [job for job in every if any(fnmatch.fnmatchcase(job.name, p) for p in patterns)]


def strip(program, target):
    """A copy without debug information, unless there is one newer than the program."""
    if not target.exists() or target.stat().st_mtime < program.stat().st_mtime:
        subprocess.run(["strip", "--strip-debug", "-o", str(target), str(program)], check=True)


def copy_programs(programs, tree):
    (tree / "bin").mkdir(parents=True, exist_ok=True)
    shutil.rmtree(tree / "lib", ignore_errors=True)
    (tree / "lib").mkdir()
    libraries = set()
    for program in programs:
        strip(program, tree / "bin" / program.name)
        needed = subprocess.run(["ldd", str(program)], check=False, capture_output=True, text=True).stdout
        libraries.update(path for path in LIBRARY.findall(needed) if not LIBC.search(path))
    for path in libraries:
        shutil.copy(path, tree / "lib")
    for path in (tree / "bin").iterdir():
        if path.name not in {program.name for program in programs}:
            path.unlink()


def copy_tests(tree):
    for name in TREES:
        shutil.rmtree(tree / name, ignore_errors=True)
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tree / name)
    shutil.copy(ROOT / "tests/guest/inside/start", tree / "start")


def make_packages(build, tree):
    """Debian's packages of what is built, for the jobs that install them."""
    shutil.rmtree(tree / "debs", ignore_errors=True)
    command = ["script/package", "--build", str(build), "--output", str(tree / "debs")]
    # Compressing them is most of the work, and emulated processors would unpack them.
    quick = {**os.environ, "DPKG_DEB_COMPRESSOR_TYPE": "none"}
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, env=quick)


def make(build, work, todo):
    """The payload disk, in `work`."""
    tree, disk = work / "payload", work / "payload.ext4"
    # What a user has on the machine: all of our programs, not only those of the jobs; and what the suite runs.
    names = ("plimsoll", "plimsoll-shim", "plimsoll-oci", "plimsoll-init", "plimsoll-unpack", "plimsoll_cgroupfs_limit_kernel_test",
             "plimsoll_control_breach_kernel_test")
    programs = {build / "bin" / name for name in names}
    programs = {path for path in programs if path.exists()} | {Path(job.program) for job in todo if job.program}
    copy_programs(sorted(programs), tree)
    copy_tests(tree)
    if any(job.name in PACKAGES for job in todo):
        make_packages(build, tree)
    (tree / "jobs.json").write_text(json.dumps([asdict(job) for job in todo]), encoding="utf-8")
    size = sum(path.stat().st_size for path in tree.rglob("*") if path.is_file())
    disk.unlink(missing_ok=True)
    with open(disk, "wb") as file:
        os.truncate(file.fileno(), size + size // 8 + (32 << 20))
    subprocess.run(["mkfs.ext4", "-q", "-F", "-O", "^has_journal", "-d", str(tree), str(disk)], check=True)
    return disk
