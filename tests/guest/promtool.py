"""promtool on what the exporter said in the guest. It runs on this host: the guest needs no copy."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/clients"))
import prometheus

ALLOWED = ROOT / "exporter/metrics/promtool_allowlist.txt"


def allowed(text):
    """Findings that are written down: lines of "family | finding | reason"."""
    lines = (line.strip() for line in text.splitlines())
    lines = (line for line in lines if line and not line.startswith("#"))
    return {" ".join(part.strip() for part in line.split("|")[:2]) for line in lines}


def check(report, artifacts):
    """A case for each scrape that was brought out."""
    scrapes = sorted(artifacts.glob("*.prom"))
    for scrape in scrapes:
        found = set(prometheus.lint(scrape.read_text(encoding="utf-8")))
        found -= allowed(ALLOWED.read_text(encoding="utf-8"))
        name = f"promtool:{scrape.stem}"
        if found:
            report.failed(name, "\n".join(sorted(found)))
        else:
            report.passed(name)
