"""Every source file is named in its folder's CMakeLists.txt, and every fuzz target has a corpus.

Explicit lists: a file that is not built is a file whose tests do not run, and nobody notices.
"""

import re

import tree

FUZZ_CALL = re.compile(r"\bplimsoll_fuzz\s*\(([^)]*)\)")
GLOB = re.compile(r"\bfile\s*\(\s*GLOB", re.IGNORECASE)
# plimsoll_fuzz compiles it into every target.
BY_FUNCTION = {"tests/fuzz/replay_main.cc"}


def words_of(text):
    return re.split(r"[\s()\"]+", re.sub(r"#.*", "", text))


def folders_above(path):
    while "/" in path:
        path = path.rsplit("/", 1)[0]
        yield path


def unlisted(sources, lists):
    """Sources that the CMakeLists.txt of no folder above them names. `lists`: folder -> text."""

    def listed(path):
        return any(
            path[len(folder) + 1 :] in words_of(lists.get(folder, "")) for folder in folders_above(path)
        )

    return [f"{path}: in no CMakeLists.txt, so nobody compiles it" for path in sources if not listed(path)]


def fuzz_targets(lists):
    """(folder, name, corpus or None) of every plimsoll_fuzz call."""
    targets = []
    for folder, text in lists.items():
        for arguments in FUZZ_CALL.findall(re.sub(r"#.*", "", text)):
            words = arguments.split()
            targets.append((folder, words[0], dict(zip(words, words[1:])).get("CORPUS")))
    return targets


def without_corpus(targets, files):
    return [
        f"{folder}: fuzz target {name} has no inputs in {corpus or 'a CORPUS'}"
        for folder, name, corpus in targets
        if not corpus or not any(path.startswith(f"{folder}/{corpus}/") for path in files)
    ]


def main():
    files = tree.files()
    lists = {path[: -len("/CMakeLists.txt")]: tree.read(path) for path in files if path.endswith("/CMakeLists.txt")}
    sources = [path for path in files if path.endswith(".cc") and path not in BY_FUNCTION]
    problems = unlisted(sources, lists)
    problems += [f"{folder}/CMakeLists.txt: lists by GLOB" for folder, text in lists.items() if GLOB.search(text)]
    problems += without_corpus(fuzz_targets(lists), files)
    tree.finish("sources", problems, len(sources))


if __name__ == "__main__":
    main()
