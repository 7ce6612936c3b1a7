"""The Debian packages of the built programs: what is in them, and what Debian's own checker says."""

import hashlib
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = Path(os.environ.get("PLIMSOLL_BUILD", ROOT / "build/dev"))
NAMES = {"plimsoll", "plimsoll-engine", "plimsoll-grafana", "plimsoll-prometheus", "plimsoll-runtime"}


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    return done.returncode, done.stdout + done.stderr


class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory(prefix="plimsoll-test-")
        cls.addClassCleanup(directory.cleanup)
        code, said = run("script/package", "--build", str(BUILD), "--output", directory.name)
        assert code == 0, said
        cls.files = {path.name.split("_")[0]: path for path in Path(directory.name).glob("*.deb")}

    def contents(self, name):
        code, said = run("dpkg-deb", "--contents", str(self.files[name]))
        self.assertEqual(code, 0, said)
        return [line.split(None, 5) for line in said.splitlines()]

    def paths(self, name):
        return {words[5].split(" -> ")[0].removeprefix(".") for words in self.contents(name)}

    def control(self, name, field):
        return run("dpkg-deb", "--field", str(self.files[name]), field)[1].strip()

    def test_all_of_them_have_the_programs_version(self):
        self.assertEqual(set(self.files), NAMES)
        version = re.search(r"project\(plimsoll VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text()).group(1)
        self.assertEqual({self.control(name, "Version") for name in NAMES}, {version})

    def test_each_file_is_where_it_belongs(self):
        for name, paths in {
            "plimsoll": (
                "/usr/bin/plimsoll", "/lib/systemd/system/plimsoll-exporter.service",
                "/lib/systemd/system/plimsoll-exporter.socket", "/lib/systemd/system/plimsoll-agent.slice",
                "/etc/default/plimsoll-exporter", "/usr/share/man/man1/plimsoll-limit-set.1.gz",
                "/usr/share/bash-completion/completions/plimsoll", "/usr/share/zsh/vendor-completions/_plimsoll",
                "/usr/share/fish/vendor_completions.d/plimsoll.fish", "/usr/share/doc/plimsoll/runbooks/ContainerGone.md",
            ),
            "plimsoll-engine": (
                "/lib/systemd/system/plimsoll-engine.service", "/lib/systemd/system/plimsoll-engine.socket",
                "/usr/lib/sysusers.d/plimsoll.conf", "/usr/lib/tmpfiles.d/plimsoll.conf", "/etc/plimsoll/policy.d/",
                "/usr/lib/systemd/catalog/plimsoll.catalog", "/etc/default/plimsoll-engine", "/etc/plimsoll/engine.yaml",
            ),
            "plimsoll-grafana": (
                "/usr/share/plimsoll/grafana/dashboards/plimsoll-host.json",
                "/etc/grafana/provisioning/dashboards/plimsoll.yaml",
            ),
            "plimsoll-runtime": (
                "/usr/bin/plimsoll-oci", "/usr/bin/plimsoll-shim", "/usr/bin/plimsoll-init", "/usr/bin/plimsoll-unpack", "/lib/systemd/system/plimsoll-engine.service.d/containers.conf",
            ),
            "plimsoll-prometheus": (
                "/usr/share/plimsoll/prometheus/plimsoll.rules.yml", "/lib/systemd/system/plimsoll-sd.service",
                "/usr/lib/sysusers.d/plimsoll-sd.conf", "/etc/default/plimsoll-sd",
            ),
        }.items():  # fmt: skip
            with self.subTest(name):
                self.assertEqual(set(paths) - self.paths(name), set())

    def test_made_again_they_are_the_same_bytes(self):
        digests = lambda directory: {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in Path(directory).glob("*.deb")}
        with tempfile.TemporaryDirectory(prefix="plimsoll-test-") as directory:
            code, said = run("script/package", "--build", str(BUILD), "--output", directory)
            self.assertEqual(code, 0, said)
            self.assertEqual(digests(directory), digests(self.files["plimsoll"].parent))

    def test_nobody_gets_rights_by_a_file(self):
        for name in NAMES:
            for mode, owner, *_ in self.contents(name):
                self.assertEqual(owner, "root/root")
                self.assertNotRegex(mode, "[sStT]")
                self.assertNotEqual((mode[0] != "l", mode[8]), (True, "w"))

    def test_no_file_is_in_two_packages(self):
        seen = {}
        for name in NAMES:
            for path in self.paths(name):
                if not path.endswith("/"):
                    self.assertNotIn(path, seen)
                    seen[path] = name

    def test_settings_of_an_operator_are_kept(self):
        for name, path in (("plimsoll", "/etc/default/plimsoll-exporter"), ("plimsoll-engine", "/etc/default/plimsoll-engine"),
                           ("plimsoll-engine", "/etc/plimsoll/engine.yaml"), ("plimsoll-prometheus", "/etc/default/plimsoll-sd")):
            conffiles = run("dpkg-deb", "--info", str(self.files[name]), "conffiles")[1]
            self.assertIn(path, conffiles.split())

    def dpkg(self, root, *words):
        """On a tree that is nobody's system: no daemon is started, and the host is not touched."""
        options = (f"--root={root}", "--force-script-chrootless", "--force-depends", "--force-not-root")
        code, said = run("dpkg", *options, *words)
        self.assertEqual(code, 0, said)

    def test_installed_upgraded_removed_and_purged(self):
        with tempfile.TemporaryDirectory(prefix="plimsoll-test-") as directory:
            root = Path(directory)
            for folder in ("var/lib/dpkg/updates", "var/lib/dpkg/info", "etc", "run"):
                (root / folder).mkdir(parents=True)
            for file in ("var/lib/dpkg/status", "var/lib/dpkg/available", "etc/group", "etc/passwd"):
                (root / file).touch()
            tree = lambda: {path.relative_to(root) for path in root.rglob("*") if "dpkg" not in path.parts}
            before = tree()
            debs = [str(self.files[name]) for name in sorted(NAMES)]
            self.dpkg(root, "--install", *debs)
            self.assertIn("plimsoll-read:", (root / "etc/group").read_text())
            wanted = root / "etc/systemd/system"
            self.assertTrue((wanted / "multi-user.target.wants/plimsoll-exporter.service").is_symlink())
            self.assertTrue((wanted / "sockets.target.wants/plimsoll-engine.socket").is_symlink())
            self.assertFalse((wanted / "sockets.target.wants/plimsoll-exporter.socket").is_symlink())
            # Somebody has to say first which etcd.
            self.assertFalse((wanted / "multi-user.target.wants/plimsoll-sd.service").is_symlink())
            self.assertIn("plimsoll-sd:", (root / "etc/passwd").read_text())

            settings = root / "etc/default/plimsoll-engine"
            settings.write_text("PLIMSOLL_ENGINE_FLAGS=--log.level=debug\n")
            self.dpkg(root, "--install", *debs)
            self.assertIn("debug", settings.read_text())
            audit = root / "var/lib/plimsoll/audit"
            audit.parent.mkdir(exist_ok=True)
            audit.touch()
            self.dpkg(root, "--remove", *sorted(NAMES))
            self.assertTrue(settings.exists() and audit.exists())
            self.assertFalse((root / "usr/bin/plimsoll").exists())
            self.dpkg(root, "--purge", *sorted(NAMES))
            left = {path for path in tree() - before if not (root / path).is_dir()}
            # What shadow's tools and systemd's helpers keep of every package.
            mine = {path for path in left if "plimsoll" in str(path)}
            self.assertEqual(mine, set())

    def test_debians_checker_finds_nothing(self):
        code, said = run("lintian", "--allow-root", "--fail-on", "error,warning", *map(str, self.files.values()))
        self.assertEqual(code, 0, said)
        self.assertNotRegex(said, r"(?m)^[EW]: ")


if __name__ == "__main__":
    unittest.main()
