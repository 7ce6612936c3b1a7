"""The image every container of the tests runs: one static busybox, made without a registry."""

import io
import tarfile

BUSYBOX = "/bin/busybox"
COMMANDS = "sh sleep dd cat wget httpd sync true mkdir echo".split()


def busybox_tar(commands=COMMANDS):
    """A root file system as `docker import` and `podman import` take it."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for folder in ("bin", "tmp", "www", "proc", "sys", "dev", "etc"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o777
            tar.addfile(entry)
        tar.add(BUSYBOX, "bin/busybox")
        for command in commands:
            entry = tarfile.TarInfo(f"bin/{command}")
            entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(entry)
    return out.getvalue()
