"""Debian's prometheus, scraping one target every second, and promtool."""

import json
import subprocess
import urllib.parse
import urllib.request

import case
from server import Server

ADDRESS = "127.0.0.1:9090"
CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 900ms, evaluation_interval: 1s}}
scrape_configs:
  - job_name: cadvisor
    static_configs: [{{targets: ["{target}"]}}]
"""
FURTHER_JOB = """  - job_name: {name}
    static_configs: [{{targets: ["{target}"]}}]
"""
ALERTING = """
rule_files: ["{rules}"]
alerting:
  alertmanagers:
    - static_configs: [{{targets: ["{alertmanager}"]}}]
"""
DISCOVERY = """
  - job_name: found
    http_sd_configs: [{{url: "{url}", refresh_interval: 5s}}]
"""
# What hosts registered: `plimsoll sd` writes the file.
REGISTERED = """
  - job_name: registered
    file_sd_configs: [{{files: ["{file}"]}}]
    relabel_configs: [{{source_labels: [__meta_plimsoll_node], target_label: node}}]
"""


class Prometheus(Server):
    """Scrapes `target` every second, further jobs by name, what the URL `discovery` and the file `file` list; without
    any it only takes what is pushed. `alerting` is a rule file and the address of an Alertmanager."""

    def __init__(self, target, *flags, discovery=None, file=None, alerting=None, **jobs):
        config = case.work / "prometheus.yml"
        text = CONFIG.format(target=target) if target else "global: {}\n"
        if file and not target:
            text = "global: {scrape_interval: 1s, scrape_timeout: 900ms}\nscrape_configs:\n"
        text += "".join(FURTHER_JOB.format(name=name, target=at) for name, at in jobs.items())
        text += DISCOVERY.format(url=discovery) if discovery else ""
        text += REGISTERED.format(file=file) if file else ""
        text += ALERTING.format(rules=alerting[0], alertmanager=alerting[1]) if alerting else ""
        config.write_text(text)
        command = ["prometheus", f"--config.file={config}", f"--web.listen-address={ADDRESS}"]
        command += [f"--storage.tsdb.path={case.work / 'tsdb'}", *flags]
        super().__init__(command, f"http://{ADDRESS}/-/ready")

    def query(self, expression):
        """The instant vector: [(labels, value)]. A query that prometheus refuses is a failure."""
        return [(entry["metric"], float(entry["value"][1])) for entry in self.ask(expression)]

    def times(self, series, seconds):
        """When the samples of the one series were taken, in the last so many seconds."""
        (entry,) = self.ask(f"{series}[{seconds}s]")
        return [float(when) for when, _ in entry["values"]]

    def ask(self, expression):
        target = f"http://{ADDRESS}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        try:
            with urllib.request.urlopen(target, timeout=10) as response:
                answer = json.load(response)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{expression}: {error.read().decode()}") from error
        assert answer["status"] == "success", answer
        if answer["data"]["resultType"] == "scalar":
            return [{"metric": {}, "value": answer["data"]["result"]}]
        return answer["data"]["result"]


def lint(text):
    """What `promtool check metrics` says about an exposition: its lines."""
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    return [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
