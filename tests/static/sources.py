"""Every source file is compiled, and named one by one in a CMakeLists.txt: sources.py BUILD_DIRECTORY

A file that is not built is a file whose tests do not run, and nobody notices. (That every fuzz target
has a corpus is checked by its replay, which fails on an empty one.)
"""

import json
import re
import sys
from pathlib import Path

import tree

GLOB = re.compile(r"\bfile\s*\(\s*GLOB", re.IGNORECASE)


def words_of(text):
    return set(re.split(r"[\s()\"]+", re.sub(r"#.*", "", text)))


def folders_above(path):
    while "/" in path:
        path = path.rsplit("/", 1)[0]
        yield path


def not_compiled(sources, compiled, lists):
    """Sources that this build does not compile and that no CMakeLists.txt above them names (as that
    of the benchmarks does, which are not part of every build). `lists`: folder -> text."""

    def listed(path):
        return any(path[len(folder) + 1 :] in words_of(lists.get(folder, "")) for folder in folders_above(path))

    return [
        f"{path}: in no CMakeLists.txt, so nobody compiles it"
        for path in sources
        if path not in compiled and not listed(path)
    ]


def compiled_files(build_directory):
    commands = json.loads((build_directory / "compile_commands.json").read_text())
    paths = (Path(entry["file"]) for entry in commands)
    return {str(path.relative_to(tree.ROOT)) for path in paths if path.is_relative_to(tree.ROOT)}


def main():
    files = tree.files()
    lists = {path[: -len("/CMakeLists.txt")]: tree.read(path) for path in files if path.endswith("/CMakeLists.txt")}
    sources = [path for path in files if path.endswith(".cc")]
    problems = not_compiled(sources, compiled_files(Path(sys.argv[1]).resolve()), lists)
    problems += [f"{folder}/CMakeLists.txt: lists by GLOB" for folder, text in lists.items() if GLOB.search(text)]
    tree.finish("sources", problems, len(sources))


if __name__ == "__main__":
    main()
