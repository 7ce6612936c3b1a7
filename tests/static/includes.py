"""Who includes whom: checks every #include of ours against rooms.txt."""

import re
from dataclasses import dataclass

import tree

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)

LIBRARIES = {
    "archive": r"archive(_entry)?\.h",
    "asio": r"boost/(asio|system)(/|\.hpp).*",
    "beast": r"boost/(beast|optional)(/|\.hpp).*",
    "benchmark": r"benchmark/.*",
    "cap": r"sys/capability\.h",
    "cli11": r"CLI/.*",
    "curl": r"curl/.*",
    "deflate": r"libdeflate\.h",
    "fmt": r"fmt/.*",
    "gtest": r"g(test|mock)/.*",
    "mnl": r"libmnl/.*",
    "ncurses": r"(ncursesw?/.*|n?curses\.h|term\.h)",
    "nftables": r"nftables/.*",
    "nlohmann": r"nlohmann/.*",
    "openssl": r"openssl/.*",
    "prometheus": r"prometheus/.*",
    "rapidcheck": r"rapidcheck(/.*|\.h)",
    "seccomp": r"seccomp\.h",
    "snappy": r"snappy\.h",
    "spdlog": r"spdlog/.*",
    "systemd": r"systemd/.*",
    "xcrypt": r"crypt\.h",
    "yaml": r"yaml-cpp/.*",
    "zlib": r"zlib\.h",
    "zstd": r"zstd\.h",
}
# The C++ library, the C library and the kernel's interface: open to every room.
SYSTEM = re.compile(
    r"[a-z_0-9]+"
    r"|(arpa|asm|linux|net|netinet|netpacket|sys)/[a-z_0-9/]+\.h"
    r"|(dirent|dlfcn|elf|endian|errno|fcntl|fnmatch|ftw|getopt|glob|grp|ifaddrs|langinfo|limits|link|locale|malloc|mntent|netdb|poll"
    r"|pthread|pty|pwd|regex|sched|signal|spawn|stdlib|syslog|termios|time|unistd|utmpx|wordexp)\.h"
)
# What tests, fuzz targets and benchmarks may use besides their room's own: JSON is checked with
# another parser than the one that prints it, filters with another compiler.
TEST_LIBRARIES = {"gtest", "rapidcheck", "benchmark", "nlohmann", "seccomp"}
TEST_ROOMS = {"tests"}
# Test helpers stand beside the code; nothing but tests may include them.
TEST_FILE = re.compile(r"(_test|_fuzz|_bench|_fixture|_testing)\.(cc|h)$|(^|/)(testing|test_[a-z_]+|temp_tree|fake_[a-z_]+)\.(h|cc)$")
# Everything is open to what stands outside the house.
OUTSIDE = ("tests/", "bench/", "cmake/")


@dataclass(frozen=True)
class Room:
    name: str
    may: tuple
    may_not: tuple
    libraries: frozenset


def parse_rooms(text):
    rooms = {}
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, may, libraries = (part.split() for part in line.split("|"))
        may_not = tuple(word[1:] for word in may if word.startswith("!"))
        may = tuple(word for word in may if not word.startswith("!"))
        unknown = set(libraries) - set(LIBRARIES)
        if unknown:
            raise ValueError(f"rooms.txt: {name[0]}: unknown library {sorted(unknown)}")
        rooms[name[0]] = Room(name[0], may, may_not, frozenset(libraries))
    return rooms


def within(path, room):
    return path == room or path.startswith(room + "/")


def room_of(path, rooms):
    """The row of a file: the longest room name above it; None outside the house."""
    return max((room for room in rooms.values() if within(path, room.name)), key=lambda r: len(r.name), default=None)


def library_of(header):
    return next((name for name, pattern in LIBRARIES.items() if re.fullmatch(pattern, header)), None)


def ours(path, header, room, rooms, known):
    target = room_of(header, rooms)
    if header not in known:
        return f'"{header}" is no file of ours; includes are relative to the top folder'
    if target is None:
        allowed = TEST_FILE.search(path) and any(within(header, outside) for outside in TEST_ROOMS)
        return None if allowed else f'"{header}" is outside the rooms'
    if TEST_FILE.search(header) and not TEST_FILE.search(path):
        return f'"{header}" is for tests only'
    forbidden = any(within(header, name) for name in room.may_not)
    allowed = within(header, room.name) or any(within(header, name) for name in room.may)
    # The row of a sub-room is all it gets: exporter/collect must not look into the rest of exporter.
    if allowed and not forbidden:
        return None
    return f'{room.name} may not include "{header}" ({target.name})'


def foreign(path, header, room):
    library = library_of(header)
    if library:
        extra = TEST_LIBRARIES if TEST_FILE.search(path) else set()
        return None if library in room.libraries | extra else f"{room.name} may not use {library}: <{header}>"
    return None if SYSTEM.fullmatch(header) else f"<{header}> is unknown: say in includes.py whose it is"


def check_file(path, text, rooms, known):
    """The problems of one file, each with its line."""
    room = room_of(path, rooms)
    if room is None:
        return [] if path.startswith(OUTSIDE) else [f"{path}: stands in no room of rooms.txt"]
    problems = []
    for match in INCLUDE.finditer(text):
        kind, header = match.groups()
        problem = ours(path, header, room, rooms, known) if kind == '"' else foreign(path, header, room)
        if problem:
            problems.append(f"{path}:{text.count(chr(10), 0, match.start(2)) + 1}: {problem}")
    return problems


def find_cycle(rooms):
    """A ring of rooms that may include each other, as the table stands; None if there is none."""
    edges = {
        name: [
            other
            for other in rooms
            if other != name
            and not within(other, name)
            and not any(within(other, word) for word in room.may_not)
            and any(within(other, word) for word in room.may)
        ]
        for name, room in rooms.items()
    }

    def visit(name, path):
        if name in path:
            return path[path.index(name) :] + [name]
        return next((cycle for other in edges[name] if (cycle := visit(other, path + [name]))), None)

    return next((cycle for name in rooms if (cycle := visit(name, []))), None)


def main():
    rooms = parse_rooms(tree.read("tests/static/rooms.txt"))
    paths = tree.code()
    known = set(tree.code((".h", ".cc", ".inc")))  # .inc: a table that a script made.
    problems = [problem for path in paths for problem in check_file(path, tree.read(path), rooms, known)]
    cycle = find_cycle(rooms)
    if cycle:
        problems.append("rooms.txt: rooms include each other: " + " -> ".join(cycle))
    tree.finish("includes", problems, len(paths))


if __name__ == "__main__":
    main()
