"""Files, images, volumes and networks of containers by the docker command line."""

import json
import os
import socket
import urllib.request

import case
from container_host import IMAGE, names_in


def links():
    """Of this network namespace; /sys may be another's."""
    return [name for _, name in socket.if_nameindex()]


class Store:
    host = None

    def tearDown(self):
        self.host.remove_all()

    def test_copy_in_and_out(self):
        self.host.ready("cc", "mkdir /d; echo inside > /d/f; echo up; sleep 1000")
        here = case.work / f"copied-{os.urandom(3).hex()}"
        here.mkdir()
        (here / "in").write_text("outside")
        self.host("cp", str(here / "in"), "cc:/d/got")
        self.assertEqual(self.host("exec", "cc", "cat", "/d/got"), "outside")
        self.host("cp", "cc:/d", str(here / "d"))
        self.assertEqual((here / "d/f").read_text(), "inside\n")
        self.assertEqual(sorted(names_in(self.host("cp", "cc:/d", "-", binary=True))), ["d", "d/f", "d/got"])
        done = self.host.docker("cp", "cc:/nowhere", str(here))
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "Could not find the file /nowhere in container cc|No such container:path: cc:/nowhere")
        self.host("stop", "-t", "0", "cc")
        self.host("cp", "cc:/d/f", str(here / "stopped"))
        self.assertEqual((here / "stopped").read_text(), "inside\n")

    def test_diff_commit_and_export(self):
        self.host("run", "--name", "xx", IMAGE, "sh", "-c", "echo new > /added; rm /bin/true")
        self.assertEqual(sorted(self.host("diff", "xx").splitlines()), ["A /added", "C /bin", "D /bin/true"])
        self.host("commit", "-c", 'CMD ["cat", "/added"]', "-m", "why", "xx", "committed:1")
        self.assertEqual(self.host("run", "--rm", "committed:1"), "new")
        tar = self.host("export", "xx", binary=True)
        self.assertIn("added", names_in(tar))
        self.host("import", "-", "flat:1", input=tar)
        self.assertEqual(self.host("run", "--rm", "flat:1", "cat", "/added"), "new")
        self.host("rm", "xx")
        self.host("rmi", "committed:1", "flat:1")

    def test_images(self):
        self.assertIn(IMAGE, self.host("images", "--format", "{{.Repository}}:{{.Tag}}").splitlines())
        self.host("tag", IMAGE, "other:2")
        saved = self.host("save", "other:2", binary=True)
        self.assertIn("manifest.json", names_in(saved))
        self.assertIn("Untagged: other:2", self.host("rmi", "other:2"))
        self.assertIn("Loaded image: other:2", self.host("load", input=saved))
        self.assertEqual(self.host("run", "--rm", "other:2", "echo", "loaded"), "loaded")
        self.assertTrue(self.host("history", "-q", "other:2"))
        self.host("rmi", "other:2")
        self.assertIn("No such image", self.host.docker("rmi", "other:2").stderr)

    def test_volumes(self):
        self.host("volume", "create", "--label", "v=1", "data")
        self.host("run", "--rm", "-v", "data:/v", IMAGE, "sh", "-c", "echo kept > /v/f")
        self.assertEqual(self.host("run", "--rm", "-v", "data:/v:ro", IMAGE, "cat", "/v/f"), "kept")
        done = self.host.docker("run", "--rm", "-v", "data:/v:ro", IMAGE, "touch", "/v/g")
        self.assertIn("Read-only file system", done.stderr)
        self.host.start("uses", "sleep 1000", "-v", "data:/v")
        self.assertIn("volume is in use", self.host.docker("volume", "rm", "data").stderr)
        self.host("rm", "-f", "uses")
        self.assertEqual(self.host("volume", "ls", "-q", "--filter", "label=v=1"), "data")
        self.host("volume", "rm", "data")
        self.assertEqual(self.host("volume", "ls", "-q"), "")

    def test_a_directory_of_the_host(self):
        here = case.work / f"bound-{os.urandom(3).hex()}"
        here.mkdir()
        self.host("run", "--rm", "-v", f"{here}:/here", IMAGE, "sh", "-c", "echo hi > /here/f")
        self.assertEqual((here / "f").read_text(), "hi\n")
        done = self.host.docker("run", "--rm", "--mount", f"type=bind,source={here}/no,target=/x", IMAGE, "true")
        self.assertEqual(done.returncode, 125)
        self.assertIn("bind source path does not exist", done.stderr)

    def test_anonymous_volumes_go_with_the_container(self):
        self.host("run", "--name", "aa", "-v", "/anon", IMAGE, "touch", "/anon/x")
        self.assertEqual(len(self.host("volume", "ls", "-q").split()), 1)
        self.host("rm", "-v", "aa")
        self.assertEqual(self.host("volume", "ls", "-q"), "")


class Network:
    host = None

    def tearDown(self):
        self.host.remove_all()

    def fetch(self, address):
        """What a web server says, from a container."""
        return self.host.docker("run", "--rm", IMAGE, "wget", "-q", "-O", "-", address, timeout=60)

    def serve(self, name, *flags):
        # It listens before it goes to the background.
        script = "mkdir /www; echo page of $HOSTNAME > /www/index.html; httpd -p 80 -h /www && echo up; exec sleep 1000"
        self.host.ready(name, script, "--hostname", name, *flags)

    def test_the_default_bridge(self):
        self.serve("web")
        settings = self.host.inspect("web")["NetworkSettings"]
        self.assertTrue(settings["IPAddress"])
        self.assertEqual(settings["Networks"]["bridge"]["IPAddress"], settings["IPAddress"])
        self.assertEqual(self.fetch(f"http://{settings['IPAddress']}/").stdout, "page of web\n")

    def test_published_ports(self):
        self.serve("web", "-p", "127.0.0.1:18080:80", "-p", "9000")
        self.assertEqual(self.host("port", "web", "80"), "127.0.0.1:18080")
        self.assertIn("127.0.0.1:18080->80/tcp", self.host("ps", "--format", "{{.Ports}}"))
        with urllib.request.urlopen("http://127.0.0.1:18080/", timeout=60) as answer:
            self.assertEqual(answer.read(), b"page of web\n")
        done = self.host.docker("run", "--rm", "-p", "127.0.0.1:18080:80", IMAGE, "true")
        self.assertEqual(done.returncode, 125)
        self.assertIn("port is already allocated", done.stderr)

    def test_networks_with_names(self):
        self.host("network", "create", "net1")
        self.addCleanup(lambda: self.host("network", "rm", "net1"))
        self.serve("web", "--network", "net1", "--network-alias", "alias")
        for name in ("web", "alias"):
            done = self.host.docker("run", "--rm", "--network", "net1", IMAGE, "wget", "-q", "-O", "-", f"http://{name}/")
            self.assertEqual(done.stdout, "page of web\n", done.stderr)
        self.assertIn("has active endpoints", self.host.docker("network", "rm", "net1").stderr)
        found = json.loads(self.host("network", "inspect", "net1"))[0]
        self.assertEqual([one["Name"] for one in found["Containers"].values()], ["web"])
        self.host("network", "disconnect", "net1", "web")
        self.host("network", "connect", "net1", "web")
        self.assertIn("net1", self.host.inspect("web")["NetworkSettings"]["Networks"])
        self.host("rm", "-f", "web")

    def test_none_host_and_anothers(self):
        def interfaces(*flags):
            lines = self.host("run", "--rm", *flags, IMAGE, "ip", "-o", "link").splitlines()
            return [line.split(":")[1].strip().split("@")[0] for line in lines]

        self.assertEqual(interfaces("--network", "none"), ["lo"])
        # Ends of pairs come and go.
        ours = {name for name in links() if not name.startswith("plv")}
        self.assertLess({"lo"}, ours)
        self.assertLessEqual(ours, set(interfaces("--network", "host")))
        self.host.start("first", "sleep 1000")
        address = self.host.inspect("first")["NetworkSettings"]["IPAddress"]
        self.assertIn(address, self.host("run", "--rm", "--network", "container:first", IMAGE, "ip", "addr"))

    def test_nothing_is_left(self):
        self.serve("web", "-p", "18081:80")
        self.host("rm", "-f", "web")
        left = lambda: [name for name in links() if name.startswith("plv")]
        self.assertTrue(case.eventually(lambda: not left(), 60), left())
