"""Debian's etcd on loopback, and what stands in it."""

import base64
import json
import shutil
import urllib.request

import case
from server import Server

URL = "http://127.0.0.1:2379"
PEERS = "http://127.0.0.1:2380"


class Etcd(Server):
    """`secure` is the address of a second place to ask it, by TLS, which `flags` set up."""

    def __init__(self, *flags, secure=None):
        self.data = case.work / "etcd-data"
        urls = f"{URL},{secure}" if secure else URL
        command = ["etcd", f"--data-dir={self.data}", "--name=plimsoll-test", f"--initial-cluster=plimsoll-test={PEERS}"]
        command += [f"--listen-client-urls={urls}", f"--advertise-client-urls={urls}"]
        command += [f"--listen-peer-urls={PEERS}", f"--initial-advertise-peer-urls={PEERS}", *flags]
        super().__init__(command, f"{URL}/health")

    def healthy(self, response):
        return json.load(response)["health"] == "true"

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
