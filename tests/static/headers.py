"""Every header compiles alone, and twice: it includes what it uses and has its guard.

A header that is the first thing some source of ours includes has compiled alone with that source, in
the rings that build it; of those only the guard is looked at.
"""

import re
import subprocess

import passed
import tree

FLAGS = ["-std=c++23", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Wno-missing-field-initializers", "-Werror"]
FIRST = re.compile(r'\A(?:\s*//[^\n]*\n|\s*\n)*#include "([^"]+)"')
GUARD = re.compile(r"\A(?:\s*//[^\n]*\n|\s*\n)*#pragma once\n")


def included_first(texts):
    """The headers that some source includes before anything else."""
    return {match[1] for text in texts if (match := FIRST.match(text))}


def compile_alone(path, flags):
    command = ["g++", *flags, f"-I{tree.ROOT}", "-x", "c++", "-"]
    text = f'#include "{path}"\n' * 2
    done = subprocess.run(command, input=text, capture_output=True, text=True, cwd=tree.ROOT, check=False)
    if done.returncode == 0:
        return ""
    return f"{path}: does not compile alone:\n{done.stderr}"


def main():
    version = subprocess.run(["g++", "--version"], capture_output=True, text=True, check=True).stdout
    headers = tree.code((".h",))
    # The benchmarks are not built by any ring.
    proven = included_first(tree.read(path) for path in tree.code((".cc",)) if not path.startswith("bench/"))
    cache = passed.Passed("build/headers-cache", version)
    to_compile = [(path, FLAGS) for path in headers if path not in proven or not GUARD.match(tree.read(path))]
    problems, _ = passed.check_all(cache, to_compile, compile_alone)
    tree.finish("headers", problems, len(headers))


if __name__ == "__main__":
    main()
