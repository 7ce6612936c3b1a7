"""What is there to deploy with (Kubernetes, compose, Ansible, the journal's catalogue): it parses, its fields exist, its flags are the
program's, and the files that it mounts are there."""

import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import jinja2
import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
KUBERNETES, COMPOSE, ANSIBLE = HERE / "kubernetes", HERE / "compose", HERE / "ansible"

# Fields of the API's objects as far as they are used here: a typo is a field that Kubernetes drops silently.
POD = {
    "automountServiceAccountToken", "hostNetwork", "dnsPolicy", "tolerations", "securityContext", "containers", "volumes",
}  # fmt: skip
CONTAINER = {
    "name", "image", "args", "ports", "readinessProbe", "livenessProbe", "resources", "securityContext", "volumeMounts",
}  # fmt: skip
PROBE = {"httpGet", "periodSeconds", "failureThreshold"}
POD_SECURITY = {"runAsNonRoot", "runAsUser", "runAsGroup", "seccompProfile"}
SECURITY = {"readOnlyRootFilesystem", "allowPrivilegeEscalation", "capabilities"}
MOUNT = {"name", "mountPath", "readOnly", "mountPropagation"}
SERVICE = {
    "image", "command", "network_mode", "read_only", "cap_drop", "cap_add", "volumes", "restart",
}  # fmt: skip


def load(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def flags_of_the_program():
    """Every "--flag" that the sources of the command line spell."""
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "agent").rglob("*.cc"))
    return set(re.findall(r'"!?(--[a-z][a-z._-]*)', text))


class Kubernetes(unittest.TestCase):
    def setUp(self):
        self.daemon_set = load(KUBERNETES / "base/daemonset.yaml")
        self.pod = self.daemon_set["spec"]["template"]["spec"]
        (self.container,) = self.pod["containers"]

    def test_every_resource_is_there_and_an_object(self):
        for folder in ("base", "operator"):
            for name in load(KUBERNETES / folder / "kustomization.yaml")["resources"]:
                path = (KUBERNETES / folder / name).resolve()
                if path.is_dir():
                    self.assertTrue((path / "kustomization.yaml").exists())
                    continue
                for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
                    self.assertTrue({"apiVersion", "kind", "metadata"} <= set(document), path)

    def test_no_field_is_misspelt(self):
        self.assertEqual(set(self.daemon_set), {"apiVersion", "kind", "metadata", "spec"})
        self.assertEqual(set(self.daemon_set["spec"]), {"selector", "updateStrategy", "template"})
        for part, known in (
            (self.pod, POD), (self.container, CONTAINER), (self.pod["securityContext"], POD_SECURITY),
            (self.container["securityContext"], SECURITY), (self.container["readinessProbe"], PROBE),
            (self.container["livenessProbe"], PROBE), *((mount, MOUNT) for mount in self.container["volumeMounts"]),
        ):  # fmt: skip
            self.assertEqual(set(part) - known, set())

    def test_what_refers_to_a_name_refers_to_one(self):
        labels = self.daemon_set["spec"]["template"]["metadata"]["labels"]
        self.assertEqual(self.daemon_set["spec"]["selector"]["matchLabels"], labels)
        monitor = load(KUBERNETES / "operator/podmonitor.yaml")["spec"]
        self.assertEqual(monitor["selector"]["matchLabels"], labels)
        ports = {port["name"] for port in self.container["ports"]}
        self.assertEqual({end["port"] for end in monitor["podMetricsEndpoints"]} - ports, set())
        for probe in ("readinessProbe", "livenessProbe"):
            self.assertIn(self.container[probe]["httpGet"]["port"], ports)
        volumes = {volume["name"] for volume in self.pod["volumes"]}
        self.assertEqual({mount["name"] for mount in self.container["volumeMounts"]}, volumes)

    def test_not_root_read_only_and_small(self):
        self.assertTrue(self.pod["securityContext"]["runAsNonRoot"])
        self.assertEqual(self.container["securityContext"]["capabilities"], {"drop": ["ALL"], "add": ["DAC_READ_SEARCH"]})
        self.assertTrue(all(mount["readOnly"] for mount in self.container["volumeMounts"]))
        self.assertEqual(self.container["resources"]["requests"], {"cpu": "25m", "memory": "32Mi"})

    def test_flags_are_the_programs(self):
        known = flags_of_the_program()
        self.assertIn("--cgroup-root", known)
        for arguments in (self.container["args"], load(COMPOSE / "compose.yaml")["services"]["plimsoll"]["command"]):
            self.assertEqual(arguments[0], "exporter")
            self.assertEqual({argument.split("=")[0] for argument in arguments[1:]} - known, set())

    def test_the_image_is_the_version_of_the_program(self):
        version = re.search(r"project\(plimsoll VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text()).group(1)
        (image,) = load(KUBERNETES / "base/kustomization.yaml")["images"]
        self.assertEqual(image["newTag"], version)
        self.assertEqual(load(COMPOSE / "compose.yaml")["services"]["plimsoll"]["image"], f"plimsoll:{version}")


class Image(unittest.TestCase):
    def test_it_has_every_library_of_the_program(self):
        program = Path(os.environ.get("PLIMSOLL_BUILD", ROOT / "build/dev")) / "bin/plimsoll"
        installed = set((KUBERNETES / "Dockerfile").read_text(encoding="utf-8").split())
        needed = re.findall(r"NEEDED +(\S+)", run("objdump", "--private-headers", str(program)))
        self.assertIn("libssl.so.3", needed)
        for library in needed:
            owners = {line.split(":")[0] for line in run("dpkg", "--search", f"*/{library}").splitlines()}
            # What every Debian has.
            self.assertTrue(owners & (installed | {"libc6", "libgcc-s1"}), f"{library}: {owners}")


class Compose(unittest.TestCase):
    def setUp(self):
        self.stack = load(COMPOSE / "compose.yaml")

    def test_no_field_is_misspelt(self):
        self.assertEqual(set(self.stack), {"services", "volumes"})
        for name, service in self.stack["services"].items():
            self.assertEqual(set(service) - SERVICE, set(), name)

    def test_what_is_mounted_is_there(self):
        for service in self.stack["services"].values():
            for volume in service.get("volumes", []):
                source = volume.split(":")[0]
                if source.startswith("."):
                    self.assertTrue((COMPOSE / source).exists(), source)
                elif not source.startswith("/"):
                    self.assertIn(source, self.stack["volumes"])

    def test_prometheus_and_alertmanager_take_their_files(self):
        for command in (
            ("promtool", "check", "config", "--syntax-only", "prometheus.yml"),
            ("amtool", "check-config", "alertmanager.yml"),
        ):
            run(*command, cwd=COMPOSE)


class Ansible(unittest.TestCase):
    ROLE = ANSIBLE / "roles/plimsoll"

    def test_the_playbook_is_one(self):
        run("ansible-playbook", "--syntax-check", "-i", "localhost,", "site.yml", cwd=ANSIBLE)

    def test_every_variable_has_a_default_and_is_used(self):
        defaults = set(load(self.ROLE / "defaults/main.yml"))
        text = "".join(path.read_text() for path in self.ROLE.rglob("*") if path.is_file() and "defaults" not in path.parts)
        used = set(re.findall(r"\bplimsoll_[a-z_]+\b", text))
        self.assertEqual(used - defaults, {"plimsoll_packages"})
        self.assertEqual(defaults - used, set())

    def test_every_handler_that_is_told_exists(self):
        handlers = {handler["name"] for handler in load(self.ROLE / "handlers/main.yml")}
        tasks = [task for path in (self.ROLE / "tasks").glob("*.yml") for task in load(path)]
        self.assertEqual({task["notify"] for task in tasks if "notify" in task} - handlers, set())

    def test_what_is_written_is_what_the_units_read(self):
        templates = jinja2.Environment(loader=jinja2.FileSystemLoader(self.ROLE / "templates"), trim_blocks=True)
        variables = load(self.ROLE / "defaults/main.yml")
        exporter = templates.get_template("plimsoll-exporter.j2").render({**variables, "plimsoll_web_config": {"a": 1}})
        line = "PLIMSOLL_EXPORTER_FLAGS=--web.listen-address=:7546 --web.config.file=/etc/plimsoll/web.yml"
        self.assertEqual(exporter.splitlines()[-1], line)
        engine = templates.get_template("plimsoll-engine.j2").render(variables)
        self.assertEqual(engine.splitlines()[-1], "PLIMSOLL_ENGINE_FLAGS=--events.journal")
        for name, text in (("exporter", exporter), ("engine", engine)):
            unit = (HERE / f"systemd/plimsoll-{name}.service").read_text()
            self.assertIn(f"EnvironmentFile=-/etc/default/plimsoll-{name}", unit)
            self.assertIn("$" + text.splitlines()[-1].split("=")[0], unit)


class Journal(unittest.TestCase):
    def test_the_catalogue_explains_the_engines_own_message(self):
        header = (ROOT / "control/breach/sink.h").read_text(encoding="utf-8")
        identity = re.search(r'kBreachMessageId = "([0-9a-f]{32})"', header).group(1)
        catalogue = (HERE / "journal/plimsoll.catalog").read_text(encoding="utf-8")
        self.assertEqual(re.findall(r"(?m)^-- ([0-9a-f]{32})$", catalogue), [identity])
        with tempfile.TemporaryDirectory(prefix="plimsoll-test-") as directory:
            folder = Path(directory, "usr/lib/systemd/catalog")
            folder.mkdir(parents=True)
            (folder / "plimsoll.catalog").write_text(catalogue, encoding="utf-8")
            run("journalctl", f"--root={directory}", "--update-catalog")
            self.assertIn("Defined-By: Plimsoll", run("journalctl", f"--root={directory}", "--dump-catalog", identity))

    def test_it_explains_every_kind_by_fields_that_there_are(self):
        catalogue = (HERE / "journal/plimsoll.catalog").read_text(encoding="utf-8")
        kinds = (ROOT / "docs/events.md").read_text(encoding="utf-8").split("## Kinds", 1)[1].split("##", 1)[0]
        rows = [line.split("|")[1] for line in kinds.splitlines() if line.startswith("| `")]
        for kind in re.findall(r"`([a-z_]+)`", " ".join(rows)):
            self.assertRegex(catalogue, rf"(?m)^[a-z_, ]*\b{kind}\b[a-z_, ]*:")
        sink = (ROOT / "control/breach/journal_sink.cc").read_text(encoding="utf-8")
        for field in re.findall(r"@([A-Z_]+)@", catalogue):
            self.assertIn(f'add("{field}"', sink)

    def test_every_field_is_documented_and_sent(self):
        sink = (ROOT / "control/breach/journal_sink.cc").read_text(encoding="utf-8")
        page = (ROOT / "docs/events.md").read_text(encoding="utf-8").split("Fields of the journal's entries", 1)[1].split("Each has", 1)[0]
        said = {field for row in page.splitlines() if row.startswith("| `") for field in re.findall(r"`([A-Z_]+)`", row.split("|")[1])}
        self.assertEqual(said, set(re.findall(r'add\("([A-Z_]+)"', sink)))


if __name__ == "__main__":
    unittest.main()
