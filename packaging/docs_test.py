"""What the documents tell people to type, held against the built program: commands, options, links; and those
within sentences that only look are run (blocks: tests/clients/documents_test.py)."""

import os
import re
import shlex
import subprocess
import unittest
from functools import cache
from pathlib import Path

import manual_test
from manual_test import PLIMSOLL

ROOT = Path(__file__).resolve().parents[1]
# Decisions are history: what they name may be gone.
PAGES = [ROOT / "README.md", *sorted(p for p in (ROOT / "docs").rglob("*.md") if p.parent.name != "decisions")]
LINES = re.compile(r"^(?: {4,}|\t)?(?:\$ |# |sudo )?(plimsoll [a-z].*)$")
INLINE = re.compile(r"`(plimsoll [a-z][^`]*)`")
# Options of the program that a container is run with come after IMAGE or NAME.
ENDED_BY_A_WORD = {("run",), ("exec",)}
# cAdvisor's that change nothing here: taken with a warning, and not in the help.
SILENT = {"-max_procs"}
# They look at this host once and end.
HARMLESS = {("stats", "--no-stream"), ("doctor",), ("version",), ("exporter", "--list-metrics")}


def blocks(text):
    """Lines of code: fenced, or indented by four; continued ones as one. Of a console those that are typed."""
    fence = None
    lines = []
    for line in text.splitlines():
        if line.lstrip().startswith("```"):
            fence = line.strip() if fence is None else None
        elif fence is None and line.startswith("    ") or fence and (fence != "```console" or line.startswith("$ ")):
            lines.append(line)
    return re.sub(r"\\\n\s*", " ", "\n".join(lines)).splitlines()


def commands(path):
    """Every command line of ours that a page shows, as words; prose after it is left out."""
    found = [match[1] for line in blocks(path.read_text(encoding="utf-8")) if (match := LINES.match(line))]
    yield from words_of(found)
    yield from within_text(path)


def within_text(path):
    """The same of what stands in sentences and tables; what stands in blocks is typed by tests/clients/documents_test.py."""
    outside = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    yield from words_of(INLINE.findall(outside))


def words_of(lines):
    for line in lines:
        line = re.split(r"\s(?:\||>|&&|;|#|&)(?:\s|$)|…|\.\.\.", line)[0]
        try:
            yield shlex.split(line)[1:]
        except ValueError:
            yield line.split()[1:]


@cache
def flags_of(command):
    return manual_test.flags_of(command)


@cache
def tree():
    return set(manual_test.tree())


def split(words):
    """(command, its arguments)."""
    command = ()
    for word in words:
        if (*command, word) not in tree():
            break
        command = (*command, word)
    return command, words[len(command):]


def options_in(command, arguments):
    for word in arguments:
        if word == "--" or (command in ENDED_BY_A_WORD and re.fullmatch(r"[A-Z]+", word)):
            return
        name = word.lstrip("[").rstrip("],").partition("=")[0]
        if re.fullmatch(r"--?[A-Za-z][\w.-]*", name):
            yield name


class Documents(unittest.TestCase):
    def test_commands_and_options_are_there(self):
        seen = 0
        for page in PAGES:
            for words in commands(page):
                command, arguments = split(words)
                with self.subTest(page=str(page.relative_to(ROOT)), words=" ".join(words)[:100]):
                    self.assertTrue(command, "no such command")
                    rest = arguments[:1]
                    parents = {other[:-1] for other in tree() if other}
                    if command in parents and rest and re.fullmatch(r"[a-z]+", rest[0]):
                        self.fail(f"{' '.join(command)} has no {rest[0]}")
                    for option in options_in(command, arguments):
                        # cAdvisor's options are said with one dash as well, as Go's programs take them.
                        known = flags_of(command)
                        self.assertTrue({option, "-" + option} & (known | SILENT), f"{' '.join(command)} has no {option}")
                        seen += 1
        self.assertGreater(seen, 50)

    def test_those_that_only_look_are_run(self):
        name = "/"  # The host itself: there wherever this runs, and not gone a moment later.
        run = set()
        for page in PAGES:
            for words in within_text(page):
                plain = any(set(each) <= set(words) and words[0] == each[0] for each in HARMLESS)
                words = tuple(name if word == "NAME" else word for word in words)
                if not plain or words in run or any(re.fullmatch(r"[A-Z]+(:[A-Z]+)?|<.*>|\[.*|URL.*", word) for word in words):
                    continue
                if "--prometheus" in words or "--host" in words:
                    continue
                run.add(words)
                done = subprocess.run([str(PLIMSOLL), *words], capture_output=True, text=True, check=False, timeout=60)
                # 1: doctor found something missing.
                allowed = (0, 1) if words[0] == "doctor" else (0,)
                self.assertIn(done.returncode, allowed, f"{page.name}: plimsoll {' '.join(words)}: {done.stderr}")
                self.assertTrue(done.stdout, words)
        self.assertGreater(len(run), 4)

    def test_links_lead_somewhere(self):
        for page in [*PAGES, *sorted((ROOT / "docs/decisions").glob("*.md"))]:
            text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
            for target in re.findall(r"\]\(([^)\s]+)\)", text):
                if re.match(r"[a-z]+:", target):
                    continue
                path, _, anchor = target.partition("#")
                with self.subTest(page=str(page.relative_to(ROOT)), target=target):
                    other = Path(os.path.normpath(page.parent / path)) if path else page
                    self.assertTrue(other.exists())
                    if anchor:
                        self.assertIn(anchor, anchors(other))

    def test_scripts_are_there(self):
        for page in PAGES:
            for name in re.findall(r"\bscript/[a-z-]+", page.read_text(encoding="utf-8")):
                with self.subTest(page=page.name, name=name):
                    self.assertTrue((ROOT / name).exists())


def anchors(page):
    headings = re.findall(r"^#+ +(.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


if __name__ == "__main__":
    unittest.main(verbosity=2)
