"""plimsoll-oci: attempts to get out of a container, or at what is not its own. Cases for oci_test.py, and for the guest's
on cgroup v2."""

import os
import subprocess
import unittest
from pathlib import Path

import bundle
import case
import oci_cases
from bundle import config, mount


class Escapes(unittest.TestCase):
    """Each is an attack of the past; its number says whose."""

    def own_root(self, name):
        path = case.work / f"root-{name}"
        return bundle.rootfs(path)

    def test_cve_2019_5736_the_runtimes_own_file(self):
        settings = config("/proc/self/exe", "--version")
        done = oci_cases.ours.run(settings)
        before = bundle.OURS.read_bytes()
        settings = config("sh", "-c", "exec 3</proc/self/exe; echo x > /proc/self/fd/3")
        oci_cases.ours.run(settings)
        self.assertEqual(bundle.OURS.read_bytes(), before)
        # What runs while a container is made lies on a read-only mount.
        oci_cases.ours.start(config("sleep", "100"), "sealed")
        try:
            directory = oci_cases.ours.bundle(config("true"))
            self.assertEqual(oci_cases.ours("create", "--bundle", str(directory), "waits").returncode, 0)
            pid = oci_cases.ours.state("waits")["pid"]
            with self.assertRaises(OSError) as refused:
                os.open(f"/proc/{pid}/exe", os.O_RDWR)
            self.assertIn(refused.exception.errno, (30, 26))  # EROFS, ETXTBSY
        finally:
            oci_cases.ours("delete", "--force", "waits")
            oci_cases.ours("delete", "--force", "sealed")
        self.assertIsNotNone(done)

    def test_cve_2024_21626_descriptors_of_the_host(self):
        for number in range(3, 12):
            settings = config("sh", "-c", "ls /proc/self/fd; pwd")
            settings["process"]["cwd"] = f"/proc/self/fd/{number}"
            done = oci_cases.ours.run(settings)
            self.assertNotEqual(done.returncode, 0, done.stdout)

    def test_cve_2019_16884_proc_is_a_link(self):
        root = self.own_root("proc-link")
        (root / "proc").rmdir()
        (root / "elsewhere").mkdir()
        (root / "proc").symlink_to("elsewhere")
        done = oci_cases.ours.run(config("true"), root=root)
        self.assertEqual(done.returncode, 1)
        self.assertIn("/proc", done.stderr)

    def test_cve_2023_27561_mounts_over_proc(self):
        folder = case.work / "fake-proc"
        folder.mkdir(exist_ok=True)
        for destination in ("/proc", "/proc/sys", "/proc/self/attr", "/proc/../proc/self"):
            settings = config("true")
            settings["mounts"].append(mount(destination, "bind", "bind", source=str(folder)))
            self.assertEqual(oci_cases.ours.run(settings).returncode, 1, destination)
        root = self.own_root("proc-by-link")
        (root / "door").symlink_to("/proc/self")
        settings = config("true")
        settings["mounts"].append(mount("/door", "bind", "bind", source=str(folder)))
        self.assertEqual(oci_cases.ours.run(settings, root=root).returncode, 1)

    def test_cve_2021_30465_a_mount_through_a_link(self):
        root = self.own_root("mount-link")
        marker = case.work / "outside"
        marker.mkdir()
        (root / "door").symlink_to(f"../../../../../../../../{marker}")
        settings = config("sh", "-c", "ls -d /door/sub")
        settings["mounts"].append(mount("/door/sub", "tmpfs"))
        done = oci_cases.ours.run(settings, root=root)
        self.assertEqual(list(marker.iterdir()), [])
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_cve_2021_30465_racing(self):
        root = self.own_root("race")
        marker = case.work / "raced"
        marker.mkdir()
        (root / "a").mkdir()
        (root / "b").symlink_to(f"../../../../../../..{marker}")
        swap = "import ctypes,sys\nlibc=ctypes.CDLL(None)\nwhile True: libc.renameat2(-100,b'%s',-100,b'%s',2)"
        racer = subprocess.Popen([os.sys.executable, "-c", swap % (root / "a", root / "b")])
        try:
            for _ in range(20):
                settings = config("true")
                settings["mounts"].append(mount("/a/deep/er", "tmpfs"))
                oci_cases.ours.run(settings, root=root)
        finally:
            racer.kill()
            racer.wait()
        self.assertEqual(list(marker.iterdir()), [])

    def test_cve_2025_31133_null_is_a_link(self):
        root = self.own_root("null-link")
        (root / "secret").write_text("of the image")
        (root / "dev/null").symlink_to("/secret")
        settings = config("sh", "-c", "cat /etc/passwd; exit 0")
        settings["mounts"] = [one for one in settings["mounts"] if not one["destination"].startswith("/dev")]
        settings["linux"]["maskedPaths"] = ["/etc/passwd"]
        done = oci_cases.ours.run(settings, root=root)
        self.assertNotIn("of the image", done.stdout)
        self.assertEqual((root / "secret").read_text(), "of the image")

    def test_cve_2026_41579_dev_is_a_link(self):
        root = self.own_root("dev-link")
        marker = case.work / "devices"
        marker.mkdir()
        (marker / "ptmx").write_text("of the host")
        (root / "dev").rmdir()
        (root / "dev").symlink_to(f"../../../../../../../..{marker}")
        settings = config("true")
        settings["mounts"] = [one for one in settings["mounts"] if not one["destination"].startswith("/dev")]
        oci_cases.ours.run(settings, root=root)
        self.assertEqual([path.name for path in marker.iterdir()], ["ptmx"])
        self.assertEqual((marker / "ptmx").read_text(), "of the host")

    def test_cve_2022_0811_sysctls_of_the_host(self):
        before = Path("/proc/sys/kernel/core_pattern").read_text()
        for name, value in (
            ("kernel.core_pattern", "|/bin/false"), ("net.ipv4.ip_forward+kernel.core_pattern", "1"),
            ("net/../kernel/core_pattern", "x"), ("kernel.shm_rmid_forced", "1\nkernel.core_pattern=x"),
        ):  # fmt: skip
            settings = config("true")
            settings["linux"]["sysctl"] = {name: value}
            oci_cases.ours.run(settings)
            self.assertEqual(Path("/proc/sys/kernel/core_pattern").read_text(), before)

    def test_cve_2022_29162_nothing_is_inheritable(self):
        oci_cases.ours.start(config("sleep", "100"), "caps")
        try:
            done = oci_cases.ours("exec", "--cap", "CAP_NET_RAW", "caps", "cat", "/proc/self/status")
            self.assertIn("CapInh:\t" + "0" * 16, done.stdout)
            self.assertNotIn("CapEff:\t" + "0" * 16, done.stdout)
        finally:
            oci_cases.ours("delete", "--force", "caps")

    def test_cve_2026_30892_and_2024_40635_users_are_whole_numbers(self):
        oci_cases.ours.start(config("sleep", "100"), "users")
        try:
            for user in ("1x", "", ":", "1:", "-1", "4294967296", "0x0", " 1", "root"):
                self.assertEqual(oci_cases.ours("exec", "--user", user, "users", "true").returncode, 255, user)
        finally:
            oci_cases.ours("delete", "--force", "users")

    def test_ids_are_no_paths(self):
        directory = oci_cases.ours.bundle(config("true"))
        for identity in ("../x", "a/b", ".", "..", "a b", ""):
            self.assertNotEqual(oci_cases.ours("create", "--bundle", str(directory), identity).returncode, 0, identity)

    def test_cve_2016_9962_the_newcomer_cannot_be_looked_into(self):
        watch = "while :; do for p in /proc/[0-9]*; do ls $p/fd 2>/dev/null | while read f; do readlink $p/fd/$f; done; done; done"
        oci_cases.ours.start(config("sh", "-c", f"({watch}) > /tmp/seen"), "watch")
        try:
            for _ in range(10):
                oci_cases.ours("exec", "watch", "true")
            seen = oci_cases.ours("exec", "watch", "cat", "/tmp/seen").stdout
            for word in ("state-ours", "memfd", str(bundle.OURS), "/sys/fs/cgroup"):
                self.assertNotIn(word, seen)
        finally:
            oci_cases.ours("delete", "--force", "watch")

    def test_the_console_through_a_link(self):
        root = self.own_root("console-link")
        marker = case.work / "console-target"
        marker.write_text("of the host")
        (root / "dev/console").symlink_to(f"../../../../../../..{marker}")
        settings = config("true")
        settings["process"]["terminal"] = True
        settings["mounts"] = [one for one in settings["mounts"] if one["destination"] not in ("/dev", "/dev/mqueue", "/dev/shm")]
        (root / "dev/pts").mkdir()
        oci_cases.ours.run(settings, root=root)
        self.assertEqual(marker.read_text(), "of the host")
