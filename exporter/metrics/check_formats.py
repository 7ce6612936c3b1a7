"""Reads the same page in the three formats and checks that they say the same.

usage: check_formats.py PROGRAM   (which prints a page with every family; --openmetrics, --protobuf)

Text and OpenMetrics are read by Prometheus's own Python parsers (the second one is strict), protobuf
by the decoder beside this file.
"""

import math
import re
import subprocess
import sys

import metrics_protobuf as protobuf

SKIPPED = 77
try:
    from prometheus_client.openmetrics import parser as openmetrics
    from prometheus_client.parser import text_string_to_metric_families
except ImportError:
    print("SKIPPED: no prometheus_client (Debian package python3-prometheus-client)")
    sys.exit(SKIPPED)

# They move between two runs of the program.
MOVING = {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds",
          "process_virtual_memory_bytes", "process_start_time_seconds", "process_threads"}


def key(name, labels):
    # 1 and 1.0 are the same bound.
    labels = {k: str(float(v)) if k == "le" else v for k, v in labels.items()}
    return name, tuple(sorted(labels.items()))


def of_text(families, page):
    # The parser of the text format gives counters a _total that they do not have.
    printed = {re.split("[{ ]", line, maxsplit=1)[0] for line in page.splitlines()}
    series = {}
    for family in families:
        for sample in family.samples:
            name = sample.name if sample.name in printed else sample.name.removesuffix("_total")
            where = key(name, sample.labels)
            assert where not in series, f"twice: {where}"
            series[where] = sample.value
    return series


def of_histogram(name, labels, histogram):
    for bucket in histogram["buckets"]:
        yield key(name + "_bucket", labels | {"le": repr(bucket["bound"])}), bucket["count"]
    yield key(name + "_bucket", labels | {"le": "+Inf"}), histogram["count"]
    yield key(name + "_sum", labels), histogram["sum"]
    yield key(name + "_count", labels), histogram["count"]


def of_protobuf(families):
    series = {}
    for family in families:
        for metric in family["metrics"]:
            labels = {label["name"]: label["value"] for label in metric["labels"]}
            assert len(labels) == len(metric["labels"]), f"label twice: {metric}"
            value = metric.get(family["type"])
            assert value is not None, f"{family['name']}: not a {family['type']}: {metric}"
            if family["type"] == "histogram":
                samples = dict(of_histogram(family["name"], labels, value))
            else:
                samples = {key(family["name"], labels): value["value"]}
            for where, number in samples.items():
                assert where not in series, f"twice: {where}"
                series[where] = number
    return series


def differences(this, that, series_this, series_that):
    for where in series_this.keys() | series_that.keys():
        if where[0] in MOVING:
            continue
        a, b = series_this.get(where), series_that.get(where)
        if a is None or b is None:
            yield f"{where}: only in {this if b is None else that}"
        # The text has every digit of a count of nanoseconds, a double sixteen of them.
        elif not math.isclose(a, b, rel_tol=2e-16):
            yield f"{where}: {a!r} in {this}, {b!r} in {that}"


def native_problems(families):
    """A native histogram must count what the classic one counts."""
    seen = 0
    for family in families:
        for metric in family["metrics"]:
            histogram = metric.get("histogram")
            if histogram is None or "schema" not in histogram:
                continue
            seen += 1
            buckets = protobuf.native_buckets(histogram)
            zero = histogram.get("zero_count", 0)
            if zero + sum(buckets.values()) != histogram["count"]:
                yield f"{family['name']}: buckets and count differ: {histogram}"
            base = 2.0 ** (2.0 ** -histogram["schema"])
            for bucket in histogram["buckets"]:
                below = zero + sum(n for i, n in buckets.items() if base**i <= bucket["bound"] * 1.0001)
                if below != bucket["count"]:
                    yield f"{family['name']}: {below} up to {bucket}"
    if seen == 0:
        yield "no native histogram on the page"


def main(program):
    def page(*options):
        return subprocess.run([program, *options], capture_output=True, check=True).stdout

    printed = page().decode()
    text = of_text(text_string_to_metric_families(printed), printed)
    messages = list(protobuf.families(page("--protobuf")))
    binary = of_protobuf(messages)
    printed = page("--openmetrics").decode()
    strict = of_text(openmetrics.text_string_to_metric_families(printed), printed)
    problems = list(differences("text", "protobuf", text, binary))
    problems += differences("text", "OpenMetrics", text, strict)
    problems += native_problems(messages)

    # The times since which counters count: read by both parsers, and the same in both.
    created = list(
        openmetrics.text_string_to_metric_families(page("--openmetrics", "--created").decode())
    )
    times = {s.value for f in created for s in f.samples if s.name.endswith("_created")}
    in_binary = {
        value["created"].get("seconds", 0) + value["created"].get("nanos", 0) / 1e9
        for family in protobuf.families(page("--protobuf", "--created"))
        for metric in family["metrics"]
        for value in (metric.get("counter"), metric.get("histogram"))
        if value and "created" in value
    }
    birth = 1699995000.25  # Of the cgroups of the made-up host.
    if birth not in times or birth not in in_binary or len(times) != 2 or len(in_binary) != 2:
        problems.append(f"created: {times} in OpenMetrics, {in_binary} in protobuf")

    for problem in problems[:20]:
        print(problem)
    print(f"{len(text)} series, {len(messages)} messages, {len(problems)} problems")
    return 1 if problems or len(text) < 400 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
