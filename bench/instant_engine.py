"""An engine that runs nothing and answers at once: what `docker run --rm` takes against it is the command line's own."""

import os
import socket
import threading

ID = "0123456789abcdef" * 4
PING = b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 0\r\n\r\n"
CREATED = b'{"Id":"%s","Warnings":[]}' % ID.encode()
ENDED = b'{"StatusCode":0}'


class InstantEngine:
    """Listens at `path` until close(); one container at a time."""

    def __init__(self, path):
        self.path = path
        self.started = threading.Event()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        self.accepting = threading.Thread(target=self.accept, daemon=True)
        self.accepting.start()

    def close(self):
        # Who waits in accept() does not hear of a close().
        self.listener.shutdown(socket.SHUT_RDWR)
        self.accepting.join()
        self.listener.close()
        os.unlink(self.path)

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:  # Shut down.
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection, connection.makefile("rb") as requests:
            while line := requests.readline():
                length = 0
                while (header := requests.readline()).strip():
                    name, _, value = header.partition(b":")
                    length = int(value) if name.lower() == b"content-length" else length
                requests.read(length)
                if not self.answer(connection, line.split()[1].decode()):
                    return

    def answer(self, connection, target):
        """False: that was the connection's last."""
        if "/attach" in target:
            connection.sendall(b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
                               b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
            self.started.wait()
            return False
        if "/create" in target:
            self.started.clear()
            connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(CREATED), CREATED))
        elif "/wait" in target:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
            self.started.wait()
            connection.sendall(b"%x\r\n%s\r\n0\r\n\r\n" % (len(ENDED), ENDED))
        elif "/start" in target:
            connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
            self.started.set()
        else:
            connection.sendall(PING)
        return True
