// All that a container's first process, or one that joins it, will do, made ready before it exists:
// strings, flags and tables, in the order of the steps. Made by make_plan() and make_exec_plan()
// from a Config, which are pure; act.h carries it out.
//
// Thread: values, no shared state.
#pragma once

#include <linux/filter.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "runtime/launch/mount_options.h"
#include "runtime/spec/config.h"

namespace plimsoll::runtime {

// An existing namespace to enter: one CLONE_NEW* flag.
struct Join {
  std::uint64_t flag = 0;
  std::string path;
};

enum class Source : std::uint8_t {
  kTree,        // A detached copy of a mount, made by the parent.
  kFilesystem,  // A filesystem of its own, made in the container's namespaces.
  kRemount      // None: the attributes of what is there change.
};

struct PlannedMount {
  std::string destination;  // Relative to the root filesystem, lexically clean; "." for the root.
  std::string source;
  std::string type;
  MountOptions options;
  Source kind = Source::kFilesystem;
  std::string options_text;    // As written, for messages.
  bool links_refused = false;  // procfs and sysfs: no symlink may redirect them.
  bool is_proc_file = false;   // One of the files below /proc that may be replaced.
  bool late_readonly = false;  // Read-only once all that lies in it is made.
  std::vector<spec::IdMapping> uid_mappings;
  std::vector<spec::IdMapping> gid_mappings;
};

struct PlannedDevice {
  std::string path;  // Relative to the root filesystem.
  mode_t mode = 0;   // With the type.
  dev_t number = 0;
  uid_t uid = 0;
  gid_t gid = 0;
};

struct Link {
  std::string path;  // Relative to the root filesystem.
  std::string target;
};

struct Filter {
  std::vector<sock_filter> instructions;
  unsigned flags = 0;
};

struct MemoryPolicy {
  int mode = 0;  // MPOL_* with MPOL_F_*, for set_mempolicy(2).
  std::vector<unsigned long> nodes;
};

struct ProcessPlan {
  std::vector<std::string> args;
  std::vector<std::string> env;
  std::vector<std::string> candidates;  // The program's path, or one for each directory of PATH.
  bool has_home = false;                // Else HOME is looked up in the container.
  std::string cwd;
  std::optional<mode_t> umask;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
  std::optional<spec::Capabilities> capabilities;
  std::vector<spec::Rlimit> rlimits;
  std::optional<int> oom_score_adj;
  std::optional<spec::Scheduler> scheduler;
  std::optional<spec::IoPriority> io_priority;
  bool no_new_privileges = false;
  bool terminal = false;
  std::optional<spec::Box> console_size;
  std::string label_file;  // Below /proc/self/, which takes `label` for the next exec.
  std::string label;
  std::optional<unsigned long> personality;
  std::optional<MemoryPolicy> memory_policy;
  std::optional<Filter> filter;
  std::string keyring;  // Of a new session keyring; empty: the caller's is kept.
};

struct Plan {
  std::uint64_t new_namespaces = 0;  // CLONE_NEW*, for clone3; without cgroup and time.
  bool new_cgroup_namespace = false;
  bool new_time_namespace = false;
  std::string time_offsets;  // As /proc/PID/timens_offsets takes them.
  std::vector<Join> joins;
  std::string uid_map;  // As /proc/PID/uid_map takes it; empty: no map is written.
  std::string gid_map;
  bool deny_setgroups = false;

  // Control files into which the process writes itself before all else, to be in its cgroups. It
  // does so itself, since moving another makes the kernel wait (decision 0058).
  std::vector<std::string> group_files;

  // False: the process runs in a root filesystem that somebody else made (exec).
  bool makes_rootfs = true;
  std::string rootfs;                  // Absolute, on the host.
  std::uint64_t root_propagation = 0;  // MS_*, for all mounts of the new namespace.
  bool pivots = true;                  // Else the old root is covered (--no-pivot).
  std::optional<PropagationChange> final_propagation;
  bool readonly_root = false;
  std::vector<PlannedMount> mounts;
  bool makes_devices = false;  // False: /dev is the host's.
  std::vector<PlannedDevice> devices;
  // In a user namespace nodes cannot be made: the host's are bound.
  bool has_user_namespace = false;
  std::vector<Link> links;
  std::vector<std::pair<std::string, std::string>> sysctls;  // Path below /proc/sys, value.
  std::vector<std::string> masked_paths;
  std::vector<std::string> readonly_paths;
  std::string hostname;
  std::string domainname;

  std::vector<spec::Hook> start_hooks;  // Run by the process itself, last before exec.
  ProcessPlan process;
};

struct PlanOptions {
  std::string bundle;  // Absolute.
  std::string id;
  bool pivot = true;
  bool new_keyring = true;
  // /sys/fs/cgroup's trees and the container's place in each, for mounts of type "cgroup".
  struct Hierarchy {
    std::string name;   // "cpu,cpuacct", "name=systemd"; empty: v2.
    std::string group;  // The container's directory on the host.
  };
  std::vector<Hierarchy> hierarchies;
  int preserved_fds = 0;
  std::optional<Filter> filter;  // The compiled `linux.seccomp`.
};

[[nodiscard]] Result<Plan> make_plan(const spec::Config& config, const PlanOptions& options);
[[nodiscard]] Result<ProcessPlan> make_process_plan(const spec::Process& process);

// The parts, each by itself.
[[nodiscard]] Result<> plan_mounts(const spec::Config& config, const PlanOptions& options,
                                   Plan& plan);
[[nodiscard]] Result<> plan_namespaces(const spec::Config& config, Plan& plan);
[[nodiscard]] Result<> plan_sysctls(const spec::Config& config, Plan& plan);
void plan_devices(const spec::Config& config, Plan& plan);

// CLONE_NEW* of a kind of namespace.
[[nodiscard]] std::uint64_t namespace_flag(spec::NamespaceType type);
[[nodiscard]] std::optional<unsigned long> personality_of(const spec::Config& config);
[[nodiscard]] Result<std::optional<MemoryPolicy>> memory_policy_of(const spec::Config& config);

// "/a/../b//c/." -> "b/c", ".." of the root being the root; "." for the root itself.
[[nodiscard]] std::string clean_path(std::string_view path);

}  // namespace plimsoll::runtime
