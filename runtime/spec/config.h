// The configuration of one container as the OCI runtime specification 1.3 writes it in config.json:
// the fields for Linux, typed, in the specification's order and words (config.md, config-linux.md).
//
// An optional that is empty, an empty list or an empty string says that the field was absent; where
// the specification gives a default, the default is the member's initial value. Words are enums, so
// that whoever acts on a Config meets no text it has to refuse: decode() did, with a JSON pointer.
// Thread: values, no shared state.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/spec/resources.h"
#include "runtime/spec/seccomp.h"

namespace plimsoll::spec {

struct Root {
  std::string path;  // Absolute, or relative to the bundle.
  bool readonly = false;
};

struct IdMapping {
  std::uint32_t container_id = 0;
  std::uint32_t host_id = 0;
  std::uint32_t size = 0;
};

struct Mount {
  std::string destination;  // In the container.
  std::string source;
  std::string type;                     // "bind" or empty for binds, else a filesystem's name.
  std::vector<std::string> options;     // As written; launch/ knows the flags among them.
  std::vector<IdMapping> uid_mappings;  // For an idmapped mount.
  std::vector<IdMapping> gid_mappings;
};

struct Box {
  std::uint64_t height = 0;
  std::uint64_t width = 0;
};

struct User {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::optional<std::uint32_t> umask;
  std::vector<std::uint32_t> additional_gids;
};

// One bit for each capability by its number (capabilities(7)): bit 0 is CAP_CHOWN.
struct CapabilitySet {
  std::uint64_t bits = 0;
  bool operator==(const CapabilitySet&) const = default;
};

struct Capabilities {
  CapabilitySet bounding;
  CapabilitySet effective;
  CapabilitySet inheritable;
  CapabilitySet permitted;
  CapabilitySet ambient;
  std::vector<std::string> unknown;  // Names this build does not know: a warning, not an error.
};

struct Rlimit {
  int resource = 0;  // RLIMIT_*
  std::uint64_t hard = 0;
  std::uint64_t soft = 0;
};

struct Scheduler {
  std::uint32_t policy = 0;  // SCHED_*
  std::int32_t nice = 0;
  std::int32_t priority = 0;
  std::uint64_t flags = 0;    // SCHED_FLAG_*
  std::uint64_t runtime = 0;  // Nanoseconds, as the two below.
  std::uint64_t deadline = 0;
  std::uint64_t period = 0;
};

struct IoPriority {
  int io_class = 0;  // IOPRIO_CLASS_*
  int priority = 0;
};

struct ExecCpuAffinity {
  std::string initial;  // Lists of CPUs: "0-3,7".
  std::string final;
};

struct Process {
  bool terminal = false;
  std::optional<Box> console_size;
  std::string cwd;                // Absolute.
  std::vector<std::string> env;   // "KEY=value"
  std::vector<std::string> args;  // Never empty.
  User user;
  std::vector<Rlimit> rlimits;
  std::string apparmor_profile;
  std::optional<Capabilities> capabilities;
  bool no_new_privileges = false;
  std::optional<int> oom_score_adj;
  std::optional<Scheduler> scheduler;
  std::string selinux_label;
  std::optional<IoPriority> io_priority;
  std::optional<ExecCpuAffinity> exec_cpu_affinity;
};

struct Hook {
  std::string path;  // Absolute.
  std::vector<std::string> args;
  std::vector<std::string> env;
  std::optional<std::uint32_t> timeout;  // Seconds, above 0.
};

struct Hooks {
  std::vector<Hook> prestart;
  std::vector<Hook> create_runtime;
  std::vector<Hook> create_container;
  std::vector<Hook> start_container;
  std::vector<Hook> poststart;
  std::vector<Hook> poststop;
};

enum class NamespaceType : std::uint8_t {
  kPid,
  kNetwork,
  kMount,
  kIpc,
  kUts,
  kUser,
  kCgroup,
  kTime
};

struct Namespace {
  NamespaceType type{};
  std::string path;  // Empty: a new one.
};

enum class DeviceType : std::uint8_t { kCharacter, kBlock, kFifo };

struct Device {
  std::string path;  // Absolute, in the container.
  DeviceType type{};
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  mode_t mode = 0666;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

enum class Propagation : std::uint8_t { kPrivate, kShared, kSlave, kUnbindable };

struct RootfsPropagation {
  Propagation propagation{};
  bool recursive = false;
};

struct TimeOffset {
  std::int64_t seconds = 0;
  std::uint32_t nanoseconds = 0;
};

struct IntelRdt {
  std::string clos_id;
  std::vector<std::string> schemata;
  std::string l3_cache_schema;
  std::string mem_bw_schema;
  bool enable_monitoring = false;
};

enum class PersonalityDomain : std::uint8_t { kLinux, kLinux32 };

struct MemoryPolicy {
  int mode = 0;       // MPOL_*
  std::string nodes;  // "0-3"
  int flags = 0;      // MPOL_F_*
};

struct NetDevice {
  std::string name;  // In the container; empty: as on the host.
};

struct Linux {
  std::vector<IdMapping> uid_mappings;
  std::vector<IdMapping> gid_mappings;
  // By the path below /proc/sys: "net/ipv4/ip_forward".
  std::vector<std::pair<std::string, std::string>> sysctl;
  std::optional<Resources> resources;
  std::string cgroups_path;
  std::vector<Namespace> namespaces;
  std::vector<Device> devices;
  std::map<std::string, NetDevice> net_devices;  // By name on the host.
  std::optional<Seccomp> seccomp;
  std::optional<RootfsPropagation> rootfs_propagation;
  std::vector<std::string> masked_paths;
  std::vector<std::string> readonly_paths;
  std::string mount_label;
  std::optional<IntelRdt> intel_rdt;
  std::optional<PersonalityDomain> personality;
  std::optional<MemoryPolicy> memory_policy;
  std::optional<TimeOffset> monotonic_offset;
  std::optional<TimeOffset> boottime_offset;
};

struct Config {
  std::string oci_version;  // Any 1.x.
  Root root;
  std::vector<Mount> mounts;
  std::optional<Process> process;  // Absent: `start` refuses, all else works.
  std::string hostname;
  std::string domainname;
  Hooks hooks;
  std::map<std::string, std::string> annotations;
  Linux linux_;  // `linux` is a macro of the GNU dialects.
};

}  // namespace plimsoll::spec
