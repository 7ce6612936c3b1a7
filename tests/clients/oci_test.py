"""The OCI runtime on this host."""

import re
import subprocess
import unittest
from pathlib import Path

import bundle
import case
import oci_cases
import oci_escape_cases
import oci_feature_cases
import oci_namespace_cases

setUpModule = oci_cases.set_up


class Lifecycle(oci_cases.Lifecycle):
    pass


class Configuration(oci_cases.Configuration):
    pass


class Features(oci_feature_cases.Features):
    pass


class Escapes(oci_escape_cases.Escapes):
    pass


class Namespaces(oci_namespace_cases.Namespaces):
    pass


class Memory(unittest.TestCase):
    def test_a_run_has_no_more_than_two_mebibytes(self):
        cache = bundle.OURS.parent.parent / "CMakeCache.txt"
        if "CMAKE_BUILD_TYPE:STRING=Release" not in cache.read_text():
            self.skipTest("only the release build is made small")
        settings = bundle.config("sleep", "100")
        settings["linux"]["resources"] = {"memory": {"limit": 256 << 20}, "cpu": {"quota": 50000}, "pids": {"limit": 100}}
        settings["linux"]["seccomp"] = {
            "defaultAction": "SCMP_ACT_ALLOW",
            "syscalls": [{"names": ["mount", "reboot", "swapon"], "action": "SCMP_ACT_ERRNO"}],
        }
        ours = oci_cases.ours
        words = [ours.program, "--root", str(ours.root), "run", "--bundle", str(ours.bundle(settings)), "small"]
        with subprocess.Popen(words, stdin=subprocess.DEVNULL) as run:
            self.addCleanup(ours, "delete", "--force", "small")
            self.assertTrue(case.eventually(lambda: '"running"' in ours("state", "small").stdout))
            status = Path(f"/proc/{run.pid}/status").read_text()
            self.assertEqual(ours("kill", "small", "KILL").returncode, 0)
        peak = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])
        self.assertLessEqual(peak, 2048)


if __name__ == "__main__":
    case.main()
