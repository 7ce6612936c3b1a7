"""Every query of every panel of our dashboards returns data, on a host with containers under load."""

import http.server
import json
import subprocess
import threading
import unittest
import urllib.parse
import urllib.request
from pathlib import Path

import case
import kernel
import prometheus as client
from docker import CLI, Docker, IMAGE
from etcd import URL, Etcd
from exporter import Exporter
from prometheus import Prometheus

BOARDS = case.ROOT / "dashboards/generated"
GAPS = Path(__file__).parent / "panel_gaps.txt"
# What Grafana fills in: everything selected, a step of seconds.
VARIABLES = {"$__rate_interval": "10s", "$__range": "1m", "$instance": ".+", "$name": ".+"}
BUSY = (
    "httpd -h /www; while :; do dd if=/dev/zero of=/tmp/data bs=1M count=4 oflag=direct;"
    " dd if=/tmp/data of=/dev/null bs=1M iflag=direct; wget -q -O /dev/null http://127.0.0.1/;"
    " i=0; while [ $i -lt 200000 ]; do i=$((i + 1)); done; done"
)
LIMITS = ["--memory=64m", "--memory-reservation=32m", "--cpus=0.3", "--pids-limit=50"]
COMPOSE = ["--label", "com.docker.compose.project=shop", "--label", "com.docker.compose.service=web"]


class Receiver(http.server.BaseHTTPRequestHandler):
    """Takes every push."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def setUpModule():
    global docker, exporter, prometheus
    docker = Docker()
    unittest.addModuleCleanup(docker.stop)
    disk = kernel.disk_of(case.work)
    io = ["--device-write-bps", f"{disk}:100gb"] if disk else []
    docker.run("busy", BUSY, *LIMITS, *COMPOSE, "--health-cmd", "true", "--health-interval", "1s", *io)
    receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    unittest.addModuleCleanup(receiver.shutdown)
    push = [f"--push.url=http://127.0.0.1:{receiver.server_port}/", "--push.interval=1s", f"--push.queue-dir={case.work / 'push'}"]
    store = Etcd()
    unittest.addModuleCleanup(store.stop)
    exporter = Exporter("--reader.warm-interval=1s", f"--etcd.endpoints={URL}", *push)
    unittest.addModuleCleanup(exporter.stop)
    # As a cAdvisor is: its names, its zeros, nothing of ours.
    cadvisor = Exporter("--compat=strict", "--metrics.deny=plimsoll_*", "--web.disable-exporter-metrics", "--reader.warm-interval=1s")
    unittest.addModuleCleanup(cadvisor.stop)
    prometheus = Prometheus(exporter.address, strict=cadvisor.address)
    unittest.addModuleCleanup(prometheus.stop)
    command = [CLI, "run", "--name", "ended", "--memory=16m", "--memory-swap=16m", IMAGE]
    subprocess.run([*command, "sh", "-c", "sleep 3; exec dd if=/dev/zero of=/dev/null bs=64M count=1"], check=False, capture_output=True)


def boards():
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(BOARDS.glob("*.json"))}


def asked(expression, job):
    for name, value in {**VARIABLES, "$job": job}.items():
        expression = expression.replace(name, value)
    assert "$" not in expression, expression
    return expression


def queries():
    """(dashboard, panel, query) of every target."""
    return [
        (uid, panel["title"], target["expr"])
        for uid, board in boards().items()
        for panel in board["panels"]
        for target in panel.get("targets", [])
    ]


def gaps():
    """(dashboard, panel, piece of the query) -> why it is silent here."""
    found = {}
    for line in GAPS.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            uid, title, piece, where, reason = (part.strip() for part in line.split(" | "))
            if where == "any" or (where == "v1" and not kernel.V2):
                found[uid, title, piece] = reason
    return found


def gap_of(uid, title, expression):
    return next((gap for gap in gaps() if gap[:2] == (uid, title) and gap[2] in expression), None)


def silent(every, job):
    """Those that have no data after a while, as far as they get."""
    left = list(every)

    def answered():
        left[:] = [query for query in left if not prometheus.query(asked(query[2], job))]
        return not left

    case.eventually(answered, 30, 1)
    return left


class Panels(unittest.TestCase):
    def test_every_query_returns_data(self):
        every = queries()
        self.assertGreater(len(every), 200)
        self.assertEqual(silent([query for query in every if not gap_of(*query)], "cadvisor"), [])

    def test_gaps_are_silent_and_nothing_else(self):
        met = set()
        for uid, title, expression in queries():
            gap = gap_of(uid, title, expression)
            if gap:
                met.add(gap)
                self.assertEqual(prometheus.query(asked(expression, "cadvisor")), [], f"answered: {gap}")
        self.assertEqual(met, set(gaps()))

    def test_queries_of_cadvisors_names_work_with_a_cadvisor(self):
        ours = ("plimsoll_", "process_", "ALERTS")
        theirs = [query for query in queries() if not any(name in query[2] for name in ours) and not gap_of(*query)]
        self.assertGreater(len(theirs), 90)
        self.assertEqual(silent(theirs, "strict"), [])

    def test_the_query_of_a_graph_works_over_a_range(self):
        # Grafana asks for ranges; an expression that is good for one moment is good for many, so one will do.
        target = f"http://{client.ADDRESS}/api/v1/query_range?"
        (expression,) = [query for uid, title, query in queries() if (uid, title) == ("plimsoll-limits", "Throttled")]

        def points():
            end = prometheus.query("time()")[0][1]
            asked_for = {"query": asked(expression, "cadvisor"), "start": end - 5, "end": end, "step": 1}
            with urllib.request.urlopen(target + urllib.parse.urlencode(asked_for), timeout=10) as response:
                return [len(series["values"]) for series in json.load(response)["data"]["result"]]

        self.assertTrue(case.eventually(lambda: max(points(), default=0) > 1), "one point is no line")

    def test_variables_have_values(self):
        for uid, board in boards().items():
            for variable in board["templating"]["list"]:
                if variable["type"] != "query":
                    continue
                selector, label = variable["query"]["query"].removeprefix("label_values(").removesuffix(")").rsplit(", ", 1)
                target = f"http://{client.ADDRESS}/api/v1/label/{label}/values?"
                target += urllib.parse.urlencode({"match[]": asked(selector, ".+")})
                with urllib.request.urlopen(target, timeout=10) as response:
                    self.assertTrue(json.load(response)["data"], f"{uid}: {variable['name']}")


if __name__ == "__main__":
    case.main()
