"""A `plimsoll exporter` under test, and its answers."""

import json
import os
import re
import signal
import subprocess
import urllib.request
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

import case


class Scrape:
    """One parsed /metrics body."""

    def __init__(self, text):
        self.text = text
        self.samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]

    def series(self, metric, **labels):
        """Samples of that name whose labels include the given ones."""
        return [
            sample
            for sample in self.samples
            if sample.name == metric and all(sample.labels.get(key) == value for key, value in labels.items())
        ]

    def value(self, metric, **labels):
        """The one value; nothing or several is a failure of the test."""
        found = self.series(metric, **labels)
        assert len(found) == 1, f"{metric}{labels}: {len(found)} series"
        return found[0].value

    def total(self, metric, **labels):
        found = self.series(metric, **labels)
        assert found, f"{metric}{labels}: no series"
        return sum(sample.value for sample in found)


class Exporter:
    def __init__(self, *flags, prefix=(), binary=case.PLIMSOLL):
        self.log_path = case.work / f"exporter-{os.urandom(4).hex()}.log"
        command = [*prefix, str(binary), "exporter", "--web.listen-address=127.0.0.1:0", *flags]
        with open(self.log_path, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        self.address = case.eventually(self.bound)
        assert self.address, f"the exporter does not listen:\n{self.log()}"
        assert case.eventually(self.ready), f"the exporter is not ready:\n{self.log()}"

    def log(self):
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def bound(self):
        assert self.process.poll() is None, f"the exporter ended with {self.process.returncode}:\n{self.log()}"
        found = re.search(r"listening on (\S+)", self.log())
        return found and found.group(1)

    def ready(self):
        try:
            return self.get("/-/ready")[0] == 200
        except OSError:
            return False

    def get(self, target, timeout=10):
        with urllib.request.urlopen(f"http://{self.address}{target}", timeout=timeout) as response:
            return response.status, response.read().decode()

    def scrape(self):
        return Scrape(self.get("/metrics")[1])

    def containers(self):
        return json.loads(self.get("/api/v1/containers")[1])["containers"]

    def descriptors(self):
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def stop(self):
        """Asks it to end; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode
