"""The C++ files stand as clang-format 19 writes them. --fix rewrites those that do not."""

import shutil
import subprocess
import sys

import tree

TOOL = "clang-format-19"


def main():
    if not shutil.which(TOOL):
        sys.exit(f"format: {TOOL} is missing; script/packages lint")
    paths = tree.code()
    if "--fix" in sys.argv[1:]:
        subprocess.run([TOOL, "-i", *paths], cwd=tree.ROOT, check=True)
    command = [TOOL, "--dry-run", "-Werror", *paths]
    done = subprocess.run(command, cwd=tree.ROOT, capture_output=True, text=True, check=False)
    wrong = sorted({line.split(":", 1)[0] for line in done.stderr.splitlines() if "error:" in line})
    if done.returncode != 0 and not wrong:
        sys.exit(f"format: {TOOL} failed:\n{done.stderr}")
    tree.finish("format", [f"{path}: not formatted; script/lint --fix" for path in wrong], len(paths))


if __name__ == "__main__":
    main()
