"""What the documents tell people to type: commands in their order, with what a page says they print, and files that
a page says to write."""

import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Decisions are history: what they name may be gone.
PAGES = [ROOT / "README.md", *sorted(p for p in (ROOT / "docs").rglob("*.md") if p.parent.name != "decisions")]
ELSEWHERE = Path(__file__).parent / "documents_elsewhere.txt"
# Lines of blocks without a language that begin so are commands. Every command of a block of "sh" begins so too, or
# with another program of this list: a new one is a line here.
PROGRAMS = (
    "alerts/generate.py amtool ansible-playbook apt cd cmake cp ctest ctr curl dashboards/generate.py df docker docker-compose dockerd "
    "dpkg-deb du export git head htpasswd install iptables journalctl kill kubectl ls mkdir openssl plimsoll plimsoll-oci podman "
    "prometheus promtool script/bench script/build script/lint script/package script/run script/test sudo systemctl systemd-analyze "
    "systemd-cgls systemd-sysusers systemd-tmpfiles tests/guest/run.py uname usermod zcat build/release/bin/plimsoll "
    "/usr/bin/python3 /usr/local/bin/plimsoll cat diff grep mkdir sleep"
).split()
FENCE = re.compile(r"^(\s*)```(\S*)\s*$")
NAMED = re.compile(r"^# (\S+\.(?:ya?ml|json|conf|service))$")


@dataclass
class Command:
    page: str
    line: int
    text: str
    output: list = field(default_factory=list)  # Lines that the page shows; none where it shows nothing.


@dataclass
class File:
    path: str
    text: str


def blocks(path):
    """(language, number of the first line, lines) of every block of code; indented ones have no language."""
    fence, lines, begin = None, [], 0
    for number, line in enumerate([*path.read_text(encoding="utf-8").splitlines(), ""], 1):
        match = FENCE.match(line)
        if match and (fence is not None or match[1] == "" or not lines):
            if fence is None:
                fence, lines, begin = match, [], number + 1
            else:
                yield fence[2], begin, lines
                fence, lines = None, []
        elif fence is not None:
            lines.append(line.removeprefix(fence[1]))
        elif line.startswith("    ") and not line.lstrip().startswith(("- ", "|")):
            begin = begin if lines else number
            lines.append(line[4:])
        elif lines:
            yield "", begin, lines
            lines = []


def joined(lines, begin):
    """(number, line) with continued lines as one."""
    number, text = begin, ""
    for at, line in enumerate(lines, begin):
        number = number if text else at
        text += line
        if text.endswith("\\"):
            text = text[:-1].rstrip() + " "
            continue
        yield number, text
        text = ""


def word(text):
    """The program that a line begins with."""
    words = [one for one in text.split() if not re.match(r"^[A-Z_]+=", one)]
    words = words[1:] if words[:1] == ["sudo"] else words
    return words[0] if words else ""


def commands_of(page, begin, language, lines):
    found = []
    for number, line in joined(lines, begin):
        shown = language == "console"
        if shown and not line.startswith("$ "):
            if found and line.strip():
                found[-1].output.append(line)
            continue
        line = line.removeprefix("$ ").strip()
        if not line or line.startswith("#") or (not language and word(line) not in PROGRAMS):
            continue
        found.append(Command(page, number, line))
    return found


def steps(path):
    """The commands and files of a page, in their order."""
    page = str(path.relative_to(ROOT))
    for language, begin, lines in blocks(path):
        if language in ("sh", "console", ""):
            yield from commands_of(page, begin, language, lines)
        elif lines and (match := NAMED.match(lines[0])):
            yield File(match[1], "\n".join(lines) + "\n")


def elsewhere():
    """(pattern, reason, what shows it) for commands that need another machine than the test's."""
    for line in ELSEWHERE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            pattern, reason, shown = (part.strip() for part in line.split(" | "))
            yield re.compile(pattern), reason, shown


def expected(line):
    """What a printed line must look like: words as they are, whatever has a digit as it comes, "…" as anything."""
    parts = []
    for token in line.split():
        pieces = [r"\S+" if re.search(r"\d", piece) else re.escape(piece) for piece in token.split("…")]
        parts.append(".*".join(pieces))
    return re.compile(r"\s+".join(parts).replace(r"\s+.*", ".*").replace(r".*\s+", ".*"))


def missing(command, output):
    """The first line that the page shows and the command did not print, in the page's order."""
    rest = output.splitlines()
    for line in command.output:
        if line.strip() in ("…", "..."):
            continue
        pattern = expected(line)
        at = next((index for index, got in enumerate(rest) if pattern.search(got)), None)
        if at is None:
            return line
        rest = rest[at + 1 :]
    return None
