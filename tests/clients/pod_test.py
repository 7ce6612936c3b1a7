"""The DaemonSet's container as its manifest says, run by dockerd and by the engine: not root, one capability, the host at
/host, read-only. The image is made here of the built program and its libraries, since the Dockerfile's base is in a registry;
packaging/deploy_test.py compares the Dockerfile's packages with these libraries."""

import io
import json
import re
import struct
import subprocess
import tarfile
import unittest
import urllib.request
from pathlib import Path

import case
import yaml
from container_host import ContainerHost, clis
from docker import Docker

MANIFEST = case.ROOT / "packaging/kubernetes/base/daemonset.yaml"
IMAGE = "plimsoll-test/pod:1"
CAP_DAC_READ_SEARCH = 2
# struct vfs_cap_data, version 2, effective: as `setcap cap_dac_read_search+ep` writes it.
CAPABILITY = struct.pack("<5I", 0x02000001, 1 << CAP_DAC_READ_SEARCH, 0, 0, 0)


def image():
    """/usr/bin/plimsoll with its file capability, and the libraries that it names, where it looks for them."""
    listed = subprocess.run(["ldd", str(case.PLIMSOLL)], capture_output=True, text=True, check=True).stdout
    libraries = re.findall(r"(?:=> )?(/\S+) \(0x", listed)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for folder in ("host", "usr", "usr/bin", "lib", "lib64", "lib/x86_64-linux-gnu"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        for library in libraries:
            place = "lib64" if "ld-linux" in library else "lib/x86_64-linux-gnu"
            tar.add(Path(library).resolve(), f"{place}/{Path(library).name}")
        entry = tar.gettarinfo(case.PLIMSOLL, "usr/bin/plimsoll")
        entry.uid = entry.gid = 0
        entry.mode = 0o755
        entry.pax_headers = {"SCHILY.xattr.security.capability": CAPABILITY.decode("utf-8", "surrogateescape")}
        with open(case.PLIMSOLL, "rb") as program:
            tar.addfile(entry, program)
    return out.getvalue()


def flags():
    """What `docker run` is told, of what Kubernetes is told."""
    pod = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    who, may = pod["securityContext"], container["securityContext"]
    limits = container["resources"]["limits"]
    (mount,) = container["volumeMounts"]
    (volume,) = pod["volumes"]
    modes = "ro,rslave" if mount["mountPropagation"] == "HostToContainer" else "ro"
    words = ["--user", f"{who['runAsUser']}:{who['runAsGroup']}", "--memory", limits["memory"].replace("Mi", "m")]
    words += ["--cpus", str(int(limits["cpu"].removesuffix("m")) / 1000), "--network", "host" if pod["hostNetwork"] else "bridge"]
    words += ["--read-only"] if may["readOnlyRootFilesystem"] else []
    words += [f"--cap-drop={name}" for name in may["capabilities"]["drop"]]
    words += [f"--cap-add={name}" for name in may["capabilities"]["add"]]
    words += ["--volume", f"{volume['hostPath']['path']}:{mount['mountPath']}:{modes}"]
    return words, container["args"], container["resources"]["requests"]["memory"]


def setUpModule():
    # As on a host with systemd: what is mounted later is seen below /host.
    subprocess.run(["mount", "--make-rshared", "/"], check=True)


class Pod:
    """The cases; `run` is a docker command line."""

    def start(self):
        words, arguments, _ = flags()
        self.run_command("run", "-d", "--name", "plimsoll-test-pod", *words, IMAGE, "/usr/bin/plimsoll", *arguments)
        self.addCleanup(self.run_command, "rm", "-f", "plimsoll-test-pod")
        return json.loads(self.run_command("inspect", "plimsoll-test-pod"))[0]["State"]["Pid"]

    def metrics(self):
        with urllib.request.urlopen("http://127.0.0.1:7546/metrics", timeout=10) as answer:
            return answer.read().decode()

    def named(self):
        try:
            return re.findall(r'container_last_seen\{[^}]*name="([^"]+)"', self.metrics())
        except OSError:
            return []

    def test_sees_the_hosts_containers_by_name_and_is_not_root(self):
        pid = self.start()
        said = lambda: self.run_command("logs", "plimsoll-test-pod")
        self.assertTrue(case.eventually(lambda: {"neighbour", "plimsoll-test-pod"} <= set(self.named()), 30), f"{self.named()}\n{said()}")
        status = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
        self.assertEqual(status["Uid"].split(), ["65534"] * 4)
        self.assertEqual((int(status["CapEff"], 16), int(status["CapBnd"], 16) & ~(1 << CAP_DAC_READ_SEARCH)), (1 << CAP_DAC_READ_SEARCH, 0))
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
        # It has what it is to have: nobody is told otherwise.
        self.assertNotIn("plimsoll_capability_missing{", self.metrics())
        kib = int(status["VmRSS"].split()[0])
        print(f"[pod] {kib} KiB resident, {flags()[2]} asked for")
        self.assertLess(kib, int(flags()[2].removesuffix("Mi")) * 1024)


class OfDocker(Pod, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        docker = Docker()
        cls.addClassCleanup(docker.stop)
        cls.run_command = staticmethod(docker)
        subprocess.run(["docker", "import", "-", IMAGE], input=image(), check=True, capture_output=True)
        docker.run("neighbour", "sleep 100000")


class OfTheEngine(Pod, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        host = ContainerHost(next(iter(clis().values())))
        cls.addClassCleanup(host.stop)
        cls.run_command = staticmethod(host)
        # Where the exporter looks without being told.
        Path("/run/plimsoll").mkdir()
        subprocess.run(["mount", "--bind", str(host.engine.run_dir), "/run/plimsoll"], check=True)
        host("import", "-", IMAGE, input=image())
        host.start("neighbour", "sleep 100000")


if __name__ == "__main__":
    case.main()
