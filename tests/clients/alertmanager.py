"""Debian's Alertmanager, and the webhook it calls."""

import http.server
import json
import threading
import time
from dataclasses import dataclass

import case
from server import Server

ADDRESS = "127.0.0.1:9093"
CONFIG = """
route: {{receiver: test, group_by: [alertname, name], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}
receivers:
  - name: test
    webhook_configs: [{{url: "{url}", send_resolved: true}}]
"""


@dataclass(frozen=True)
class Call:
    status: str  # "firing", "resolved"
    labels: dict
    annotations: dict
    when: float


class Webhook:
    """Remembers every alert that it is told."""

    def __init__(self):
        self.calls = []
        webhook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                now = time.monotonic()
                for alert in body["alerts"]:
                    webhook.calls.append(Call(alert["status"], alert["labels"], alert["annotations"], now))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def told(self, status, alertname, **labels):
        """The first such call, or None."""
        wanted = {"alertname": alertname, **labels}
        fits = (call for call in self.calls if call.status == status and wanted.items() <= call.labels.items())
        return next(fits, None)

    def stop(self):
        self.server.shutdown()


class Alertmanager(Server):
    def __init__(self, webhook):
        config = case.work / "alertmanager.yml"
        config.write_text(CONFIG.format(url=webhook.url))
        command = ["prometheus-alertmanager", f"--config.file={config}", f"--web.listen-address={ADDRESS}"]
        # Alone: no cluster.
        command += [f"--storage.path={case.work / 'alertmanager'}", "--cluster.listen-address="]
        super().__init__(command, f"http://{ADDRESS}/-/ready")
