"""Real containers breach their limits: Prometheus with our rules and Alertmanager tell a webhook, and take it back."""

import re
import subprocess
import sys
import time
import unittest

import alertmanager
import case
from docker import Docker
from exporter import Exporter
from prometheus import Prometheus

# Where `plimsoll stats` and the runbooks look for the exporter.
ADDRESS = "127.0.0.1:7546"
RUNBOOKS = case.ROOT / "docs/runbooks"
# As shipped, but seconds for minutes.
WINDOWS = {"window": "15s", "keep": "1s", "for": "0s"}
# A container does as it does until its file exists.
UNTIL = "while [ ! -e /control/{name} ]; do {what}; done; "
FOREVER = "exec sleep 100000"
# A tmpfs is memory that nothing can reclaim without swap.
MEMORY = "dd if=/dev/zero of=/dev/shm/full bs=1M count=60; " + UNTIL.format(name="memory", what="sleep 1") + ": >/dev/shm/full; "
CPU = UNTIL.format(name="cpu", what=":")
# 19 of 20, and later a shell that starts more than the one that is left.
PIDS = (
    "all=; i=0; while [ $i -lt 18 ]; do sleep 100000 & all=\"$all $!\"; i=$((i + 1)); done; "
    + UNTIL.format(name="fork", what="sleep 1")
    + "sh -c 'sleep 1000 & sleep 1000 & sleep 1000' || true; "
    + UNTIL.format(name="pids", what="sleep 1")
    + "kill $all; wait; "  # Whom nobody waits for counts as well.
)
OOM = UNTIL.format(name="oom", what="sleep 1") + "exec dd if=/dev/zero of=/dev/null bs=64M count=1; "
FREE = UNTIL.format(name="free", what=":")
# alert, container, severity
BREACHES = [
    ("ContainerMemoryNearLimit", "memory", "warning"),
    ("ContainerCPUThrottled", "cpu", "warning"),
    ("ContainerCPUSaturated", "cpu", "info"),
    ("ContainerPidsNearLimit", "pids", "warning"),
    ("ContainerOOMKilled", "oom", "critical"),
    # The kernel does not tell when v1's count grows; it is read once a minute.
    ("ContainerPidsLimitHit", "pids", "warning"),
]


def quick_rules():
    """Our rules with short windows, made as an operator makes them."""
    sys.path.insert(0, str(case.ROOT / "alerts"))
    import generate

    own = generate.read_values([case.ROOT / "alerts/values.yaml"])["alerts"]
    quick = {name: {key: WINDOWS[key] for key in values if key in WINDOWS} for name, values in own.items()}
    # A line through a few seconds says nothing about half an hour.
    quick["ContainerMemoryLimitSoon"]["horizon_seconds"] = 5
    values = case.work / "quick.yaml"
    values.write_text(generate.yaml.safe_dump({"common": {"rate": "10s"}, "alerts": quick}))
    command = [case.ROOT / "alerts/generate.py", "--values", values, "--output", case.work / "rules"]
    subprocess.run(command, check=True)
    return case.work / "rules/plimsoll.rules.yml"


def start_exporter():
    # Pids and pressure every second, as everything else: minutes are seconds here.
    return Exporter(f"--web.listen-address={ADDRESS}", "--reader.warm-interval=1s")


def setUpModule():
    global docker, exporter, prometheus, webhook, control
    control = case.work / "control"
    control.mkdir()
    docker = Docker()
    unittest.addModuleCleanup(docker.stop)
    exporter = start_exporter()
    unittest.addModuleCleanup(lambda: exporter.stop())
    webhook = alertmanager.Webhook()
    unittest.addModuleCleanup(webhook.stop)
    manager = alertmanager.Alertmanager(webhook)
    unittest.addModuleCleanup(manager.stop)
    prometheus = Prometheus(ADDRESS, alerting=(quick_rules(), alertmanager.ADDRESS))
    unittest.addModuleCleanup(prometheus.stop)


def start(name, script, *flags):
    docker.run(name, script + FOREVER, "--volume", f"{control}:/control:ro", *flags)


class Breaches(unittest.TestCase):
    def test_the_webhook_is_told(self):
        begun = time.monotonic()
        start("memory", MEMORY, "--memory=64m", "--memory-swap=64m", "--shm-size=64m")
        start("cpu", CPU, "--cpus=0.1")
        start("pids", PIDS, "--pids-limit=20")
        start("oom", OOM, "--memory=16m", "--memory-swap=16m")
        # What a limit is compared with is there in plenty, but no limit.
        start("free", FREE)
        start("idle", "", "--memory=64m", "--cpus=0.1", "--pids-limit=20")
        # From 0: what a counter counted before it was first seen, no increase shows.
        for name, counted in (("fork", "plimsoll_container_pids_limit_hits_total"), ("oom", "plimsoll_workload_oom_kills_total")):
            seen = f'{counted}{{name=~"oom|pids"}} == 0'
            self.assertTrue(case.eventually(lambda: len(prometheus.query(seen)) == 2, 60), "the containers do not appear")
            (control / name).touch()
        killed = time.monotonic()
        for alert, name, severity in BREACHES:
            with self.subTest(alert=alert):
                call = case.eventually(lambda: webhook.told("firing", alert, name=name), 90)
                self.assertTrue(call, "nobody is told; " + str({call.labels["alertname"] for call in webhook.calls}))
                self.assertEqual(call.labels["severity"], severity)
                self.assertEqual(call.labels["instance"], ADDRESS)
                self.assertTrue(call.annotations["summary"].startswith(f"{name} on {ADDRESS} "))
                self.assertTrue((RUNBOOKS / call.annotations["runbook_url"].rpartition("/")[2]).exists())
                print(f"{alert}: {call.when - (killed if name == 'oom' else begun):.1f} s after the breach", flush=True)

    def test_commands_of_the_runbooks(self):
        commands = {line for page in RUNBOOKS.glob("*.md") for line in shell_lines(page.read_text())}
        self.assertGreater(len(commands), 15)
        for command in sorted(commands):
            with self.subTest(command=command):
                command = re.sub(r"\bNAME\b", "idle", command)
                command = re.sub(r"^plimsoll\b", f"{case.PLIMSOLL}", re.sub(r"^curl\b", "curl -f", command))
                done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertTrue(done.stdout or "docker" in command, "says nothing")

    def test_the_webhook_is_told_when_it_is_over(self):
        for name in ("memory", "cpu", "pids", "free"):
            (control / name).touch()
        begun = time.monotonic()
        for alert, name, _ in BREACHES:
            with self.subTest(alert=alert):
                call = case.eventually(lambda: webhook.told("resolved", alert, name=name), 90)
                self.assertTrue(call, "nobody is told")
                print(f"{alert}: over {max(0, call.when - begun):.1f} s after the end of the breach", flush=True)

    def test_who_has_no_limit_or_keeps_to_it_has_no_alert(self):
        told = {(call.labels["alertname"], call.labels.get("name")) for call in webhook.calls}
        self.assertEqual({(alert, name) for alert, name in told if name in ("free", "idle")}, set())

    def test_an_exporter_that_is_gone_and_comes_back(self):
        global exporter
        self.assertIsNone(webhook.told("firing", "PlimsollDown"))
        exporter.stop()
        self.assertTrue(case.eventually(lambda: webhook.told("firing", "PlimsollDown", instance=ADDRESS), 60))
        exporter = start_exporter()
        self.assertTrue(case.eventually(lambda: webhook.told("resolved", "PlimsollDown", instance=ADDRESS), 60))

    def test_the_exporter_itself_was_well(self):
        about_itself = {call.labels["alertname"] for call in webhook.calls if call.labels["alertname"].startswith("Plimsoll")}
        self.assertEqual(about_itself - {"PlimsollRightsMissing"}, {"PlimsollDown"})


def shell_lines(page):
    """What "How to look" says to type, as far as this host has the program and the runtime's records."""
    looking = page.partition("## How to look")[2].partition("## What to do")[0]
    lines = [line for block in re.findall(r"```sh\n(.*?)```", looking, re.DOTALL) for line in block.splitlines()]
    return [line for line in lines if re.match(r"(plimsoll|curl|docker)\b", line)]


if __name__ == "__main__":
    case.main()
