"""plimsoll-oci: user namespaces that are there, and others with them. For oci_test.py, and for the guest's on cgroup
v2, where systemd mounts it with nsdelegate: nobody is born outside of his cgroup namespace there."""

import os
import shutil
import subprocess
import unittest
from pathlib import Path

import bundle
import case
import oci_cases
from bundle import config


class Namespaces(oci_cases.FromInside):
    def with_user(self, *args):
        """A configuration for a root filesystem that belongs to the mapped root, and that root filesystem."""
        root = case.work / "root-joined-users"
        if not root.exists():
            bundle.rootfs(root)
            for path in [root, *root.rglob("*")]:
                os.chown(path, 100000, 100000, follow_symlinks=False)
            case.work.chmod(0o755)
        settings = config(*args)
        settings["linux"]["namespaces"].append({"type": "user"})
        for kind in ("uidMappings", "gidMappings"):
            settings["linux"][kind] = [{"containerID": 0, "hostID": 100000, "size": 65536}]
        return settings, root

    def join(self, settings, **paths):
        for entry in settings["linux"]["namespaces"]:
            if entry["type"] in paths:
                entry["path"] = str(paths[entry["type"]])

    def test_joined_user_namespace(self):
        settings, root = self.with_user("sleep", "100")
        oci_cases.ours.start(settings, "owner", root=root)
        self.addCleanup(oci_cases.ours, "delete", "--force", "owner")
        namespaces = Path(f"/proc/{oci_cases.ours.state('owner')['pid']}/ns")
        look = "id -u; cat /proc/self/uid_map; for n in user net uts cgroup; do readlink /proc/self/ns/$n; done; echo x > /dev/null; hostname"
        for joined in (("user",), ("network", "user"), ("user", "network", "ipc"), ("pid", "user", "network"), ("user", "cgroup")):
            with self.subTest(joined):
                settings, root = self.with_user("sh", "-c", look)
                # As podman writes it: a mapping that is another than the namespace's.
                settings["linux"].update({kind: [{"containerID": 0, "hostID": 0, "size": 1}] for kind in ("uidMappings", "gidMappings")})
                self.join(settings, **{kind: namespaces / {"network": "net"}.get(kind, kind) for kind in joined})
                words = self.inside(settings, root=root).split()
                self.assertEqual(words[:4], ["0", "0", "100000", "65536"])
                self.assertEqual(words[4], os.readlink(namespaces / "user"))
                self.assertEqual(words[5] == os.readlink(namespaces / "net"), "network" in joined)
                self.assertNotEqual(words[6], os.readlink(namespaces / "uts"))
                self.assertEqual(words[7] == os.readlink(namespaces / "cgroup"), "cgroup" in joined)
                self.assertEqual(words[8], "inside")
        # Its processes are nobody's of the host, and others can be started in it.
        settings, root = self.with_user("sleep", "100")
        self.join(settings, user=namespaces / "user", network=namespaces / "net")
        oci_cases.ours.start(settings, "guest", root=root)
        self.addCleanup(oci_cases.ours, "delete", "--force", "guest")
        pid = oci_cases.ours.state("guest")["pid"]
        self.assertEqual(Path(f"/proc/{pid}").stat().st_uid, 100000)
        done = oci_cases.ours("exec", "guest", "sh", "-c", "readlink /proc/self/ns/user; touch /tmp/by-exec; stat -c %u /tmp/by-exec")
        self.assertEqual(done.stdout.split(), [os.readlink(namespaces / "user"), "0"], done.stderr)

    @unittest.skipUnless(shutil.which("unshare"), "no unshare to make a namespace with")
    def test_new_user_namespace_in_a_network_of_the_hosts(self):
        holder = subprocess.Popen(["unshare", "--net", "--uts", "sh", "-c", "echo there; exec sleep 100"], stdout=subprocess.PIPE)
        self.addCleanup(lambda: (holder.kill(), holder.communicate()))
        holder.stdout.readline()
        namespaces = Path(f"/proc/{holder.pid}/ns")
        settings, root = self.with_user("sh", "-c", "cat /proc/self/uid_map; for n in net uts; do readlink /proc/self/ns/$n; done")
        # What belongs to another user namespace cannot be mounted from within this one.
        settings["mounts"] = [entry for entry in settings["mounts"] if not entry["destination"].startswith("/sys")]
        del settings["hostname"]
        self.join(settings, network=namespaces / "net", uts=namespaces / "uts")
        words = self.inside(settings, root=root).split()
        self.assertEqual(words, ["0", "100000", "65536", os.readlink(namespaces / "net"), os.readlink(namespaces / "uts")])

    def test_what_is_no_user_namespace_is_not_joined(self):
        settings, root = self.with_user("true")
        self.join(settings, user="/proc/self/ns/net")
        done = oci_cases.ours.run(settings, root=root)
        self.assertEqual(done.returncode, 1)
        self.assertIn("is not a namespace of the kind", done.stderr)
        # Our own can be opened, and not be entered.
        self.join(settings, user="/proc/self/ns/user")
        done = oci_cases.ours.run(settings, root=root)
        self.assertEqual(done.returncode, 1)
        self.assertIn("joining the namespace /proc/self/ns/user: setns: invalid argument", done.stderr)
