"""A terminal of tmux: a program on it, keys into it, its screen as text."""

import os
import re
import subprocess
from pathlib import Path

import case

CONFIG = "set -g status off\nset -s escape-time 0\nset -g default-terminal screen-256color\n"


class Terminal:
    """One tmux server of our own with one window; `command` is the shell's, and stays visible when it has ended."""

    def __init__(self, command, lines=24, columns=80, environment=()):
        self.directory = Path(case.work) / f"terminal-{os.urandom(4).hex()}"
        self.directory.mkdir()
        (self.directory / "tmux.conf").write_text(CONFIG)
        self.socket = str(self.directory / "socket")
        script = self.directory / "script"
        script.write_text(
            f"cd {self.directory}\ntrap : INT\nstty -g > before\n{command}\ncode=$?\nstty -g > after\n"
            'echo "ended with $code"\nexec sleep 100000\n'
        )
        words = ["env", *environment, "sh", str(script)]
        self.tmux("-f", str(self.directory / "tmux.conf"), "new-session", "-d", "-x", str(columns), "-y", str(lines), *words)

    def tmux(self, *words):
        done = subprocess.run(
            ["tmux", "-S", self.socket, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=20, check=False
        )
        assert done.returncode == 0, f"tmux {' '.join(words)}: {done.stdout}"
        return done.stdout

    def keys(self, *names):
        """As tmux calls them: "Enter", "C-c", "F1", "q"."""
        self.tmux("send-keys", *names)

    def type(self, text):
        self.tmux("send-keys", "-l", text)

    def click(self, line, column, times=1):
        """With the left button, as xterm says it: the button, then where, each with 32 added."""
        for _ in range(times):
            for button in (0, 3):
                event = b"\x1b[M" + bytes([32 + button, 33 + column, 33 + line])
                self.tmux("send-keys", "-H", *(f"{byte:02x}" for byte in event))

    def resize(self, lines, columns):
        self.tmux("resize-window", "-x", str(columns), "-y", str(lines))

    def screen(self, escapes=False):
        return self.tmux("capture-pane", "-p", *(["-e"] if escapes else []))

    def flag(self, name):
        return self.tmux("display-message", "-p", f"#{{{name}}}").strip()

    def shows(self, text, seconds=20):
        """The screen when the text is on it."""

        def look():
            screen = self.screen()
            assert text in screen, f"{text!r} is not shown:\n{screen}"
            return screen

        return case.eventually(look, seconds)

    def ended(self):
        """The exit code; fails while it runs."""
        return int(re.search(r"ended with (\d+)$", self.shows("ended with "), re.MULTILINE).group(1))

    def restored(self):
        """Whether the program left the terminal as it was."""
        modes = [(self.directory / name).read_text() for name in ("before", "after")]
        flags = [self.flag(name) for name in ("alternate_on", "cursor_flag", "mouse_any_flag", "keypad_cursor_flag")]
        assert modes[0] == modes[1], f"modes: {modes}"
        assert flags == ["0", "1", "0", "0"], f"alternate screen, cursor, mouse, keypad: {flags}"

    def pid_of(self, program):
        """The process of that name below the script."""
        shell = int(self.flag("pane_pid"))
        found = subprocess.run(["pgrep", "-P", str(shell), "-x", program], stdout=subprocess.PIPE, text=True, check=False)
        pids = found.stdout.split()
        assert len(pids) == 1, f"{program} below {shell}: {pids}"
        return int(pids[0])

    def stop(self):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], check=False, timeout=20)
