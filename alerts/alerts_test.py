"""What is committed is what the generator writes; promtool runs every case; nothing asks for what nobody exports."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests/static")]
import cases
import generate
import promql
import tree

RULES = yaml.safe_load((HERE / "rules.yaml").read_text(encoding="utf-8"))
VALUES = generate.read_values([HERE / "values.yaml"])
GROUPS = generate.generate(RULES, VALUES)
WRITTEN = [rule for group in GROUPS["groups"] for rule in group["rules"]]
ALERTS = {rule["alert"]: rule for rule in WRITTEN if "alert" in rule}
RECORDED = {rule["record"]: rule["expr"] for rule in WRITTEN if "record" in rule}
CASES = cases.read(HERE / "cases")
RUNBOOKS = HERE.parent / "docs/runbooks"
# An alert on one of these compares with a limit, and must be silent where there is none.
LIMITS = {
    "container_spec_memory_limit_bytes",
    "container_spec_cpu_quota",
    "container_cpu_cfs_periods_total",
    "container_threads_max",
    "plimsoll_container_pids_limit",
    "container_fs_limit_bytes",
}
# Groups that are off by default, and why a rule may use one all the same.
OFF = {"process": "container_threads: for a cAdvisor; plimsoll_container_pids is always there"}
HEADINGS = ["## What it means", "## How to look", "## What to do"]


def promtool(*arguments):
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def asked_for(expression):
    """Metrics of an expression, those behind recording rules included."""
    names = set()
    for selector in promql.selectors(expression):
        names |= asked_for(RECORDED[selector.metric]) if selector.metric in RECORDED else {selector.metric}
    return names


class Generated(unittest.TestCase):
    def test_what_is_committed_is_what_the_generator_writes(self):
        files = {HERE / "generated" / name: text for name, text in generate.outputs(RULES, VALUES).items()}
        files[HERE.parent / "docs/alerts.md"] = generate.document(RULES, VALUES)
        for path, text in files.items():
            self.assertEqual(path.read_text(encoding="utf-8"), text, f"{path}: run alerts/generate.py")
        self.assertEqual({path.name for path in (HERE / "generated").iterdir()}, set(generate.outputs(RULES, VALUES)))

    def test_other_values_change_what_they_name(self):
        with tempfile.TemporaryDirectory() as directory:
            mine = Path(directory, "mine.yaml")
            mine.write_text("common: {rate: 1m}\nalerts: {ContainerIOStalled: {stalled: 0.75, enabled: true}, PlimsollDown: {enabled: false}}")
            command = [HERE / "generate.py", "--values", mine, "--output", directory]
            subprocess.run(command, check=True)
            rules = yaml.safe_load(Path(directory, "plimsoll.rules.yml").read_text())
            written = {rule.get("alert"): rule for group in rules["groups"] for rule in group["rules"]}
            self.assertEqual(written["ContainerIOStalled"]["expr"], "name:container_pressure_io_stalled:ratio_rate1m > 0.75")
            self.assertNotIn("PlimsollDown", written)
            self.assertEqual(promtool("check", "rules", f"{directory}/plimsoll.rules.yml")[0], 0)
            for unknown in ("alerts: {ContainerIoStalled: {stalled: 1}}", "alerts: {ContainerIOStalled: {stall: 1}}"):
                mine.write_text(unknown)
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 1)
                self.assertIn("nothing is called alerts.", done.stderr)

    def test_the_operator_gets_the_same_groups(self):
        resource = yaml.safe_load((HERE / "generated/plimsoll.prometheusrule.yml").read_text())
        self.assertEqual((resource["apiVersion"], resource["kind"]), ("monitoring.coreos.com/v1", "PrometheusRule"))
        self.assertEqual(resource["spec"], GROUPS)


class Rules(unittest.TestCase):
    def test_promtool_takes_them(self):
        code, said = promtool("check", "rules", str(HERE / "generated/plimsoll.rules.yml"))
        self.assertEqual(code, 0, said)

    def test_every_metric_and_label_is_exported(self):
        families = promql.catalogue()
        self.assertGreater(len(families), 200)
        for rule in WRITTEN:
            name = rule.get("alert") or rule["record"]
            self.assertTrue(promql.selectors(rule["expr"]), name)
            self.assertEqual(promql.unknown(rule["expr"], families, RECORDED), [], name)

    def test_every_metric_is_there_by_default(self):
        families = promql.catalogue()
        for rule in WRITTEN:
            groups = {families[name].group for name in asked_for(rule["expr"]) if name in families}
            self.assertEqual(groups & promql.off_by_default() - set(OFF), set(), rule["expr"])

    def test_recorded_names_say_level_metric_and_operation(self):
        for name in RECORDED:
            self.assertRegex(name, r"^(name|instance):[a-z_]+:[a-z0-9_]+$")

    def test_every_alert_says_what_where_and_how_bad(self):
        for name, rule in ALERTS.items():
            self.assertIn(rule["labels"]["severity"], ("info", "warning", "critical"), name)
            self.assertEqual(list(rule["annotations"]), ["summary", "description", "runbook_url", "dashboard_url"], name)


class Cases(unittest.TestCase):
    def test_promtool_runs_them_all(self):
        with tempfile.TemporaryDirectory() as directory:
            file = Path(directory, "cases.yml")
            file.write_text(cases.promtool_file(HERE / "generated/plimsoll.rules.yml", CASES, GROUPS))
            code, said = promtool("test", "rules", str(file))
            self.assertEqual(code, 0, said)

    def test_promtool_sees_a_case_that_does_not_hold(self):
        wrong = {"PlimsollDown": {"wrong": {"series": {"up{target}": "1x20"}, "at": "7m", "fires": {}, "says": ""}}}
        with tempfile.TemporaryDirectory() as directory:
            file = Path(directory, "cases.yml")
            file.write_text(cases.promtool_file(HERE / "generated/plimsoll.rules.yml", wrong, GROUPS))
            self.assertNotEqual(promtool("test", "rules", str(file))[0], 0)

    def test_each_alert_has_them(self):
        self.assertEqual(sorted(CASES), sorted(ALERTS))
        for name, own in CASES.items():
            self.assertGreaterEqual(len(own), 4, name)
            self.assertTrue([title for title, case in own.items() if "says" in case], f"{name}: when does it fire?")
            self.assertTrue([title for title in own if title.startswith("not ")], f"{name}: when does it not?")
            self.assertTrue([title for title in own if title.startswith("missing ")], f"{name}: missing series?")
            if asked_for(ALERTS[name]["expr"]) & LIMITS and "inodes" not in name.lower():
                self.assertTrue([title for title in own if title.startswith("no limit")], f"{name}: without a limit?")


class Runbooks(unittest.TestCase):
    def test_each_alert_has_a_page_and_no_page_is_alone(self):
        self.assertEqual({path.stem for path in RUNBOOKS.glob("*.md")} - {"README"}, set(ALERTS))
        for name in ALERTS:
            lines = (RUNBOOKS / f"{name}.md").read_text(encoding="utf-8").splitlines()
            self.assertEqual(lines[0], f"# {name}")
            self.assertEqual([line for line in lines if line.startswith("## ")], HEADINGS, name)


class Names(unittest.TestCase):
    """The finder of names must find them."""

    def test_selectors(self):
        for expression, found in (
            ("up", ["up"]),
            ('sum by (job, name) (rate(a_total{x="}",y=~"[z]"}[5m])) / on (job) group_left (b) c:d:e', ["a_total", "c:d:e"]),
            ("sum(a) without (b) or vector(1) > bool 0.5", ["a"]),
            ("topk(5, a offset 1h) and a unless b", ["a", "a", "b"]),
            ('label_replace(a, "b", "$1", "c", "(.*)")', ["a"]),
            ("histogram_quantile(0.9, sum by (le) (rate(a_bucket[$__rate_interval])))", ["a_bucket"]),
        ):
            self.assertEqual([selector.metric for selector in promql.selectors(expression)], found, expression)
        self.assertEqual(promql.selectors('a{b="c",d!~"e,f=g"}')[0].labels, ("b", "d"))

    def test_unknown(self):
        families = {"a": promql.Family("gauge", {"device"}), "h": promql.Family("histogram", set())}
        self.assertEqual(promql.unknown('a{device="x",name="y"} + h_bucket{le="1"} + r', families, {"r"}), [])
        self.assertEqual(promql.unknown('b + a{x="y"} + a_sum', families), ["no metric b", "a has no label x", "no metric a_sum"])


if __name__ == "__main__":
    unittest.main()
