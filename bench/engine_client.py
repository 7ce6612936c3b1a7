"""Docker's API over its socket, with nothing of the command line's own cost: what an engine's answer takes."""

import http.client
import json
import socket


class Connection(http.client.HTTPConnection):
    """Stays open from one request to the next, as clients' do."""

    def __init__(self, path):
        super().__init__("docker", timeout=120)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Client:
    def __init__(self, path):
        self.path = path
        self.connection = Connection(path)

    def close(self):
        self.connection.close()

    def begin(self, connection, method, path, body=None):
        """Sends it; the answer when its head has come."""
        connection.request(method, f"/v1.41{path}", None if body is None else json.dumps(body),
                           {"Content-Type": "application/json"})
        answer = connection.getresponse()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.read().decode()}")
        return answer

    def ask(self, method, path, body=None):
        text = self.begin(self.connection, method, path, body).read()
        return json.loads(text) if text else None

    def hijack(self, path, body=None):
        """A connection that carries a container's or an exec's output until it ends."""
        text = "" if body is None else json.dumps(body)
        raw = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        raw.settimeout(120)
        raw.connect(self.path)
        raw.sendall((f"POST /v1.41{path} HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
                     f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n{text}").encode())
        head = b""
        while b"\r\n\r\n" not in head:
            got = raw.recv(4096)
            if not got:
                raise RuntimeError(f"{path}: {head.decode()}")
            head += got
        if not head.startswith((b"HTTP/1.1 101", b"HTTP/1.1 200")):
            raise RuntimeError(f"{path}: {head.decode()}")
        return raw

    def create(self, image, command, network, name="", remove=False):
        path = "/containers/create" + (f"?name={name}" if name else "")
        return self.ask("POST", path, {
            "Image": image, "Cmd": command, "AttachStdout": True, "AttachStderr": True,
            "HostConfig": {"NetworkMode": network, "AutoRemove": remove},
        })["Id"]

    def start(self, container):
        self.ask("POST", f"/containers/{container}/start")

    def run_and_remove(self, image, command, network):
        """What `docker run --rm` asks for, in its order."""
        container = self.create(image, command, network, remove=True)
        output = self.hijack(f"/containers/{container}/attach?stderr=1&stdout=1&stream=1")
        waiting = Connection(self.path)
        ended = self.begin(waiting, "POST", f"/containers/{container}/wait?condition=removed")
        self.start(container)
        drain(output)
        code = json.loads(ended.read())["StatusCode"]
        waiting.close()
        if code != 0:
            raise RuntimeError(f"{command}: {code}")

    def exec(self, container, command):
        asked = {"Cmd": command, "AttachStdout": True, "AttachStderr": True}
        made = self.ask("POST", f"/containers/{container}/exec", asked)["Id"]
        drain(self.hijack(f"/exec/{made}/start", {"Detach": False, "Tty": False}))
        code = self.ask("GET", f"/exec/{made}/json")["ExitCode"]
        if code != 0:
            raise RuntimeError(f"{command}: {code}")

    def remove_all(self):
        for container in self.ask("GET", "/containers/json?all=1"):
            self.ask("DELETE", f"/containers/{container['Id']}?force=1")


def drain(stream):
    while stream.recv(65536):
        pass
    stream.close()
