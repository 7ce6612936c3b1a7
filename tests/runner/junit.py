"""What one ctest run says, read from its JUnit file: one Case for each test, or for each case that a
test program of ours reports by itself.

A python test program prints "[case] NAME passed", "[case] NAME failed" or "[case] NAME skipped:
REASON" (see tests/clients/case.py); these lines then stand for the program's own entry.
"""

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
CASE = re.compile(r"^\[case\] (\S+) (passed|failed|skipped)(?:: (.*))?$", re.MULTILINE)
GTEST_REASON = re.compile(r": Skipped\n(.*?)\n?\[  SKIPPED \]", re.DOTALL)
PLAIN_REASON = re.compile(r"^SKIP(?:PED)?: (.+)$", re.MULTILINE)


@dataclass
class Case:
    name: str
    outcome: str
    reason: str = ""  # Why it was skipped; "" when the test did not say.
    output: str = ""  # Of a failed test; of a program with cases: with its first failed one.


def skip_reason(output):
    for pattern in (GTEST_REASON, PLAIN_REASON):
        if match := pattern.search(output):
            return match.group(1).strip()
    return ""


def entry_outcome(testcase, output):
    """ctest calls a test skipped as soon as its output says so; a failure beside it stays one."""
    status = testcase.get("status")
    if status == "run":
        return PASSED
    if status == "disabled":
        return SKIPPED
    skipped = testcase.find("skipped")
    message = skipped.get("message", "") if skipped is not None else ""
    if status == "notrun" and message.startswith("SKIP_") and "[  FAILED  ]" not in output:
        return SKIPPED
    return FAILED  # Failed, timed out, or could not be started.


def cases_of(testcase):
    name = testcase.get("name")
    output = testcase.findtext("system-out") or ""
    outcome = entry_outcome(testcase, output)
    reported = [
        Case(f"{name}/{case}", what, (reason or "").strip()) for case, what, reason in CASE.findall(output)
    ]
    if outcome != FAILED:
        return reported or [Case(name, outcome, skip_reason(output) if outcome == SKIPPED else "")]
    # A program that died after good cases, or between two, must not pass on their account.
    if all(case.outcome != FAILED for case in reported):
        reported.append(Case(name, FAILED))
    next(case for case in reported if case.outcome == FAILED).output = output
    return reported


def read(path):
    """Every case of a JUnit file written by `ctest --output-junit`."""
    root = ElementTree.parse(path).getroot()
    return [case for testcase in root.iter("testcase") for case in cases_of(testcase)]
