"""What is committed is what the generator writes, keeps Grafana's lint rules, and asks only for what is exported."""

import copy
import json
import sys
import unittest
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests/static"), str(HERE.parent / "alerts")]
import generate
import lint
import promql

FILES = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in sorted((HERE / "generated").glob("*.json"))}
FAMILIES = promql.catalogue()


class Generated(unittest.TestCase):
    def test_what_is_committed_is_what_the_generator_writes(self):
        for name, board in generate.every().items():
            text = (HERE / "generated" / name).read_text(encoding="utf-8")
            self.assertEqual(text, generate.text(board), f"{name}: run dashboards/generate.py")
        self.assertEqual(set(FILES), set(generate.every()))
        self.assertEqual(len(FILES), 6)

    def test_documented(self):
        page = (HERE.parent / "docs/dashboards.md").read_text(encoding="utf-8")
        for board in FILES.values():
            self.assertIn(f"`{board['uid']}`", page)

    def test_alerts_open_dashboards_that_exist(self):
        for line in (HERE.parent / "alerts/generated/plimsoll.rules.yml").read_text().splitlines():
            if "dashboard_url:" in line:
                uid = line.partition("/d/")[2].partition("?")[0].strip("'")
                self.assertIn(f"{uid}.json", FILES)


class Lint(unittest.TestCase):
    def test_grafanas_rules(self):
        for name, board in FILES.items():
            self.assertEqual(lint.problems(board, FAMILIES), [], name)

    def test_every_metric_and_label_is_exported(self):
        for name, board in FILES.items():
            for panel, target in lint.targets(board):
                self.assertTrue(promql.selectors(target["expr"]))
                self.assertEqual(promql.unknown(target["expr"], FAMILIES), [], f"{name}: {panel['title']}")

    def test_metrics_of_groups_that_are_off_by_default_are_not_asked_for(self):
        for name, board in FILES.items():
            for panel, target in lint.targets(board):
                groups = {FAMILIES[one.metric].group for one in promql.selectors(target["expr"]) if one.metric in FAMILIES}
                self.assertEqual(groups & promql.off_by_default(), set(), f"{name}: {panel['title']}")

    def test_each_rule_sees_its_fault(self):
        """One fault at a time is put into a good board, and the rule is named."""

        def variable(board, name):
            return next(one for one in board["templating"]["list"] if one["name"] == name)

        def panel(board):
            return lint.panels(board)[0]

        def expression(board, text):
            panel(board)["targets"][0]["expr"] = text

        matchers = 'job=~"$job",instance=~"$instance"'
        for rule, fault in {
            "template-datasource-rule": lambda b: variable(b, "datasource").update(label="Source"),
            "template-job-rule": lambda b: variable(b, "job").update(multi=False),
            "template-instance-rule": lambda b: variable(b, "instance").update(allValue=None),
            "template-label-promql-rule": lambda b: variable(b, "job")["query"].update(query="label_values(job)"),
            "template-on-time-change-reload-rule": lambda b: variable(b, "job").update(refresh=1),
            "template-unused": lambda b: b["templating"]["list"].append({**variable(b, "job"), "name": "unused"}),
            "panel-datasource-rule": lambda b: panel(b).update(datasource={"uid": "prometheus"}),
            "panel-title-description-rule": lambda b: panel(b).update(description=""),
            "panel-units-rule": lambda b: panel(b)["fieldConfig"]["defaults"].update(unit="byte"),
            "panel-no-targets-rule": lambda b: panel(b).update(targets=[]),
            "target-job-rule": lambda b: expression(b, 'up{instance=~"$instance"}'),
            "target-instance-rule": lambda b: expression(b, 'up{job=~"$job"}'),
            "target-rate-interval-rule": lambda b: expression(b, f"rate(process_cpu_seconds_total{{{matchers}}}[5m])"),
            "target-counter-agg-rule": lambda b: expression(b, f"sum(process_cpu_seconds_total{{{matchers}}})"),
            "legend": lambda b: panel(b)["targets"][0].update(legendFormat=""),
            "uneditable-dashboard-rule": lambda b: b.update(editable=True),
            "panels overlap": lambda b: panel(b)["gridPos"].update(w=24),
        }.items():
            board = copy.deepcopy(FILES["plimsoll-container.json"])
            fault(board)
            self.assertTrue([one for one in lint.problems(board, FAMILIES) if rule in one], rule)


class Provisioning(unittest.TestCase):
    def test_grafana_finds_the_files(self):
        provider = yaml.safe_load((HERE / "provisioning/dashboards/plimsoll.yaml").read_text())
        self.assertEqual((provider["apiVersion"], provider["providers"][0]["type"]), (1, "file"))
        self.assertTrue(provider["providers"][0]["options"]["path"].endswith("/dashboards"))
        source = yaml.safe_load((HERE / "provisioning/datasources/prometheus.yaml").read_text())
        self.assertEqual(source["datasources"][0]["type"], "prometheus")


if __name__ == "__main__":
    unittest.main()
