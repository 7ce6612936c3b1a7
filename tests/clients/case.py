"""Runs the unittest cases of one client in a mini host and reports each case in a line of its own.

The lines ("[case] NAME passed", "failed", "skipped: REASON") are what tests/runner counts. Cases run
in the order in which they are written: starting daemons again for each would take minutes.
"""

import os
import sys
import time
import unittest
from fnmatch import fnmatchcase
from pathlib import Path

import mini_host

ROOT = Path(__file__).resolve().parents[2]
PLIMSOLL = Path(os.environ.get("PLIMSOLL_BUILD", ROOT / "build/dev")) / "bin/plimsoll"


class Result(unittest.TextTestResult):
    begun = time.monotonic()

    def stopTest(self, test):
        # With what went before it: the first case's includes starting the daemons.
        now = time.monotonic()
        print(f"[time] {test.id().removeprefix('__main__.')} {now - self.begun:.1f} s", flush=True)
        self.begun = now
        super().stopTest(test)

    def report(self, test, outcome, reason=""):
        name = test.id().removeprefix("__main__.").replace(" ", "_")
        print(f"[case] {name} {outcome}" + (f": {reason}" if reason else ""), flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.report(test, "passed")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.report(test, "failed")

    def addError(self, test, err):
        super().addError(test, err)
        self.report(test, "failed")

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.report(subtest, "failed")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.report(test, "skipped", reason)


class InOrder(unittest.TestLoader):
    """Cases in the order of the file; first those of the classes that a class is made of. A class with `chosen`
    runs only these of what it inherits, in their order. `-k PATTERN` runs those whose name has it."""

    def getTestCaseNames(self, testCaseClass):
        prefix = f"{testCaseClass.__module__}.{testCaseClass.__qualname__}."
        patterns = self.testNamePatterns or ["*"]
        return [name for name in self.names_of(testCaseClass) if any(fnmatchcase(prefix + name, one) for one in patterns)]

    @staticmethod
    def names_of(testCaseClass):
        names = [name for part in reversed(testCaseClass.__mro__) for name in vars(part)]
        names = [name for name in dict.fromkeys(names) if name.startswith("test")]
        chosen = getattr(testCaseClass, "chosen", None)
        if chosen is None:
            return names
        assert set(chosen) <= set(names), f"{testCaseClass.__name__} has no {set(chosen) - set(names)}"
        own = [name for part in testCaseClass.__mro__ if "chosen" in vars(part) for name in vars(part)]
        return [*chosen, *(name for name in own if name in names and name not in chosen)]


def find_host():
    """The directory for what a test makes, on a host where it may do as it likes: the guest, which is
    one, or a mini host, which is made here."""
    if "PLIMSOLL_GUEST" in os.environ:
        return Path(os.environ["PLIMSOLL_GUEST"])
    if "PLIMSOLL_INSIDE" not in os.environ:
        if not PLIMSOLL.exists():
            sys.exit(f"{PLIMSOLL} is not built; script/build dev")
        sys.exit(mini_host.outside(sys.argv))
    return mini_host.inside()


def main():
    """Call it last in a test file."""
    global work
    work = find_host()
    runner = unittest.TextTestRunner(resultclass=Result, verbosity=0, stream=sys.stdout)
    sys.stdout.reconfigure(line_buffering=True)
    result = unittest.main(module="__main__", testRunner=runner, testLoader=InOrder(), exit=False).result
    if result.wasSuccessful() and not result.testsRun and not result.skipped:
        sys.exit("no case has such a name")  # A mistyped -k must not look like a pass.
    sys.exit(not result.wasSuccessful())


work = None  # The host's directory for what a test makes; set before the cases run.


def eventually(probe, seconds=20, every=0.2):
    """The first true value of probe(); the last false one when the time is up. An AssertionError
    counts as "not yet", and is raised at the end."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            value = probe()
            if value or time.monotonic() > deadline:
                return value
        except AssertionError:
            if time.monotonic() > deadline:
                raise
        time.sleep(every)
