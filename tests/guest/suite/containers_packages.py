"""A container of an engine that was installed by its packages, and docker on its socket."""

import json
import os
import subprocess
import urllib.request
from pathlib import Path

import case
import images
import units

ENGINE = "plimsoll-engine.service"
SOCKET = Path("/run/plimsoll/plimsoll.sock")
STATE = Path("/var/lib/plimsoll")
IMAGE = "plimsoll-test/busybox:1"
COMMANDS = "dd echo grep httpd ls mount sh sleep true".split()
NAME = "plimsoll-test-web"
PORT = 18089


def run_docker(*arguments, input=None):
    environment = {**os.environ, "DOCKER_HOST": f"unix://{SOCKET}"}
    return subprocess.run(["/usr/bin/docker", *arguments], input=input, capture_output=True, check=False, env=environment)


def docker(*arguments, check=True, **options):
    done = run_docker(*arguments, **options)
    if check and done.returncode:
        journal = units.run("journalctl", "--no-pager", "-u", ENGINE, "-n", "30")
        raise AssertionError(f"docker {' '.join(arguments)}: {done.stderr.decode()}\n{journal}")
    return done.stdout.decode().strip()


def inspect():
    return json.loads(docker("inspect", NAME))[0]


def logs(text):
    return case.eventually(lambda: docker("logs", NAME) == text, 60)


def page():
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/", timeout=60) as answer:
        return answer.read().decode()


def mounts():
    """Of containers, in the host's own mount namespace."""
    return [line for line in Path("/proc/1/mountinfo").read_text().splitlines() if f" {STATE}" in line or " /run/plimsoll/" in line]


def start():
    """A server that is published, limited, and has a volume; what docker says of it."""
    docker("import", "-", IMAGE, input=images.busybox_tar(COMMANDS))
    script = "echo served > /www/index.html; httpd -p 80 -h /www && echo up; exec sleep 100000"
    docker("run", "-d", "--name", NAME, "-p", f"{PORT}:80", "--memory", "64m", "--cpus", "0.5",
           "--pids-limit", "30", "-v", "plimsoll-test-data:/data", IMAGE, "sh", "-c", script)  # fmt: skip
    assert logs("up")
    return inspect()


def clean():
    if SOCKET.exists():
        docker("rm", "-f", "-v", NAME, check=False)
    # Purging leaves the default bridge, as it leaves limits, until the next boot.
    units.run("ip", "link", "delete", "plimsoll0", check=False)
