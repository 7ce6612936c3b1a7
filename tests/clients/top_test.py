"""`plimsoll top` on a real terminal: screens, keys, window sizes, and what it leaves behind.

Screens are compared with top_screens/*.txt; PLIMSOLL_WRITE_SCREENS=1 writes those anew.
"""

import os
import re
import shlex
import signal
import socket
import subprocess
import time
import unittest
from pathlib import Path

import case
from container_host import ContainerHost
from engine import Engine
from exporter import Exporter
from fake_docker_host import MIB, FakeHost
from load import HOLD, Group
from terminal import Terminal

SCREENS = Path(__file__).parent / "top_screens"
COLOUR = re.compile(r"\x1b\[[0-9;]*?(?<![0-9])(3[0-7]|9[0-7]|38;5;\d+)(?![0-9])[0-9;]*m")


def setUpModule():
    global host
    host = FakeHost(case.work / "host")
    host.container(1, "shop-db", "shop", memory=490 * MIB, memory_max=512 * MIB, kills=1)
    host.container(2, "shop-web", "shop", memory=64 * MIB, memory_max=128 * MIB)
    host.container(3, "batch", pids=95, pids_max=100)
    host.container(4, "evil\x1b[2J\u202ename", memory=1 * MIB)
    host.group("system.slice")
    host.group("system.slice/nginx.service", memory=8 * MIB)


def command(*flags, program=True):
    words = [str(case.PLIMSOLL), "top", *(host.flags() if program else []), *flags]
    return " ".join(shlex.quote(word) for word in words)


def normalised(screen):
    screen = re.sub(r"\d\d:\d\d:\d\dZ", "HH:MM:SSZ", screen)
    lines = screen.replace(socket.gethostname(), "HOST").split("\n")
    return "\n".join(line.rstrip() for line in lines)


class Screens(unittest.TestCase):
    def start(self, *flags, lines=24, columns=80, environment=(), before=""):
        terminal = Terminal(before + command("--interval", "200ms", *flags), lines, columns, environment)
        self.addCleanup(terminal.stop)
        return terminal

    def expect(self, terminal, name):
        path = SCREENS / f"{name}.txt"
        if "PLIMSOLL_WRITE_SCREENS" in os.environ:
            time.sleep(4)
            path.write_text(normalised(terminal.screen()), encoding="utf-8")

        def compare():
            self.assertEqual(normalised(terminal.screen()), path.read_text(encoding="utf-8"), name)
            return True

        case.eventually(compare, 20)

    def test_the_list(self):
        terminal = self.start()
        self.expect(terminal, "list-80x24")

    def test_a_larger_window_shows_more(self):
        terminal = self.start(lines=40, columns=120)
        self.expect(terminal, "list-120x40")

    def test_keys(self):
        terminal = self.start()
        terminal.shows("shop-db")
        terminal.keys("t")
        self.expect(terminal, "tree")
        terminal.keys("t", "a")
        self.expect(terminal, "tree-cgroups")
        terminal.keys("t", "a", "F1")
        self.expect(terminal, "help")
        terminal.keys("q", "/")
        terminal.type("shop")
        terminal.keys("Enter")
        self.expect(terminal, "search")
        terminal.keys("s", "s", "Down", "Enter")
        terminal.shows("a bar is")
        terminal.keys("Escape", "Escape", "Home", "S", "Down", "Enter")
        terminal.shows("its limit of 512M")
        terminal.keys("q", "l")
        terminal.shows("docker logs --tail 100 shop-db")
        terminal.keys("q", "e")
        terminal.shows("no engine answers at")
        terminal.keys("q", "Space")
        terminal.shows("HELD")
        terminal.keys("q")
        self.assertEqual(terminal.ended(), 0)

    def test_charts_of_one(self):
        terminal = self.start()
        terminal.shows("shop-db")
        terminal.keys("Down", "Enter")
        terminal.shows("a bar is")
        # Its bars grow while one looks: only what stands still is compared.
        text = terminal.screen()
        self.assertIn("!! memory: 490M is 95% of its limit of 512M", text)
        self.assertIn(".  killed for lack of memory earlier: 1 processes", text)
        self.assertRegex(text, r"memory +[▁-█]+ +490M +most 490M")

    def test_the_window_changes_its_size(self):
        terminal = self.start()
        self.expect(terminal, "list-80x24")
        terminal.resize(5, 20)
        self.expect(terminal, "too-small")
        terminal.resize(40, 120)
        self.expect(terminal, "list-120x40")
        terminal.resize(24, 80)
        self.expect(terminal, "list-80x24")

    def test_a_kill_stands_out(self):
        ident = host.container(5, "importer", memory=2 * MIB)
        self.addCleanup(subprocess.run, ["rm", "-r", host.root / f"cgroup/docker/{ident}"], check=True)
        terminal = self.start()
        terminal.shows("importer")
        host.write(f"cgroup/docker/{ident}/memory.events", "low 0\nhigh 0\nmax 1\noom 1\noom_kill 1\n")
        screen = terminal.shows("OOM 1x")
        self.assertIn("importer OOM 1x", screen.splitlines()[1])
        self.assertRegex(screen, r"(?m)^.!! importer .* OOM 1x$")

    def test_without_colours_and_with(self):
        plain = self.start(environment=["NO_COLOR=1"])
        plain.shows("shop-db")
        self.assertIsNone(COLOUR.search(plain.screen(escapes=True)))
        self.expect(plain, "list-80x24")  # Not a word less.
        coloured = self.start()
        coloured.shows("shop-db")
        self.assertRegex(coloured.screen(escapes=True), r"\x1b\[[0-9;]*31m!!")

    def test_the_mouse(self):
        terminal = self.start("--mouse")
        terminal.shows("shop-db")
        terminal.click(6, 10)
        self.assertTrue(case.eventually(lambda: re.search(r"(?m)^> +shop-web", terminal.screen())))
        terminal.click(4, 10, times=2)
        terminal.shows("its limit of 512M")

    def test_simple_terminals(self):
        for name, environment in {
            "linux": ["TERM=linux"],
            "vt100": ["TERM=vt100"],
            "C locale": ["LC_ALL=C"],
        }.items():
            with self.subTest(name):
                terminal = self.start(environment=environment)
                screen = terminal.shows("shop-db")
                self.assertTrue(screen.isascii(), screen)
                terminal.keys("q")
                self.assertEqual(terminal.ended(), 0)

    def test_what_is_no_terminal(self):
        for said, shell, environment in [
            ("standard output: is no terminal", "{} | cat", []),
            ("standard input: is no terminal", "{} < /dev/null", []),
            ("TERM: 'dumb' is a terminal that cannot place text", "{}", ["TERM=dumb"]),
            ("TERM: 'nothing-of-ours' is no terminal", "{}", ["TERM=nothing-of-ours"]),
            ("TERM: is not set", "{}", ["-u", "TERM"]),
        ]:
            with self.subTest(said):
                terminal = Terminal(shell.format(command()), columns=200, environment=environment)
                self.addCleanup(terminal.stop)
                self.assertIn("'plimsoll stats' prints tables", terminal.shows(said))

    def test_the_terminal_is_given_back(self):
        for how, code in [("q", 0), ("C-c", 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGSEGV, 139)]:
            with self.subTest(how):
                terminal = self.start("--mouse", before="ulimit -c 0; echo stood here before\n")
                terminal.shows("shop-db")
                self.assertEqual(terminal.flag("alternate_on"), "1")
                if isinstance(how, str):
                    terminal.keys(how)
                else:
                    os.kill(terminal.pid_of("plimsoll"), how)
                self.assertEqual(terminal.ended(), code)
                self.assertIn("stood here before", terminal.screen())
                terminal.restored()

    def test_it_stops_and_goes_on(self):
        terminal = Terminal("bash --norc --noprofile -i")
        self.addCleanup(terminal.stop)
        terminal.shows("bash")
        terminal.type(command("--interval", "200ms"))
        terminal.keys("Enter")
        self.expect(terminal, "list-80x24")
        terminal.keys("C-z")
        terminal.shows("Stopped")
        self.assertEqual(terminal.flag("alternate_on"), "0")
        terminal.type("fg")
        terminal.keys("Enter")
        self.expect(terminal, "list-80x24")
        terminal.keys("q")
        terminal.shows("fg")


class Sources(unittest.TestCase):
    """Whose samples are shown, and what is said when they end."""

    def exporter(self, *flags):
        exporter = Exporter("--user=root", "--no-sandbox", *flags)
        self.addCleanup(exporter.stop)
        return exporter

    def start(self, *flags):
        terminal = Terminal(command(*flags, program=False), columns=120)
        self.addCleanup(terminal.stop)
        return terminal

    def test_an_exporter_elsewhere_may_come_back(self):
        exporter = self.exporter(*host.flags())
        terminal = self.start("--host", exporter.address)
        screen = terminal.shows("shop-db")
        self.assertIn(f"plimsoll top  {exporter.address}", screen)
        self.assertRegex(screen, r"(?m)^ !! shop-db .* MEM 95%")
        terminal.keys("a")
        terminal.shows("nginx.service")  # Which the exporter had not been asked for before.
        terminal.keys("e")
        terminal.shows("run plimsoll top on")  # The engine here has nothing to do with them.
        exporter.stop()
        self.assertIn("shop-db", terminal.shows("; asked again"))
        terminal.shows("no sample for ")
        self.exporter("--web.listen-address", exporter.address, *host.flags())
        self.assertTrue(case.eventually(lambda: "2 alarms: batch" in terminal.screen()))
        self.assertNotIn("no sample", terminal.screen())

    def test_nobody_there(self):
        terminal = self.start("--host", "127.0.0.1:1")
        self.assertEqual(terminal.ended(), 5)
        self.assertIn("plimsoll top: 127.0.0.1:1: connect: Connection refused", terminal.screen())
        terminal.restored()

    def test_without_the_exporter_here_it_samples_itself(self):
        exporter = self.exporter("--web.listen-address=127.0.0.1:7546")
        terminal = self.start("--all-cgroups")
        terminal.shows(" cgroups ")
        exporter.stop()
        terminal.shows("sampling without it")
        before = re.search(r"\d\d:\d\d:\d\dZ", terminal.screen()).group()
        self.assertTrue(case.eventually(lambda: before not in terminal.screen()), "no sample came")


class Live(unittest.TestCase):
    """Real containers of the engine, seen, listened to and limited."""

    @classmethod
    def setUpClass(cls):
        cls.containers = ContainerHost("/usr/bin/docker")
        cls.addClassCleanup(cls.containers.stop)
        cls.containers.start("shop-web", "while :; do :; done", "--cpus", "0.2")
        # Files in memory, which are nobody's cache: 60 of 64 MiB.
        fill = "head -c 62914560 /dev/zero > /dev/shm/filled; echo up; sleep 100000"
        cls.containers.ready("shop-db", fill, "--memory", "64m")
        cls.containers.start("chatter", "n=0; while :; do n=$((n+1)); echo said $n times; sleep 1; done")

    def start(self, lines=24, columns=80):
        engine = self.containers.engine
        flags = ["--local", "--socket", str(engine.socket), "--plimsoll-run", str(engine.run_dir)]
        terminal = Terminal(command(*flags, program=False), lines, columns)
        self.addCleanup(terminal.stop)
        terminal.shows("shop-web")
        return terminal

    def select(self, terminal, name):
        terminal.keys("Escape", "/")
        terminal.type(name)
        terminal.keys("Enter")
        terminal.shows(f"/{name}")

    def test_who_is_near_a_limit_stands_out(self):
        terminal = self.start()
        self.assertRegex(terminal.shows("THR "), r"(?m)^.!!? +shop-web .* THR [0-9]+%")
        self.assertRegex(terminal.screen(), r"(?m)^.!!? +shop-db .* MEM 9[0-9]%")
        self.assertRegex(terminal.screen(), r"(?m)^.   chatter ")
        self.select(terminal, "shop-web")
        terminal.keys("Enter")
        terminal.shows("throttled: its CPU limit stopped it in")

    def test_logs_follow(self):
        terminal = self.start()
        self.select(terminal, "chatter")
        terminal.keys("l")
        terminal.shows("said 1 times")
        said = int(re.findall(r"said (\d+) times", terminal.screen())[-1])
        terminal.shows(f"said {said + 2} times")

    def test_a_limit_is_raised(self):
        terminal = self.start(columns=100)
        self.select(terminal, "shop-web")
        terminal.keys("e")
        terminal.shows("cpu.quota")
        terminal.type("cpus=0.6")
        terminal.keys("Enter")
        screen = terminal.shows("Set this? y or n")
        self.assertRegex(screen, r"cpu.quota +0.2 cpus +0.6 cpus")
        terminal.keys("y")
        screen = terminal.shows("read back")
        self.assertRegex(screen, r"cpu.quota +0.6 cpus +20000")
        shown = subprocess.run(
            [str(case.PLIMSOLL), "limit", "--socket", str(self.containers.engine.socket), "show", "shop-web"],
            stdout=subprocess.PIPE, text=True, check=True,
        ).stdout
        self.assertRegex(shown, r"cpu.quota +0.6 cpus")


class Limits(unittest.TestCase):
    def test_a_limit_is_planned_confirmed_and_read_back(self):
        engine = Engine(name="top").start()
        self.addCleanup(engine.stop)
        group = Group("top")
        self.addCleanup(group.remove)
        group.ready(HOLD.format(mib=8))
        flags = ["--local", "--all-cgroups", "--socket", str(engine.socket), group.path.rpartition("/")[2]]
        terminal = Terminal(command(*flags, program=False), 24, 100)
        self.addCleanup(terminal.stop)
        terminal.shows(group.path.rpartition("/")[2])
        terminal.keys("e")
        terminal.shows("pids.max")
        terminal.type("pids=77")
        terminal.keys("Enter")
        terminal.shows("Set this? y or n")
        self.assertEqual(group.pids_max(), "max")
        terminal.keys("n")
        terminal.shows("set: pids=77")
        terminal.keys("Enter")
        terminal.shows("Set this? y or n")
        terminal.keys("y")
        screen = terminal.shows("read back")
        self.assertRegex(screen, r"pids.max +77")
        self.assertEqual(group.pids_max(), "77")
        terminal.keys("q", "e")
        terminal.shows("pids.max")
        terminal.type("memory=lots")
        terminal.keys("Enter")
        terminal.shows("lots")
        terminal.keys("C-u")
        terminal.type("memory=4M")
        terminal.keys("Enter")
        terminal.shows("Set this? y or n")
        terminal.keys("y")
        terminal.shows("failed")  # It holds more than that.
        self.assertIsNone(group.memory_max())


if __name__ == "__main__":
    case.main()
