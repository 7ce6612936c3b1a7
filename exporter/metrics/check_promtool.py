"""Lints an exposition with `promtool check metrics`; what promtool_allowlist.txt lists is allowed.

usage: check_promtool.py PROGRAM   (which prints an exposition with every family)
"""

import shutil
import subprocess
import sys
from pathlib import Path

ALLOWLIST = Path(__file__).with_name("promtool_allowlist.txt")
SKIPPED = 77


def allowed():
    """Pairs (family, finding); every line must give a reason, too."""
    pairs = set()
    for line in ALLOWLIST.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        family, finding, reason = (part.strip() for part in line.split("|"))
        if not reason or family.startswith(("plimsoll_", "process_")):
            sys.exit(f"{ALLOWLIST.name}: no reason, or a family of our own: {line}")
        pairs.add((family, finding))
    return pairs


def main(program):
    promtool = shutil.which("promtool")
    if promtool is None:
        print("SKIPPED: no promtool (Debian package prometheus)")
        return SKIPPED
    exposition = subprocess.run([program], capture_output=True, check=True).stdout
    lint = subprocess.run([promtool, "check", "metrics"], input=exposition, capture_output=True, check=False)
    lines = (lint.stdout + lint.stderr).decode().splitlines()
    findings = {tuple(line.split(" ", 1)) for line in lines if " " in line}
    expected = allowed()
    for family, finding in sorted(findings - expected):
        print(f"found: {family}: {finding}")
    for family, finding in sorted(expected - findings):
        print(f"allowed but not found: {family}: {finding}")
    # 3 is promtool's "there are findings"; 1 would be an exposition it cannot read.
    if lint.returncode not in (0, 3):
        print(f"promtool: exit code {lint.returncode}", *lines, sep="\n")
    print(f"{len(exposition)} bytes, {len(findings)} findings, {len(expected)} allowed")
    return 0 if findings == expected and lint.returncode in (0, 3) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
