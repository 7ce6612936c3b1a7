"""A host of plain files (cgroup v2, a few Docker containers): every number on it is what the test wrote."""

import json

MIB = 1 << 20
PRESSURE = "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"


class FakeHost:
    def __init__(self, root):
        self.root = root
        self.write("proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
        self.write("proc/meminfo", "MemTotal: 8000000 kB\n")
        self.write("proc/stat", "btime 1600000000\n")
        self.write("sys/devices/system/cpu/online", "0-1\n")
        self.write("cgroup/cgroup.controllers", "cpu memory pids io\n")
        self.write("cgroup/cgroup.procs", "")

    def write(self, path, text):
        """In one step: a reader sees the old text or the new one."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        new = target.with_name(target.name + ".new")
        new.write_text(text, encoding="utf-8")
        new.rename(target)

    def group(self, path, memory=16 * MIB, memory_max="max", pids=3, pids_max="max", kills=0):
        files = {
            "cgroup.procs": "",
            "cgroup.events": "populated 1\nfrozen 0\n",
            "cpu.stat": "usage_usec 1000000\nuser_usec 1\nsystem_usec 1\nnr_periods 0\nnr_throttled 0\nthrottled_usec 0\n",
            "cpu.max": "max 100000\n",
            "memory.current": f"{memory}\n",
            "memory.stat": "anon 4096\nfile 8192\ninactive_file 0\n",
            "memory.max": f"{memory_max}\n",
            "memory.events": f"low 0\nhigh 0\nmax 0\noom 0\noom_kill {kills}\n",
            "pids.current": f"{pids}\n",
            "pids.max": f"{pids_max}\n",
            "io.stat": "",
            **{f"{name}.pressure": PRESSURE for name in ("cpu", "memory", "io")},
        }
        for name, text in files.items():
            self.write(f"cgroup/{path}/{name}", text)

    def container(self, number, name, project="", **numbers):
        """Its id."""
        ident = f"{number:x}" * 64
        labels = {"com.docker.compose.project": project, "com.docker.compose.service": name} if project else {}
        record = {
            "ID": ident,
            "Name": "/" + name,
            "Created": "2023-11-14T22:13:20Z",
            "Config": {"Image": "nginx:1.25", "Labels": labels},
            "State": {"Running": True, "Pid": 0},
        }
        self.write(f"docker/containers/{ident}/config.v2.json", json.dumps(record))
        self.group(f"docker/{ident}", **numbers)
        return ident

    def flags(self):
        roots = [word for name in ("cgroup", "proc", "sys") for word in (f"--{name}-root", str(self.root / name))]
        return [*roots, "--host-root", str(self.root), "--docker-root", "/docker"]
