"""Builds what the asked rings need, runs them through ctest, and counts. See script/test."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import junit
import skip_budget

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Build:
    preset: str
    targets: tuple = ()  # Empty: everything.
    options: str = ""  # For cmake.
    configure_only: bool = False


# The static checks need only to know how everything would be compiled.
CONFIGURED = Build("dev", configure_only=True)
EVERYTHING = Build("dev")
# What users run is what clients and kernels are tried with.
RELEASE = Build("release", ("plimsoll", "plimsoll-oci", "plimsoll-shim", "plimsoll-init", "plimsoll-unpack", "plimsoll_kernel_tests", "plimsoll_print_metrics"), "-DPLIMSOLL_TESTS=ON -DPLIMSOLL_BENCH=OFF")


@dataclass(frozen=True)
class Ring:
    name: str
    labels: tuple  # ctest labels.
    build: Build = EVERYTHING
    jobs: int = 2  # Tests that measure or change the kernel's state run one by one.
    # Hundreds of short tests: only what failed is shown. A long one shows that it is alive.
    quiet: bool = True
    empty_is_failure: bool = True
    by_default: bool = True  # Run when no ring is named.
    leaves_room: bool = False  # It mostly waits for others: a build may go on beside it, and a ring that stands apart.
    apart: bool = False  # On a machine of its own: what it finds does not depend on what runs here meanwhile.
    # Runs the tests instead of ctest; gets --report FILE.
    program: str = ""
    places: frozenset = frozenset()  # Of the skip budget; empty: those of this machine.


RINGS = {
    ring.name: ring
    for ring in (
        # clang-tidy takes both processors for itself.
        Ring("static", ("static",), CONFIGURED, jobs=1, quiet=False),
        # The ring asan runs the same tests with more eyes, and one build of them is long enough.
        Ring("unit", ("unit",), by_default=False),
        Ring("fixtures", ("fixtures",), empty_is_failure=False, by_default=False),
        Ring("fuzz", ("fuzz",), empty_is_failure=False, by_default=False),
        Ring("kernel", ("kernel", "native"), RELEASE, jobs=1, quiet=False, empty_is_failure=False),
        Ring("clients", ("clients",), RELEASE, jobs=1, quiet=False, empty_is_failure=False, leaves_room=True),
        # The kernel ring's programs and a suite of its own, on a machine of its own.
        Ring("guest", (), RELEASE, program="tests/guest/run.py", apart=True, places=frozenset({"any", "v2"})),
        # The README's own commands, which make the release build.
        Ring("readme", (), RELEASE, program="tests/runner/readme.py"),
        Ring("asan", ("unit", "fixtures", "fuzz"), Build("asan", ("plimsoll_unit_tests",))),
        # A build of its own; run it by name before a change of threads lands.
        Ring("tsan", ("unit",), Build("tsan"), by_default=False),
    )
}

SANITIZERS = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1:check_initialization_order=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
}


@dataclass
class Tally:
    cases: list = field(default_factory=list)  # (name with ring, outcome)
    faults: list = field(default_factory=list)  # Lines for the end of the output.

    def count(self, outcome):
        return sum(1 for _, what in self.cases if what == outcome)

    def add(self, name, outcome, fault=None):
        self.cases.append((name, outcome))
        if fault:
            self.faults.append(f"{name}: {fault}")

    def verdict(self):
        passed, failed, skipped = map(self.count, (junit.PASSED, junit.FAILED, junit.SKIPPED))
        return f"{passed} passed, {failed} failed, {skipped} skipped"


def judge(tally, ring_name, cases, allowances, here):
    """Adds a ring's cases: a skip counts as one only if it says why and the budget allows it."""
    for case in cases:
        name = f"{ring_name}:{case.name}"
        if case.outcome == junit.PASSED:
            tally.add(name, junit.PASSED)
        elif case.outcome == junit.FAILED:
            print(f"  FAILED {name}\n{case.output.rstrip()}")
            tally.add(name, junit.FAILED, "failed")
        elif not case.reason:
            tally.add(name, junit.FAILED, "skipped without saying why")
        elif not skip_budget.allows(allowances, here, name):
            tally.add(name, junit.FAILED, f"skipped outside tests/skip-budget.txt: {case.reason}")
        else:
            print(f"  skipped {name}: {case.reason}")
            tally.add(name, junit.SKIPPED)


def begin(what, prefix=(), output=None):
    """Builds as much as possible: what did build is tested, whatever did not."""
    command = [*prefix, "script/build", what.preset]
    command += ["--configure"] if what.configure_only else ["--keep-going", *what.targets]
    environment = {**os.environ, "CMAKE_OPTIONS": " ".join([os.environ.get("CMAKE_OPTIONS", ""), what.options]).strip()}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)


def show(output):
    """What a program said that ran beside others."""
    output.seek(0)
    print(output.read().decode(errors="replace").rstrip(), flush=True)
    output.close()


class Builds:
    """The builds that rings need, each made once. While a ring runs that mostly waits for its clients, the build
    of a later one is made of the processor time that nobody else wants."""

    def __init__(self, rings):
        self.rings = rings
        self.done = set()
        self.ahead = None  # (Build, process, its output)

    def need(self, ring, tally):
        what = ring.build
        if what in self.done:
            return
        self.done.add(what)
        print(f"\n=== build {what.preset}", flush=True)
        start = time.monotonic()
        if self.ahead and self.ahead[0] == what:
            _, process, output = self.ahead
            process.wait()
            show(output)
        else:
            process = begin(what)
            process.wait()
        # A compile error is one failure.
        name = f"{'configure' if what.configure_only else 'build'}:{what.preset}"
        tally.add(name, *((junit.PASSED,) if process.returncode == 0 else (junit.FAILED, "does not build")))
        print(f"--- build {what.preset} ({time.monotonic() - start:.1f} s)", flush=True)

    def look_ahead(self, ring):
        later = [other.build for other in self.rings[self.rings.index(ring) :] if other.build not in self.done]
        if ring.leaves_room and later and not self.ahead:
            output = tempfile.TemporaryFile()
            self.ahead = (later[0], begin(later[0], ("chrt", "--idle", "0"), output), output)

    def end(self):
        if self.ahead and self.ahead[1].poll() is None:
            self.ahead[1].terminate()
            self.ahead[1].wait()
            self.ahead[2].close()


def program(ring, directory, report):
    return ["/usr/bin/python3", ring.program, "--build", str(directory), "--report", str(report)]


def ctest(ring, directory, report):
    command = ["ctest", "--test-dir", str(directory), "--output-junit", str(report)]
    command += ["-L", "^(" + "|".join(ring.labels) + ")$", "-j", str(ring.jobs)]
    # Skip reasons stand in the output of tests that did not fail; the default keeps 1 KiB of it.
    command += ["--test-output-size-passed", "1000000"]
    if ring.build.preset == "tsan" and shutil.which("setarch"):
        # gcc 12's shadow layout does not fit kernels that randomise more than 28 bits.
        command = ["setarch", "--addr-no-randomize", *command]
    if ring.quiet:
        command.append("--quiet")
    return command


class Started:
    """A ring's tests, running. The JUnit file may never be written."""

    def __init__(self, ring, output=None):
        directory = ROOT / "build" / ring.build.preset
        self.start = time.monotonic()
        self.report = directory / f"report-{ring.name}.xml"
        self.report.unlink(missing_ok=True)
        self.output = output
        command = (program if ring.program else ctest)(ring, directory, self.report)
        environment = {**SANITIZERS, **os.environ}
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)

    def end(self):
        self.process.wait()
        if self.output:
            show(self.output)
        print(flush=True)  # ctest may leave its last line open.
        return self.report


class Apart:
    """Rings with a machine of their own, started while another one leaves room; shown when it is their turn."""

    def __init__(self, rings):
        self.rings = rings
        self.started = {}

    def look_ahead(self, ring, builds):
        for other in self.rings[self.rings.index(ring) + 1 :] if ring.leaves_room else ():
            if other.apart and other.build in builds.done:
                self.started[other.name] = Started(other, tempfile.TemporaryFile())

    def take(self, ring):
        return self.started.pop(ring.name, None) or Started(ring)

    def end(self):
        for started in self.started.values():
            started.process.terminate()
            started.process.wait()


def run(ring, started, tally, allowances, here):
    print(f"\n=== {ring.name}", flush=True)
    report = started.end()
    cases = junit.read(report) if report.exists() else []
    before = len(tally.cases)
    judge(tally, ring.name, cases, allowances, ring.places or here)
    if not cases and ring.empty_is_failure:
        tally.add(ring.name, junit.FAILED, "no tests were found")
    only = Tally(tally.cases[before:])
    print(f"--- {ring.name}: {only.verdict()} ({time.monotonic() - started.start:.1f} s)", flush=True)


def main(names):
    if unknown := [name for name in names if name not in RINGS]:
        print(f"script/test: unknown ring {unknown[0]}; one of: {' '.join(RINGS)}", file=sys.stderr)
        return 2
    rings = [RINGS[name] for name in names] or [ring for ring in RINGS.values() if ring.by_default]
    allowances = skip_budget.parse((ROOT / "tests/skip-budget.txt").read_text(encoding="utf-8"))
    here = skip_budget.this_machine()
    tally = Tally()
    builds = Builds(rings)
    apart = Apart(rings)
    try:
        for ring in rings:
            builds.need(ring, tally)
            builds.look_ahead(ring)
            apart.look_ahead(ring, builds)
            run(ring, apart.take(ring), tally, allowances, here)
    finally:
        builds.end()
        apart.end()
    for fault in tally.faults:
        print(f"FAULT {fault}")
    print(tally.verdict(), flush=True)
    return 1 if tally.count(junit.FAILED) else 0


if __name__ == "__main__":
    # The output is read through pipes: lines must appear in the order in which things happened.
    sys.stdout.reconfigure(line_buffering=True)
    sys.exit(main(sys.argv[1:]))
