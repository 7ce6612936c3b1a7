"""The guest's system: a disk, a kernel and an initramfs, made from Debian packages and kept.

They stand in ${XDG_CACHE_HOME:-~/.cache}/plimsoll/guest-KEY, where KEY is a hash of what they are made
from; a change of it builds new ones (one or two minutes and a Debian mirror).
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCES = (HERE / "build-image", HERE / "packages.txt")
UNUSED = 14 * 86400  # Seconds after which an image of another key goes.


class NoImage(Exception):
    """Why there is none, for the person who started the tests."""


@dataclass(frozen=True)
class Image:
    directory: Path

    @property
    def disk(self):
        return self.directory / "root.ext4"

    @property
    def kernel(self):
        return self.directory / "vmlinuz"

    @property
    def initramfs(self):
        return self.directory / "initrd.img"


def cache():
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "plimsoll"


def key(sources=SOURCES):
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()[:16]


def mirrors(targets):
    """Lines of sources.list for the guest, from what this host's apt uses of Debian 12; none when it
    uses nothing of it. `targets` has lines of "URI suite component"."""
    lines = []
    for target in targets.splitlines():
        uri, suite, component = target.split()
        if suite in ("bookworm", "bookworm-updates", "bookworm-security") and component == "main":
            lines.append(f"deb {uri} {suite} main")
    # Without the suite itself the others are of no use.
    return list(dict.fromkeys(lines)) if any(" bookworm main" in line for line in lines) else []


def host_mirrors():
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)"]
    command.append("Created-By: Packages")
    return mirrors(subprocess.run(command, capture_output=True, text=True, check=False).stdout)


def build(directory):
    command = [str(SOURCES[0]), str(directory), str(SOURCES[1]), *host_mirrors()]
    if os.geteuid() != 0:
        command = ["sudo", "-n", *command]
    said = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout:
            said.append(line)
            if line.startswith("I: "):
                print(f"guest: {line[3:].rstrip()}", flush=True)
    if process.returncode == 0:
        if os.geteuid() != 0:
            subprocess.run(["sudo", "-n", "chown", "-R", f"{os.getuid()}:{os.getgid()}", str(directory)], check=True)
        return
    reason = (
        "the guest's system could not be built. It takes root (or sudo) and a mirror of Debian 12,"
        " once: the result is kept. If the network is missing, run tests/guest/image.py where there"
        f" is one, or copy {cache()}/guest-{key()} from another machine."
    )
    raise NoImage(f"{''.join(said).rstrip()}\n{reason}")


def prune(directory, now):
    """Removes what nobody used for a while, and what an interrupted build left."""
    for other in cache().glob("guest-*"):
        if other.is_dir() and other != directory and now - other.stat().st_mtime > UNUSED:
            shutil.rmtree(other, ignore_errors=True)


def get():
    """The image; built if there is none of this key. Others who want it meanwhile wait."""
    directory = cache() / f"guest-{key()}"
    cache().mkdir(parents=True, exist_ok=True)
    with open(cache() / "guest.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not directory.exists():
            print("guest: building its system from Debian packages, one to four minutes, once", flush=True)
            start = time.monotonic()
            fresh = cache() / f"guest-{key()}.new"
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir()
            build(fresh)
            fresh.rename(directory)
            print(f"guest: built in {time.monotonic() - start:.0f} s: {directory}", flush=True)
        os.utime(directory)
        prune(directory, time.time())
    return Image(directory)


if __name__ == "__main__":
    try:
        print(get().directory)
    except NoImage as missing:
        sys.exit(f"guest: {missing}")
