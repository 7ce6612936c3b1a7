"""systemd understands the units, and says how much they are exposed."""

import re
import subprocess
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Ten times the exposure that systemd-analyze may find.
LIMITS = {"plimsoll-exporter.service": 25, "plimsoll-engine.service": 32, "plimsoll-sd.service": 11}


def analyze(*arguments):
    done = subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


class Units(unittest.TestCase):
    def test_each_has_a_limit(self):
        self.assertEqual({path.name for path in HERE.glob("*.service")}, set(LIMITS))

    def test_exposure(self):
        for name, limit in LIMITS.items():
            code, said = analyze("security", "--no-pager", "--offline=yes", f"--threshold={limit}", str(HERE / name))
            self.assertEqual(code, 0, said)

    def test_an_exposed_unit_is_refused(self):
        # Otherwise the case above could pass because systemd-analyze did nothing.
        with tempfile.TemporaryDirectory() as directory:
            unit = Path(directory, "open.service")
            unit.write_text("[Service]\nExecStart=/bin/true\n")
            self.assertNotEqual(analyze("security", "--no-pager", "--offline=yes", "--threshold=25", str(unit))[0], 0)

    def test_every_line_is_understood(self):
        units = sorted(path for kind in ("service", "socket", "slice") for path in HERE.glob(f"*.{kind}"))
        with tempfile.TemporaryDirectory() as directory:
            for path in units:
                # There is no such program or manual page where nothing is installed.
                text = path.read_text(encoding="utf-8").replace("/usr/bin/plimsoll", "/bin/true")
                Path(directory, path.name).write_text(re.sub(r"^Documentation=.*\n", "", text, flags=re.MULTILINE))
            more = Path(directory, "plimsoll-engine.service.d")
            more.mkdir()
            Path(more, "containers.conf").write_bytes((HERE / "plimsoll-engine-containers.conf").read_bytes())
            _, said = analyze("verify", "--man=no", *(str(Path(directory, path.name)) for path in units))
            told = [line for line in said.splitlines() if any(name in line for name in ("containers.conf", *(path.name for path in units)))]
            self.assertEqual(told, [])


if __name__ == "__main__":
    unittest.main()
