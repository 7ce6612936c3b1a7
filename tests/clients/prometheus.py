"""Debian's prometheus, scraping one target every second, and promtool."""

import json
import subprocess
import urllib.parse
import urllib.request

import case

ADDRESS = "127.0.0.1:9090"
CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 900ms}}
scrape_configs:
  - job_name: cadvisor
    static_configs: [{{targets: ["{target}"]}}]
"""


class Prometheus:
    def __init__(self, target):
        config = case.work / "prometheus.yml"
        config.write_text(CONFIG.format(target=target))
        self.log_path = case.work / "prometheus.log"
        command = ["prometheus", f"--config.file={config}", f"--web.listen-address={ADDRESS}"]
        command += [f"--storage.tsdb.path={case.work / 'tsdb'}"]
        with open(self.log_path, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        assert case.eventually(self.ready, 60), f"prometheus does not start:\n{self.log_path.read_text()}"

    def ready(self):
        assert self.process.poll() is None, f"prometheus ended:\n{self.log_path.read_text()}"
        try:
            with urllib.request.urlopen(f"http://{ADDRESS}/-/ready", timeout=5) as response:
                return response.status == 200
        except OSError:
            return False

    def query(self, expression):
        """The instant vector: [(labels, value)]. A query that prometheus refuses is a failure."""
        target = f"http://{ADDRESS}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        try:
            with urllib.request.urlopen(target, timeout=10) as response:
                answer = json.load(response)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{expression}: {error.read().decode()}") from error
        assert answer["status"] == "success", answer
        return [(entry["metric"], float(entry["value"][1])) for entry in answer["data"]["result"]]

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)


def lint(text):
    """What `promtool check metrics` says about an exposition: its lines."""
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    return [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
