"""Every group of families, beside a dockerd with the cgroupfs driver."""

import unittest

import case
import groups
from docker import Docker
from prometheus import lint

ALLOWED = case.ROOT / "exporter/metrics/promtool_allowlist.txt"


def setUpModule():
    groups.set_up(Docker, lambda identity: f"/docker/{identity}")


class GroupsTest(groups.Groups, unittest.TestCase):
    def test_promtool_finds_nothing_but_what_is_written_down(self):
        lines = (line for line in ALLOWED.read_text().splitlines() if line and not line.startswith("#"))
        allowed = {" ".join(part.strip() for part in line.split("|")[:2]) for line in lines}
        self.assertEqual(set(lint(groups.exporter.scrape().text)) - allowed, set())


class StrictTest(groups.Strict, unittest.TestCase):
    pass


if __name__ == "__main__":
    case.main()
