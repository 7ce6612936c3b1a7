#include "runtime/spec/testing.h"

#include <nlohmann/json.hpp>

namespace plimsoll::spec {

std::string full_config() {
  return R"({
"ociVersion": "1.3.0",
"root": {"path": "rootfs", "readonly": true},
"mounts": [
  {"destination": "/proc", "type": "proc", "source": "proc"},
  {"destination": "/data", "type": "bind", "source": "/srv", "options": ["rbind", "ro"],
   "uidMappings": [{"containerID": 0, "hostID": 1000, "size": 10}],
   "gidMappings": [{"containerID": 0, "hostID": 2000, "size": 20}]}],
"process": {
  "terminal": true, "consoleSize": {"height": 25, "width": 80},
  "cwd": "/home", "env": ["A=b", "C="], "args": ["/bin/sh", "-c", ""],
  "user": {"uid": 5, "gid": 6, "umask": 18, "additionalGids": [7, 8]},
  "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 18446744073709551615, "soft": 1024}],
  "apparmorProfile": "docker-default", "selinuxLabel": "system_u:system_r:a",
  "capabilities": {"bounding": ["CAP_CHOWN", "CAP_CHECKPOINT_RESTORE"], "effective": ["CAP_KILL"],
    "inheritable": [], "permitted": ["CAP_KILL", "CAP_TIME_TRAVEL"], "ambient": ["CAP_TIME_TRAVEL"]},
  "noNewPrivileges": true, "oomScoreAdj": -500,
  "scheduler": {"policy": "SCHED_FIFO", "nice": 3, "priority": 50, "flags": ["SCHED_FLAG_RESET_ON_FORK"]},
  "ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 4},
  "execCPUAffinity": {"initial": "0-1", "final": "2,3"}},
"hostname": "h", "domainname": "d",
"hooks": {
  "prestart": [{"path": "/a", "args": ["a", "1"], "env": ["K=v"], "timeout": 5}],
  "createRuntime": [{"path": "/b"}], "createContainer": [{"path": "/c"}],
  "startContainer": [{"path": "/d"}], "poststart": [{"path": "/e"}], "poststop": [{"path": "/f"}]},
"annotations": {"org.example.key": "value"},
"linux": {
  "uidMappings": [{"containerID": 0, "hostID": 100000, "size": 65536}],
  "gidMappings": [{"containerID": 0, "hostID": 200000, "size": 65536}],
  "sysctl": {"net.ipv4.conf.eth0/100.forwarding": "1", "kernel/shmmax": "2"},
  "cgroupsPath": "/a/b",
  "namespaces": [{"type": "pid"}, {"type": "network", "path": "/run/netns/x"}, {"type": "mount"},
    {"type": "ipc"}, {"type": "uts"}, {"type": "user"}, {"type": "cgroup"}, {"type": "time"}],
  "devices": [{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 8630,
    "uid": 1, "gid": 2}, {"path": "/run/pipe", "type": "p"}],
  "netDevices": {"eth7": {"name": "lan"}, "eth8": {}},
  "seccomp": {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38,
    "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
    "flags": ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"],
    "listenerPath": "/run/listen", "listenerMetadata": "m",
    "syscalls": [{"names": ["read", "write"], "action": "SCMP_ACT_ALLOW"},
      {"names": ["clone"], "action": "SCMP_ACT_NOTIFY",
       "args": [{"index": 1, "value": 2114060288, "valueTwo": 3, "op": "SCMP_CMP_MASKED_EQ"}]}]},
  "rootfsPropagation": "rslave",
  "maskedPaths": ["/proc/kcore"], "readonlyPaths": ["/proc/sys"], "mountLabel": "label",
  "intelRdt": {"closID": "guaranteed", "schemata": ["L3:0=f"], "l3CacheSchema": "L3:0=7",
    "memBwSchema": "MB:0=20", "enableMonitoring": true},
  "personality": {"domain": "LINUX32"},
  "memoryPolicy": {"mode": "MPOL_BIND", "nodes": "0-1", "flags": ["MPOL_F_STATIC_NODES"]},
  "timeOffsets": {"monotonic": {"secs": -5, "nanosecs": 7}, "boottime": {"secs": 9}},
  "resources": {
    "devices": [{"allow": false, "access": "rwm"},
      {"allow": true, "type": "c", "major": 1, "minor": -1, "access": "rw"}],
    "memory": {"limit": 1000, "reservation": 500, "swap": 2000, "kernel": -1, "kernelTCP": 7,
      "swappiness": 60, "disableOOMKiller": false, "useHierarchy": true, "checkBeforeUpdate": true},
    "cpu": {"shares": 512, "quota": -1, "burst": 100, "period": 100000, "realtimeRuntime": 950,
      "realtimePeriod": 1000, "cpus": "0-3", "mems": "0", "idle": 1},
    "pids": {"limit": 64},
    "blockIO": {"weight": 100, "leafWeight": 0,
      "weightDevice": [{"major": 8, "minor": 0, "weight": 500, "leafWeight": 300}],
      "throttleReadBpsDevice": [{"major": 8, "minor": 1, "rate": 600}],
      "throttleWriteBpsDevice": [{"major": 8, "minor": 2, "rate": 601}],
      "throttleReadIOPSDevice": [{"major": 8, "minor": 3, "rate": 602}],
      "throttleWriteIOPSDevice": [{"major": 8, "minor": 4, "rate": 603}]},
    "hugepageLimits": [{"pageSize": "2MB", "limit": 9223372036854772000}],
    "network": {"classID": 1048577, "priorities": [{"name": "eth0", "priority": 500}]},
    "rdma": {"mlx5_1": {"hcaHandles": 3, "hcaObjects": 10000}},
    "unified": {"memory.high": "1G"}}}})";
}

std::string full_config_with(std::string_view pointer, std::string_view json) {
  const std::string text = full_config();
  const nlohmann::json parsed = nlohmann::json::parse(text, nullptr, false);
  if (pointer.empty()) return std::string(json);
  // A change is a JSON patch; "add" also replaces a member, but shifts a list.
  nlohmann::json patched = parsed;
  const nlohmann::json::json_pointer place{std::string(pointer)};
  if (json.empty()) {
    const nlohmann::json::json_pointer parent = place.parent_pointer();
    patched[parent].erase(place.back());
  } else {
    patched[place] = nlohmann::json::parse(json, nullptr, false);
  }
  return patched.dump();
}

}  // namespace plimsoll::spec
