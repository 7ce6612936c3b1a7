"""Which tests may be skipped, and where: tests/skip-budget.txt.

A line is "pattern | where | reason". The pattern is a shell pattern for RING:TEST; `where` is one or
more words that must all be true of the machine; the reason is for people. "#" starts a comment.
"""

import fnmatch
import os
from dataclasses import dataclass

PLACES = {"any", "v1", "v2", "hybrid", "unprivileged"}


@dataclass(frozen=True)
class Allowance:
    pattern: str
    where: frozenset
    reason: str


def parse(text):
    allowances = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.split("#", 1)[0].strip()
        if not line:
            continue
        parts = [part.strip() for part in line.split("|")]
        if len(parts) != 3 or not all(parts):
            raise ValueError(f"line {number}: want 'pattern | where | reason', got '{line}'")
        where = frozenset(parts[1].split())
        if unknown := where - PLACES:
            raise ValueError(f"line {number}: unknown place {sorted(unknown)}; one of {sorted(PLACES)}")
        allowances.append(Allowance(parts[0], where, parts[2]))
    return allowances


def machine(mountinfo, uid):
    """The words of PLACES that are true here."""
    kinds = {line.split(" - ")[1].split()[0] for line in mountinfo.splitlines() if " - " in line}
    mode = "hybrid" if {"cgroup", "cgroup2"} <= kinds else "v2" if "cgroup2" in kinds else "v1"
    return {"any", mode} | ({"unprivileged"} if uid != 0 else set())


def this_machine():
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as mountinfo:
        return machine(mountinfo.read(), os.geteuid())


def allows(allowances, here, name):
    return any(a.where <= here and fnmatch.fnmatchcase(name, a.pattern) for a in allowances)
