"""Grafana's dashboard JSON (classic model, schema 42) from short descriptions: panels, rows and their places.

Words in queries: @container@, @host@ and @target@ become the label matchers that every query carries; no query can
forget the variables then.
"""

import re

SCHEMA = 42
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
TARGET = 'job=~"$job",instance=~"$instance"'
MATCHERS = {"target": TARGET, "host": TARGET + ',id="/"', "container": TARGET + ',name=~"$name"'}
WIDTH = 24  # Columns of Grafana's grid.
HEIGHT = {"stat": 4, "timeseries": 8, "table": 9}


def matched(text):
    return re.sub(r"@([a-z]+)@", lambda match: MATCHERS[match.group(1)], text)


def panel(kind, title, description, unit, queries, width):
    """A panel without its place and number. `queries`: (expression, legend) each."""
    return {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": DATASOURCE,
        "fieldConfig": {"defaults": {"unit": unit}, "overrides": []},
        "gridPos": {"h": HEIGHT[kind], "w": width},
        "targets": [
            {
                "datasource": DATASOURCE,
                "editorMode": "code",
                "expr": matched(expression),
                "legendFormat": legend,
                "range": kind == "timeseries",
                "instant": kind != "timeseries",
                "refId": chr(ord("A") + index),
            }
            for index, (expression, legend) in enumerate(queries)
        ],
    }


def graph(title, description, unit, *queries, width=12, stacked=False, least=0, most=None, step=False):
    """Lines over time. The axis begins at `least` (None: where Grafana likes)."""
    out = panel("timeseries", title, description, unit, queries, width)
    defaults = out["fieldConfig"]["defaults"]
    defaults["custom"] = {
        "drawStyle": "line",
        "lineInterpolation": "stepAfter" if step else "linear",
        "lineWidth": 1,
        "fillOpacity": 30 if stacked else 10,
        "showPoints": "never",
        "spanNulls": False,
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
    }
    if least is not None:
        defaults["min"] = least
    if most is not None:
        defaults["max"] = most
    out["options"] = {
        "legend": {"displayMode": "table", "placement": "bottom", "showLegend": True, "calcs": ["lastNotNull", "max"]},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    return out


def bounds(out, *lines):
    """Draws queries by these legends (limits, requests) as dashed red lines that are not stacked."""
    properties = [
        {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [8, 8]}},
        {"id": "custom.fillOpacity", "value": 0},
        {"id": "custom.stacking", "value": {"mode": "none", "group": "B"}},
        {"id": "color", "value": {"mode": "fixed", "fixedColor": "red"}},
    ]
    for line in lines:
        matcher = {"id": "byRegexp", "options": f"/{line}/"}
        out["fieldConfig"]["overrides"].append({"matcher": matcher, "properties": properties})
    return out


def stat(title, description, unit, expression, width=4, steps=(), mappings=None, legend="{{instance}}", shows="auto"):
    """One number, or one for each series. `steps`: (from, colour) above the base; `shows` "name": the legend, not the number."""
    out = panel("stat", title, description, unit, [(expression, legend)], width)
    defaults = out["fieldConfig"]["defaults"]
    thresholds = [{"color": "green" if steps else "text", "value": None}]
    thresholds += [{"color": colour, "value": value} for value, colour in steps]
    defaults["thresholds"] = {"mode": "absolute", "steps": thresholds}
    defaults["mappings"] = [
        {"type": "value", "options": {str(value): {"text": text, "color": colour}}} for value, text, colour in mappings or ()
    ]
    out["options"] = {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "colorMode": "value",
        "graphMode": "none",
        "textMode": shows,
        "justifyMode": "auto",
        "orientation": "auto",
    }
    return out


def table(title, description, *columns, width=24, hide=(), sort=None):
    """Instant vectors side by side. `columns`: (expression, heading, unit); labels are columns by themselves."""
    queries = [(expression, heading) for expression, heading, _ in columns]
    out = panel("table", title, description, columns[0][2], queries, width)
    names = {}
    for target, (_, heading, unit) in zip(out["targets"], columns):
        target["format"] = "table"
        # With one query Grafana calls its column Value, with several Value #A and so on.
        value = f"Value #{target['refId']}" if len(columns) > 1 else "Value"
        names[value] = heading
        matcher = {"id": "byName", "options": heading}
        out["fieldConfig"]["overrides"].append({"matcher": matcher, "properties": [{"id": "unit", "value": unit}]})
    hidden = {name: True for name in ("Time", "job", *hide)}
    out["transformations"] = [{"id": "merge", "options": {}}] if len(columns) > 1 else []
    out["transformations"].append({"id": "organize", "options": {"excludeByName": hidden, "renameByName": names}})
    out["options"] = {"showHeader": True, "cellHeight": "sm", "footer": {"show": False}}
    if sort:
        out["options"]["sortBy"] = [{"displayName": sort, "desc": True}]
    return out


def placed(rows):
    """Panels with their numbers and places: row after row, from left to right."""
    out, number, top = [], 0, 0
    for title, panels in rows:
        number += 1
        place = {"h": 1, "w": WIDTH, "x": 0, "y": top}
        out.append({"id": number, "type": "row", "title": title, "collapsed": False, "gridPos": place, "panels": []})
        top += 1
        left, tallest = 0, 0
        for one in panels:
            size = one["gridPos"]
            if left + size["w"] > WIDTH:
                left, top, tallest = 0, top + tallest, 0
            number += 1
            out.append({"id": number, **one, "gridPos": {**size, "x": left, "y": top}})
            left, tallest = left + size["w"], max(tallest, size["h"])
        top += tallest
    return out


def variable(name, label, query, several=True):
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": DATASOURCE,
        "definition": query,
        "query": {"query": query, "refId": f"variable-{name}"},
        "refresh": 2,  # When the time range changes: containers come and go.
        "sort": 1,
        "multi": several,
        "includeAll": several,
        "allValue": ".+" if several else None,
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]} if several else {},
        "hide": 0,
    }


def variables(metric, with_name):
    """`metric` says which jobs and instances there are."""
    source = {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "hide": 0}
    out = [
        {**source, "current": {}, "refresh": 1, "multi": False, "includeAll": False},
        variable("job", "Job", f"label_values({metric}, job)"),
        variable("instance", "Instance", f'label_values({metric}{{job=~"$job"}}, instance)'),
    ]
    if with_name:
        out.append(variable("name", "Container", f"label_values(container_last_seen{{{TARGET}}}, name)"))
    return out


def dashboard(uid, title, description, rows, metric="container_last_seen", with_name=True):
    return {
        "uid": uid,
        "id": None,
        "title": title,
        "description": description,
        "tags": ["plimsoll", "containers"],
        "schemaVersion": SCHEMA,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,  # The cursor is in all panels at once.
        "timezone": "",
        "time": {"from": "now-1h", "to": "now"},
        "refresh": "30s",
        "links": [
            {
                "type": "dashboards",
                "title": "Plimsoll",
                "tags": ["plimsoll"],
                "asDropdown": True,
                "includeVars": True,
                "keepTime": True,
                "targetBlank": False,
                "icon": "external link",
                "tooltip": "",
                "url": "",
            }
        ],
        "annotations": {"list": []},
        "templating": {"list": variables(metric, with_name)},
        "panels": placed(rows),
    }
