"""The commands of all documents, typed in their order: a host with an engine, an exporter and three containers for each
page. What needs another machine stands in documents_elsewhere.txt, with the reason and what shows it instead."""

import os
import re
import signal
import subprocess
import unittest
from pathlib import Path

import case
import documents
import images
from container_host import Terminal
from documents import ROOT, Command
from views import own_view

BUILD = case.PLIMSOLL.parents[1]
SOCKET = "/run/plimsoll/plimsoll.sock"
# What stands for a name of the reader's own.
NAMES = (
    (r"^sudo ", ""),
    (r"\bNAME\b", "web"),
    (r"\bUSER\b", "nobody"),
    (r"\bHOST\b", "127.0.0.1"),
    (r"\bexample\.com\b", "127.0.0.1"),
)
# They go on until somebody ends them; later commands of the page talk to them. What they say when they are ready.
DAEMONS = (
    (r"^plimsoll engine(?!.*--check-config)", "listening on"),
    (r"^plimsoll exporter(?!.*--(list-metrics|version))", "listening on"),
    (r"^prometheus ", "ready to receive web requests"),
)
# They show something until Ctrl-C.
ENDLESS = (
    r"^plimsoll stats(?!.*(--no-stream|--count))",
    r"^plimsoll top",
    r"^plimsoll events .*(-f|--follow)",
    r"^docker stats(?!.*--no-stream)",
    r"^curl -sN ",
)
# Exit codes that are answers too. doctor: something is missing on this host.
CODES = ((r"\bplimsoll doctor\b", (0, 1)),)
CONTAINERS = {
    "web": ("-p", "8081:80", "--memory", "64m", "--cpus", "0.5", "busybox", "sh", "-c", "echo hello > /tmp/index.html; exec httpd -f -h /tmp"),
    "batch": ("--cpus", "0.2", "busybox", "sh", "-c", "while :; do :; done"),
    "db": ("--memory", "32m", "--pids-limit", "50", "busybox", "sh", "-c", "dd if=/dev/zero of=/dev/shm/a bs=1M count=20; sleep 100000"),
}


# What a page presumes besides: Debian has no cAdvisor, so an exporter of ours with cAdvisor's zeros stands for it.
BESIDES = {"docs/migrate-from-cadvisor.md": ("plimsoll exporter --compat=strict --port=8080", "listening on")}


def run(*words, **options):
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120, **options)
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


def install():
    """The packages of what is built, as a reader installs them; a page may have removed them."""
    if not Path("/usr/bin/plimsoll").exists():
        run("apt", "install", *map(str, sorted((case.work / "package").glob("*.deb"))))


def setUpModule():
    for directory in ("/etc", "/usr", "/var/cache", "/var/log"):
        own_view(directory)
    own_view("/var/lib/plimsoll", bind=True)
    # Compressing them is most of the work.
    quick = {**os.environ, "DPKG_DEB_COMPRESSOR_TYPE": "none"}
    run("script/package", "--build", str(BUILD), "--output", str(case.work / "package"), cwd=ROOT, env=quick)
    Path("/etc/apt/apt.conf.d/plimsoll-test").write_text('APT::Get::Assume-Yes "true";\n', encoding="utf-8")
    install()
    for folder in ("/etc/plimsoll/policy.d", "/etc/prometheus", "/usr/share/plimsoll", "/etc/grafana/provisioning/dashboards"):
        Path(folder).mkdir(parents=True, exist_ok=True)
    Path("/etc/plimsoll/web.yml").write_text("http_server_config: {headers: {X-Frame-Options: deny}}\n", encoding="utf-8")
    applets = [name for name in run(images.BUSYBOX, "--list").split() if name != "busybox"]
    (case.work / "busybox.tar").write_bytes(images.busybox_tar(applets))


class Session:
    """A reader with a shell, in a directory that looks like the repository."""

    def __init__(self, name):
        self.directory = case.work / f"page-{name}"
        (self.directory / "build").mkdir(parents=True)
        for path in ROOT.iterdir():
            if path.name != "build":
                (self.directory / path.name).symlink_to(path)
        (self.directory / "build/release").symlink_to(BUILD)
        (self.directory / "build/package").symlink_to(case.work / "package")
        self.before = ""  # What changes the shell for the commands after it.
        self.daemons = []
        home = self.directory / "home"
        home.mkdir()
        self.environment = {**os.environ, "HOME": str(home), "DOCKER_HOST": f"unix://{SOCKET}", "LANG": "C.UTF-8"}
        self.environment.pop("PLIMSOLL_BUILD", None)

    def shell(self, text):
        return ["bash", "-c", self.before + text]

    def type(self, text):
        """(exit code, what it printed)."""
        if re.match(r"^(export|cd) [^&|;]+$", text):
            self.before += text + "\n"
            text = "true"
        done = subprocess.run(self.shell(text), cwd=self.directory, env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)
        return done.returncode, done.stdout.decode(errors="replace")

    def watch(self, text):
        """Of what has no end: Ctrl-C when something came."""
        terminal = Terminal(self.shell("stty rows 24 cols 100\n" + text), {**self.environment, "TERM": "xterm"})
        for _ in range(10):
            terminal.read_for(1.5)
            if terminal.seen.strip():
                break
        terminal.type("\x03")
        code = terminal.wait(20)
        return (0 if code in (0, 130, -signal.SIGINT, 128 + signal.SIGINT) else code), terminal.seen

    def start(self, text, ready, program=None):
        """A daemon: in the place of the one that runs, if one does."""
        program = program or " ".join(text.split()[:3] if "--web.listen-address" in text else text.split()[:2])
        for other, process in list(self.daemons):
            if other == program:
                self.end(process)
                self.daemons.remove((other, process))
        log_path = case.work / f"daemon-{os.urandom(4).hex()}.log"
        with open(log_path, "w", encoding="utf-8") as log:
            process = subprocess.Popen(self.shell("exec " + text), cwd=self.directory, env=self.environment,
                                       stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.daemons.append((program, process))
        said = case.eventually(lambda: ready in log_path.read_text() or process.poll() is not None, 60)
        return (0 if said and process.poll() is None else 1), log_path.read_text()

    def end(self, process):
        if process.poll() is None:
            process.terminate()
            process.wait(60)

    def host(self, names):
        """What the pages presume: engine, exporter, and containers that they do not make themselves."""
        for daemon in ("plimsoll engine --containers=true", "plimsoll exporter"):
            code, said = self.start(daemon, "listening on")
            assert code == 0, said
        self.must(f"docker import {case.work}/busybox.tar busybox")
        for name in names:
            self.must(f"docker run -d --name {name} " + " ".join(f"'{word}'" for word in CONTAINERS[name]))
        shown = lambda: set(self.type("plimsoll stats --no-stream --format '{{.Name}}'")[1].split())
        assert case.eventually(lambda: shown() >= set(names), 30), shown()

    def write(self, file):
        where = self.directory / file.path
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_text(file.text, encoding="utf-8")
        where.chmod(0o644)

    def must(self, text):
        code, said = self.type(text)
        assert code == 0, f"{text}: {said}"
        return said

    def stop(self):
        try:
            self.type("docker rm -f -v $(docker ps -aq); docker network prune -f; docker volume prune -f")
        finally:
            for _, process in reversed(self.daemons):
                self.end(process)


def carry_out(session, command):
    """What is wrong with it, or nothing."""
    text = command.text
    for pattern, value in NAMES:
        text = re.sub(pattern, value, text)
    daemon = next((ready for pattern, ready in DAEMONS if re.search(pattern, text)), None)
    allowed = next((codes for pattern, codes in CODES if re.search(pattern, text)), (0,))
    if daemon:
        code, said = session.start(text, daemon)
    elif any(re.search(pattern, text) for pattern in ENDLESS):
        code, said = session.watch(text)
        if not said.strip():
            return f"{text}: printed nothing"
    else:
        code, said = session.type(text)
    if "PLIMSOLL_SHOW" in os.environ:
        print(f"[{command.page}:{command.line}] $ {text}\n{said[:6000]}[{code}]", flush=True)
    if command.output:  # Where a page shows the words of a refusal they are what counts.
        line = documents.missing(command, said)
        return line and f"{text}: does not print {line!r}, but:\n{said[-3000:]}"
    return None if code in allowed else f"{text}: ended with {code}:\n{said[-3000:]}"


class Documents(unittest.TestCase):
    """Each page is a case, made below."""

    def follow(self, *paths):
        patterns = [pattern for pattern, _, _ in documents.elsewhere()]
        text = "".join(path.read_text(encoding="utf-8") for path in paths)
        install()
        session = Session(name_of(paths[0]))
        self.addCleanup(session.stop)
        if str(paths[0].relative_to(ROOT)) in BESIDES:
            session.start(*BESIDES[str(paths[0].relative_to(ROOT))], program="beside")
        session.host([name for name in CONTAINERS if f"--name {name}" not in text])
        wrong = []
        for step in [step for path in paths for step in documents.steps(path)]:
            if not isinstance(step, Command):
                session.write(step)
            elif not any(pattern.search(step.text) for pattern in patterns):
                problem = carry_out(session, step)
                if problem:
                    wrong.append(f"{step.page}:{step.line}: {problem}")
        self.assertEqual(wrong, [], "\n".join(wrong))


class Lists(unittest.TestCase):
    commands = [step for path in documents.PAGES for step in documents.steps(path) if isinstance(step, Command)]

    def test_every_command_begins_with_a_known_program(self):
        for command in self.commands:
            self.assertIn(documents.word(command.text), documents.PROGRAMS, f"{command.page}:{command.line}")

    def test_what_is_not_run_is_shown_by_something_that_exists(self):
        for pattern, reason, shown in documents.elsewhere():
            self.assertTrue(reason)
            self.assertTrue(any(pattern.search(one.text) for one in self.commands), f"no command is like {pattern.pattern}")
            for path in shown.split(", ") if shown != "-" else ():
                self.assertTrue((ROOT / path).exists(), path)

    def test_most_commands_are_run(self):
        patterns = [pattern for pattern, _, _ in documents.elsewhere()]
        run_here = [one for one in self.commands if not any(pattern.search(one.text) for pattern in patterns)]
        print(f"[documents] {len(run_here)} of {len(self.commands)} commands are run here")
        self.assertGreater(len(run_here), 100)


def name_of(path):
    """The case of a page; the runbooks, which look and change nothing, are one."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return re.sub(r"\W", "_", "_".join(parts[:2]))


def add_pages():
    together = {}
    for path in documents.PAGES:
        if any(isinstance(step, Command) for step in documents.steps(path)):
            together.setdefault(name_of(path), []).append(path)
    for name, paths in together.items():
        setattr(Documents, f"test_{name}", lambda self, paths=paths: self.follow(*paths))


add_pages()

if __name__ == "__main__":
    case.main()
