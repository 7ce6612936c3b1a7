"""The guest's results as the JUnit file that ctest would have written, which tests/runner reads."""

import json
import re
import xml.etree.ElementTree as ElementTree

SKIPPED = 77  # ctest's exit code for it.
NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def records(text):
    """Name -> record, of results.jsonl. A last line without its end is of a job that was cut off."""
    found = {}
    for line in text.splitlines(keepends=True):
        if line.endswith("\n"):
            record = json.loads(line)
            found[record["name"]] = record
    return found


class Report:
    def __init__(self):
        self.suite = ElementTree.Element("testsuite", name="guest")
        self.failures = 0

    def add(self, name, status, output="", skipped=None, seconds=0.0):
        self.failures += status == "fail"
        entry = ElementTree.SubElement(self.suite, "testcase", name=name, status=status, time=str(seconds))
        if skipped:
            ElementTree.SubElement(entry, "skipped", message=skipped)
        ElementTree.SubElement(entry, "system-out").text = NOT_XML.sub("?", output)

    def passed(self, name):
        self.add(name, "run")

    def failed(self, name, output):
        self.add(name, "fail", output)

    def job(self, job, record, why_not):
        """One job: its record, or why there is none."""
        if record is None:
            self.failed(job.name, f"no result: {why_not}")
            return
        output, code, seconds = record["output"], record["exit"], record["seconds"]
        if code is None:
            self.add(job.name, "fail", f"{output}\ntimed out after {job.timeout} s", seconds=seconds)
        elif code == SKIPPED:
            self.add(job.name, "notrun", output, skipped=f"SKIP_RETURN_CODE={SKIPPED}", seconds=seconds)
        elif code != 0:
            self.add(job.name, "fail", f"{output}\nexit code {code}", seconds=seconds)
        elif job.program and "[  SKIPPED ]" in output:
            self.add(job.name, "notrun", output, skipped="SKIP_REGULAR_EXPRESSION_MATCHED", seconds=seconds)
        else:
            self.add(job.name, "run", output, seconds=seconds)

    def write(self, path):
        ElementTree.ElementTree(self.suite).write(path, encoding="utf-8", xml_declaration=True)
