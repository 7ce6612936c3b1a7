"""Hosts and containers register in Debian's etcd, and Prometheus scrapes those that are there."""

import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import case
from docker import Docker
from etcd import URL, Etcd, encoded
from exporter import Exporter
from prometheus import Prometheus

TTL = 5  # Seconds.
NODES = "/plimsoll/nodes/"
CONTAINERS = "/plimsoll/containers/"
POLL = 0.02
SECURE = "https://127.0.0.1:2378"
READ_WRITE = {"permType": "READWRITE", "key": encoded("/plimsoll/"), "range_end": encoded("/plimsoll0")}


def make_certificates():
    """An authority, and what it signed for 127.0.0.1: server and client at once."""
    at = case.work
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    commands = (
        ["req", "-x509", *key, "-days", "2", "-subj", "/CN=plimsoll-test", "-keyout", at / "ca.key", "-out", at / "ca.pem"],
        ["req", *key, "-subj", "/CN=etcd", "-keyout", at / "etcd.key", "-out", at / "etcd.csr"],
        ["x509", "-req", "-in", at / "etcd.csr", "-CA", at / "ca.pem", "-CAkey", at / "ca.key", "-CAcreateserial"]
        + ["-days", "2", "-extfile", at / "etcd.ext", "-out", at / "etcd.pem"],
    )
    (at / "etcd.ext").write_text("subjectAltName=IP:127.0.0.1\n")
    for command in commands:
        subprocess.run(["openssl", *command], check=True, capture_output=True)


def setUpModule():
    global etcd
    make_certificates()
    files = [f"--cert-file={case.work}/etcd.pem", f"--key-file={case.work}/etcd.key"]
    etcd = Etcd(*files, f"--trusted-ca-file={case.work}/ca.pem", "--client-cert-auth", secure=SECURE)
    unittest.addModuleCleanup(etcd.stop)


def registering(node, *flags):
    return Exporter(f"--etcd.endpoints={URL}", f"--etcd.ttl={TTL}s", f"--etcd.node={node}", *flags)


def node_keys():
    return set(etcd.keys(NODES))


def gone(node):
    return NODES + node not in node_keys()


class Watch:
    """`plimsoll sd` that keeps a file."""

    def __init__(self, what="nodes"):
        self.path = case.work / f"sd-{what}-{os.urandom(4).hex()}.json"
        self.log_path = self.path.with_suffix(".log")
        command = [str(case.PLIMSOLL), "sd", f"--etcd.endpoints={URL}", f"--what={what}", f"--output={self.path}"]
        with open(self.log_path, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def groups(self):
        try:
            return json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None

    def nodes(self):
        return {group["labels"]["__meta_plimsoll_node"] for group in self.groups() or []}

    def log(self):
        return self.log_path.read_text(encoding="utf-8")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)
        return self.process.returncode


def sd(*flags):
    command = [str(case.PLIMSOLL), "sd", *flags]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def once(*flags):
    return sd(f"--etcd.endpoints={URL}", "--once", *flags)


class EtcdTest(unittest.TestCase):
    def started(self, thing):
        self.addCleanup(thing.stop)
        return thing

    def test_a_host_is_there_soon_and_gone_with_its_exporter(self):
        watch = self.started(Watch())
        begun = time.monotonic()
        exporter = self.started(registering("host-1"))
        self.assertTrue(case.eventually(lambda: "host-1" in watch.nodes(), 30, POLL))
        print(f"[measured] in the file {time.monotonic() - begun:.2f} s after the exporter's start", flush=True)
        told = etcd.keys(NODES)[NODES + "host-1"]
        self.assertEqual(told["address"], exporter.address)
        (group,) = watch.groups()
        self.assertEqual(group["targets"], [exporter.address])
        self.assertEqual(group["labels"]["__metrics_path__"], "/metrics")
        self.assertEqual(watch.path.stat().st_mode & 0o777, 0o644)
        scrape = exporter.scrape()
        self.assertEqual(scrape.value("plimsoll_etcd_registered"), 1)
        self.assertEqual(scrape.total("plimsoll_etcd_errors_total"), 0)
        self.assertEqual(scrape.value("plimsoll_etcd_keys"), 1)
        self.assertEqual(scrape.value("plimsoll_etcd_left_out"), 0)
        self.assertLess(abs(time.time() - scrape.value("plimsoll_etcd_last_success_timestamp_seconds")), 60)
        begun = time.monotonic()
        self.assertEqual(exporter.stop(), 0)
        self.assertTrue(case.eventually(lambda: not watch.nodes(), 30, POLL))
        print(f"[measured] out of the file {time.monotonic() - begun:.2f} s after SIGTERM", flush=True)
        self.assertEqual(etcd.leases(), [])
        self.assertEqual(watch.stop(), 0)
        self.assertFalse(watch.path.with_name(watch.path.name + ".tmp").exists())

    def test_a_killed_exporter_is_gone_when_its_lease_ends(self):
        exporter = self.started(registering("host-2"))
        self.assertTrue(case.eventually(lambda: not gone("host-2"), 30, POLL))
        time.sleep(TTL / 3)  # At any moment between two life signs.
        begun = time.monotonic()
        exporter.process.kill()
        exporter.process.wait()
        self.assertTrue(case.eventually(lambda: gone("host-2"), TTL + 30, POLL))
        print(f"[measured] gone {time.monotonic() - begun:.2f} s after kill -9, TTL {TTL} s", flush=True)

    def test_it_costs_little_while_nothing_happens(self):
        exporter = self.started(registering("host-3"))
        self.assertTrue(case.eventually(lambda: exporter.scrape().value("plimsoll_etcd_registered") == 1))
        before = exporter.scrape()
        time.sleep(2 * TTL)
        after = exporter.scrape()
        requests = after.total("plimsoll_etcd_requests_total") - before.total("plimsoll_etcd_requests_total")
        size = after.value("plimsoll_etcd_key_bytes")
        print(f"[measured] {requests * 60 / (2 * TTL):.0f} requests a minute, TTL {TTL} s; {size:.0f} bytes a host", flush=True)
        self.assertEqual(after.value("plimsoll_etcd_requests_total", operation="txn"), 1)
        self.assertGreater(requests, 0)

    def test_a_restart_of_etcd_loses_nothing(self):
        watch = self.started(Watch())
        exporter = self.started(registering("host-4"))
        self.assertTrue(case.eventually(lambda: watch.nodes() == {"host-4"}, 30, POLL))
        seen = watch.path.stat().st_ino
        etcd.stop()
        self.assertTrue(case.eventually(lambda: exporter.scrape().value("plimsoll_etcd_registered") == 0, 30))
        self.assertTrue(case.eventually(lambda: "stays as it is" in watch.log(), 30))
        self.assertEqual(watch.nodes(), {"host-4"})
        etcd.start()
        self.assertTrue(case.eventually(lambda: exporter.scrape().value("plimsoll_etcd_registered") == 1, 30))
        self.assertTrue(case.eventually(lambda: "answers again" in watch.log(), 30))
        time.sleep(TTL + 1)  # The lease goes on.
        self.assertFalse(gone("host-4"))
        self.assertEqual(watch.path.stat().st_ino, seen, "the file was written although nothing changed")
        # And what comes is told.
        self.started(registering("host-5"))
        self.assertTrue(case.eventually(lambda: watch.nodes() == {"host-4", "host-5"}, 30))

    def test_everything_is_registered_again_in_an_etcd_that_forgot(self):
        watch = self.started(Watch())
        exporter = self.started(registering("host-6"))
        self.assertTrue(case.eventually(lambda: watch.nodes() == {"host-6"}, 30, POLL))
        etcd.forget()
        begun = time.monotonic()
        self.assertTrue(case.eventually(lambda: not gone("host-6"), TTL + 30, POLL))
        print(f"[measured] registered again {time.monotonic() - begun:.2f} s after the empty etcd is ready", flush=True)
        self.assertTrue(case.eventually(lambda: exporter.scrape().value("plimsoll_etcd_leases_lost_total") == 1))
        self.started(registering("host-7"))
        self.assertTrue(case.eventually(lambda: watch.nodes() == {"host-6", "host-7"}, 30))

    def test_a_watcher_reads_all_again_after_a_compaction(self):
        watch = self.started(Watch())
        exporter = self.started(registering("host-8"))
        self.assertTrue(case.eventually(lambda: watch.nodes() == {"host-8"}, 30, POLL))
        watch.process.send_signal(signal.SIGSTOP)
        try:
            exporter.stop()
            self.started(registering("host-9"))
            self.assertTrue(case.eventually(lambda: not gone("host-9")))
            revision = etcd.ask("kv/range", {"key": "eA=="})["header"]["revision"]
            etcd.ask("kv/compaction", {"revision": revision, "physical": True})
            etcd.stop()  # Its connection ends; what it missed is not told any more.
            etcd.start()
        finally:
            watch.process.send_signal(signal.SIGCONT)
        self.assertTrue(case.eventually(lambda: watch.nodes() == {"host-9"}, 30))

    def test_prometheus_scrapes_who_is_registered(self):
        watch = self.started(Watch())
        prometheus = self.started(Prometheus(None, file=watch.path))
        exporter = self.started(registering("host-a"))
        up = 'up{job="registered"}'
        self.assertTrue(case.eventually(lambda: [value for _, value in prometheus.query(up)] == [1], 60))
        ((labels, _),) = prometheus.query(up)
        self.assertEqual((labels["instance"], labels["node"]), (exporter.address, "host-a"))
        self.assertTrue(prometheus.query('plimsoll_etcd_registered{node="host-a"} == 1'))
        exporter.stop()
        self.assertTrue(case.eventually(lambda: not prometheus.query(up), 60), "a target that is gone")
        self.assertNotIn("level=error", prometheus.log_path.read_text())

    def test_once_prints_and_ends(self):
        exporter = self.started(registering("host-b"))
        self.assertTrue(case.eventually(lambda: not gone("host-b")))
        done = once()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual([group["targets"] for group in json.loads(done.stdout)], [[exporter.address]])
        self.assertEqual(once("--etcd.prefix=/elsewhere").stdout, "[]\n")
        away = sd("--etcd.endpoints=http://127.0.0.1:1", "--once")
        self.assertEqual(away.returncode, 5)
        self.assertIn("127.0.0.1:1", away.stderr)

    def test_what_others_wrote_does_not_spoil_the_file(self):
        watch = self.started(Watch())
        self.started(registering("host-c"))
        self.assertTrue(case.eventually(lambda: watch.nodes() == {"host-c"}, 30, POLL))
        for name, value in (("no-json", "{"), ("no-list", '{"targets":7}'), ("path", '{"targets":[{"targets":["h/p"]}]}')):
            etcd.ask("kv/put", {"key": encoded(NODES + name), "value": encoded(value)})
            self.addCleanup(etcd.ask, "kv/deleterange", {"key": encoded(NODES + name)})
        self.assertTrue(case.eventually(lambda: "3 keys hold no targets" in watch.log(), 30), watch.log())
        self.assertEqual(watch.nodes(), {"host-c"})

    def test_an_exporter_serves_although_there_is_no_etcd(self):
        exporter = self.started(Exporter("--etcd.endpoints=http://127.0.0.1:1,http://127.0.0.1:2"))
        scrape = exporter.scrape()
        self.assertEqual(scrape.value("plimsoll_etcd_registered"), 0)
        self.assertTrue(case.eventually(lambda: exporter.scrape().value("plimsoll_etcd_errors_total", operation="grant") > 2))
        self.assertEqual(exporter.stop(), 0)

    def test_endpoints_are_tried_in_turn(self):
        self.started(Exporter(f"--etcd.endpoints=http://127.0.0.1:1,{URL}", "--etcd.node=host-d"))
        self.assertTrue(case.eventually(lambda: not gone("host-d"), 30))

    def test_both_sides_show_certificates(self):
        trusting = [f"--etcd.endpoints={SECURE}", f"--etcd.ca-file={case.work}/ca.pem"]
        known = [f"--etcd.cert-file={case.work}/etcd.pem", f"--etcd.key-file={case.work}/etcd.key"]
        # The key is root's alone: read before rights are given up.
        self.assertEqual((case.work / "etcd.key").stat().st_mode & 0o077, 0)
        exporter = self.started(Exporter(*trusting, *known, "--etcd.node=host-s"))
        self.assertTrue(case.eventually(lambda: not gone("host-s"), 30), exporter.log())
        listed = sd(*trusting, *known, "--once")
        self.assertEqual(len(json.loads(listed.stdout)), 1, listed.stderr)
        self.assertNotEqual(sd(*trusting, "--once").returncode, 0)
        self.assertIn("certificate", sd(f"--etcd.endpoints={SECURE}", "--once").stderr)

    def test_a_user_asks_for_a_token(self):
        secret = case.work / "etcd-password"
        secret.write_text("secret\n")
        secret.chmod(0o644)
        for what, body in (
            ("auth/user/add", {"name": "root", "password": "root"}),
            ("auth/user/grant", {"user": "root", "role": "root"}),
            ("auth/user/add", {"name": "plimsoll", "password": "secret"}),
            ("auth/role/add", {"name": "hosts"}),
            ("auth/role/grant", {"name": "hosts", "perm": READ_WRITE}),
            ("auth/user/grant", {"user": "plimsoll", "role": "hosts"}),
            ("auth/enable", {}),
        ):
            etcd.ask(what, body)
        self.addCleanup(etcd.forget)
        user = ["--etcd.user=plimsoll", f"--etcd.password-file={secret}"]
        exporter = self.started(registering("host-e", *user))
        self.assertTrue(case.eventually(lambda: exporter.scrape().value("plimsoll_etcd_registered") == 1, 30))
        done = once(*user)
        self.assertEqual(len(json.loads(done.stdout)), 1, done.stderr)
        refused = once()
        self.assertEqual(refused.returncode, 1)
        self.assertIn("user name is empty", refused.stderr)
        # Tokens are forgotten with a restart.
        etcd.stop()
        etcd.start()
        self.assertTrue(case.eventually(lambda: exporter.scrape().value("plimsoll_etcd_registered") == 1, 30))
        time.sleep(TTL + 1)
        self.assertEqual(len(json.loads(once(*user).stdout)), 1)


class ServiceTest(unittest.TestCase):
    """`plimsoll sd` as its unit starts it, with the test in systemd's place."""

    def setUp(self):
        # Somebody else's: the tests' own directory is root's alone.
        directory = tempfile.TemporaryDirectory(prefix="plimsoll-test-")
        self.addCleanup(directory.cleanup)
        os.chmod(directory.name, 0o755)
        self.state = Path(directory.name, "state")
        self.state.mkdir(mode=0o755)
        os.chown(self.state, 65534, 65534)
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.manager.close)
        path = Path(directory.name, "notify")
        self.manager.bind(str(path))
        path.chmod(0o777)
        self.manager.settimeout(60)
        unit = (case.ROOT / "packaging/systemd/plimsoll-sd.service").read_text()
        words = re.search(r"(?m)^ExecStart=/usr/bin/plimsoll (.*)$", unit).group(1).split()
        self.words = [word.replace("${STATE_DIRECTORY}", str(self.state)) for word in words]
        self.environment = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "30000000"}

    def begin(self, url):
        at = self.words.index("$PLIMSOLL_SD_FLAGS")
        command = [str(case.PLIMSOLL), *self.words[:at], f"--etcd.endpoints={url}", *self.words[at + 1 :]]
        process = subprocess.Popen(command, env=self.environment, user=65534, group=65534, extra_groups=[], umask=0o022)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def heard(self):
        return self.manager.recv(4096).decode()

    def test_ready_means_that_the_list_is_there(self):
        exporter = registering("host-u")
        self.addCleanup(exporter.stop)
        self.assertTrue(case.eventually(lambda: not gone("host-u"), 30))
        process = self.begin(URL)
        # Its follower says something once a minute, not more often.
        self.assertEqual(self.heard(), "WATCHDOG_USEC=270000000")
        self.assertIn("READY=1", self.heard())
        written = self.state / "hosts.json"
        self.assertEqual([group["targets"] for group in json.loads(written.read_text())], [[exporter.address]])
        self.assertEqual((written.stat().st_mode & 0o777, written.stat().st_uid), (0o644, 65534))
        process.terminate()
        self.assertEqual(self.heard(), "STOPPING=1")
        self.assertEqual(process.wait(20), 0)
        self.assertTrue(written.exists())

    def test_ready_without_etcd_with_the_list_of_before(self):
        before = self.state / "hosts.json"
        before.write_text('[{"targets": ["host:1"]}]')
        process = self.begin("http://127.0.0.1:1")
        self.heard()
        self.assertIn("READY=1", self.heard())
        process.terminate()
        self.assertEqual(process.wait(20), 0)
        self.assertEqual(before.read_text(), '[{"targets": ["host:1"]}]')

    def test_not_ready_where_nothing_can_be_written(self):
        os.chown(self.state, 0, 0)
        process = self.begin(URL)
        self.heard()
        self.manager.settimeout(3)
        self.assertRaises(TimeoutError, self.heard)
        self.assertIsNone(process.poll())


class ContainersTest(unittest.TestCase):
    def test_containers_come_and_go(self):
        docker = Docker()
        self.addCleanup(docker.stop)
        exporter = registering("host-f")
        self.addCleanup(exporter.stop)
        watch = Watch("containers")
        self.addCleanup(watch.stop)
        self.assertTrue(case.eventually(lambda: exporter.scrape().value("plimsoll_etcd_registered") == 1))
        quiet = docker.run("quiet", "sleep 1000")
        begun = time.monotonic()
        web = docker.run("web", "sleep 1000", "--label", "prometheus.io/port=9100")
        self.assertTrue(case.eventually(lambda: watch.groups(), 30, POLL))
        print(f"[measured] a container in the file {time.monotonic() - begun:.2f} s after docker run began", flush=True)
        key = CONTAINERS + "host-f/" + web
        self.assertTrue(case.eventually(lambda: etcd.keys(key)[key].get("name") == "web"))
        told = etcd.keys(CONTAINERS)
        self.assertEqual(set(told), {key, CONTAINERS + "host-f/" + quiet})
        sizes = {name: len(name) + len(json.dumps(value, separators=(",", ":"))) for name, value in told.items()}
        print(f"[measured] {sizes[key]} bytes for a container with a port, {min(sizes.values())} without", flush=True)
        self.assertEqual(told[key]["runtime"], "docker")
        self.assertEqual(told[key]["image"], "plimsoll-test/busybox:1")
        address = docker("inspect", "-f", "{{.NetworkSettings.IPAddress}}", "web")
        (group,) = watch.groups()
        self.assertEqual(group["targets"], [f"{address}:9100"])
        self.assertEqual(group["labels"]["__meta_plimsoll_node"], "host-f")
        # As /sd says it, but for the label that says where.
        (alone,) = json.loads(exporter.get("/sd")[1])
        self.assertEqual(group["labels"], {**alone["labels"], "__meta_plimsoll_node": "host-f"})
        begun = time.monotonic()
        docker("rm", "-f", "web")
        self.assertTrue(case.eventually(lambda: watch.groups() == [], 30, POLL))
        print(f"[measured] out of the file {time.monotonic() - begun:.2f} s after docker rm began", flush=True)
        self.assertTrue(case.eventually(lambda: set(etcd.keys(CONTAINERS)) == {CONTAINERS + "host-f/" + quiet}))


if __name__ == "__main__":
    case.main()
