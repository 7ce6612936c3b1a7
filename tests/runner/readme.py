#!/usr/bin/python3
"""Does what the README tells a newcomer to do, with the release build that they get: script/run. The
other rings test the dev build, where less is optimised and the compiler sees less."""

import argparse
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

STEPS = {"script/run": ["script/run", "--check"]}


def run(name, command):
    """A test case as ctest would have written it."""
    environment = {key: value for key, value in os.environ.items() if key != "PLIMSOLL"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, text=True, check=False,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    good = done.returncode == 0
    print(f"{name}: {'passed' if good else f'exit code {done.returncode}'}", flush=True)
    case = ElementTree.Element("testcase", name=name, status="run" if good else "fail")
    ElementTree.SubElement(case, "system-out").text = "" if good else done.stdout[-20000:]
    return case


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, help="not used: these steps make a build of their own")
    parser.add_argument("--report", type=Path, required=True, help="where the JUnit file goes")
    arguments = parser.parse_args()
    suite = ElementTree.Element("testsuite", name="readme")
    suite.extend(run(name, command) for name, command in STEPS.items())
    ElementTree.ElementTree(suite).write(arguments.report, encoding="utf-8", xml_declaration=True)
    return 0 if all(case.get("status") == "run" for case in suite) else 1


if __name__ == "__main__":
    sys.exit(main())
