"""A `plimsoll engine` under test: its own directories, its own groups, and curl on its socket."""

import json
import os
import signal
import subprocess
import urllib.parse
from pathlib import Path

import case


class Engine:
    def __init__(self, *flags, name=None, state=None):
        name = name or f"engine-{os.urandom(3).hex()}"
        self.run_dir = case.work / f"{name}-run"
        self.state_dir = Path(state) if state else case.work / f"{name}-state"
        self.socket = self.run_dir / "plimsoll.sock"
        self.flags = flags
        self.process = None

    def command(self):
        return [str(case.PLIMSOLL), "engine", "--run-dir", str(self.run_dir), "--state-dir", str(self.state_dir),
                *self.flags]

    def start(self):
        self.log_path = case.work / f"engine-{os.urandom(4).hex()}.log"
        with open(self.log_path, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log)
        assert case.eventually(self.listens, 60), f"the engine does not listen:\n{self.log()}"
        return self

    def listens(self):
        assert self.process.poll() is None, f"the engine ended:\n{self.log()}"
        return "listening on" in self.log()

    def log(self):
        return self.log_path.read_text()

    def stop(self, how=signal.SIGTERM):
        """The exit status."""
        if self.process is None:
            return None
        self.process.send_signal(how)
        status = self.process.wait(60)
        self.process = None
        return status

    def ask(self, path, body=None, as_user=None, headers=("Content-Type: application/json",), groups=()):
        """(status, answer): JSON where it is JSON, else text. `as_user`: a uid to ask as."""
        command = ["curl", "--silent", "--unix-socket", str(self.socket), "--write-out", "\n%{http_code}",
                   f"http://engine{path}"]
        if body is not None:
            command += ["--data-binary", body if isinstance(body, str) else json.dumps(body)]
            for header in headers:
                command += ["--header", header]
        identity = {} if as_user is None else {"user": as_user, "group": as_user, "extra_groups": list(groups)}
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=60, check=False, **identity)
        text, _, status = done.stdout.rpartition("\n")
        try:
            return int(status), json.loads(text)
        except ValueError:
            return int(status), text

    def limits(self, ref, body=None, **options):
        return self.ask("/plimsoll/v1/limits/" + urllib.parse.quote(ref, safe=""), body, **options)

    def setting(self, ref, knob, detail=""):
        """One knob of one container; fails when it is not offered."""
        status, answer = self.limits(ref)
        assert status == 200, answer
        found = [one for one in answer["settings"] if (one["knob"], one["detail"]) == (knob, detail)]
        assert len(found) == 1, f"{knob}: {found}"
        return found[0]
