"""Chromium without a screen, driven by WebDriver (Debian's chromium-driver)."""

import base64
import json
import re
import subprocess
import urllib.error
import urllib.request

import case

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # WebDriver's name of a reference.
KEYS = {"enter": "\ue007", "escape": "\ue00c", "down": "\ue015", "up": "\ue013"}


class Browser:
    def __init__(self, width=1300, height=900, dark=False, scripts=True):
        self.log_path = case.work / "chromedriver.log"
        with open(self.log_path, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(["chromedriver", "--port=0"], stdout=log, stderr=log)
        port = case.eventually(self.port, 30)
        assert port, f"chromedriver does not start:\n{self.log_path.read_text()}"
        self.address = f"http://127.0.0.1:{port}/session"
        arguments = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
            f"--window-size={width},{height}", f"--user-data-dir={case.work}/chromium",
        ]  # fmt: skip
        if dark:
            arguments.append("--force-dark-mode")
        options = {"args": arguments, "prefs": {} if scripts else {"profile.managed_default_content_settings.javascript": 2}}
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        self.address += "/" + self.ask("", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]

    def port(self):
        assert self.process.poll() is None, self.log_path.read_text()
        found = re.search(r"started successfully on port (\d+)", self.log_path.read_text())
        return found and found.group(1)

    def ask(self, path, body=None, method="POST"):
        data = None if method != "POST" else json.dumps(body or {}).encode()
        request = urllib.request.Request(self.address + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(json.load(error)["value"]["message"]) from None

    def open(self, address):
        self.ask("/url", {"url": address})

    def run(self, script, *arguments):
        """The value of a script's `return`."""
        return self.ask("/execute/sync", {"script": script, "args": list(arguments)})

    def texts(self, selector):
        return self.run("return [...document.querySelectorAll(arguments[0])].map((found) => found.textContent)", selector)

    def click(self, selector):
        self.run("document.querySelector(arguments[0]).click()", selector)

    def type(self, text):
        """Into whatever has the focus."""
        actions = [{"type": kind, "value": key} for key in ([KEYS[text]] if text in KEYS else text) for kind in ("keyDown", "keyUp")]
        self.ask("/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def resize(self, width, height):
        self.ask("/window/rect", {"width": width, "height": height})

    def picture(self, path):
        path.write_bytes(base64.b64decode(self.ask("/screenshot", method="GET")))

    def complaints(self):
        """What the console says: errors of scripts, what the content security policy refused."""
        lines = self.ask("/se/log", {"type": "browser"})
        # That a canvas is read back is the test's doing.
        return [line["message"] for line in lines if line["level"] in ("WARNING", "SEVERE") and "getImageData" not in line["message"]]

    def requests(self):
        """Addresses of everything that was asked for."""
        messages = [json.loads(line["message"])["message"] for line in self.ask("/se/log", {"type": "performance"})]
        return [one["params"]["request"]["url"] for one in messages if one["method"] == "Network.requestWillBeSent"]

    def stop(self):
        try:
            self.ask("", method="DELETE")
        finally:
            self.process.terminate()
            self.process.wait(20)
