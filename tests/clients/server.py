"""A server of others under test: started with its log in a file, ready when it says so by HTTP, ended by its pid."""

import subprocess
import urllib.request

import case


class Server:
    """`command` begins with the program's name, `health` is the URL that answers 200 when it is ready."""

    def __init__(self, command, health):
        self.command = [str(word) for word in command]
        self.health = health
        self.log_path = case.work / f"{self.command[0]}.log"
        self.start()

    def start(self):
        """Also again after stop(): it goes on with the same data."""
        with open(self.log_path, "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log)
        assert case.eventually(self.ready, 60), f"{self.command[0]} does not start:\n{self.log_path.read_text()}"

    def ready(self):
        assert self.process.poll() is None, f"{self.command[0]} ended:\n{self.log_path.read_text()}"
        try:
            with urllib.request.urlopen(self.health, timeout=5) as response:
                return self.healthy(response)
        except OSError:
            return False

    def healthy(self, response):
        return response.status == 200

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)
