// What each field refuses, and that the message begins with where.
#include <gtest/gtest.h>

#include <string>

#include "runtime/spec/decode.h"
#include "runtime/spec/testing.h"

namespace plimsoll::spec {
namespace {

struct Bad {
  const char* pointer;  // What is changed,
  const char* json;     // to this; empty: removed.
  const char* subject;  // The whole message, or with '*' at the end its beginning.
};

void PrintTo(const Bad& bad, std::ostream* out) {
  *out << bad.pointer << " = " << bad.json;
}

class DecodeRefuses : public ::testing::TestWithParam<Bad> {};

TEST_P(DecodeRefuses, NamingThePointer) {
  const auto decoded = decode(full_config_with(GetParam().pointer, GetParam().json));
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().kind, ErrorKind::kInvalidInput);
  std::string_view expected = GetParam().subject;
  std::string_view subject = decoded.error().subject;
  if (expected.ends_with('*')) {
    expected.remove_suffix(1);
    subject = subject.substr(0, expected.size());
  }
  EXPECT_EQ(subject, expected);
}

constexpr Bad kTop[] = {
    {"", "[]", "the document: must be an object, not an array"},
    {"", "{", "line 1, column 2: expected a property's name in quotes"},
    {"/ociVersion", "", "/ociVersion: is required"},
    {"/ociVersion", "1", "/ociVersion: must be a string, not a number"},
    {"/ociVersion", "\"2.0.0\"", "/ociVersion: only versions 1.x are known, not 2.0.0"},
    {"/ociVersion", "\"1.0\"", "/ociVersion: must be a version such as 1.3.0, not 1.0"},
    {"/ociVersion", "\"1.x.0\"", "/ociVersion: must be a version such as 1.3.0, not 1.x.0"},
    {"/root", "", "/root: is required"},
    {"/root/path", "\"\"", "/root/path: must not be empty"},
    {"/root/path", "\"a\\u0000b\"", "/root/path: has a NUL byte"},
    {"/root/readonly", "\"true\"", "/root/readonly: must be a boolean, not a string"},
    {"/hostname", "17", "/hostname: must be a string, not a number"},
    {"/domainname", "\"01234567890123456789012345678901234567890123456789012345678901234\"",
     "/domainname: is longer than 64 bytes"},
    {"/annotations", "[]", "/annotations: must be an object, not an array"},
    {"/annotations", R"({"": "x"})", "/annotations: has an annotation without a name"},
    {"/annotations", R"({"a~/b": 1})", "/annotations/a~0~1b: must be a string, not a number"},
    {"/annotations", R"({"a": "\u0000"})", "/annotations/a: has a NUL byte"},
    {"/mounts", "{}", "/mounts: must be an array, not an object"},
    {"/mounts/0/destination", "", "/mounts/0/destination: is required"},
    {"/mounts/1/source", "", "/mounts/1/source: is required by a bind mount"},
    {"/mounts/1/options", "[\"ro\", 3]", "/mounts/1/options/1: must be a string, not a number"},
    {"/mounts/1/gidMappings", "",
     "/mounts/1/gidMappings: uidMappings and gidMappings come together"},
    {"/mounts/1", R"({"destination": "/d", "type": "tmpfs",
       "uidMappings": [{"containerID": 0, "hostID": 1, "size": 1}],
       "gidMappings": [{"containerID": 0, "hostID": 1, "size": 1}]})",
     "/mounts/1/uidMappings: only bind mounts have mappings of their own"},
    {"/mounts/0/uidMappings", R"([{"containerID":0,"hostID":0,"size":1}])",
     "/mounts/0/gidMappings: uidMappings and gidMappings come together"},
    {"/hooks/prestart/0/path", "\"bin/x\"",
     "/hooks/prestart/0/path: must be an absolute path, not \"bin/x\""},
    {"/hooks/prestart/0/path", "", "/hooks/prestart/0/path: is required"},
    {"/hooks/prestart/0/timeout", "0",
     "/hooks/prestart/0/timeout: must be a whole number from 1 to 4294967295, not 0"},
    {"/hooks/poststop/0/env", "[\"A\"]", "/hooks/poststop/0/env/0: must be NAME=value"},
    {"/hooks/poststart", "[3]", "/hooks/poststart/0: must be an object, not a number"},
};

constexpr Bad kProcess[] = {
    {"/process/cwd", "", "/process/cwd: is required"},
    {"/process/cwd", "\"home\"", "/process/cwd: must be an absolute path, not \"home\""},
    {"/process/args", "[]", "/process/args: must name a program"},
    {"/process/args", "", "/process/args: must name a program"},
    {"/process/env", "[\"AB\"]", "/process/env/0: must be NAME=value"},
    {"/process/env", "[\"A=1\", \"=B\"]", "/process/env/1: the name before '=' is empty"},
    {"/process/consoleSize/height", "65536",
     "/process/consoleSize/height: must be a whole number from 0 to 65535, not 65536"},
    {"/process/user/uid", "4294967296",
     "/process/user/uid: must be a whole number from 0 to 4294967294, not 4294967296"},
    {"/process/user/uid", "4294967295",
     "/process/user/uid: must be a whole number from 0 to 4294967294, not 4294967295"},
    {"/process/user/uid", "-1", "/process/user/uid: must be a whole number*"},
    {"/process/user/uid", "1.0", "/process/user/uid: must be a whole number*"},
    {"/process/user/uid", "1e3", "/process/user/uid: must be a whole number*"},
    {"/process/user/uid", "\"1\"", "/process/user/uid: must be a number, not a string"},
    {"/process/user/gid", "18446744073709551616", "/process/user/gid: must be a whole number*"},
    {"/process/user/umask", "512", "/process/user/umask: must be a whole number from 0 to 511*"},
    {"/process/user/additionalGids/1", "-8", "/process/user/additionalGids/1: must be a whole*"},
    {"/process/rlimits/0/type", "\"RLIMIT_FILES\"",
     "/process/rlimits/0/type: must be one of RLIMIT_AS, RLIMIT_CORE*"},
    {"/process/rlimits/0/soft", "", "/process/rlimits/0/soft: is required"},
    {"/process/rlimits/0/hard", "5", "/process/rlimits/0/soft: is above the hard limit"},
    {"/process/rlimits/1", R"({"type": "RLIMIT_NOFILE", "hard": 1, "soft": 1})",
     "/process/rlimits/1/type: stands twice"},
    {"/process/capabilities/bounding", "\"CAP_KILL\"",
     "/process/capabilities/bounding: must be an array, not a string"},
    {"/process/oomScoreAdj", "1001",
     "/process/oomScoreAdj: must be a whole number from -1000 to 1000, not 1001"},
    {"/process/scheduler/policy", "\"SCHED_EXT\"", "/process/scheduler/policy: must be one of*"},
    {"/process/scheduler/policy", "", "/process/scheduler/policy: is required"},
    {"/process/scheduler/policy", "\"SCHED_OTHER\"",
     "/process/scheduler/priority: is only for SCHED_FIFO and SCHED_RR"},
    {"/process/scheduler/priority", "0",
     "/process/scheduler/priority: must be from 1 to 99 with this policy"},
    {"/process/scheduler/nice", "20",
     "/process/scheduler/nice: must be a whole number from -20 to 19, not 20"},
    {"/process/scheduler/runtime", "5",
     "/process/scheduler/policy: runtime, deadline and period are only for SCHED_DEADLINE"},
    {"/process/scheduler", R"({"policy": "SCHED_DEADLINE"})",
     "/process/scheduler/runtime: is required by SCHED_DEADLINE"},
    {"/process/scheduler", R"({"policy": "SCHED_DEADLINE", "runtime": 2, "deadline": 1})",
     "/process/scheduler/deadline: must not be below the runtime"},
    {"/process/scheduler",
     R"({"policy": "SCHED_DEADLINE", "runtime": 2, "deadline": 4, "period": 3})",
     "/process/scheduler/period: must not be below the deadline"},
    {"/process/scheduler/flags", "[\"X\"]", "/process/scheduler/flags/0: must be one of*"},
    {"/process/ioPriority/class", "\"BE\"", "/process/ioPriority/class: must be one of*"},
    {"/process/ioPriority/priority", "8",
     "/process/ioPriority/priority: must be a whole number from 0 to 7, not 8"},
    {"/process/execCPUAffinity/initial", "\"3-1\"",
     "/process/execCPUAffinity/initial: must be a list such as 0-3,7, not \"3-1\""},
    {"/process/execCPUAffinity/final", "\"1,\"", "/process/execCPUAffinity/final: must be a list*"},
};

constexpr Bad kLinux[] = {
    {"/linux/uidMappings/0/size", "0",
     "/linux/uidMappings/0/size: must be a whole number from 1 to 4294967295, not 0"},
    {"/linux/uidMappings/0/hostID", "4294967295",
     "/linux/uidMappings/0/size: the range ends behind the last id"},
    {"/linux/uidMappings/1", R"({"containerID": 65535, "hostID": 900000, "size": 1})",
     "/linux/uidMappings/1: overlaps range 0"},
    {"/linux/uidMappings", "[]", "/linux/uidMappings: is required by a new user namespace"},
    {"/linux/namespaces/5", R"({"type": "user2"})",
     "/linux/namespaces/5/type: must be one of pid*"},
    {"/linux/namespaces/5", R"({"type": "pid"})", "/linux/namespaces/5/type: stands twice"},
    {"/linux/namespaces/1/path", "\"netns\"",
     "/linux/namespaces/1/path: must be an absolute path, not \"netns\""},
    {"/linux/namespaces", R"([{"type": "pid"}])", "/hostname: needs a uts namespace"},
    {"/linux/namespaces/7/path", "\"/proc/1/ns/time\"",
     "/linux/timeOffsets: needs a new time namespace"},
    {"/linux/timeOffsets/realtime", "{}",
     "/linux/timeOffsets/realtime: only monotonic and boottime have offsets"},
    {"/linux/timeOffsets/boottime/nanosecs", "1000000000",
     "/linux/timeOffsets/boottime/nanosecs: must be a whole number from 0 to 999999999*"},
    {"/linux/sysctl/kernel.core_pattern", "\"|/bin/x\"",
     "/linux/sysctl/kernel.core_pattern: belongs to no namespace: it would change the host"},
    {"/linux/sysctl/kernel.shm_rmid_forced", "\"1\\nkernel.core_pattern=x\"",
     "/linux/sysctl/kernel.shm_rmid_forced: the value has a control character"},
    {"/linux/sysctl/net.ipv4...x", "\"1\"", "/linux/sysctl/net.ipv4...x: is no name of a sysctl"},
    {"/linux/sysctl/net~1..~1kernel~1panic", "\"1\"",
     "/linux/sysctl/net~1..~1kernel~1panic: is no name of a sysctl"},
    {"/linux/sysctl/net.~1~1.kernel", "\"1\"",
     "/linux/sysctl/net.~1~1.kernel: is no name of a sysctl"},
    {"/linux/sysctl/net.a+kernel.panic", "\"1\"",
     "/linux/sysctl/net.a+kernel.panic: is no name of a sysctl"},
    {"/linux/sysctl/kernel.hostname", "\"x\"",
     "/linux/sysctl/kernel.hostname: is what /hostname sets"},
    {"/linux/sysctl/kernel.domainname", "\"x\"",
     "/linux/sysctl/kernel.domainname: is what /domainname sets"},
    {"/linux/sysctl/net", "\"x\"",
     "/linux/sysctl/net: belongs to no namespace: it would change the host"},
    {"/linux/sysctl/kernel.shmmax", "\"3\"", "/linux/sysctl/kernel~1shmmax: stands twice"},
    {"/linux/sysctl/kernel.shmmax", "3",
     "/linux/sysctl/kernel.shmmax: must be a string, not a number"},
    {"/linux/devices/0/path", "\"fuse\"",
     "/linux/devices/0/path: must be an absolute path, not \"fuse\""},
    {"/linux/devices/0/type", "\"d\"",
     "/linux/devices/0/type: must be one of c, u, b, p, not \"d\""},
    {"/linux/devices/0/major", "", "/linux/devices/0/major: is required"},
    {"/linux/devices/0/minor", "1048576",
     "/linux/devices/0/minor: must be a whole number from 0 to 1048575, not 1048576"},
    {"/linux/devices/0/fileMode", "65536", "/linux/devices/0/fileMode: must be a whole number*"},
    {"/linux/netDevices/a b", "{}", "/linux/netDevices/a b: is no name of a network interface"},
    {"/linux/netDevices/eth8/name", "\"a/b\"",
     "/linux/netDevices/eth8/name: is no name of a network interface"},
    {"/linux/netDevices/eth8/name", "\"lan\"",
     "/linux/netDevices/eth8: has the name in the container that eth7 has"},
    {"/linux/rootfsPropagation", "\"rprivat\"", "/linux/rootfsPropagation: must be one of*"},
    {"/linux/maskedPaths", "[\"proc\"]",
     "/linux/maskedPaths/0: must be an absolute path, not \"proc\""},
    {"/linux/readonlyPaths", "[\"\"]", "/linux/readonlyPaths/0: must not be empty"},
    {"/linux/intelRdt/closID", "\"..\"", "/linux/intelRdt/closID: must be the name of a directory"},
    {"/linux/intelRdt/closID", "\"a/b\"",
     "/linux/intelRdt/closID: must be the name of a directory"},
    {"/linux/intelRdt/schemata", "[\"L3:0=f\\nx\"]",
     "/linux/intelRdt/schemata/0: must be one line"},
    {"/linux/personality/domain", "\"BSD\"",
     "/linux/personality/domain: must be one of LINUX, LINUX32, not \"BSD\""},
    {"/linux/personality/flags", "[\"X\"]", "/linux/personality/flags: no flag is supported"},
    {"/linux/memoryPolicy/mode", "\"MPOL_LOCAL\"",
     "/linux/memoryPolicy/nodes: must be empty with this mode"},
    {"/linux/memoryPolicy/nodes", "\"\"", "/linux/memoryPolicy/nodes: is required by this mode"},
};

constexpr Bad kSeccomp[] = {
    {"/linux/seccomp/defaultAction", "", "/linux/seccomp/defaultAction: is required"},
    {"/linux/seccomp/defaultAction", "\"SCMP_ACT_NO\"",
     "/linux/seccomp/defaultAction: must be one*"},
    {"/linux/seccomp/defaultAction", "\"SCMP_ACT_ALLOW\"",
     "/linux/seccomp/defaultErrnoRet: is only for SCMP_ACT_ERRNO and SCMP_ACT_TRACE"},
    {"/linux/seccomp/defaultErrnoRet", "4096",
     "/linux/seccomp/defaultErrnoRet: must be a whole number from 0 to 4095, not 4096"},
    {"/linux/seccomp/architectures", "[\"x86\"]",
     "/linux/seccomp/architectures/0: must be a name such as SCMP_ARCH_X86_64, not x86"},
    {"/linux/seccomp/flags", "[\"SECCOMP_FILTER_FLAG_NEW_LISTENER\"]",
     "/linux/seccomp/flags/0: must be one of*"},
    {"/linux/seccomp/listenerPath", "",
     "/linux/seccomp/listenerPath: is required by SCMP_ACT_NOTIFY"},
    {"/linux/seccomp/syscalls/0/names", "[]",
     "/linux/seccomp/syscalls/0/names: must name a system call"},
    {"/linux/seccomp/syscalls/0/names", "[\"\"]",
     "/linux/seccomp/syscalls/0/names/0: must not be empty"},
    {"/linux/seccomp/syscalls/0/errnoRet", "1",
     "/linux/seccomp/syscalls/0/errnoRet: is only for SCMP_ACT_ERRNO and SCMP_ACT_TRACE"},
    {"/linux/seccomp/syscalls/1/args/0/index", "6",
     "/linux/seccomp/syscalls/1/args/0/index: must be a whole number from 0 to 5, not 6"},
    {"/linux/seccomp/syscalls/1/args/0/value", "-1",
     "/linux/seccomp/syscalls/1/args/0/value: must be a whole number*"},
    {"/linux/seccomp/syscalls/1/args/0/op", "\"==\"",
     "/linux/seccomp/syscalls/1/args/0/op: must be one of SCMP_CMP_NE*"},
};

constexpr Bad kResources[] = {
    {"/linux/resources/devices/0/allow", "", "/linux/resources/devices/0/allow: is required"},
    {"/linux/resources/devices/1/type", "\"x\"",
     "/linux/resources/devices/1/type: must be one of a, c, b, not \"x\""},
    {"/linux/resources/devices/1/access", "\"rx\"",
     "/linux/resources/devices/1/access: must be of r, w and m"},
    {"/linux/resources/devices/1/major", "-2",
     "/linux/resources/devices/1/major: must be a whole number from -1 to 4095, not -2"},
    {"/linux/resources/memory/limit", "-2",
     "/linux/resources/memory/limit: must be a whole number from -1 to 9223372036854775807, not "
     "-2"},
    {"/linux/resources/memory/swap", "999",
     "/linux/resources/memory/swap: counts memory, too, and must not be below the limit"},
    {"/linux/resources/memory/swappiness", "101",
     "/linux/resources/memory/swappiness: must be a whole number from 0 to 100, not 101"},
    {"/linux/resources/cpu/cpus", "\"a\"",
     "/linux/resources/cpu/cpus: must be a list such as 0-3,7, not \"a\""},
    {"/linux/resources/cpu/idle", "2",
     "/linux/resources/cpu/idle: must be a whole number from 0 to 1, not 2"},
    {"/linux/resources/pids", "5", "/linux/resources/pids: must be an object, not a number"},
    {"/linux/resources/blockIO/weight", "9",
     "/linux/resources/blockIO/weight: must be from 10 to 1000"},
    {"/linux/resources/blockIO/weightDevice/0", R"({"major": 8, "minor": 0})",
     "/linux/resources/blockIO/weightDevice/0/weight: weight or leafWeight is required"},
    {"/linux/resources/blockIO/throttleReadBpsDevice/0/rate", "",
     "/linux/resources/blockIO/throttleReadBpsDevice/0/rate: is required"},
    {"/linux/resources/hugepageLimits/0/pageSize", "\"2Mi\"",
     "/linux/resources/hugepageLimits/0/pageSize: must be a size such as 64KB, 2MB or 1GB, not "
     "2Mi"},
    {"/linux/resources/hugepageLimits/0/pageSize", "\"../2MB\"",
     "/linux/resources/hugepageLimits/0/pageSize: must be a size*"},
    {"/linux/resources/network/priorities/0/name", "\"eth0\\n\"",
     "/linux/resources/network/priorities/0/name: is no name of a network interface"},
    {"/linux/resources/rdma/mlx5_1", "{}",
     "/linux/resources/rdma/mlx5_1: hcaHandles or hcaObjects is required"},
    {"/linux/resources/unified/..~1x.y", "\"1\"",
     "/linux/resources/unified/..~1x.y: is no file of a cgroup that can be set"},
    {"/linux/resources/unified/cgroup.procs", "\"1\"",
     "/linux/resources/unified/cgroup.procs: is no file of a cgroup that can be set"},
    {"/linux/resources/unified/memory", "\"1\"",
     "/linux/resources/unified/memory: is no file of a cgroup that can be set"},
};

INSTANTIATE_TEST_SUITE_P(Top, DecodeRefuses, ::testing::ValuesIn(kTop));
INSTANTIATE_TEST_SUITE_P(Process, DecodeRefuses, ::testing::ValuesIn(kProcess));
INSTANTIATE_TEST_SUITE_P(Linux, DecodeRefuses, ::testing::ValuesIn(kLinux));
INSTANTIATE_TEST_SUITE_P(Seccomp, DecodeRefuses, ::testing::ValuesIn(kSeccomp));
INSTANTIATE_TEST_SUITE_P(Resources, DecodeRefuses, ::testing::ValuesIn(kResources));

// What needs a namespace, in configurations that have none.
struct Alone {
  const char* name;
  const char* linux_json;
  const char* subject;
};
class DecodeWithout : public ::testing::TestWithParam<Alone> {};

TEST_P(DecodeWithout, ANamespaceNothingReachesTheHost) {
  const std::string text =
      std::string(R"({"ociVersion": "1.0.2", "root": {"path": "/r"}, "linux": )") +
      GetParam().linux_json + "}";
  const auto decoded = decode(text);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().subject, GetParam().subject);
}

INSTANTIATE_TEST_SUITE_P(
    , DecodeWithout,
    ::testing::Values(
        Alone{"Masked", R"({"maskedPaths": ["/a"]})",
              "/linux/maskedPaths: needs a mount namespace"},
        Alone{"Readonly", R"({"readonlyPaths": ["/a"]})",
              "/linux/readonlyPaths: needs a mount namespace"},
        Alone{"Time", R"({"timeOffsets": {"boottime": {"secs": 1}}})",
              "/linux/timeOffsets: needs a new time namespace"},
        Alone{"NetDevices", R"({"netDevices": {"eth1": {}}})",
              "/linux/netDevices: needs a network namespace"},
        Alone{"Ids", R"({"gidMappings": [{"containerID": 0, "hostID": 1, "size": 1}]})",
              "/linux/gidMappings: needs a user namespace"},
        Alone{"Net", R"({"sysctl": {"net.ipv4.ip_forward": "1"}})",
              "/linux/sysctl/net.ipv4.ip_forward: needs a private network namespace"},
        Alone{"Ipc", R"({"sysctl": {"fs.mqueue.msg_max": "1"}})",
              "/linux/sysctl/fs.mqueue.msg_max: needs a private ipc namespace"},
        Alone{"Uts", R"({"sysctl": {"kernel.domainname": "1"}})",
              "/linux/sysctl/kernel.domainname: needs a private uts namespace"},
        Alone{"User", R"({"sysctl": {"user.max_user_namespaces": "1"}})",
              "/linux/sysctl/user.max_user_namespaces: needs a private user namespace"}),
    [](const auto& p) { return std::string(p.param.name); });

}  // namespace
}  // namespace plimsoll::spec
