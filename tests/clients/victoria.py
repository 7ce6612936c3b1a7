"""Debian's VictoriaMetrics under test."""

import subprocess
import urllib.request

import case


class Victoria:
    def __init__(self, address, *flags):
        self.address = address
        command = ["victoria-metrics", f"-httpListenAddr={address}", f"-storageDataPath={case.work / 'victoria'}", *flags]
        self.log_path = case.work / "victoria.log"
        with open(self.log_path, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        assert case.eventually(self.ready, 60), f"victoria-metrics does not start:\n{self.log_path.read_text()}"

    def ready(self):
        assert self.process.poll() is None, f"victoria-metrics ended:\n{self.log_path.read_text()}"
        try:
            with urllib.request.urlopen(f"http://{self.address}/health", timeout=5) as response:
                return response.status == 200
        except OSError:
            return False

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)
