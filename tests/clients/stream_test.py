"""Three hundred real sockets on the stream: some read, some sleep, some leave; and what one may ask for."""

import json
import os
import selectors
import socket
import subprocess
import sys
import time
import unittest
import zlib

import case
import kernel
from exporter import Exporter

CLIENTS = 300
SLEEPERS = 30  # Never read.
LEAVERS = 60  # Leave in the middle.
NAME = "plimsoll-test-stream"
ROOTS = [kernel.ROOT] if kernel.V2 else [kernel.ROOT / name for name in ("cpuacct", "cpu", "memory", "pids")]
BUSY = "while True:\n    pass\n"


def setUpModule():
    global exporter, busy
    for root in ROOTS:
        (root / NAME).mkdir(exist_ok=True)
    busy = subprocess.Popen([sys.executable, "-c", BUSY])
    os.setpriority(os.PRIO_PROCESS, busy.pid, 19)
    for root in ROOTS:
        (root / NAME / "cgroup.procs").write_text(str(busy.pid))
    exporter = Exporter()
    unittest.addModuleCleanup(clean_up)


def clean_up():
    exporter.stop()
    busy.kill()
    busy.wait()
    for root in ROOTS:
        case.eventually(lambda path=root / NAME: removed(path))


def removed(path):
    try:
        path.rmdir()
    except OSError:  # Its last process is on its way out.
        pass
    return not path.exists()


class Client:
    """One connection to the stream; the objects that came on it."""

    def __init__(self, target, headers=""):
        host, port = exporter.address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)))
        self.socket.sendall(f"GET {target} HTTP/1.0\r\nHost: localhost\r\n{headers}\r\n".encode())
        self.input = b""
        self.objects = []
        self.gzip = None

    def inflated(self):
        """Goes on with what comes after the head as with a gzip stream."""
        while b"\r\n\r\n" not in self.input:
            self.input += self.socket.recv(1 << 18)
        head, self.input = self.input.split(b"\r\n\r\n", 1)
        self.gzip = zlib.decompressobj(wbits=31)
        self.input = self.gzip.decompress(self.input)
        return head.decode().lower()

    def read(self):
        data = self.socket.recv(1 << 18)
        self.input += self.gzip.decompress(data) if self.gzip else data
        *lines, self.input = self.input.split(b"\n")
        for line in lines:
            line = line.strip().removeprefix(b"data: ")
            if line.startswith(b"{"):
                self.objects.append(json.loads(line))
        return data

    def until(self, condition, seconds=20):
        self.socket.settimeout(seconds)
        while not condition(self.objects):
            if not self.read():
                raise AssertionError(f"the stream ended after {len(self.objects)} objects")
        return self.objects

    def close(self):
        self.socket.close()


def stream(query, headers=""):
    return Client("/api/v1/stream?" + query, headers)


def usage(frame):
    """CPU seconds of the busy group in a frame of columns, if it is there."""
    return [values[1] for values in frame["values"]]


class StreamTest(unittest.TestCase):
    def test_three_hundred_clients_and_slow_ones_hold_nobody_up(self):
        before = exporter.scrape().value("plimsoll_stream_frames_formatted_total")
        sent_before = exporter.scrape().value("plimsoll_stream_frames_total")
        sleepers = [stream("all=true") for _ in range(SLEEPERS)]
        awake = [stream(f"cgroup=/{NAME}") for _ in range(CLIENTS - SLEEPERS)]
        leavers, readers = awake[:LEAVERS], awake[LEAVERS:]
        selector = selectors.DefaultSelector()
        for client in readers:
            client.socket.setblocking(False)
            selector.register(client.socket, selectors.EVENT_READ, client)
        deadline = time.monotonic() + 60
        left = False
        while min(len(client.objects) for client in readers) < 5 and time.monotonic() < deadline:
            for key, _ in selector.select(1):
                self.assertTrue(key.data.read(), "a reader was cut off")
            if not left and min(len(client.objects) for client in readers) >= 2:
                left = True
                for client in leavers:
                    client.close()
        for client in readers:
            self.assertGreaterEqual(len(client.objects), 5)
            frames = [each for each in client.objects if "sequence" in each]
            sequences = [each["sequence"] for each in frames]
            self.assertEqual(sequences, sorted(set(sequences)), "each once, in order")
            told = sum(each.get("skipped", 0) for each in client.objects)
            self.assertEqual(told, 0, "who reads misses nothing")
        scrape = exporter.scrape()
        formatted = scrape.value("plimsoll_stream_frames_formatted_total") - before
        sent = scrape.value("plimsoll_stream_frames_total") - sent_before
        self.assertGreater(sent, 20 * formatted, "a frame is made once and sent to all")
        self.assertLessEqual(scrape.value("plimsoll_stream_clients"), CLIENTS - LEAVERS)
        for client in readers + sleepers:
            client.close()

        def gone():
            self.assertEqual(exporter.scrape().value("plimsoll_stream_clients"), 0)
            return True

        self.assertTrue(case.eventually(gone))

    def test_ten_times_a_second_the_numbers_are_new_each_time(self):
        client = stream(f"cgroup=/{NAME}&interval=100ms&fields=cpu.usage,memory.usage")
        frames = client.until(lambda objects: len(objects) >= 31)
        client.close()
        self.assertEqual(frames[0]["fields"], ["cpu.usage", "memory.usage"])
        self.assertEqual([each["cgroup"] for each in frames[0]["containers"]], ["/" + NAME])
        values = [value for frame in frames for value in usage(frame)]
        self.assertEqual(values, sorted(values))
        # More often than once a second, however little CPU this machine leaves the group.
        self.assertGreater(len(set(values)), 8)
        stamps = [frame["timestamp"] for frame in frames]
        self.assertEqual(len(set(stamps)), len(stamps))

    def test_whoever_asks_for_too_much_too_often_is_told(self):
        client = stream("all=true&interval=1ms")
        first = client.until(lambda objects: len(objects) >= 2)[0]
        client.close()
        groups = len(json.loads(exporter.get("/api/v1/containers?all=true")[1])["containers"])
        self.assertEqual(first, {"interval": 0.1 if groups <= 256 else 1})

    def test_resumes_where_it_was_cut(self):
        client = stream(f"cgroup=/{NAME}&format=sse")
        seen = client.until(lambda objects: len(objects) >= 2)[-1]["sequence"]
        client.close()
        time.sleep(3)
        again = stream(f"cgroup=/{NAME}&format=sse", f"Last-Event-ID: {seen}\r\n")
        objects = again.until(lambda objects: any("containers" in each for each in objects))
        again.close()
        history = [each for each in objects if "containers" not in each]
        self.assertGreaterEqual(len(history), 2)
        sequences = [each["sequence"] for each in history]
        self.assertGreater(min(sequences), seen)
        self.assertEqual(sequences, sorted(sequences))
        self.assertTrue(all(each["cgroup"] == "/" + NAME for each in history))

    def test_comes_compressed_to_who_takes_it_so(self):
        plain = stream("all=true", "Accept-Encoding: br\r\n")
        plain.until(lambda objects: len(objects) >= 2)
        gzip = stream("all=true&since=-3s", "Accept-Encoding: gzip, br\r\n")
        head = gzip.inflated()
        self.assertIn("content-encoding: gzip", head)
        self.assertIn("vary: accept-encoding", head)
        self.assertIn("application/x-ndjson", head)

        def live(objects):
            return [each for each in objects if "containers" in each]

        objects = gzip.until(lambda objects: len(live(objects)) >= 3)
        self.assertIn("cgroup", objects[0], "history first")
        wanted = {each["cgroup"] for each in plain.objects[-1]["containers"]}
        self.assertEqual({each["cgroup"] for each in live(objects)[0]["containers"]}, wanted)
        for client in (plain, gzip):
            client.close()
        got = subprocess.run(
            ["curl", "-sN", "--compressed", "--max-time", "3", f"http://{exporter.address}/api/v1/stream?cgroup=/{NAME}"],
            capture_output=True, text=True, check=False)
        lines = got.stdout.splitlines()
        self.assertGreaterEqual(len(lines), 2, got.stderr)
        self.assertEqual(json.loads(lines[-1])["containers"][0]["cgroup"], "/" + NAME)

    def test_the_whole_history_of_a_group_in_one_request(self):
        container = json.loads(exporter.get(f"/api/v1/containers/{NAME}?history=5m")[1])
        self.assertEqual(container["cgroup"], "/" + NAME)
        self.assertGreater(len(container["history"]), 5)
        points = [point["cpu"]["usage"] for point in container["history"]]
        self.assertEqual(points, sorted(points))
        self.assertGreater(points[-1], points[0])
        short = json.loads(exporter.get(f"/api/v1/containers/{NAME}?history=2s")[1])
        self.assertLess(len(short["history"]), 5)
        self.assertNotIn("history", json.loads(exporter.get(f"/api/v1/containers/{NAME}")[1]))

    def test_it_stops_with_clients_on_the_line(self):
        client = stream("all=true")
        client.until(lambda objects: len(objects) >= 1)
        gzip = stream("all=true", "Accept-Encoding: gzip\r\n")
        gzip.inflated()
        gzip.until(lambda objects: len(objects) >= 1)
        self.assertEqual(exporter.stop(), 0)
        for each in (client, gzip):
            while each.read():
                pass
            each.close()
        self.assertTrue(gzip.gzip.eof, "a whole gzip file")


if __name__ == "__main__":
    case.main()
