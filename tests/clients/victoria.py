"""Debian's VictoriaMetrics under test."""

import case
from server import Server


class Victoria(Server):
    def __init__(self, address, *flags):
        self.address = address
        command = ["victoria-metrics", f"-httpListenAddr={address}", f"-storageDataPath={case.work / 'victoria'}", *flags]
        super().__init__(command, f"http://{address}/health")
