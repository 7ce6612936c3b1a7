"""Talking to containers by the docker command line: attach, exec, logs, terminals."""

import re
import time

import case
from container_host import IMAGE


class Talk:
    host = None

    def tearDown(self):
        self.host.remove_all()

    def test_input_ends_with_the_client(self):
        done = self.host.docker("run", "--rm", "-i", IMAGE, "sh", "-c", "cat; echo end", input="one\ntwo\n")
        self.assertEqual((done.returncode, done.stdout), (0, "one\ntwo\nend\n"), done.stderr)

    def test_much_of_it(self):
        lines = "".join(f"{i}\n" for i in range(200000))
        done = self.host.docker("run", "--rm", "-i", IMAGE, "cat", input=lines)
        self.assertEqual(len(done.stdout), len(lines))
        self.assertEqual(done.stdout, lines)

    def test_a_terminal(self):
        terminal = self.host.terminal("run", "--rm", "-it", IMAGE, "sh")
        terminal.type("tty; echo $((6 * 7))\n")
        terminal.expect("/dev/pts/0")
        terminal.expect("42")
        terminal.type("exit 4\n")
        self.assertEqual(terminal.wait(), 4)

    def test_detach_and_attach(self):
        terminal = self.host.terminal("run", "-it", "--name", "dd", IMAGE, "sh")
        terminal.type("X=17\n")
        terminal.expect("#")
        terminal.type("\x10\x11")
        terminal.wait()
        self.assertTrue(self.host.inspect("dd")["State"]["Running"])
        terminal = self.host.terminal("attach", "dd")
        time.sleep(0.3)
        terminal.type("echo back $X; exit 3\n")
        terminal.expect("back 17")
        self.assertEqual(terminal.wait(), 3)

    def test_detach_keys_of_ones_own(self):
        terminal = self.host.terminal("run", "-it", "--detach-keys", "ctrl-a,b", "--name", "kk", IMAGE, "sh")
        terminal.expect("#")
        terminal.type("\x01b")
        terminal.wait()
        self.assertTrue(self.host.inspect("kk")["State"]["Running"])

    def test_attach_sees_what_is_said_from_now_on(self):
        self.host.start("said", "i=0; while [ $i -lt 40 ]; do i=$((i+1)); echo $i; sleep 0.1; done; exit 6")
        done = self.host.docker("attach", "--no-stdin", "said")
        self.assertEqual(done.returncode, 6)
        self.assertIn("40\n", done.stdout)

    def test_start_attached(self):
        self.host("create", "--name", "ss", IMAGE, "sh", "-c", "echo first; exit 2")
        done = self.host.docker("start", "-a", "ss")
        self.assertEqual((done.returncode, done.stdout), (2, "first\n"), done.stderr)

    def test_exec(self):
        self.host.start("ee", "sleep 1000")
        done = self.host.docker("exec", "-e", "A=b", "-w", "/tmp", "-u", "7:8", "ee", "sh", "-c",
                                "echo $A; pwd; id -u; echo no >&2; exit 3")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (3, "b\n/tmp\n7\n", "no\n"))
        self.assertEqual(self.host.docker("exec", "-i", "ee", "cat", input="in\n").stdout, "in\n")
        done = self.host.docker("exec", "ee", "nothing-of-that-name")
        self.assertIn(done.returncode, (126, 127))
        self.assertIn("executable file not found", done.stdout + done.stderr)
        self.assertEqual(self.host.docker("exec", "-d", "ee", "touch", "/tmp/later").returncode, 0)
        self.assertTrue(case.eventually(lambda: self.host.docker("exec", "ee", "ls", "/tmp/later").returncode == 0, 60))
        self.host("stop", "-t", "0", "ee")
        self.assertIn("is not running", self.host.docker("exec", "ee", "true").stderr)

    def test_exec_on_a_terminal(self):
        self.host.start("ee", "sleep 1000")
        terminal = self.host.terminal("exec", "-it", "ee", "sh")
        terminal.type("tty\n")
        terminal.expect("/dev/pts/")
        terminal.type("exit 5\n")
        self.assertEqual(terminal.wait(), 5)

    def test_logs(self):
        self.host.start("ll", "for i in 1 2 3; do echo line $i; done; echo oops >&2; sleep 1000")
        self.assertTrue(case.eventually(lambda: "oops" in self.host.docker("logs", "ll").stderr, 60))
        done = self.host.docker("logs", "ll")
        self.assertEqual((done.stdout, done.stderr), ("line 1\nline 2\nline 3\n", "oops\n"))
        self.assertEqual(self.host("logs", "--tail", "2", "ll"), "line 3")
        stamped = self.host("logs", "-t", "ll").splitlines()[0]
        self.assertRegex(stamped, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z line 1$")
        since = re.match(r"\S+", self.host("logs", "-t", "ll").splitlines()[1])[0]
        self.assertEqual(self.host("logs", "--since", since, "ll").splitlines()[0], "line 2")
        self.assertEqual(self.host.docker("logs", "--until", "2001-01-01T00:00:00Z", "ll").stdout, "")
        self.assertIn("No such container: nobody", self.host.docker("logs", "nobody").stderr)

    def test_logs_that_go_on(self):
        self.host.start("ff", "i=0; while [ $i -lt 5 ]; do i=$((i+1)); echo $i; sleep 0.2; done")
        self.assertEqual(self.host("logs", "-f", "ff", timeout=60).split(), list("12345"))

    def test_no_logs_where_none_are_kept(self):
        self.host.start("nn", "echo x", "--log-driver", "none")
        self.assertIn("does not support reading", self.host.docker("logs", "nn").stderr)

    def test_signals_go_through(self):
        running = self.host.popen("run", "--rm", IMAGE, "sh", "-c",
                                  "trap 'echo got; exit 8' TERM; echo up; while :; do sleep 0.05; done")
        self.assertEqual(running.stdout.readline(), b"up\n")
        running.terminate()
        self.assertEqual(running.communicate(timeout=60)[0], b"got\n")
        self.assertEqual(running.returncode, 8)
