"""Every header compiles alone, and twice: it includes what it uses and has its guard."""

import subprocess

import passed
import tree

FLAGS = ["-std=c++23", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Wno-missing-field-initializers", "-Werror"]


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
    cache = passed.Passed("build/headers-cache", version)
    problems, _ = passed.check_all(cache, [(header, FLAGS) for header in headers], compile_alone)
    tree.finish("headers", problems, len(headers))


if __name__ == "__main__":
    main()
