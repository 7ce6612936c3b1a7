"""The engine as a Docker host without containers: what it is, images, networks, volumes, events, by the unmodified
docker command line and by curl."""

import io
import json
import os
import subprocess
import sys
import tarfile
import time
import unittest

import case
import images
from engine import Engine

IMAGE = "plimsoll-test/busybox:1"


def clis():
    """The docker command lines of this host."""
    return [path for path in ("/usr/bin/docker", "/usr/local/bin/docker") if os.access(path, os.X_OK)]


class EngineSystem(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = Engine("--containers", "true", name="system").start()
        cls.environment = {**os.environ, "DOCKER_HOST": f"unix://{cls.engine.socket}", "DOCKER_CONFIG": str(case.work)}
        cls.cli = clis()[-1]
        imported = cls.docker("import", "-", IMAGE, input=images.busybox_tar())
        assert imported.startswith("sha256:") and len(imported.split()) == 1, imported

    @classmethod
    def tearDownClass(cls):
        status = cls.engine.stop()
        assert status == 0, f"the engine ended with {status}:\n{cls.engine.log()}"

    @classmethod
    def run_docker(cls, *arguments, input=None, cli=None):
        return subprocess.run([cli or cls.cli, *arguments], input=input, capture_output=True, check=False, timeout=60,
                              env=cls.environment)

    @classmethod
    def docker(cls, *arguments, **options):
        done = cls.run_docker(*arguments, **options)
        assert done.returncode == 0, f"docker {' '.join(arguments)}: {done.stderr.decode()}\n{cls.engine.log()[-2000:]}"
        return done.stdout.decode().strip()

    def refused(self, *arguments):
        """What the command line says, which must fail."""
        done = self.run_docker(*arguments)
        self.assertNotEqual(done.returncode, 0, f"docker {' '.join(arguments)} went through")
        return done.stderr.decode()

    def test_what_it_is(self):
        for cli in clis():
            with self.subTest(cli=cli):
                version = json.loads(self.docker("version", "--format", "{{json .Server}}", cli=cli))
                self.assertEqual(version["ApiVersion"], "1.44")
                self.assertEqual(version["MinAPIVersion"], "1.24")
                info = json.loads(self.docker("info", "--format", "{{json .}}", cli=cli))
                self.assertEqual(info["Swarm"]["LocalNodeState"], "inactive")
                self.assertIn(info["CgroupVersion"], ("1", "2"))
                self.assertGreater(info["MemTotal"], 0)
                self.assertEqual(info["Images"], 1)

    def test_versions_that_are_not_spoken(self):
        status, answer = self.engine.ask("/v1.99/info")
        self.assertEqual(status, 400)
        self.assertEqual(answer["message"],
                         "client version 1.99 is too new. Maximum supported API version is 1.44")
        self.assertEqual(self.engine.ask("/v1.11/info")[0], 400)
        self.assertEqual(self.engine.ask("/nowhere"), (404, {"message": "page not found"}))

    def test_the_limits_are_still_there(self):
        self.assertEqual(self.engine.ask("/plimsoll/v1/limits")[0], 200)
        self.assertIn("plimsoll_build_info", self.engine.ask("/metrics")[1])

    def test_images(self):
        self.assertIn("plimsoll-test/busybox", self.docker("images"))
        self.docker("tag", IMAGE, "other:2")
        inspected = json.loads(self.docker("image", "inspect", "other:2"))[0]
        self.assertEqual(sorted(inspected["RepoTags"]), ["other:2", IMAGE])
        self.assertEqual(self.docker("images", "-q", "--filter", "reference=oth*"), inspected["Id"][7:19])
        self.assertTrue(self.docker("history", "-q", "other:2"))
        self.assertIn("Untagged: other:2", self.docker("rmi", "other:2"))
        self.assertIn("No such image", self.refused("rmi", "other:2"))
        self.assertIn("invalid filter", self.refused("images", "--filter", "color=red"))

    def test_save_and_load(self):
        saved = self.run_docker("save", IMAGE).stdout
        with tarfile.open(fileobj=io.BytesIO(saved)) as tar:
            self.assertIn("manifest.json", tar.getnames())
        self.docker("rmi", IMAGE)
        self.assertEqual(self.docker("images", "-q"), "")
        self.assertIn(f"Loaded image: {IMAGE}", self.docker("load", input=saved))
        self.assertIn("plimsoll-test/busybox", self.docker("images"))
        self.assertNotEqual(self.run_docker("load", input=b"no archive at all").returncode, 0)

    def test_networks(self):
        names = self.docker("network", "ls", "--format", "{{.Name}}").split()
        self.assertEqual(sorted(names), ["bridge", "host", "none"])
        self.docker("network", "create", "--label", "x=y", "--subnet", "172.29.77.0/24", "mine")
        try:
            mine = json.loads(self.docker("network", "inspect", "mine"))[0]
            self.assertEqual(mine["IPAM"]["Config"][0]["Subnet"], "172.29.77.0/24")
            self.assertIn("already exists", self.refused("network", "create", "mine"))
            self.assertEqual(self.docker("network", "ls", "-q", "--filter", "label=x=y"), mine["Id"][:12])
        finally:
            self.docker("network", "rm", "mine")
        self.assertIn("not found", self.refused("network", "inspect", "mine"))

    def test_volumes(self):
        self.assertEqual(self.docker("volume", "create", "--label", "a=b", "kept"), "kept")
        self.assertEqual(len(self.docker("volume", "create")), 64)
        self.assertEqual(len(self.docker("volume", "ls", "-q").split()), 2)
        self.assertEqual(json.loads(self.docker("volume", "inspect", "kept"))[0]["Labels"], {"a": "b"})
        self.docker("volume", "prune", "-f")
        self.assertEqual(self.docker("volume", "ls", "-q"), "kept")
        self.docker("volume", "rm", "kept")
        self.assertIn("no such volume", self.refused("volume", "inspect", "kept").lower())

    def test_events(self):
        before = time.time()
        self.docker("volume", "create", "told")
        self.docker("volume", "rm", "told")
        lines = self.docker("events", "--since", f"{before:.6f}", "--until", f"{time.time():.6f}", "--format",
                            "{{.Type}} {{.Action}}", "--filter", "type=volume").splitlines()
        self.assertEqual(lines, ["volume create", "volume destroy"])

    def test_events_as_they_happen(self):
        with subprocess.Popen([self.cli, "events", "--format", "{{.Action}}", "--filter", "event=tag"],
                              stdout=subprocess.PIPE, env=self.environment) as watching:
            try:
                # It may not listen yet: told again until it has heard.
                os.set_blocking(watching.stdout.fileno(), False)
                self.assertTrue(case.eventually(
                    lambda: self.docker("tag", IMAGE, "told:1") == "" and b"tag" in (watching.stdout.read() or b"")))
            finally:
                watching.terminate()
        self.docker("rmi", "told:1")

    def test_disk_usage(self):
        self.assertIn("Images", self.docker("system", "df"))
        status, usage = self.engine.ask("/system/df")
        self.assertEqual(status, 200)
        self.assertGreater(usage["LayersSize"], 0)

    def test_what_it_is_not(self):
        self.assertIn("not a swarm manager", self.refused("node", "ls"))
        self.assertIn("not offered", self.refused("search", "busybox"))
        self.assertEqual(self.engine.ask("/build", body="x", headers=())[0], 501)

    def test_a_large_body_is_refused_before_it_is_kept(self):
        large = case.work / "large.json"
        large.write_bytes(b"x" * (5 << 20))
        status, _ = self.engine.ask("/containers/create", body=f"@{large}")
        self.assertEqual(status, 413)


if __name__ == "__main__":
    if not clis():
        print("skipped: this host has no docker command line")
        sys.exit(77)
    case.main()
