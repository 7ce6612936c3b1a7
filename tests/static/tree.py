"""The files the static checks look at, and how a check reports."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("base", "cgroupfs", "http", "inventory", "runtime", "exporter", "control", "agent")


def files(root=ROOT):
    """Paths relative to the root: tracked ones and new ones that are not ignored; in a source
    archive, where git knows nothing, all that stands outside build/."""
    command = ["git", "-c", f"safe.directory={root}", "ls-files", "-co", "--exclude-standard", "-z"]
    git = subprocess.run(command, cwd=root, capture_output=True, check=False)
    if git.returncode == 0:
        names = [name for name in git.stdout.decode().split("\0") if name]
    else:
        names = [str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()]
        names = [name for name in names if not name.startswith(("build/", ".git/"))]
    return sorted(name for name in names if (root / name).is_file())


def code(suffixes=(".h", ".cc"), root=ROOT):
    return [name for name in files(root) if name.endswith(suffixes)]


def read(name, root=ROOT):
    return (root / name).read_text(encoding="utf-8", errors="replace")


def finish(check, problems, looked_at):
    """Prints the problems and ends the program; a check that saw no files has failed, too."""
    for problem in problems:
        print(problem)
    if not looked_at:
        sys.exit(f"{check}: found no files to look at")
    print(f"{check}: {looked_at} looked at, {len(problems)} wrong")
    sys.exit(1 if problems else 0)
