"""Reads an exposition with Prometheus's own Python parser and checks that it saw what we wrote.

usage: check_strict_parser.py PROGRAM   (which prints an exposition with every family)
"""

import subprocess
import sys

SKIPPED = 77
try:
    from prometheus_client.parser import text_string_to_metric_families
except ImportError:
    print("SKIPPED: no prometheus_client (Debian package python3-prometheus-client)")
    sys.exit(SKIPPED)

HOSTILE = 'x"} 1\nevil{a="\\\ufffdff'  # The last byte was 0xff.


def problems_of(text):
    lines = text.splitlines()
    families = list(text_string_to_metric_families(text))
    samples = [sample for family in families for sample in family.samples]
    types = {line.split()[2]: line.split()[3] for line in lines if line.startswith("# TYPE ")}
    printed = sum(1 for line in lines if line and not line.startswith("#"))

    if len(families) != len(types):
        yield f"{len(types)} TYPE lines, but {len(families)} families were read"
    if len(samples) != printed:
        yield f"{printed} lines with samples, but {len(samples)} samples were read"
    if len(types) < 130:
        yield f"only {len(types)} families: the sample is not complete"
    for family in families:
        # The parser takes _total off a counter's name.
        declared = types.get(family.name) or types.get(family.name + "_total")
        if family.type != declared:
            yield f"{family.name}: declared as {declared}, read as {family.type}"
        if not family.documentation or not family.samples:
            yield f"{family.name}: no help text, or no samples"
    seen = set()
    for sample in samples:
        series = (sample.name, tuple(sorted(sample.labels.items())))
        if series in seen:
            yield f"series twice: {series}"
        seen.add(series)
        if sample.name.startswith("evil") or sample.timestamp is not None:
            yield f"not ours: {sample}"
    names = {sample.labels.get("name") for sample in samples}
    if HOSTILE not in names:
        yield f"the hostile name is not among {sorted(filter(None, names))}"


def main(program):
    text = subprocess.run([program], capture_output=True, check=True).stdout.decode("utf-8")
    problems = list(problems_of(text))
    for problem in problems:
        print(problem)
    print(f"{len(text.splitlines())} lines, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
