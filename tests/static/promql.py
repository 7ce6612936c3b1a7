"""Which metrics and labels a PromQL expression asks for, and which the catalogue has.

No parser: promtool and Prometheus say whether an expression is one. This finds names, so that a query for a metric
that nobody exports is a failure and not an empty panel.
"""

import re
from dataclasses import dataclass

import tree

STRING = r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|`[^`]*`'
TOKEN = re.compile(rf"(?P<string>{STRING})|(?P<number>\d[\w.]*)|(?P<name>[a-zA-Z_:][\w:]*)|(?P<other>\S)")
# Words that are followed by label names in parentheses.
LISTS = {"by", "without", "on", "ignoring", "group_left", "group_right"}
AGGREGATIONS = {"sum", "min", "max", "avg", "count", "topk", "bottomk", "quantile", "group", "stddev", "stdvar", "count_values"}
WORDS = LISTS | {"and", "or", "unless", "bool", "offset", "inf", "nan", "start", "end"}
MATCHER = re.compile(rf"\s*([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*({STRING})\s*,?")
BASE = {"id", "image", "name", "namespace", "pod", "container"}
# What Prometheus itself adds to or makes of a scrape.
TARGET = {"job", "instance"}
OF_PROMETHEUS = {"up", "scrape_duration_seconds", "scrape_samples_scraped", "ALERTS"}
SUFFIXES = ("_bucket", "_sum", "_count")


@dataclass(frozen=True)
class Selector:
    metric: str
    labels: tuple  # Names in its braces, in order.


def selectors(expression):
    """Every metric that is asked for, with the labels it is asked for by."""
    found, skip_to = [], 0
    tokens = list(TOKEN.finditer(expression))
    for index, token in enumerate(tokens):
        if token.start() < skip_to:
            continue
        name, following = token.group("name"), tokens[index + 1].group() if index + 1 < len(tokens) else ""
        if token.group() == "[":
            skip_to = closing(tokens, index, "]")
        elif name in LISTS and following == "(":
            skip_to = closing(tokens, index + 1, ")")
        elif not name or name.lower() in WORDS or following == "(" or (name in AGGREGATIONS and following in LISTS):
            continue
        elif following == "{":
            skip_to = closing(tokens, index + 1, "}")
            inside = expression[tokens[index + 1].end() : skip_to - 1]
            found.append(Selector(name, tuple(match.group(1) for match in MATCHER.finditer(inside))))
        else:
            found.append(Selector(name, ()))
    return found


def closing(tokens, index, closes):
    """Where the bracket that opens at tokens[index] is closed. (None of those that are skipped is nested.)"""
    return next((token.end() for token in tokens[index:] if token.group() == closes), tokens[-1].end())


@dataclass(frozen=True)
class Family:
    kind: str  # "gauge"
    labels: set  # Besides those that every container's series may have.
    group: str = "always"


def catalogue():
    """Families by name, as docs/metrics.md (which a test compares with the code) has them."""
    families = {}
    for line in tree.read("docs/metrics.md").splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) > 5 and re.fullmatch(r"`\w+`", cells[1]):
            labels = set(filter(None, cells[4].strip("`").split(",")))
            families[cells[1].strip("`")] = Family(cells[2], labels, cells[6])
    return families


def off_by_default():
    """Groups that docs/metrics.md has under that heading."""
    text = tree.read("docs/metrics.md").partition("## Groups that are off by default")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.split("|")] for line in text.splitlines() if line.startswith("| `")]
    return {row[6] for row in rows} | {"memory_stat", "pressure_avg"}


def unknown(expression, families, recorded=()):
    """What no scrape of Plimsoll has: metrics, and labels that a metric never carries."""
    problems = []
    for selector in selectors(expression):
        metric = selector.metric
        if metric in OF_PROMETHEUS or metric in recorded:
            continue
        base = next((metric.removesuffix(end) for end in SUFFIXES if metric.endswith(end) and metric not in families), metric)
        family = families.get(base)
        if family is None or (base != metric and family.kind != "histogram"):
            problems.append(f"no metric {metric}")
            continue
        known = family.labels | TARGET | BASE | ({"le"} if family.kind == "histogram" else set())
        problems += [f"{metric} has no label {label}" for label in selector.labels if label not in known]
    return problems
