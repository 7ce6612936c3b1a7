"""Debian's etcd on loopback, and what stands in it."""

import base64
import json
import shutil
import subprocess
import urllib.request

import case

URL = "http://127.0.0.1:2379"
PEERS = "http://127.0.0.1:2380"


class Etcd:
    """`secure` is the address of a second place to ask it, by TLS, which `flags` set up."""

    def __init__(self, *flags, secure=None):
        self.data = case.work / "etcd-data"
        self.log_path = case.work / "etcd.log"
        urls = f"{URL},{secure}" if secure else URL
        self.command = ["etcd", f"--data-dir={self.data}", "--name=plimsoll-test", f"--initial-cluster=plimsoll-test={PEERS}"]
        self.command += [f"--listen-client-urls={urls}", f"--advertise-client-urls={urls}"]
        self.command += [f"--listen-peer-urls={PEERS}", f"--initial-advertise-peer-urls={PEERS}", *flags]
        self.start()

    def start(self):
        """Also again after stop(): it goes on with the same data."""
        with open(self.log_path, "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log)
        assert case.eventually(self.ready, 60), f"etcd does not start:\n{self.log_path.read_text()}"

    def ready(self):
        assert self.process.poll() is None, f"etcd ended:\n{self.log_path.read_text()}"
        try:
            with urllib.request.urlopen(f"{URL}/health", timeout=5) as response:
                return json.load(response)["health"] == "true"
        except OSError:
            return False

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)

    def forget(self):
        """Another etcd at the same place, without anything in it."""
        self.stop()
        shutil.rmtree(self.data)
        self.start()

    def ask(self, what, body):
        request = urllib.request.Request(f"{URL}/v3/{what}", json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)

    def keys(self, prefix="/plimsoll/"):
        """{key: the value's JSON} of all that begin so."""
        end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        answer = self.ask("kv/range", {"key": encoded(prefix), "range_end": encoded(end)})
        return {decoded(kv["key"]): json.loads(decoded(kv["value"])) for kv in answer.get("kvs", [])}

    def leases(self):
        return [lease["ID"] for lease in self.ask("lease/leases", {}).get("leases", [])]


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def decoded(text):
    return base64.b64decode(text).decode()
