// What `plimsoll doctor` looks at. Gathering reads the host; everything after is pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cgroupfs/tree/layout.h"
#include "exporter/collect/sampler.h"
#include "inventory/inventory.h"

namespace plimsoll::agent {

struct HierarchyFact {
  int version = 1;
  cgroupfs::ControllerSet controllers;
  std::string v1_name;
  std::string mount_path;
  std::string mount_root = "/";  // Another path: only a part of the tree is visible.
};

// A line of /proc/cgroups.
struct ControllerFact {
  std::string name;
  bool attached = false;  // To a mounted v1 hierarchy, or to none but v2's.
  bool enabled = true;    // Not switched off on the kernel's command line.
  bool operator==(const ControllerFact&) const = default;
};

enum class ExporterState {
  kAbsent,     // Nobody listens.
  kHealthy,    // Answers /healthz with 200, or asks for a password first.
  kUnhealthy,  // Ours, but not well: `exporter_says`.
  kStranger    // Something else uses the port.
};

struct HostFacts {
  std::string kernel_release;  // "6.1.0-18-amd64"; "" if unreadable.
  std::string command_line;    // The kernel's.

  std::optional<cgroupfs::Mode> mode;  // Nothing: no cgroup tree, see cgroup_error.
  std::string cgroup_error;
  std::vector<HierarchyFact> hierarchies;
  std::vector<ControllerFact> kernel_controllers;
  std::size_t cgroups = 0;      // Paths over all hierarchies.
  std::size_t directories = 0;  // One watch each.
  std::size_t unreadable = 0;   // Directories we may not open.

  bool host_pressure = false;    // PROC/pressure
  bool cgroup_pressure = false;  // cpu.pressure in a cgroup.
  std::uint64_t swap_bytes = 0;
  bool swap_accounting = false;  // memory.memsw.* or memory.swap.*

  std::optional<std::uint64_t> inotify_instances, inotify_watches;  // The limits per user.
  std::uint64_t files_soft = 0, files_hard = 0;                     // RLIMIT_NOFILE
  std::optional<std::uint64_t> capabilities;                        // CapEff
  std::string hidepid;                                              // "", "1", "2", "invisible" ...
  std::string init;            // What process 1 of the host is called: "systemd"; "" if unreadable.
  bool host_processes = true;  // PROC is of the initial pid namespace.
  bool host_network = true;    // We are in the host's network namespace.
  bool btf = false;

  std::vector<inventory::RuntimePresence> runtimes;
  ExporterState exporter = ExporterState::kAbsent;
  std::string exporter_address;
  std::string exporter_says;
};

// Never fails: what cannot be read is absent, and that is a fact too. Asks no exporter.
[[nodiscard]] HostFacts gather_facts(const exporter::SamplerConfig& config);
// Asks the exporter at `endpoint`.
[[nodiscard]] HostFacts with_exporter(HostFacts facts, const std::string& endpoint);

// Pure. "cpuset\t3\t17\t1": name, hierarchy id (0: not in a v1 hierarchy), groups, enabled.
// Lines that do not parse are skipped: they only cost a hint.
[[nodiscard]] std::vector<ControllerFact> parse_proc_cgroups(std::string_view text);
// Pure. The value of hidepid among the options of the last proc mount at `mount_point`; "" if none.
[[nodiscard]] std::string parse_hidepid(std::string_view mountinfo, std::string_view mount_point);

}  // namespace plimsoll::agent
