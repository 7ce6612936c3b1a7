"""docs/openapi beside the programs: every route is described, and every answer is as described."""

import json
import subprocess
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

import case
import jsonschema
import kernel
from container_host import IMAGE, ContainerHost, clis
from exporter import Exporter
from load import EAT, HOLD, Group
from openapi import Document, fields, routed

EXPORTER = Document("exporter")
ENGINE = Document("engine")
KIND = {"Nanoseconds": "seconds", "Bytes": "bytes", "Count": "count", "Bool": "flag"}
RULE = """
mode: enforce
rules:
  - {name: r, match: {name: plimsoll-test-api}, limits: {pids.max: 77}, not: [{label: {a: [b]}}],
     when: {from: "00:00", to: "23:59"}}
  - {name: s, priority: 3, match: {label: {x: ["y*"]}}, limits: {memory.max: 64M}}
"""


class Documents(unittest.TestCase):
    def test_they_are_well_formed(self):
        for document in (EXPORTER, ENGINE):
            schemas = document.tree["components"]["schemas"]
            for name, schema in schemas.items():
                jsonschema.Draft202012Validator.check_schema(schema)
                self.assertIn(f"#/components/schemas/{name}", document.references(), "described and not used")
            for reference in document.references():
                self.assertIn(reference.removeprefix("#/components/schemas/"), schemas)
            names = [operation["operationId"] for _, _, operation in document.operations()]
            self.assertEqual(len(names), len(set(names)))
            for path, method, operation in document.operations():
                for word in ("summary", "tags", "responses"):
                    self.assertTrue(operation[word], f"{method} {path}: {word}")
                in_path = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
                self.assertEqual(in_path, {part[1:-1] for part in path.split("/") if part.startswith("{")}, path)

    def test_every_route_is_described(self):
        pages = ("/", "/page/.*", r"/(containers|docker|podman)(/\*)?")
        cadvisor = (r"/api/v[12]\..*", "/api/?", "/validate.*")
        self.assertEqual(routed("exporter/web", (*pages, *cadvisor)), EXPORTER.routes())
        dockers = (r"/\*",)
        told = routed("control/api", dockers) | routed("agent/engine", dockers)
        self.assertEqual(told, ENGINE.routes())

    def test_every_number_is_described(self):
        schemas = EXPORTER.tree["components"]["schemas"]
        told = set()

        def walk(schema, path):
            if "properties" not in schema:
                told.add((path, schema["$ref"].rpartition("/")[2]))
                return
            for name, inner in schema["properties"].items():
                walk(inner, f"{path}.{name}")

        for name, schema in schemas["HistoryPoint"]["properties"].items():
            if schema.get("$ref", "").endswith("Numbers"):
                walk(schemas[schema["$ref"].rpartition("/")[2]], name)
                self.assertEqual(schemas["Container"]["properties"][name], schema)
        expected = set()
        for path, unit, kind in fields():
            what = KIND[unit] if kind != "Limit" else "secondsLimit" if unit == "Nanoseconds" else "limit"
            expected.add((path.replace("cgroup.", "cgroup_state.", 1) if path.startswith("cgroup.") else path, what))
        self.assertEqual(told, expected)


class OfTheExporter(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = ContainerHost(next(iter(clis().values())))
        cls.addClassCleanup(cls.host.stop)
        cls.host("run", "-d", "--name", "plimsoll-test-api", "--memory", "64m", "--cpus", "0.5", "--label", "a=1",
                 "--label", "prometheus.io/port=9100,9200", "--label", "com.docker.compose.project=p", "--env", "SEEN=1",
                 "--health-cmd", "true", IMAGE, "sh", "-c", "while :; do :; done")  # fmt: skip
        cls.host("run", "-d", "--name", "plimsoll-test-none", "--network", "none", "--label", "prometheus.io/port=1",
                 IMAGE, "sleep", "100000")  # fmt: skip
        every = "--enable_metrics=cpu,percpu,sched,memory,memory_numa,cpuLoad,diskIO,disk,network,tcp,udp,process,hugetlb," \
                "referenced_memory,cpu_topology,cpuset,oom_event,pressure"  # fmt: skip
        cls.exporter = Exporter(every, "--enable_load_reader", "--env_metadata_whitelist=SEEN",
                                f"--plimsoll-run={cls.host.engine.run_dir}")  # fmt: skip
        cls.addClassCleanup(cls.exporter.stop)
        assert case.eventually(lambda: len(cls.ask("/api/v1/containers?max_age=0s")["containers"]) >= 2, 60)

    @classmethod
    def ask(cls, target, headers=None):
        request = urllib.request.Request(f"http://{cls.exporter.address}{target}", headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return EXPORTER.judge("get", target, answer.status, answer.headers["Content-Type"], answer.read().decode())
        except urllib.error.HTTPError as refused:
            return EXPORTER.judge("get", target, refused.code, refused.headers["Content-Type"], refused.read().decode())

    def lines(self, target, count, headers=None):
        """So many objects of a stream, each judged."""
        operation = EXPORTER.operation("get", target)
        request = urllib.request.Request(f"http://{self.exporter.address}{target}", headers=headers or {})
        found = []
        with urllib.request.urlopen(request, timeout=60) as answer:
            kind = answer.headers["Content-Type"].partition(";")[0]
            schema = operation["responses"]["200"]["content"][kind]["schema"]
            while len(found) < count:
                line = answer.readline().decode()
                line = line.removeprefix("data: ") if kind == "text/event-stream" else line
                if not line.startswith("{"):
                    continue
                found.append(json.loads(line))
                EXPORTER.fits(schema, found[-1])
        return found

    def test_containers(self):
        alone = self.ask("/api/v1/containers")["containers"]
        self.assertEqual({one["name"] for one in alone}, {"plimsoll-test-api", "plimsoll-test-none"})
        everything = self.ask("/api/v1/containers?all=true&max_age=5s")
        self.assertIn("machine", everything)
        self.assertGreater(len(everything["containers"]), len(alone))
        one = self.ask("/api/v1/containers/plimsoll-test-api?history=1m")
        self.assertGreater(len(one["history"]), 0)
        self.assertEqual(one["memory"]["limit"], 64 << 20)
        self.assertEqual(one["labels"]["a"], "1")
        self.assertIn("message", self.ask("/api/v1/containers/nobody"))
        self.assertIn("colour", self.ask("/api/v1/containers?colour=red")["message"])

    def test_streams(self):
        self.lines("/api/v1/stream?all=true&interval=1s", 2)
        found = self.lines("/api/v1/stream?name=plimsoll-test-api&interval=200ms&since=-1m", 5)
        self.assertTrue(any("containers" in one for one in found))
        columns = self.lines("/api/v1/stream?fields=cpu.usage,memory.limit,cgroup.populated&name=plimsoll-test-*", 3)
        self.assertEqual(len(columns[0]["containers"]), 2)
        self.lines("/api/v1/stream?format=sse&all=true", 1)
        self.assertIn("message", self.ask("/api/v1/stream?interval=soon"))

    def test_events(self):
        found = self.ask("/api/v1/events?all=true&limit=50")
        self.assertIn("creation", {one["type"] for one in found})
        self.lines("/api/v1/events?format=ndjson&since=-10m", 1)
        self.lines("/api/v1/events?since=-10m", 1, {"Accept": "text/event-stream"})
        self.assertIn("message", self.ask("/api/v1/events?type=birthday"))

    def test_an_oom_is_one_as_described(self):
        group = Group("openapi")
        self.addCleanup(group.remove)
        limit = "memory.max" if kernel.V2 else "memory.limit_in_bytes"
        (kernel.directory("memory", group.path) / limit).write_text(str(32 << 20), encoding="ascii")
        hog = group.ready(EAT)
        hog.stdin.write("80\n")
        hog.stdin.close()
        hog.wait(30)
        told = lambda: [one for one in self.ask(f"/api/v1/events?all=true&type=oom_kill&cgroup={group.path}")]
        self.assertTrue(case.eventually(told, 30))

    def test_service_discovery(self):
        targets = self.ask("/sd")
        self.assertEqual(sorted(one["targets"][0].rpartition(":")[2] for one in targets), ["9100", "9200"])
        self.assertEqual([one["container"] for one in self.ask("/sd?skipped=true")], ["plimsoll-test-none"])

    def test_health(self):
        for path in ("/healthz", "/-/healthy", "/-/ready"):
            self.assertTrue(self.ask(path))


class OfTheEngine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        policies = case.work / "policy.d"
        policies.mkdir(mode=0o755)
        (policies / "rules.yaml").write_text(RULE, encoding="utf-8")
        (policies / "rules.yaml").chmod(0o644)
        cls.host = ContainerHost(next(iter(clis().values())), "--policy-dir", str(policies))
        cls.addClassCleanup(cls.host.stop)
        cls.host.start("plimsoll-test-api", "sleep 100000", "--memory", "64m", "--label", "x=yes")

    def ask(self, target, body=None, headers=("Content-Type: application/json",), as_user=None):
        """What it says, judged; a body that the document allows is sent with POST."""
        command = ["curl", "--silent", "--unix-socket", str(self.host.engine.socket), "--write-out",
                   "\n%{content_type}\n%{http_code}", f"http://engine{target}"]  # fmt: skip
        if body is not None:
            command += ["--data-binary", body if isinstance(body, str) else json.dumps(body)]
            for header in headers:
                command += ["--header", header]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=60, check=True, user=as_user)
        text, kind, status = done.stdout.rsplit("\n", 2)
        return ENGINE.judge("get" if body is None else "post", target, int(status), kind, text), int(status)

    def change(self, ref, **body):
        ENGINE.fits(ENGINE.schema_of("Change"), body)
        return self.ask(f"/plimsoll/v1/limits/{urllib.parse.quote(ref, safe='')}", body)

    def test_looking(self):
        info, _ = self.ask("/plimsoll/v1/info")
        self.assertEqual(info["role"], "control")
        shown, _ = self.ask("/plimsoll/v1/limits/plimsoll-test-api")
        self.assertIn("memory.max", [one["knob"] for one in shown.get("settings", [])], shown)
        self.assertEqual(self.ask("/plimsoll/v1/limits/nobody-of-that-name")[1], 404)
        self.assertIn("process_open_fds", self.ask("/metrics")[0])

    def test_changing(self):
        name = "plimsoll-test-api"
        planned, _ = self.change(name, set=[{"knob": "memory.max", "value": "48M"}], dry_run=True)
        self.assertEqual(planned["result"], "planned")
        knobs = [{"knob": "cpu.quota", "value": {"cpus": 0.25}}, {"knob": "memory.max", "value": 50331648}]
        done, _ = self.change(name, set=knobs, **{"for": "10m"})
        self.assertEqual(done["result"], "done")
        self.assertEqual(self.change(name, set=knobs)[1], 200)
        changed, _ = self.ask("/plimsoll/v1/limits")
        self.assertEqual([one["name"] for one in changed["containers"]], [name])
        self.change(name, unset=[{"knob": "cpu.quota"}])
        self.change(name, restore="all")
        self.assertEqual(self.change(name, set=[{"knob": "pids.max", "value": True}])[1], 400)
        self.assertEqual(self.ask(f"/plimsoll/v1/limits/{name}", "{", headers=("Content-Type: text/plain",))[1], 415)
        history, _ = self.ask(f"/plimsoll/v1/history?ref={name}&limit=50")
        self.assertIn("done", [one.get("result") for one in history["records"]])
        self.assertEqual(self.ask("/plimsoll/v1/history?limit=many")[1], 400)

    def test_what_does_harm_is_refused(self):
        group = Group("openapi")
        self.addCleanup(group.remove)
        group.ready(HOLD.format(mib=60))
        refused, status = self.change(group.ref, set=[{"knob": "memory.max", "value": "16M"}])
        self.assertEqual((status, refused["error"]["kind"]), (422, "refused"))

    def test_policies(self):
        whole, _ = self.ask("/plimsoll/v1/policy")
        self.assertEqual([rule["name"] for rule in whole["rules"]], ["r", "s"])
        decided, _ = self.ask("/plimsoll/v1/policy?ref=plimsoll-test-api")
        self.assertEqual({one["verdict"] for one in decided["rules"]}, {"holds"})
        self.assertEqual(self.ask("/plimsoll/v1/policy?who=me")[1], 400)

    def test_events(self):
        self.host("run", "-d", "--name", "plimsoll-test-hog", "--memory", "16m", "--memory-swap", "16m", IMAGE, "sh", "-c",
                  "sleep 2; head -c 64m /dev/zero | tail")  # fmt: skip

        def killed():
            return [one for one in self.ask("/plimsoll/v1/events?limit=100")[0]["events"] if one["kind"] == "oom_kill"]

        self.assertTrue(case.eventually(killed, 60), self.host.engine.log()[-2000:])
        event, _ = self.ask(killed()[0]["report"] if "report" in killed()[0] else f"/plimsoll/v1/events/{killed()[0]['id']}")
        self.assertIsInstance(event.get("report", {}), dict)
        self.assertIn("oom_kill", self.ask(f"/plimsoll/v1/events/{event['id']}?format=text")[0])
        self.assertEqual(self.ask("/plimsoll/v1/events/999999")[1], 404)
        self.assertEqual(self.ask("/plimsoll/v1/events?since=once")[1], 400)

    def test_who_may_not(self):
        for path in (self.host.engine.socket, case.work):
            path.chmod(0o777)
        self.assertEqual(self.ask("/plimsoll/v1/info", as_user=65534)[1], 403)


if __name__ == "__main__":
    case.main()
