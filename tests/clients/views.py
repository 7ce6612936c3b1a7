"""Directories of the host that a test may write to."""

from pathlib import Path

import case
import mini_host


def own_view(directory, bind=False):
    """Of a directory of the host: what is written there ends with the test."""
    upper = case.work / ("own" + directory.replace("/", "-"))
    upper.mkdir()
    if bind:  # What an overlay's upper directory lies in must not be an overlay.
        Path(directory).mkdir(parents=True, exist_ok=True)
        mini_host.run("mount", "--bind", str(upper), directory)
        return
    scratch = case.work / ("scratch" + directory.replace("/", "-"))
    scratch.mkdir()
    mini_host.run("mount", "-t", "overlay", "-o", f"lowerdir={directory},upperdir={upper},workdir={scratch}", "overlay", directory)
