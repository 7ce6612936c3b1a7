"""clang-tidy over every translation unit of ours: tidy.py BUILD_DIRECTORY [--tests] [--alone] [path...]

A unit that passed is not looked at again until it, a header it reaches, .clang-tidy or its flags
change (build/tidy-cache). Tests are left out unless asked for, as script/lint does: what is wrong in a
test shows when it runs.

Nine tenths of a unit's time go into the headers it shares with its neighbours, so units with the same flags
are looked at together, as one file that includes them (--alone: one by one). Those that cannot stand
together, because each has a `kRules` of its own, go to different files. Where the compiler still stumbles, and
where something is found, the units are looked at by themselves, so that what counts does not hang on who is
beside whom.
"""

import itertools
import json
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import passed
import tree

TOOL = "clang-tidy-19"
ROOMS = "|".join(tree.ROOMS)
ARGUMENTS = [
    "--quiet",
    f"--header-filter=/({ROOMS})/.*",
]
WARNINGS = [
    "-Wno-unknown-warning-option",  # g++'s own.
    "-Wno-deprecated-declarations",  # libstdc++ 12 uses what it has deprecated itself.
]
NOISE = re.compile(r"^\d+ warnings? .*|^Suppressed .*|^Use -header-filter.*|^\d+ warnings? treated as.*", re.MULTILINE)
# What the compiler says, as against what a check says: in a batch, that two units do not go together.
COMPILER = re.compile(r"^(?P<path>[^:\n]+):\d+:\d+: (?:error|note): .*", re.MULTILINE)
ANONYMOUS = re.compile(r"^namespace \{$(.*?)^\}  // namespace$", re.MULTILINE | re.DOTALL)
DEFINED = re.compile(r"(?:struct|class|enum|enum class|using) (\w+)|[A-Za-z].*?(\w+)\s*[({=\[;]")
BATCH = 16  # More would be cheaper still, but leaves one processor idle at the end.

TEST = re.compile(r"^(tests|bench)/|_(test|fuzz|fixture|testing)\.cc$|/(testing|test_[a-z_]+|temp_tree)\.cc$")


@dataclass(frozen=True)
class Verdict:
    problem: str = ""
    # Units that keep the batch from compiling, which says nothing of any unit yet.
    apart: frozenset = frozenset()


def units(build_directory):
    """(path relative to the root, flags) of what the build compiles from our rooms."""
    commands = json.loads((build_directory / "compile_commands.json").read_text())
    found = {}
    for entry in commands:
        path = Path(entry["file"])
        if path.is_relative_to(tree.ROOT) and not path.is_relative_to(build_directory):
            wanted = ("-I", "-D", "-std", "-f", "-W")
            flags = [word for word in shlex.split(entry["command"]) if word.startswith(wanted) and word != "-Werror"]
            found[str(path.relative_to(tree.ROOT))] = flags
    return sorted(found.items())


def own_names(text):
    """What a unit defines for itself alone, roughly: two units with the same name cannot be one file."""
    return {
        match[1] or match[2]
        for block in ANONYMOUS.finditer(text)
        for line in block[1].splitlines()
        if (match := DEFINED.match(line))
    }


def batches(items, size, text_of=tree.read):
    """Lists of at most `size` units with the same flags and no name of their own in common, neighbours first."""
    for _, group in itertools.groupby(sorted(items, key=lambda item: (item[1], item[0])), lambda item: item[1]):
        made = []
        for item in group:
            names = own_names(text_of(item[0]))
            # Many of one kind may find a full batch rather than stand alone.
            fit = [b for b in made if len(b[0]) < 2 * size and not names & b[1]]
            batch = min(fit, key=lambda b: len(b[0]) // size, default=None)
            if batch is None or (len(batch[0]) >= size and len(made[-1][0]) >= size):
                made.append(batch := ([], set()))
            batch[0].append(item)
            batch[1].update(names)
        yield from (batch for batch, _ in made)


def do_not_fit(paths, output):
    """The units of `paths` at which the compiler stumbled, from what clang-tidy printed."""
    stumbled = set()
    for match in COMPILER.finditer(output):
        if "[clang-diagnostic-error" in match[0]:
            path = Path(match["path"])
            stumbled.add(str(path.relative_to(tree.ROOT)) if path.is_relative_to(tree.ROOT) else match["path"])
    # An error in a header is the fault of some unit before it: nobody knows which.
    return frozenset(stumbled & set(paths)) if stumbled & set(paths) else frozenset(paths if stumbled else ())


def look(paths, flags, directory):
    """What clang-tidy says of these units together."""
    file = directory / (re.sub(r"\W+", "_", paths[0]) + f"_{len(paths)}.cc")
    include = '#include "{}"  // NOLINT(bugprone-suspicious-include)\n'
    file.write_text("".join(include.format(tree.ROOT / path) for path in paths), encoding="utf-8")
    command = ["nice", TOOL, *ARGUMENTS, str(file if len(paths) > 1 else tree.ROOT / paths[0]), "--", *flags, *WARNINGS]
    done = subprocess.run(command, cwd=tree.ROOT, capture_output=True, text=True, check=False)
    file.unlink()
    if done.returncode == 0:
        return Verdict()
    output = done.stdout + done.stderr
    if len(paths) > 1 and (apart := do_not_fit(paths, output)):
        return Verdict(apart=apart)
    return Verdict(NOISE.sub("", output).strip() or f"{' '.join(paths)}: {TOOL} failed")


def check(batch, cache, directory):
    """The problems of a batch; remembers what passed."""
    flags = batch[0][1]
    verdict = look([path for path, _ in batch], flags, directory)
    together = [item for item in batch if item[0] not in verdict.apart] if verdict.apart else []
    if verdict.apart or (verdict.problem and len(batch) > 1):
        alone = [[item] for item in batch if item not in together]
        return [problem for part in ([together] if together else []) + alone for problem in check(part, cache, directory)]
    if verdict.problem:
        return [verdict.problem]
    for item in batch:
        cache.add(cache.key(*item))
    return []


def main():
    if not shutil.which(TOOL):
        sys.exit(f"tidy: {TOOL} is missing; script/packages lint")
    build_directory = Path(sys.argv[1]).resolve()
    wanted = [word for word in sys.argv[2:] if not word.startswith("--")]
    tests = "--tests" in sys.argv
    version = subprocess.run([TOOL, "--version"], capture_output=True, text=True, check=True).stdout
    how = version + tree.read(".clang-tidy") + " ".join(ARGUMENTS + WARNINGS)
    cache = passed.Passed("build/tidy-cache", how)
    items = [
        (path, flags)
        for path, flags in units(build_directory)
        if (path in wanted if wanted else tests or not TEST.search(path))
    ]
    fresh = [item for item in items if not cache.has(cache.key(*item))]
    directory = tree.ROOT / "build/tidy"  # Inside the tree: .clang-tidy is found from the file upwards.
    directory.mkdir(parents=True, exist_ok=True)
    with passed.workers() as pool:
        found = pool.map(lambda batch: check(batch, cache, directory), batches(fresh, 1 if "--alone" in sys.argv else BATCH))
        problems = [problem for part in found for problem in part]
    print(f"tidy: {len(fresh)} of {len(items)} new or changed")
    tree.finish("tidy", problems, len(items))


if __name__ == "__main__":
    main()
