#!/usr/bin/python3
"""Runs the guest ring: a Debian 12 with systemd and cgroup v2 under qemu, and tests inside it.

    script/test guest                      all of it, after a build
    tests/guest/run.py 'kernel:*' systemd  only the jobs whose names fit (shell patterns)
    tests/guest/run.py --list              their names
    tests/guest/run.py --shell             a root shell in the guest; the payload is at /payload

What came out stands in build/dev/guest/results: results.jsonl, journal.txt, artifacts/; the console
beside it in console.txt. docs/testing.md says more.
"""

import argparse
import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import image
import machine
import payload
import promtool
import report

RUN_SECONDS = 55 * 60


def results_disk(work):
    """ext2, because it has no journal: what is flushed can be read without a mount."""
    disk = work / "results.ext2"
    disk.unlink(missing_ok=True)
    with open(disk, "wb") as file:
        os.truncate(file.fileno(), 256 << 20)
    subprocess.run(["mkfs.ext2", "-q", "-F", str(disk)], check=True)
    return disk


def extract(disk, directory):
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    command = ["debugfs", "-R", f"rdump / {directory}", str(disk)]
    subprocess.run(command, check=True, capture_output=True)


def boot(system, build, work, todo, shell=False):
    """Runs the jobs; why the machine ended otherwise than by itself, or None."""
    disks = payload.make(build, work, todo), results_disk(work)
    guest = machine.Machine(system, *disks, work, shell=shell)
    try:
        if shell:
            guest.process.wait()
            return None
        return guest.follow(RUN_SECONDS, lambda line: print(f"guest: {line}", flush=True))
    finally:
        guest.stop()
        extract(disks[1], work / "results")
        for disk in disks:
            disk.unlink()


def run(build, work, todo):
    """A report of all jobs."""
    cases = report.Report()
    try:
        system = image.get()
    except image.NoImage as missing:
        cases.failed("system", str(missing))
        return cases
    print(f"guest: {len(todo)} jobs", flush=True)
    fault = boot(system, build, work, todo)
    text = work / "results/results.jsonl"
    done = report.records(text.read_text(encoding="utf-8")) if text.exists() else {}
    if fault:
        cases.failed("machine", fault)
    else:
        cases.passed("machine")
    for job in todo:
        cases.job(job, done.get(job.name), "the machine had ended")
    promtool.check(cases, work / "results/artifacts")
    return cases


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=payload.ROOT / "build/dev")
    parser.add_argument("--report", type=Path, help="where the JUnit file goes")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--shell", action="store_true")
    parser.add_argument("patterns", nargs="*")
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    todo = payload.jobs(build, arguments.patterns)
    if arguments.list:
        print(*(job.name for job in todo), sep="\n")
        return 0
    work = build / "guest"
    work.mkdir(parents=True, exist_ok=True)
    with open(work / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if arguments.shell:
            boot(image.get(), build, work, todo, shell=True)
            return 0
        cases = run(build, work, todo)
    cases.write(arguments.report or work / "report.xml")
    return 1 if cases.failures else 0


if __name__ == "__main__":
    sys.exit(main())
