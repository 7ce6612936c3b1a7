"""clang-tidy over every translation unit of ours: tidy.py BUILD_DIRECTORY [--tests] [path...]

A unit that passed is not looked at again until it, a header it reaches, .clang-tidy or its flags
change (build/tidy-cache). Tests are left out unless asked for, as script/lint does: a unit takes six
seconds, and what is wrong in a test shows when it runs.
"""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import passed
import tree

TOOL = "clang-tidy-19"
ROOMS = "|".join(tree.ROOMS)
ARGUMENTS = [
    "--quiet",
    f"--header-filter=/({ROOMS})/.*",
    "--extra-arg=-Wno-unknown-warning-option",  # g++'s own.
    "--extra-arg=-Wno-deprecated-declarations",  # libstdc++ 12 uses what it has deprecated itself.
]
NOISE = re.compile(r"^\d+ warnings? .*|^Suppressed .*|^Use -header-filter.*|^\d+ warnings? treated as.*", re.MULTILINE)


TEST = re.compile(r"^(tests|bench)/|_(test|fuzz|fixture|testing)\.cc$|/(testing|test_[a-z_]+|temp_tree)\.cc$")


def units(build_directory):
    """(path relative to the root, flags) of what the build compiles from our rooms."""
    commands = json.loads((build_directory / "compile_commands.json").read_text())
    found = {}
    for entry in commands:
        path = Path(entry["file"])
        if path.is_relative_to(tree.ROOT) and not path.is_relative_to(build_directory):
            flags = [word for word in shlex.split(entry["command"]) if word.startswith(("-I", "-D", "-std", "-f"))]
            found[str(path.relative_to(tree.ROOT))] = flags
    return sorted(found.items())


def main():
    if not shutil.which(TOOL):
        sys.exit(f"tidy: {TOOL} is missing; script/packages lint")
    build_directory = Path(sys.argv[1]).resolve()
    wanted = [word for word in sys.argv[2:] if word != "--tests"]
    tests = "--tests" in sys.argv
    version = subprocess.run([TOOL, "--version"], capture_output=True, text=True, check=True).stdout
    cache = passed.Passed("build/tidy-cache", version + tree.read(".clang-tidy") + " ".join(ARGUMENTS))

    def check(path, _):
        command = ["nice", TOOL, "-p", str(build_directory), *ARGUMENTS, path]
        done = subprocess.run(command, cwd=tree.ROOT, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return ""
        return NOISE.sub("", done.stdout + done.stderr).strip() or f"{path}: {TOOL} failed"

    items = [
        (path, flags)
        for path, flags in units(build_directory)
        if (path in wanted if wanted else tests or not TEST.search(path))
    ]
    problems, fresh = passed.check_all(cache, items, check)
    print(f"tidy: {fresh} of {len(items)} new or changed")
    tree.finish("tidy", problems, len(items))


if __name__ == "__main__":
    main()
