#!/usr/bin/python3
"""Writes Prometheus' rules, the PrometheusRule for its operator, and docs/alerts.md from rules.yaml and values.yaml.

    alerts/generate.py                                       what is committed: generated/ and docs/alerts.md
    alerts/generate.py --values MINE.yaml --output DIRECTORY  the rules with other thresholds
"""

import argparse
import re
import sys
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
WORD = re.compile(r"@([a-z_]+)@")
NOTE = "# Written by alerts/generate.py from rules.yaml and values.yaml.\n"
DASHBOARDS = {
    "container": "plimsoll-container?var-instance={{ $labels.instance }}&var-name={{ $labels.name }}",
    "host": "plimsoll-host?var-instance={{ $labels.instance }}",
    "agent": "plimsoll-agent?var-instance={{ $labels.instance }}",
}
# Alerts without an instance open the dashboard of all.
WITHOUT_INSTANCE = {"PlimsollAbsent": "plimsoll-agent"}
WHO = "{{ or $labels.name $labels.container }} on {{ $labels.instance }}"


class Mistake(Exception):
    """What the values or rules say makes no sense."""


def merged(base, change):
    if isinstance(base, dict) and isinstance(change, dict):
        return {key: merged(base.get(key), change[key]) if key in change else base[key] for key in {**base, **change}}
    return change


def read_values(paths):
    """The values of the first file, changed by those of the others."""
    first, *others = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in paths]
    for path, other in zip(paths[1:], others):
        refuse_unknown(path, first, other or {})
        first = merged(first, other or {})
    return first


def refuse_unknown(path, base, change, where=""):
    """A misspelt alert or threshold would be silence."""
    for key, value in change.items():
        if key not in base and key not in ("enabled", "keep"):
            raise Mistake(f"{path}: nothing is called {where}{key}")
        if isinstance(value, dict):
            refuse_unknown(path, base[key], value, f"{where}{key}.")


def filled(text, words):
    def word(match):
        if match.group(1) not in words:
            raise Mistake(f"no value for {match.group(0)} in: {text}")
        return str(words[match.group(1)])

    return WORD.sub(word, text)


def recording(rule, common):
    return {"record": filled(rule["record"], common), "expr": filled(rule["expr"], common)}


def alert(rule, group, common, own):
    words = {**common, "who": WHO, **own}
    name = rule["alert"]
    dashboard = WITHOUT_INSTANCE.get(name) or DASHBOARDS[rule.get("dashboard", group.get("dashboard"))]
    out = {"alert": name, "expr": filled(rule["expr"], words)}
    if own["for"] != "0m":
        out["for"] = own["for"]
    if "keep" in own:
        out["keep_firing_for"] = own["keep"]
    out["labels"] = {"severity": own["severity"]}
    out["annotations"] = {
        "summary": filled(rule["summary"], words),
        "description": filled(rule["description"], words),
        "runbook_url": f"{common['runbooks']}/{name}.md",
        "dashboard_url": f"{common['grafana']}/d/{dashboard}",
    }
    return out


def generate(rules, values):
    """Prometheus' rule groups."""
    common, alerts = values["common"], values["alerts"]
    names = [rule["alert"] for group in rules["groups"] for rule in group["rules"] if "alert" in rule]
    if sorted(names) != sorted(alerts):
        raise Mistake(f"alerts and their values differ: {sorted(set(names) ^ set(alerts))}")
    groups = []
    for group in rules["groups"]:
        out = []
        for rule in group["rules"]:
            if "record" in rule:
                out.append(recording(rule, common))
            elif alerts[rule["alert"]].get("enabled", True):
                out.append(alert(rule, group, common, alerts[rule["alert"]]))
        if out:
            groups.append({"name": group["name"], "rules": out})
    return {"groups": groups}


class Dumper(yaml.SafeDumper):
    """Expressions of several lines stay readable."""


def text(dumper, value):
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


Dumper.add_representer(str, text)


def dumped(value):
    return NOTE + yaml.dump(value, Dumper=Dumper, sort_keys=False, width=1000, allow_unicode=True)


def wrapped(groups):
    """For Prometheus' operator."""
    metadata = {"name": "plimsoll", "labels": {"app.kubernetes.io/name": "plimsoll", "role": "alert-rules"}}
    kind = {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule"}
    return {**kind, "metadata": metadata, "spec": groups}


def outputs(rules, values):
    """File name -> text."""
    groups = generate(rules, values)
    return {"plimsoll.rules.yml": dumped(groups), "plimsoll.prometheusrule.yml": dumped(wrapped(groups))}


def cell(words):
    return str(words).replace("|", "\\|").replace("\n", " ")


def page(rules, values):
    """The tables of docs/alerts.md."""
    groups = generate(rules, values)
    written = {rule["alert"]: rule for group in groups["groups"] for rule in group["rules"] if "alert" in rule}
    lines = ["| alert | severity | fires when | for | thresholds |", "|---|---|---|---|---|"]
    for name, rule in written.items():
        own = values["alerts"][name]
        how = ", ".join(f"`{key}` {value}" for key, value in own.items() if key not in ("severity", "for", "keep"))
        span = own["for"] + (f", kept {own['keep']}" if "keep" in own else "")
        expression = cell(" ".join(rule["expr"].split()))
        link = f"[{name}](runbooks/{name}.md)"
        lines.append(f"| {link} | {own['severity']} | `{expression}` | {span} | {how} |")
    lines += ["", "## Recording rules", "", "| series | what it is |", "|---|---|"]
    for group in rules["groups"]:
        for rule in group["rules"]:
            if "record" in rule:
                lines.append(f"| `{filled(rule['record'], values['common'])}` | {rule['says']} |")
    return "\n".join(lines) + "\n"


def document(rules, values):
    frame = (HERE / "page.md").read_text(encoding="utf-8")
    return frame.replace("<tables>\n", page(rules, values))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--values", type=Path, action="append", default=[], help="changes to values.yaml (repeatable)")
    parser.add_argument("--output", type=Path, help="where the rules go; without it everything committed is written")
    arguments = parser.parse_args()
    try:
        rules = yaml.safe_load((HERE / "rules.yaml").read_text(encoding="utf-8"))
        values = read_values([HERE / "values.yaml", *arguments.values])
        files = outputs(rules, values)
    except (Mistake, OSError, yaml.YAMLError) as fault:
        sys.exit(f"alerts/generate.py: {fault}")
    directory = arguments.output or HERE / "generated"
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (directory / name).write_text(content, encoding="utf-8")
    if not arguments.output:
        if arguments.values:
            sys.exit("alerts/generate.py: --values needs --output: what is committed has the values of values.yaml")
        (HERE.parent / "docs/alerts.md").write_text(document(rules, values), encoding="utf-8")


if __name__ == "__main__":
    main()
