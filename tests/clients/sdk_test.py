"""docker-py, as Debian has it, against `plimsoll engine`."""

import io
import sys
import tarfile
import time
import unittest

import case
from container_host import IMAGE, ContainerHost, clis

sys.path.insert(0, "/usr/lib/python3/dist-packages")
import docker  # noqa: E402


def setUpModule():
    global host, client
    found = clis()
    assert found, "there is no docker command line here"
    host = ContainerHost(next(iter(found.values())))
    unittest.addModuleCleanup(host.stop)
    client = docker.DockerClient(base_url=f"unix://{host.engine.socket}", timeout=30)
    unittest.addModuleCleanup(client.close)


class Sdk(unittest.TestCase):
    def tearDown(self):
        host.remove_all()

    def start(self, script, **options):
        return client.containers.run(IMAGE, ["sh", "-c", script], detach=True, **options)

    def test_who_answers(self):
        self.assertTrue(client.ping())
        self.assertEqual(client.version()["Os"], "linux")
        self.assertGreaterEqual(client.info()["NCPU"], 1)
        self.assertIn("Containers", client.df())

    def test_a_run(self):
        self.assertEqual(client.containers.run(IMAGE, ["echo", "hi"], remove=True), b"hi\n")
        with self.assertRaises(docker.errors.ContainerError) as caught:
            client.containers.run(IMAGE, ["sh", "-c", "echo bad >&2; exit 4"], remove=True)
        self.assertEqual((caught.exception.exit_status, caught.exception.stderr), (4, b"bad\n"))
        with self.assertRaises(docker.errors.ContainerError) as caught:
            client.containers.run(IMAGE, ["false"])
        self.assertEqual(caught.exception.exit_status, 1)
        with self.assertRaises(docker.errors.NotFound):
            client.images.get("no-such-image")
        with self.assertRaisesRegex(docker.errors.APIError, "executable file not found"):
            client.containers.run(IMAGE, ["nosuch"])

    def test_a_life(self):
        container = self.start("trap 'exit 6' TERM; while :; do sleep 0.05; done", name="life", labels={"a": "b"},
                               mem_limit="64m", environment={"X": "1"})
        self.assertEqual(container.status, "created")
        container.reload()
        self.assertEqual((container.status, container.labels["a"]), ("running", "b"))
        self.assertEqual([one.name for one in client.containers.list(filters={"label": "a=b"})], ["life"])
        container.pause()
        container.reload()
        self.assertEqual(container.status, "paused")
        container.unpause()
        container.update(mem_limit="96m", memswap_limit="96m")
        container.reload()
        self.assertEqual(container.attrs["HostConfig"]["Memory"], 96 << 20)
        container.rename("other")
        self.assertIn("while :", " ".join(container.top()["Processes"][0]))
        container.stop(timeout=10)
        self.assertEqual(container.wait()["StatusCode"], 6)
        container.restart(timeout=0)
        container.kill()
        self.assertIn(container.wait()["StatusCode"], (137, 6))
        container.remove()
        with self.assertRaises(docker.errors.NotFound):
            client.containers.get("other")

    def test_logs(self):
        container = self.start("for i in 1 2 3; do echo line $i; sleep 0.1; done; echo err >&2")
        self.assertEqual(b"".join(container.logs(stream=True, follow=True)), b"line 1\nline 2\nline 3\nerr\n")
        self.assertEqual(container.logs(stdout=False), b"err\n")
        self.assertEqual(container.logs(tail=2, stderr=False), b"line 3\n")
        self.assertRegex(container.logs(timestamps=True, tail=1), rb"^20\d\d-.*Z err\n$")

    # docker-py loses what has come when it reads the answer's head: on a busy machine it reads that late, so these
    # wait a moment.
    def test_exec(self):
        container = self.start("sleep 1000")
        code, (out, err) = container.exec_run(["sh", "-c", "sleep 0.3; echo out; echo err >&2; exit 3"], demux=True)
        self.assertEqual((code, out, err), (3, b"out\n", b"err\n"))
        self.assertEqual(container.exec_run(["sh", "-c", "sleep 0.3; id -u"], user="12").output, b"12\n")
        self.assertEqual(container.exec_run(["sh", "-c", "sleep 0.3; pwd"], workdir="/tmp", tty=True).output, b"/tmp\r\n")
        code, stream = container.exec_run(["sh", "-c", "sleep 0.3; echo 1; echo 2"], stream=True)
        self.assertEqual(b"".join(stream), b"1\n2\n")

    def test_execs_that_answer_at_once(self):
        container = self.start("sleep 1000")
        heard = [container.exec_run(["echo", str(number)]).output for number in range(20)]
        right = sum(text == f"{number}\n".encode() for number, text in enumerate(heard))
        self.assertGreater(right, 15, heard)

    def test_attached_over_a_socket(self):
        container = client.containers.create(IMAGE, ["cat"], stdin_open=True, tty=False)
        socket = container.attach_socket(params={"stdin": 1, "stdout": 1, "stream": 1})
        container.start()
        socket._sock.sendall(b"typed\n")
        self.assertEqual(socket.read(8 + 6)[8:], b"typed\n")
        socket._sock.close()
        container.remove(force=True)

    def test_stats_and_events(self):
        since = int(time.time()) - 1
        container = self.start("while :; do :; done", name="told")
        once = container.stats(stream=False)
        self.assertGreater(once["memory_stats"]["usage"], 0)
        self.assertIn("eth0", once["networks"])
        stream = container.stats(decode=True)
        first, second = next(stream), next(stream)
        stream.close()
        self.assertGreater(second["cpu_stats"]["cpu_usage"]["total_usage"], first["cpu_stats"]["cpu_usage"]["total_usage"])
        container.kill()
        container.wait()
        events = list(client.events(since=since, until=int(time.time()) + 1, decode=True, filters={"container": "told"}))
        actions = [event["Action"] for event in events]
        for action in ("create", "start", "kill", "die"):
            self.assertIn(action, actions)

    def test_files(self):
        container = self.start("sleep 1000")
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as tar:
            entry = tarfile.TarInfo("given")
            entry.size = 5
            tar.addfile(entry, io.BytesIO(b"hello"))
        self.assertTrue(container.put_archive("/tmp", out.getvalue()))
        self.assertEqual(container.exec_run(["sh", "-c", "sleep 0.3; cat /tmp/given"]).output, b"hello")
        bits, stat = container.get_archive("/tmp/given")
        self.assertEqual((stat["name"], stat["size"]), ("given", 5))
        with tarfile.open(fileobj=io.BytesIO(b"".join(bits))) as tar:
            self.assertEqual(tar.extractfile("given").read(), b"hello")
        self.assertIn({"Path": "/tmp/given", "Kind": 1}, container.diff())
        self.assertIn(b"tmp/given", b"".join(container.export()))

    def test_images(self):
        container = self.start("echo kept > /kept")
        container.wait()
        image = container.commit("sdk-made", "1", changes='CMD ["cat", "/kept"]')
        self.addCleanup(client.images.remove, image.id, force=True)
        self.assertEqual(client.containers.run("sdk-made:1", remove=True), b"kept\n")
        self.assertTrue(image.tag("sdk-made", "2"))
        self.assertEqual(sorted(client.images.get("sdk-made:2").tags), ["sdk-made:1", "sdk-made:2"])
        image.reload()
        saved = b"".join(image.save(named="sdk-made:2"))
        client.images.remove("sdk-made:2")
        self.assertEqual([one.id for one in client.images.load(saved)], [image.id])
        self.assertTrue(image.history())
        client.images.remove("sdk-made:2")
        self.assertEqual(client.images.prune(filters={"label": "nobody-has-this"})["ImagesDeleted"], None)

    def test_networks(self):
        pool = docker.types.IPAMPool(subnet="10.123.0.0/24", gateway="10.123.0.1")
        network = client.networks.create("sdk-net", driver="bridge", labels={"l": "1"},
                                         ipam=docker.types.IPAMConfig(pool_configs=[pool]))
        self.addCleanup(network.remove)
        self.assertEqual([one.name for one in client.networks.list(filters={"label": "l=1"})], ["sdk-net"])
        container = self.start("sleep 1000", name="joined")
        network.connect(container, aliases=["also"], ipv4_address="10.123.0.9")
        network.reload()
        self.assertEqual([one.name for one in network.containers], ["joined"])
        container.reload()
        self.assertEqual(container.attrs["NetworkSettings"]["Networks"]["sdk-net"]["IPAddress"], "10.123.0.9")
        self.assertIn(b"10.123.0.9", container.exec_run(["sh", "-c", "sleep 0.3; ip addr"]).output)
        network.disconnect(container)
        with self.assertRaisesRegex(docker.errors.APIError, "already exists"):
            client.networks.create("sdk-net", check_duplicate=True)

    def test_volumes(self):
        volume = client.volumes.create("sdk-volume", labels={"l": "1"})
        client.containers.run(IMAGE, ["sh", "-c", "echo x > /v/f"], remove=True,
                              volumes={"sdk-volume": {"bind": "/v", "mode": "rw"}})
        self.assertEqual(client.containers.run(IMAGE, ["cat", "/v/f"], remove=True, mounts=[
            docker.types.Mount("/v", "sdk-volume", read_only=True)]), b"x\n")
        self.assertEqual([one.name for one in client.volumes.list(filters={"label": "l=1"})], ["sdk-volume"])
        volume.remove()
        with self.assertRaises(docker.errors.NotFound):
            client.volumes.get("sdk-volume")

    def test_ports(self):
        container = self.start("sleep 1000", ports={"80/tcp": ("127.0.0.1", 18095), "53/udp": None})
        container.reload()
        self.assertEqual(container.ports["80/tcp"], [{"HostIp": "127.0.0.1", "HostPort": "18095"}])
        self.assertTrue(container.ports["53/udp"])

    def test_prune(self):
        for label in ("go", "stay"):
            client.containers.create(IMAGE, ["true"], labels=[label])
        gone = client.containers.prune(filters={"label": ["go"]})["ContainersDeleted"]
        self.assertEqual(len(gone), 1)
        self.assertEqual(len(client.containers.list(all=True)), 1)


if __name__ == "__main__":
    case.main()
