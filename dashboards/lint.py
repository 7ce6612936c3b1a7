"""The rules of Grafana's dashboard-linter that concern Prometheus, on the JSON itself, and some of our own."""

import re

DATASOURCE = "${datasource}"
KINDS = {"stat", "timeseries", "table"}
# Those of Grafana's units that we use; a misspelt one would be printed as text behind the number.
UNITS = {"none", "bytes", "Bps", "percentunit", "s", "ops", "iops", "pps", "reqps", "bool_yes_no"}
STRING = re.compile(r'"[^"]*"')
RANGE = re.compile(r"\b(\w+)\((?:[^()\[\]]|\{[^}]*\})*\[([^\]]+)\]")
SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\{([^}]*)\}")
WINDOWS = {"rate": {"$__rate_interval"}, "irate": {"$__rate_interval"}}
ELSEWHERE = {"$__rate_interval", "$__range"}


def panels(board):
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def targets(board):
    return [(panel, target) for panel in panels(board) for target in panel["targets"]]


def of_variables(board):
    found = {variable["name"]: variable for variable in board["templating"]["list"]}
    if found.get("datasource", {}).get("type") != "datasource" or found["datasource"]["label"] != "Data source":
        yield "template-datasource-rule"
    for name, label in (("job", "Job"), ("instance", "Instance")):
        variable = found.get(name)
        wanted = {"type": "query", "label": label, "multi": True, "includeAll": True, "allValue": ".+"}
        if not variable or any(variable.get(key) != value for key, value in wanted.items()):
            yield f"template-{name}-rule"
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            if not re.fullmatch(r"label_values\(\w+(\{.*\})?, \w+\)", variable["query"]["query"]):
                yield f"template-label-promql-rule: {variable['name']}"
            if variable["refresh"] != 2:
                yield f"template-on-time-change-reload-rule: {variable['name']}"
            if variable["datasource"]["uid"] != DATASOURCE:
                yield f"template datasource: {variable['name']}"
    used = "".join(target["expr"] for _, target in targets(board))
    yield from (f"template-unused: {name}" for name in found if name != "datasource" and f"${name}" not in used)


def of_panel(panel):
    if panel["type"] not in KINDS:
        yield "unknown kind of panel"
    if panel["datasource"]["uid"] != DATASOURCE:
        yield "panel-datasource-rule"
    if not panel.get("title") or not panel.get("description"):
        yield "panel-title-description-rule"
    units = [panel["fieldConfig"]["defaults"].get("unit")]
    for override in panel["fieldConfig"]["overrides"]:
        units += [entry["value"] for entry in override["properties"] if entry["id"] == "unit"]
    yield from (f"panel-units-rule: {unit}" for unit in units if unit not in UNITS)
    if not panel.get("targets"):
        yield "panel-no-targets-rule"
    if len({target["refId"] for target in panel["targets"]}) != len(panel["targets"]):
        yield "refId twice"


def of_target(target, families):
    """`families` says which metrics are counters: the name alone does not (container_fs_inodes_total)."""
    expression = target["expr"]
    if target["datasource"]["uid"] != DATASOURCE:
        yield "target datasource"
    if not target.get("legendFormat"):
        yield "legend"
    for metric, matchers in SELECTOR.findall(expression):
        for name in ("job", "instance"):
            if f'{name}=~"${name}"' not in matchers:
                yield f"target-{name}-rule: {metric}"
    for function, window in RANGE.findall(STRING.sub('""', expression)):
        if window not in WINDOWS.get(function, ELSEWHERE):
            yield f"target-rate-interval-rule: {function} [{window}]"
    for metric, family in families.items():
        sample = rf"{metric}(_bucket|_sum|_count)" if family.kind == "histogram" else metric
        for match in re.finditer(rf"\b{sample}\b", expression) if family.kind in ("counter", "histogram") else ():
            if not re.search(r"\b(rate|irate|increase)\($", expression[: match.start()]):
                yield f"target-counter-agg-rule: {metric}"


def of_board(board):
    if board["editable"] is not False:
        yield "uneditable-dashboard-rule"
    if board["id"] is not None or not board["uid"].startswith("plimsoll-"):
        yield "id and uid"
    numbers = [panel["id"] for panel in board["panels"]]
    if len(set(numbers)) != len(numbers):
        yield "panel id twice"
    taken = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        if place["x"] + place["w"] > 24 or cells & taken:
            yield f"{panel['title']}: panels overlap"
        taken |= cells


def problems(board, families):
    found = [*of_board(board), *of_variables(board)]
    for panel in panels(board):
        found += [f"{panel['title']}: {problem}" for problem in of_panel(panel)]
    for panel, target in targets(board):
        found += [f"{panel['title']} {target['refId']}: {problem}" for problem in of_target(target, families)]
    return found
