"""Turns cases/*.yaml into promtool's rule tests.

promtool wants every label and annotation in full for each alert that fires. What the generator adds to all of them
is added here by other means; what an alert says about the case stands in the case.
"""

import re

import yaml

SETS = {
    "web": {"job": "plimsoll", "instance": "h:7546", "id": "/docker/1", "name": "web"},
    "again": {"job": "plimsoll", "instance": "h:7546", "id": "/docker/2", "name": "web"},
    "host": {"job": "plimsoll", "instance": "h:7546", "id": "/"},
    "target": {"job": "plimsoll", "instance": "h:7546"},
}
SERIES = re.compile(r"(\w+)\{(.*)\}")
LABEL = re.compile(r'(\w+)="([^"]*)"')


def labelled(series):
    """'up{target,a="b"}' with the labels that its first word stands for."""
    metric, inside = SERIES.fullmatch(series).groups()
    word, _, rest = inside.partition(",")
    labels = {**SETS[word], **dict(LABEL.findall(rest))} if word in SETS else dict(LABEL.findall(inside))
    return metric + "{" + ",".join(f'{key}="{value}"' for key, value in labels.items()) + "}"


def shown(template, labels):
    """What Prometheus makes of an annotation that uses nothing but labels."""
    name = labels.get("name") or labels.get("container", "")
    text = template.replace("{{ or $labels.name $labels.container }}", name)
    return re.sub(r"{{ \$labels\.(\w+) }}", lambda match: labels.get(match.group(1), ""), text)


def expected(rule, case):
    """promtool's exp_alerts: none, or the one that the case tells."""
    if "fires" not in case and "fires_only" not in case:
        return []
    labels = case["fires_only"] if "fires_only" in case else {**SETS["target"], **case["fires"]}
    annotations = {key: shown(text, labels) for key, text in rule["annotations"].items() if key != "description"}
    labels = {**labels, "severity": rule["labels"]["severity"]}
    return [{"exp_labels": labels, "exp_annotations": {**annotations, "description": case["says"]}}]


def test_of(name, title, case, rules):
    series = [{"series": labelled(key), "values": str(values)} for key, values in case["series"].items()]
    alert = {"eval_time": case["at"], "alertname": name, "exp_alerts": expected(rules[name], case)}
    return {"name": f"{name}: {title}", "interval": "1m", "input_series": series, "alert_rule_test": [alert]}


def read(directory):
    """Alert -> title -> case, of all files."""
    every = {}
    for path in sorted(directory.glob("*.yaml")):
        # All of it is text: 0x20 is twenty-one zeros here, not 32.
        for name, cases in yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader).items():
            assert name not in every, f"{path}: {name} has cases elsewhere"
            every[name] = cases
    return every


def promtool_file(rule_file, every, groups):
    """The text of a file for `promtool test rules`."""
    rules = {rule["alert"]: rule for group in groups["groups"] for rule in group["rules"] if "alert" in rule}
    tests = [test_of(name, title, case, rules) for name, cases in every.items() for title, case in cases.items()]
    return yaml.safe_dump({"rule_files": [str(rule_file)], "evaluation_interval": "1m", "tests": tests}, sort_keys=False)
