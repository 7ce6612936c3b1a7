"""What the exporter may do after its start, and who gets in."""

import os
import re
import shutil
import signal
import subprocess
import unittest
import warnings
from pathlib import Path

import case
from docker import Docker
from exporter import Exporter, Scrape

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Going away with Python 3.13; Debian 12 has 3.11.
    import crypt

GROUPS = "--enable_metrics=cpu,memory,network,process,disk,oom_event,pressure"
DAC_OVERRIDE, DAC_READ_SEARCH, SYS_PTRACE, SYSLOG = (1 << number for number in (1, 2, 19, 34))


def setUpModule():
    global docker
    docker = Docker()
    unittest.addModuleCleanup(docker.stop)
    docker.run("web", "sleep 100000 & sleep 100000", "--label", "tier=front")
    docker.run("crowd", "for i in 1 2 3; do sleep 100000 & done; wait", "--user", "12345", "--memory", "64m")


def status(pid):
    lines = (line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return {key: value.strip() for key, value in lines}


class RightsTest(unittest.TestCase):
    def start(self, *flags, groups=GROUPS, **options):
        exporter = Exporter(groups, *flags, **options)
        self.addCleanup(exporter.stop)
        return exporter

    def test_root_is_given_up(self):
        exporter = self.start()
        now = status(exporter.process.pid)
        self.assertNotIn("0", now["Uid"].split() + now["Gid"].split() + now["Groups"].split())
        kept = int(now["CapEff"], 16)
        self.assertEqual(kept & ~(DAC_READ_SEARCH | SYS_PTRACE | SYSLOG), 0)
        for key, wanted in (("CapPrm", kept), ("CapBnd", kept), ("CapInh", 0), ("CapAmb", 0)):
            self.assertEqual(int(now[key], 16), wanted, key)
        self.assertEqual(now["NoNewPrivs"], "1")
        # Every thread, not only the first.
        for task in Path(f"/proc/{exporter.process.pid}/task").iterdir():
            self.assertEqual(status(f"{exporter.process.pid}/task/{task.name}")["CapEff"], now["CapEff"])
        if "a build with sanitizers" not in exporter.log():
            self.assertEqual(now["Seccomp"], "2")
            self.assertEqual(exporter.scrape().value("plimsoll_sandboxed"), 1)
        self.assertIn("running as user", exporter.log())
        self.assertEqual(exporter.stop(), 0)

    def test_runtimes_are_asked_by_a_process_of_its_own(self):
        exporter = self.start()
        children = Path(f"/proc/{exporter.process.pid}/task/{exporter.process.pid}/children").read_text().split()
        (asker,) = [status(pid) for pid in children]
        self.assertEqual(asker["Name"], "plimsoll-asker")
        self.assertEqual(int(asker["CapPrm"], 16), DAC_OVERRIDE)
        self.assertEqual(asker["Uid"], status(exporter.process.pid)["Uid"])
        self.assertEqual(asker["NoNewPrivs"], "1")
        # Nothing but its channel and what every process has.
        self.assertLessEqual(len(list(Path(f"/proc/{asker['Pid']}/fd").iterdir())), 4)
        self.assertEqual(exporter.stop(), 0)
        self.assertFalse(Path(f"/proc/{asker['Pid']}").exists())
        killed = self.start()
        (child,) = Path(f"/proc/{killed.process.pid}/task/{killed.process.pid}/children").read_text().split()
        killed.process.kill()
        killed.process.wait()
        self.assertTrue(case.eventually(lambda: not Path(f"/proc/{child}").exists() or status(child)["State"].startswith("Z")))

    def test_only_what_the_groups_use(self):
        exporter = self.start(groups="--enable_metrics=cpu")
        self.assertEqual(int(status(exporter.process.pid)["CapPrm"], 16) & ~DAC_READ_SEARCH, 0)

    def test_nothing_that_root_sees_is_lost(self):
        few = self.start()
        all_rights = self.start("--user=root", "--no-sandbox")
        self.assertEqual(status(all_rights.process.pid)["Uid"].split()[0], "0")

        def series(exporter):
            found = set()
            for sample in exporter.scrape().samples:
                if sample.name.startswith("container_") and sample.labels.get("name"):
                    labels = tuple(sorted(sample.labels.items()))
                    # Counted since the exporter's own start: not the same for both.
                    if not sample.name.endswith("last_seen"):
                        found.add((sample.name, labels))
            return found

        def equal():
            ours, theirs = series(few), series(all_rights)
            self.assertEqual(ours ^ theirs, set())
            return theirs

        theirs = case.eventually(equal, 40)
        names = {name for name, _ in theirs}
        for wanted in ("container_cpu_usage_seconds_total", "container_network_receive_bytes_total", "container_processes", "container_fs_usage_bytes"):
            self.assertIn(wanted, names)
        self.assertEqual(few.scrape().series("plimsoll_capability_missing"), [])

        def same_processes():
            ours, all_there = few.scrape(), all_rights.scrape()
            for metric in ("container_processes", "container_file_descriptors", "container_threads"):
                for sample in all_there.series(metric):
                    if sample.labels.get("name"):
                        self.assertEqual(ours.value(metric, name=sample.labels["name"]), sample.value, sample)
            return True

        case.eventually(same_processes, 30)

    def test_another_user_without_any_right(self):
        binary = Path("/run/plimsoll-test-access")  # Where every user may execute it.
        shutil.copy(case.PLIMSOLL, binary)
        binary.chmod(0o755)
        self.addCleanup(binary.unlink)
        prefix = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"]
        exporter = self.start(prefix=prefix, binary=binary)
        self.assertEqual(int(status(exporter.process.pid)["CapPrm"], 16), 0)
        scrape = exporter.scrape()
        self.assertEqual(scrape.value("plimsoll_capability_missing", capability="CAP_DAC_READ_SEARCH", group="names"), 1)
        self.assertEqual(scrape.value("plimsoll_capability_missing", capability="CAP_SYS_PTRACE", group="process"), 1)
        identity = docker("inspect", "--format", "{{.Id}}", "web")
        found = [s for s in scrape.samples if s.name == "container_memory_usage_bytes" and identity in s.labels["id"]]
        self.assertTrue(found, "a container's memory is open to everybody")
        self.assertEqual(len(re.findall(r"without CAP_DAC_READ_SEARCH", exporter.log())), 1)

    def test_root_that_may_not_change_its_user_says_so_and_serves(self):
        exporter = self.start(prefix=["setpriv", "--bounding-set=-setuid,-setgid"])
        now = status(exporter.process.pid)
        self.assertEqual(now["Uid"].split()[0], "0")
        self.assertEqual(int(now["CapPrm"], 16) & ~(DAC_READ_SEARCH | SYS_PTRACE | SYSLOG), 0)
        self.assertIn("staying root, with fewer capabilities", exporter.log())

    def test_a_user_that_cannot_be_had_is_an_error(self):
        for user, told in (("plimsoll-test-nobody", "there is none"),):
            command = [case.PLIMSOLL, "exporter", "--web.listen-address=127.0.0.1:0", f"--user={user}"]
            done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn(told, done.stderr)


class Curl:
    def __init__(self, exporter, authority):
        self.address = exporter.address
        self.authority = authority

    def __call__(self, target, *flags):
        """(status, body); (0, message) without an answer."""
        command = ["curl", "-sS", "--max-time", "20", "--cacert", self.authority, "-w", "\n%{http_code}"]
        done = subprocess.run([*command, *flags, f"https://{self.address}{target}"], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return 0, done.stderr
        body, _, code = done.stdout.rpartition("\n")
        return int(code), body


class SecureExporter(Exporter):
    """Asked by curl, over TLS and with a password."""

    authority = password = None

    def get(self, target, timeout=10):
        code, body = Curl(self, self.authority)(target, "-u", self.password)
        if code == 0:
            raise OSError(body)
        return code, body


class WebTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = case.work / "web"
        cls.home.mkdir(mode=0o755)
        cls.make_certificate("first")
        users = crypt.crypt("open sesame", "$2b$05$abcdefghijklmnopqrstuu")
        cls.text = (
            "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n"
            f"basic_auth_users:\n  alice: {users}\n"
            "http_server_config:\n  headers:\n    X-Frame-Options: deny\n"
        )
        (cls.home / "web.yml").write_text(cls.text)
        SecureExporter.authority, SecureExporter.password = cls.home / "server.crt", "alice:open sesame"
        cls.exporter = SecureExporter(f"--web.config.file={cls.home}/web.yml")
        cls.addClassCleanup(cls.exporter.stop)
        cls.curl = Curl(cls.exporter, cls.home / "server.crt")

    @classmethod
    def make_certificate(cls, name):
        """In one step for readers: written beside, then renamed."""
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        command += ["-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"]
        command += ["-keyout", cls.home / "new.key", "-out", cls.home / "new.crt"]
        subprocess.run(command, check=True, capture_output=True)
        os.replace(cls.home / "new.key", cls.home / "server.key")
        os.replace(cls.home / "new.crt", cls.home / "server.crt")

    def test_promtool_knows_the_file(self):
        done = subprocess.run(["promtool", "check", "web-config", self.home / "web.yml"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_nothing_is_reachable_without_a_password(self):
        for target in ("/metrics", "/-/healthy", "/-/ready", "/healthz", "/", "/api/v1/containers", "/no/such/page"):
            self.assertEqual(self.curl(target)[0], 401, target)
            self.assertEqual(self.curl(target, "-u", "alice:guess")[0], 401, target)
            self.assertEqual(self.curl(target, "-u", "mallory:open sesame")[0], 401, target)
        self.assertEqual(self.curl("/-/healthy", "-u", SecureExporter.password)[0], 200)
        self.assertEqual(self.curl("/metrics", "-u", SecureExporter.password, "-X", "DELETE")[0], 405)

    def test_metrics_come_over_tls(self):
        scrape = Scrape(self.exporter.get("/metrics")[1])
        self.assertTrue(scrape.series("container_cpu_usage_seconds_total", name="web"))
        self.assertEqual(scrape.value("plimsoll_web_config_last_reload_successful"), 1)
        self.assertGreater(scrape.value("plimsoll_http_refused_total", reason="credentials"), 0)
        self.assertIn("x-frame-options: deny", self.curl("/metrics", "-u", SecureExporter.password, "-I")[1].lower())

    def test_old_versions_are_refused(self):
        self.assertEqual(self.curl("/", "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0")[0], 0)
        for version in ("--tlsv1.2", "--tlsv1.3"):
            self.assertEqual(self.curl("/-/healthy", version, "-u", SecureExporter.password)[0], 200)

    def test_a_stranger_name_is_refused(self):
        code, body = self.curl("/-/healthy", "-u", SecureExporter.password, "-H", "Host: evil.example")
        self.assertEqual(code, 403, body)

    def test_certificates_and_passwords_change_while_it_serves(self):
        self.make_certificate("second")
        code, said = self.curl("/-/healthy", "-u", SecureExporter.password, "-v")
        self.assertEqual(code, 200, said)  # curl trusts the new one only.
        web = self.home / "web.yml"
        web.write_text("basic_auth_users: [")
        self.assertEqual(self.curl("/-/healthy")[0], 401)
        self.assertEqual(self.exporter.scrape().value("plimsoll_web_config_last_reload_successful"), 0)
        self.assertIn("stays in force", self.exporter.log())
        web.write_text(self.text.replace("alice", "bob"))
        self.assertEqual(self.curl("/-/healthy", "-u", SecureExporter.password)[0], 401)
        self.assertEqual(self.curl("/-/healthy", "-u", "bob:open sesame")[0], 200)
        web.write_text(self.text)
        self.exporter.process.send_signal(signal.SIGHUP)
        self.assertTrue(case.eventually(lambda: self.exporter.get("/-/healthy")[0] == 200))
        self.assertIsNone(self.exporter.process.poll())


if __name__ == "__main__":
    case.main()
