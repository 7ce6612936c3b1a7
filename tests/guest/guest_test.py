"""The guest ring's own tests, without a guest: what is carried in, and what is made of the results."""

import json
import subprocess
import sys
import tempfile
import unittest
import unittest.mock
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "runner")]
import image
import junit
import machine
import payload
import promtool
import report

LISTING = {
    "tests": [
        {
            "name": "a_test:A.Good",
            "command": ["/b/bin/plimsoll_a_test", "--gtest_filter=A.Good", "--gtest_also_run_disabled_tests"],
            "properties": [{"name": "LABELS", "value": ["kernel"]}, {"name": "TIMEOUT", "value": 10.0}],
        }
    ]
}


def record(name, code, output=""):
    return json.dumps({"name": name, "exit": code, "seconds": 1.5, "output": output}) + "\n"


def cases(results, *todo, why_not="it ended"):
    """What the runner reads of a report on these jobs."""
    written = report.Report()
    done = report.records(results)
    for job in todo:
        written.job(job, done.get(job.name), why_not)
    with tempfile.NamedTemporaryFile(suffix=".xml") as file:
        written.write(file.name)
        return {case.name: case for case in junit.read(file.name)}


class PayloadTest(unittest.TestCase):
    def test_a_job_is_what_ctest_would_run(self):
        (job,) = payload.ctest_jobs(LISTING)
        self.assertEqual(job.name, "kernel:a_test:A.Good")
        self.assertEqual(job.command, ["/payload/bin/plimsoll_a_test", "--gtest_filter=A.Good"])
        self.assertEqual((job.program, job.timeout), ("/b/bin/plimsoll_a_test", 10 * payload.SLOWNESS))

    def test_a_file_of_the_suite_is_a_job_and_its_helpers_are_not(self):
        with tempfile.TemporaryDirectory() as directory:
            suite = Path(directory) / "suite"
            suite.mkdir()
            for name in ("systemd_test.py", "units.py"):
                (suite / name).touch()
            (job,) = payload.suite_jobs(suite)
        self.assertEqual(job.name, "systemd")
        self.assertEqual(job.command[1], "/payload/tests/guest/suite/systemd_test.py")

    def test_long_jobs_run_only_when_asked_for(self):
        with unittest.mock.patch.object(payload, "listed", lambda _: {"tests": []}):
            names = [[job.name for job in payload.jobs(None, patterns)] for patterns in ([], ["long:*"])]
        self.assertIn("systemd", names[0])
        self.assertFalse([name for name in names[0] if name.startswith("long:")])
        self.assertIn("long:containers_by_systemd", names[1])

    def test_the_guest_keeps_its_own_c_library(self):
        listed = (
            "\tlinux-vdso.so.1 (0x1)\n\tlibspdlog.so.1.10 => /lib/x/libspdlog.so.1.10 (0x2)\n"
            "\tlibc.so.6 => /lib/x/libc.so.6 (0x3)\n\tlibcap.so.2 => /lib/x/libcap.so.2 (0x4)\n"
            "\tlibstdc++.so.6 => /lib/x/libstdc++.so.6 (0x5)\n\t/lib64/ld-linux-x86-64.so.2 (0x6)\n"
        )
        kept = [path for path in payload.LIBRARY.findall(listed) if not payload.LIBC.search(path)]
        self.assertEqual(kept, ["/lib/x/libspdlog.so.1.10", "/lib/x/libcap.so.2", "/lib/x/libstdc++.so.6"])


class ReportTest(unittest.TestCase):
    SUITE = payload.Job("systemd", ["x"], 300)
    KERNEL = payload.Job("kernel:a", ["x"], 40, "/b/bin/a")

    def test_every_end_of_a_job(self):
        skip = "/src/a_test.cc:4: Skipped\nno v1 here\n[  SKIPPED ] A.Skips (0 ms)"
        for code, output, outcome, reason in (
            (0, "", "passed", ""),
            (1, "wrong", "failed", ""),
            (-6, "", "failed", ""),
            (None, "", "failed", ""),
            (0, skip, "skipped", "no v1 here"),
            (77, "SKIP: no disk", "skipped", "no disk"),
        ):
            with self.subTest(code=code, output=output):
                case = cases(record("kernel:a", code, output), self.KERNEL)["kernel:a"]
                self.assertEqual((case.outcome, case.reason), (outcome, reason))

    def test_cases_of_a_suite_are_counted_one_by_one(self):
        output = "[case] V.cpu passed\n[case] V.io skipped: no disk\n"
        found = cases(record("systemd", 0, output), self.SUITE)
        self.assertEqual({name: case.outcome for name, case in found.items()},
                         {"systemd/V.cpu": "passed", "systemd/V.io": "skipped"})  # fmt: skip

    def test_a_job_without_a_result_failed(self):
        # The last line was cut off when the machine ended.
        results = record("kernel:a", 0) + record("systemd", 0)[:20]
        found = cases(results, self.KERNEL, self.SUITE, why_not="killed after 900 s")
        self.assertEqual((found["kernel:a"].outcome, found["systemd"].outcome), ("passed", "failed"))
        self.assertIn("killed after 900 s", found["systemd"].output)

    def test_output_that_xml_cannot_hold(self):
        found = cases(record("kernel:a", 1, "a\x00\x1b[31mb\ud800"), self.KERNEL)
        self.assertIn("a??[31mb?", found["kernel:a"].output)


class ImageTest(unittest.TestCase):
    def test_mirrors_are_this_hosts_for_debian_12(self):
        listed = (
            "http://example.org/debian/ bookworm main\nhttp://example.org/debian/ bookworm contrib\n"
            "http://example.org/debian/ bookworm main\nhttp://example.org/security/ bookworm-security main\n"
            "http://example.com/ stable main\n"
        )
        self.assertEqual(
            image.mirrors(listed),
            ["deb http://example.org/debian/ bookworm main", "deb http://example.org/security/ bookworm-security main"],
        )

    def test_another_release_has_no_mirror_for_us(self):
        self.assertEqual(image.mirrors("http://example.org/debian/ trixie main\n"), [])
        self.assertEqual(image.mirrors("http://example.org/debian/ bookworm-updates main\n"), [])

    def test_the_key_is_of_the_contents(self):
        with tempfile.TemporaryDirectory() as directory:
            a, b = Path(directory, "a"), Path(directory, "b")
            a.write_text("x"), b.write_text("y")
            before = image.key((a, b))
            self.assertEqual(image.key((a, b)), before)
            b.write_text("z")
            self.assertNotEqual(image.key((a, b)), before)


class Stub(machine.Machine):
    """A machine that is a shell script."""

    def __init__(self, work, script):
        self.console, self.up, self.position = work / "console.txt", False, 0
        self.log = open(work / "qemu.txt", "w+", encoding="utf-8")
        self.started = machine.time.monotonic()
        script = script.replace("CONSOLE", str(self.console))
        self.process = subprocess.Popen(["/bin/sh", "-c", script], start_new_session=True)


class MachineTest(unittest.TestCase):
    def follow(self, script, seconds=20, boot=20):
        said = []
        with tempfile.TemporaryDirectory() as directory, unittest.mock.patch.object(machine, "BOOT_SECONDS", boot):
            stub = Stub(Path(directory), script)
            try:
                fault = stub.follow(seconds, lambda line: said.append(line.split(" s  ", 1)[1]))
            finally:
                stub.stop()
            self.assertIsNotNone(stub.process.returncode)
        return fault, said

    def test_lines_of_ours_are_passed_on_until_it_ends(self):
        fault, said = self.follow("printf 'boot\\n[guest] up: 6.1\\n[  1.5] x [guest] 1/1 a done\\n' > CONSOLE")
        self.assertEqual((fault, said), (None, ["up: 6.1", "1/1 a done"]))

    def test_one_that_does_not_boot(self):
        fault, said = self.follow("echo 'Kernel panic' > CONSOLE; exec sleep 100", boot=0)
        self.assertEqual(said, [])
        self.assertIn("did not come up", fault)

    def test_one_that_dies_before_it_is_up_shows_its_console(self):
        fault, _ = self.follow("echo 'Kernel panic' > CONSOLE")
        self.assertIn("Kernel panic", fault)

    def test_one_that_does_not_end_is_ended(self):
        fault, said = self.follow("echo '[guest] up: 6.1' > CONSOLE; exec sleep 100", seconds=1)
        self.assertIn("did not end in 1 s", fault)
        self.assertEqual(said, ["up: 6.1"])


class PromtoolTest(unittest.TestCase):
    def test_what_is_written_down_is_allowed(self):
        text = "# why\n\nsome_total | no help text | as the others have it\n"
        self.assertEqual(promtool.allowed(text), {"some_total no help text"})


if __name__ == "__main__":
    unittest.main()
