"""docs/openapi/*.yaml as a judge: whether an answer, or a request, is what the document says."""

import json
import re
from pathlib import Path

import case
import jsonschema
import yaml

METHODS = ("get", "post", "put", "delete", "head", "patch")
BASE = "urn:plimsoll:openapi"


class Document:
    def __init__(self, name):
        self.path = case.ROOT / "docs/openapi" / f"{name}.yaml"
        self.tree = yaml.safe_load(self.path.read_text(encoding="utf-8"))

    def operations(self):
        """(path, method, operation), with the parameters that all methods of a path share."""
        for path, item in self.tree["paths"].items():
            for method in METHODS:
                if method in item:
                    own = item[method]
                    yield path, method, {**own, "parameters": [*item.get("parameters", []), *own.get("parameters", [])]}

    def operation(self, method, target):
        """The one that a request's target, without its query, belongs to; fails when none does."""
        target = target.partition("?")[0]
        for path, verb, operation in self.operations():
            pattern = "".join("[^/].*" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{\w+\})", path))
            if verb == method and re.fullmatch(pattern, target):
                exact = "{" not in path
                if exact or target not in self.tree["paths"]:
                    return operation
        raise AssertionError(f"{self.path.name} has no {method} {target}")

    def fits(self, schema, value):
        """Fails with the place and the reason when it does not."""
        whole = {"$id": BASE, "components": self.tree["components"]}
        resolver = jsonschema.RefResolver.from_schema(whole)
        validator = jsonschema.Draft202012Validator(schema, resolver=resolver)
        errors = sorted(validator.iter_errors(value), key=jsonschema.exceptions.relevance)
        if errors:
            worst = jsonschema.exceptions.best_match(errors)
            raise AssertionError(f"{self.path.name}: {'/'.join(map(str, worst.absolute_path))}: {worst.message[:1000]}")

    def schema_of(self, name):
        return {"$ref": f"#/components/schemas/{name}"}

    def judge(self, method, target, status, content_type, body):
        """An answer as a text; what it holds, as JSON where it is JSON."""
        operation = self.operation(method, target)
        told = operation["responses"].get(str(status))
        assert told, f"{self.path.name}: {method} {target} answers {status}, which is not documented: {body[:500]}"
        kind = content_type.partition(";")[0].strip()
        content = told["content"].get(kind)
        assert content, f"{self.path.name}: {method} {target} answers {status} with {kind}; documented: {list(told['content'])}"
        if not kind.endswith("json"):
            return body
        value = json.loads(body)
        self.fits(content["schema"], value)
        return value

    def references(self):
        """Every $ref, wherever it stands."""
        found = []

        def walk(node):
            if isinstance(node, dict):
                if isinstance(node.get("$ref"), str):
                    found.append(node["$ref"])
                for value in node.values():
                    walk(value)
            elif isinstance(node, list):
                for value in node:
                    walk(value)

        walk(self.tree)
        return found

    def routes(self):
        """Paths with a * for a parameter at their end, as the sources have them."""
        return {re.sub(r"\{\w+\}$", "*", path) for path in self.tree["paths"]}


def routed(directory, but=()):
    """What the sources below a directory route, as far as it is a literal."""
    found = set()
    for path in sorted((case.ROOT / directory).rglob("*.cc")):
        if not path.name.endswith("_test.cc"):
            found.update(re.findall(r'\b(?:route|add)\(\s*"(/[^"]*)"', path.read_text(encoding="utf-8")))
    return {route for route in found if not any(re.fullmatch(each, route) for each in but)}


def fields():
    """(path in JSON, unit, kind) of every number of a container: cgroupfs/read/field.h."""
    text = Path(case.ROOT / "cgroupfs/read/field.h").read_text(encoding="utf-8").replace("\\\n", " ")
    rows = re.findall(r'X\(k\w+,\s*"([\w.]+)",\s*k(\w+),\s*k(\w+),\s*k\w+\)', text)
    assert len(rows) == text.count("X(k"), "a row of field.h was not understood"
    return rows
