"""docker-compose, as Debian has it, against `plimsoll engine`."""

import json
import subprocess
import unittest
import urllib.request

import case
from container_host import IMAGE, ContainerHost, clis

COMPOSE = "/usr/bin/docker-compose"
ALIAS = "site"  # Of the service web.
FILE = f"""
services:
  web:
    image: {IMAGE}
    command: ["sh", "-c", "echo page of $$WHO > /www/index.html; exec httpd -f -p 80 -h /www"]
    environment: {{WHO: compose}}
    ports: ["127.0.0.1:18096:80"]
    volumes: ["data:/www"]
    networks: {{front: {{aliases: [{ALIAS}]}}}}
    healthcheck: {{test: [CMD, test, -e, /www/index.html], interval: 200ms, retries: 100}}
    mem_limit: 64m
    restart: unless-stopped
  asker:
    image: {IMAGE}
    command: ["sh", "-c", "wget -q -O - http://{ALIAS}/ && exec sleep 1000"]
    networks: [front]
    depends_on: {{web: {{condition: service_healthy}}}}
    stop_grace_period: 0s
networks: {{front: {{}}}}
volumes: {{data: {{}}}}
"""


def setUpModule():
    global host
    found = clis()
    assert found, "there is no docker command line here"
    host = ContainerHost(next(iter(found.values())))
    unittest.addModuleCleanup(host.stop)


class Compose(unittest.TestCase):
    """One project, from its beginning to its end, in this order."""

    def run_it(self, *arguments, file=FILE):
        project = case.work / "project"
        project.mkdir(exist_ok=True)
        (project / "docker-compose.yml").write_text(file)
        return subprocess.run([COMPOSE, "--no-ansi", *arguments], cwd=project, env=host.environment(),
                              capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL)

    def compose(self, *arguments, file=FILE):
        done = self.run_it(*arguments, file=file)
        self.assertEqual(done.returncode, 0, f"{arguments}: {done.stdout}{done.stderr}\n{host.engine.log()[-2000:]}")
        return done.stdout

    def page(self):
        with urllib.request.urlopen("http://127.0.0.1:18096/", timeout=5) as answer:
            return answer.read().decode()

    def test_up(self):
        self.compose("up", "-d")
        self.assertRegex(self.compose("ps"), r"project_web_1 .*Up \(healthy\) .*127\.0\.0\.1:18096->80/tcp")
        self.assertTrue(case.eventually(lambda: "page of compose" in self.compose("logs", "asker")))
        self.assertEqual(self.page(), "page of compose\n")
        self.assertEqual(host.inspect("project_web_1")["HostConfig"]["Memory"], 64 << 20)

    def test_up_again_changes_nothing(self):
        before = host.inspect("project_web_1")["Id"]
        self.compose("up", "-d")
        self.assertEqual(host.inspect("project_web_1")["Id"], before)

    def test_up_after_a_change_makes_the_service_anew(self):
        before = host.inspect("project_web_1")["Id"]
        for file, memory in ((FILE.replace("64m", "65m"), 65 << 20), (FILE, 64 << 20)):
            self.compose("up", "-d", file=file)
            self.assertEqual(host.inspect("project_web_1")["HostConfig"]["Memory"], memory)
        self.assertNotEqual(host.inspect("project_web_1")["Id"], before)
        self.assertTrue(case.eventually(lambda: self.page() == "page of compose\n"))

    def test_exec_run_and_port(self):
        self.assertEqual(self.compose("exec", "-T", "web", "cat", "/www/index.html"), "page of compose\n")
        done = self.run_it("exec", "-T", "web", "sh", "-c", "exit 5")
        self.assertEqual(done.returncode, 5)
        self.assertEqual(self.compose("run", "--rm", "--no-deps", "-T", "asker", "wget", "-q", "-O", "-",
                                      f"http://{ALIAS}/"), "page of compose\n")
        self.assertEqual(self.compose("port", "web", "80").strip(), "127.0.0.1:18096")
        self.assertIn("httpd", self.compose("top", "web"))

    def test_scale(self):
        self.compose("up", "-d", "--scale", "asker=3")
        self.assertEqual(len(self.compose("ps", "-q", "asker").split()), 3)
        self.compose("up", "-d", "--scale", "asker=1")
        self.assertEqual(len(self.compose("ps", "-q", "asker").split()), 1)

    def test_stop_start_pause_and_kill(self):
        self.compose("restart", "-t", "0", "web")
        self.compose("pause", "asker")
        self.compose("unpause", "asker")
        self.compose("stop", "-t", "0")
        self.assertEqual(host("ps", "-q"), "")
        self.compose("start")
        self.assertEqual(len(host("ps", "-q").split()), 2)
        self.compose("kill", "asker")

    def test_what_is_wrong_is_said(self):
        done = self.run_it("run", "--rm", "--no-deps", "-T", "asker", "nosuch")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("executable file not found", done.stderr)

    def test_down(self):
        self.assertEqual([one["Name"] for one in json.loads(host("network", "inspect", "project_front"))],
                         ["project_front"])
        self.compose("down", "-v", "-t", "0")
        self.assertEqual(host("ps", "-aq"), "")
        self.assertEqual(host("volume", "ls", "-q"), "")
        self.assertNotIn("project_front", host("network", "ls", "--format", "{{.Name}}"))


if __name__ == "__main__":
    case.main()
