"""Every group of families on cgroup v2: docker with systemd's driver. The same cases as natively, those of
v2 alone, and the pages, with all families on, for promtool."""

import os
import unittest
from pathlib import Path

import case
import groups
import units
from docker_service import Service


def setUpModule():
    groups.set_up(Service, lambda identity: f"/system.slice/docker-{identity}.scope")


def keep(name, text):
    """promtool checks it on the host, where it is."""
    Path(os.environ["PLIMSOLL_ARTIFACTS"], f"{name}.prom").write_text(text, encoding="utf-8")


class Groups(groups.Groups, unittest.TestCase):
    def test_huge_pages(self):
        path = groups.paths["quiet"]
        sizes = [file.name.split(".")[1] for file in (units.ROOT / path.lstrip("/")).glob("hugetlb.*B.current")]
        self.assertTrue(sizes, "this kernel has no huge pages")
        for size in sizes:
            self.equals(
                lambda: units.number(path, f"hugetlb.{size}.current"), "container_hugetlb_usage_bytes",
                name="quiet", pagesize=size,
            )  # fmt: skip

    def test_memory_of_the_nodes(self):
        page = os.sysconf("SC_PAGE_SIZE")

        def theirs():
            lines = (line.split() for line in units.text(groups.paths["quiet"], "memory.numa_stat").splitlines())
            return {words[0]: int(words[1].removeprefix("N0=")) for words in lines}

        for kind in ("anon", "file"):
            labels = {"name": "quiet", "node": "0", "scope": "hierarchy", "type": kind}
            self.equals(lambda: theirs()[kind] / page, "container_memory_numa_pages", **labels)

    def test_a_page_with_everything_is_kept_for_promtool(self):
        text = groups.exporter.get("/metrics")[1]
        for group in ("cpu_schedstat", "hugetlb", "memory_numa", "network_tcp", "pressure", "referenced", "ulimits"):
            self.assertIn(f"container_{group}_", text)
        keep("groups", text)


class Strict(groups.Strict, unittest.TestCase):
    def test_its_page_is_kept_for_promtool(self):
        keep("strict", self.strict.get("/metrics")[1])


if __name__ == "__main__":
    case.main()
