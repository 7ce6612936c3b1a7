"""plimsoll-sd.service under the real systemd: confined, ready, its list where Prometheus can read it.

There is no etcd here; clients:etcd has the real one. A gateway that knows one host answers as it does.
"""

import base64
import json
import os
import signal
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import case
import units

UNIT = "plimsoll-sd.service"
FOLDER = Path("/run/systemd/system")
USERS = Path("/etc/sysusers.d/plimsoll-test-sd.conf")
LIST = Path("/var/lib/plimsoll-sd/hosts.json")
TARGETS = [{"targets": ["host-a:7546"], "labels": {"instance": "host-a"}}]
HEADER = {"cluster_id": "1", "member_id": "2", "revision": "5", "raft_term": "2"}


def encoded(text):
    return base64.b64encode(text.encode()).decode()


class Gateway(BaseHTTPRequestHandler):
    """One host is registered, and nothing happens."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.endswith("/watch"):
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            line = json.dumps({"result": {"header": HEADER, "created": True}}).encode() + b"\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
            self.wfile.flush()
            time.sleep(600)
            return
        host = {"key": encoded("/plimsoll/hosts/host-a"), "value": encoded(json.dumps({"host": "host-a", "targets": TARGETS})),
                "create_revision": "5", "mod_revision": "5", "version": "1", "lease": "7"}  # fmt: skip
        body = json.dumps({"header": HEADER, "kvs": [host], "count": "1"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def setUpModule():
    unittest.addModuleCleanup(clean)
    gateway = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    gateway.daemon_threads = True
    unittest.addModuleCleanup(gateway.shutdown)
    threading.Thread(target=gateway.serve_forever, daemon=True).start()
    folder = case.ROOT / "packaging/systemd"
    USERS.parent.mkdir(exist_ok=True)
    USERS.write_text((folder / "plimsoll-sd.sysusers").read_text())
    units.run("systemd-sysusers", str(USERS))
    # The program stands elsewhere here.
    (FOLDER / UNIT).write_text((folder / UNIT).read_text().replace("/usr/bin/plimsoll", str(case.PLIMSOLL)))
    (FOLDER / f"{UNIT}.d").mkdir(parents=True, exist_ok=True)
    use(f"http://127.0.0.1:{gateway.server_port}")


def use(url):
    libraries = os.environ.get("LD_LIBRARY_PATH", "/payload/lib")
    text = f'[Service]\nEnvironment="PLIMSOLL_SD_FLAGS=--etcd.endpoints={url}"\nEnvironment=LD_LIBRARY_PATH={libraries}\n'
    (FOLDER / f"{UNIT}.d/here.conf").write_text(text)
    units.run("systemctl", "daemon-reload")


def clean():
    units.run("systemctl", "stop", UNIT, check=False)
    units.run("systemctl", "clean", "--what=state", UNIT, check=False)
    for path in (FOLDER / f"{UNIT}.d/here.conf", FOLDER / UNIT, USERS):
        path.unlink(missing_ok=True)
    (FOLDER / f"{UNIT}.d").rmdir()
    units.run("systemctl", "daemon-reload")
    units.run("userdel", "plimsoll-sd", check=False)


def main_pid():
    return int(units.property_of(UNIT, "MainPID"))


def listed():
    return json.loads(LIST.read_text())


class SdService(unittest.TestCase):
    def test_started_means_that_the_list_is_there(self):
        units.run("systemctl", "start", UNIT)
        self.assertEqual(units.property_of(UNIT, "ActiveState"), "active")
        self.assertEqual(listed(), TARGETS)

    def test_prometheus_can_read_it(self):
        done = units.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "cat", str(LIST))
        self.assertEqual(json.loads(done), TARGETS)
        self.assertEqual(LIST.owner(), "plimsoll-sd")

    def test_confined(self):
        lines = Path(f"/proc/{main_pid()}/status").read_text().splitlines()
        of_process = {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}
        self.assertEqual(of_process["NoNewPrivs"], "1")
        self.assertEqual((int(of_process["CapEff"], 16), int(of_process["CapBnd"], 16)), (0, 0))
        self.assertNotEqual(of_process["Uid"].split()[0], "0")

    def test_killed_it_comes_back(self):
        os.kill(main_pid(), signal.SIGKILL)
        self.assertTrue(case.eventually(lambda: units.property_of(UNIT, "NRestarts") == "1", 60))
        self.assertTrue(case.eventually(lambda: units.property_of(UNIT, "ActiveState") == "active", 60))
        self.assertEqual(listed(), TARGETS)

    def test_ready_though_etcd_is_away_with_the_list_of_before(self):
        units.run("systemctl", "stop", UNIT)
        self.assertEqual(units.property_of(UNIT, "Result"), "success")
        use("http://127.0.0.1:1")
        units.run("systemctl", "start", UNIT)
        self.assertEqual(units.property_of(UNIT, "ActiveState"), "active")
        self.assertEqual(listed(), TARGETS)


if __name__ == "__main__":
    case.main()
