"""The test runner's own tests: what it reads from ctest, and what it lets pass."""

import contextlib
import io
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import junit
import rings
import skip_budget

REPORT = """<?xml version="1.0"?>
<testsuite>
  <testcase name="A.Good" status="run"><system-out>[  PASSED  ] 1 test.</system-out></testcase>
  <testcase name="A.Bad" status="fail"><failure message=""/><system-out/></testcase>
  <testcase name="A.Skips" status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>
    <system-out>/src/a_test.cc:4: Skipped
no v2 here
[  SKIPPED ] A.Skips (0 ms)</system-out></testcase>
  <testcase name="A.Mute" status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>
    <system-out>/src/a_test.cc:5: Skipped

[  SKIPPED ] A.Mute (0 ms)</system-out></testcase>
  <testcase name="A.Both" status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>
    <system-out>x: Skipped
y
[  SKIPPED ] A.Both
[  FAILED  ] A.Both</system-out></testcase>
  <testcase name="A.Off" status="disabled"><system-out>Disabled</system-out></testcase>
  <testcase name="A.Lost" status="notrun"><skipped message="Unable to find executable"/></testcase>
  <testcase name="script" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/>
    <system-out>SKIP: no kernel for it</system-out></testcase>
  <testcase name="docker" status="run"><system-out>[case] cpu passed
[case] io skipped: no block device
</system-out></testcase>
  <testcase name="podman" status="fail"><system-out>[case] cpu passed
Traceback</system-out></testcase>
</testsuite>
"""


def read(text):
    with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
        file.write(text)
        file.flush()
        return {case.name: (case.outcome, case.reason) for case in junit.read(file.name)}


class JunitTest(unittest.TestCase):
    def test_every_kind_of_entry(self):
        self.assertEqual(
            read(REPORT),
            {
                "A.Good": ("passed", ""),
                "A.Bad": ("failed", ""),
                "A.Skips": ("skipped", "no v2 here"),
                "A.Mute": ("skipped", ""),
                "A.Both": ("failed", ""),
                "A.Off": ("skipped", ""),
                "A.Lost": ("failed", ""),
                "script": ("skipped", "no kernel for it"),
                "docker/cpu": ("passed", ""),
                "docker/io": ("skipped", "no block device"),
                "podman/cpu": ("passed", ""),
                "podman": ("failed", ""),
            },
        )


class SkipBudgetTest(unittest.TestCase):
    BUDGET = """
    # comment
    kernel:reader_test:V2*  | hybrid              | no v2 controllers on a hybrid host
    unit:*Chown             | any unprivileged    | only root may give files away  # sure
    """

    def test_pattern_and_every_place_must_hold(self):
        budget = skip_budget.parse(self.BUDGET)
        self.assertTrue(skip_budget.allows(budget, {"any", "hybrid"}, "kernel:reader_test:V2.Reads"))
        self.assertFalse(skip_budget.allows(budget, {"any", "v2"}, "kernel:reader_test:V2.Reads"))
        self.assertFalse(skip_budget.allows(budget, {"any", "hybrid"}, "kernel:reader_test:V1.Reads"))
        self.assertFalse(skip_budget.allows(budget, {"any", "hybrid"}, "unit:a:Fd.Chown"))
        self.assertTrue(skip_budget.allows(budget, {"any", "v1", "unprivileged"}, "unit:a:Fd.Chown"))

    def test_a_bad_line_is_named(self):
        for text, said in (
            ("unit:* | any", "line 1"),
            ("\nunit:* | any |", "line 2"),
            ("unit:* | mars | far away", "mars"),
        ):
            with self.assertRaisesRegex(ValueError, said):
                skip_budget.parse(text)

    def test_machine_from_mountinfo(self):
        v1 = "30 25 0:26 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
        v2 = "31 25 0:27 / /sys/fs/cgroup/unified rw shared:1 - cgroup2 cgroup2 rw\n"
        self.assertEqual(skip_budget.machine(v1 + v2, 0), {"any", "hybrid"})
        self.assertEqual(skip_budget.machine(v1, 0), {"any", "v1"})
        self.assertEqual(skip_budget.machine(v2, 1000), {"any", "v2", "unprivileged"})


class JudgeTest(unittest.TestCase):
    def judge(self, *cases):
        tally = rings.Tally()
        budget = skip_budget.parse("unit:A.May* | any | for the test")
        with contextlib.redirect_stdout(io.StringIO()):
            rings.judge(tally, "unit", [junit.Case(*case) for case in cases], budget, {"any"})
        return tally

    def test_only_an_allowed_and_explained_skip_is_a_skip(self):
        tally = self.judge(("A.MaySkip", "skipped", "why"), ("A.MayMute", "skipped", ""))
        tally.cases += self.judge(("A.Other", "skipped", "why"), ("B.Not", "skipped", "why")).cases
        self.assertEqual(tally.verdict(), "0 passed, 3 failed, 1 skipped")

    def test_faults_name_the_test(self):
        tally = self.judge(("A.Bad", "failed", ""), ("B.Good", "passed", ""), ("B.No", "skipped", "no x"))
        self.assertEqual(tally.verdict(), "1 passed, 2 failed, 0 skipped")
        self.assertEqual(
            tally.faults, ["unit:A.Bad: failed", "unit:B.No: skipped outside tests/skip-budget.txt: no x"]
        )


class BuildsTest(unittest.TestCase):
    def setUp(self):
        self.begun = []
        original = rings.begin
        self.addCleanup(setattr, rings, "begin", original)

        def begin(what, prefix=(), output=None):
            self.begun.append((what.preset, bool(prefix)))
            return subprocess.Popen(["sh", "-c", f"echo built {what.preset}; exit {int(what.preset == 'bad')}"], stdout=output)

        rings.begin = begin

    def run_rings(self, *chosen):
        tally = rings.Tally()
        builds = rings.Builds(list(chosen))
        with contextlib.redirect_stdout(io.StringIO()) as said:
            for ring in chosen:
                builds.need(ring, tally)
                builds.look_ahead(ring)
            builds.end()
        return tally, said.getvalue()

    def test_each_is_made_once_and_a_later_one_beside_a_ring_that_waits(self):
        one, other = rings.Build("one"), rings.Build("other")
        tally, said = self.run_rings(
            rings.Ring("a", (), one), rings.Ring("b", (), one, leaves_room=True), rings.Ring("c", (), one), rings.Ring("d", (), other)
        )
        self.assertEqual(self.begun, [("one", False), ("other", True)])
        self.assertEqual([name for name, _ in tally.cases], ["build:one", "build:other"])
        self.assertIn("built other", said)

    def test_one_that_fails_beside_a_ring_fails(self):
        tally, _ = self.run_rings(rings.Ring("a", (), rings.Build("one"), leaves_room=True), rings.Ring("b", (), rings.Build("bad")))
        self.assertEqual(tally.count(rings.junit.FAILED), 1)


class ApartTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        script = Path(directory.name) / "ring.py"
        script.write_text("print('seen')", encoding="utf-8")
        self.one = rings.Build("one")
        self.waits = rings.Ring("waits", (), self.one, leaves_room=True)
        self.busy = rings.Ring("busy", (), self.one)
        self.far = rings.Ring("far", (), self.one, program=str(script), apart=True)
        self.builds = rings.Builds([])
        self.builds.done.add(self.one)

    def test_starts_beside_a_ring_that_waits_and_is_shown_in_its_turn(self):
        apart = rings.Apart([self.busy, self.waits, self.far])
        apart.look_ahead(self.busy, self.builds)
        self.assertEqual(apart.started, {})
        apart.look_ahead(self.waits, self.builds)
        started = apart.take(self.far)
        self.assertEqual(apart.started, {})
        with contextlib.redirect_stdout(io.StringIO()) as said:
            started.end()
        self.assertEqual(said.getvalue().split(), ["seen"])

    def test_waits_for_its_build(self):
        apart = rings.Apart([self.waits, self.far])
        self.builds.done.clear()
        apart.look_ahead(self.waits, self.builds)
        self.assertEqual(apart.started, {})


if __name__ == "__main__":
    unittest.main()
