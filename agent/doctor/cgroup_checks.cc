#include <algorithm>
#include <array>
#include <map>

#include "agent/doctor/checks.h"

namespace plimsoll::agent {

namespace {

using cgroupfs::Controller;

std::string list_of(const cgroupfs::ControllerSet& controllers) {
  std::string words;
  for (std::size_t i = 0; i < cgroupfs::kControllerCount; ++i)
    if (controllers.test(i))
      words += (words.empty() ? "" : " ") + std::string(name_of(static_cast<Controller>(i)));
  return words;
}

const HierarchyFact* hierarchy_of(const HostFacts& facts, Controller controller) {
  const auto found = std::find_if(
      facts.hierarchies.begin(), facts.hierarchies.end(), [&](const HierarchyFact& hierarchy) {
        return hierarchy.controllers.test(static_cast<std::size_t>(controller));
      });
  return found == facts.hierarchies.end() ? nullptr : &*found;
}

bool has_unified(const HostFacts& facts) {
  return std::any_of(facts.hierarchies.begin(), facts.hierarchies.end(),
                     [](const HierarchyFact& hierarchy) { return hierarchy.version == 2; });
}

// The name in /proc/cgroups, which keeps v1's words.
const ControllerFact* kernel_controller(const HostFacts& facts, std::string_view v1_word) {
  const auto found =
      std::find_if(facts.kernel_controllers.begin(), facts.kernel_controllers.end(),
                   [&](const ControllerFact& controller) { return controller.name == v1_word; });
  return found == facts.kernel_controllers.end() ? nullptr : &*found;
}

struct Needed {
  Controller controller;
  std::string_view v1_word;
  std::string_view lost;
  Level level;
};

constexpr auto kNeeded = std::to_array<Needed>({
    {Controller::kMemory, "memory", "no memory numbers at all", Level::kFail},
    {Controller::kCpuacct, "cpuacct", "no CPU usage", Level::kFail},
    {Controller::kCpu, "cpu", "no CPU limits and no throttling counters", Level::kWarn},
    {Controller::kIo, "blkio", "no block IO numbers", Level::kWarn},
    {Controller::kPids, "pids", "no process counts", Level::kWarn},
});

// v1 mounts a directory per controller beside each other: one line is enough for all of them.
std::map<std::string, cgroupfs::ControllerSet> controllers_by_place(const HostFacts& facts) {
  std::map<std::string, cgroupfs::ControllerSet> places;
  for (const HierarchyFact& hierarchy : facts.hierarchies) {
    if (hierarchy.controllers.none()) continue;
    std::string place = "v2 at " + hierarchy.mount_path;
    if (hierarchy.version == 1)
      place = "v1 below " + hierarchy.mount_path.substr(0, hierarchy.mount_path.rfind('/'));
    places[place] |= hierarchy.controllers;
  }
  return places;
}

std::string remedy_for(const HostFacts& facts, const Needed& needed) {
  const std::string word(needed.v1_word);
  const ControllerFact* kernel = kernel_controller(facts, needed.v1_word);
  if (kernel != nullptr && !kernel->enabled)
    return "boot without cgroup_disable=" + word +
           (word == "memory" ? " (some ARM boards need cgroup_enable=memory)" : "");
  if (facts.mode == cgroupfs::Mode::kV2)
    return "enable it for the children of the root: echo +" +
           std::string(needed.controller == Controller::kIo ? "io" : needed.v1_word) +
           " > /sys/fs/cgroup/cgroup.subtree_control";
  if (kernel == nullptr && !facts.kernel_controllers.empty())
    return "this kernel was built without it";
  return "mount it: mkdir -p /sys/fs/cgroup/" + word + " && mount -t cgroup -o " + word + " " +
         word + " /sys/fs/cgroup/" + word;
}

}  // namespace

std::vector<Finding> check_cgroups(const HostFacts& facts) {
  if (!facts.mode)
    return {
        {Level::kFail, "cgroups", "no cgroup tree: " + facts.cgroup_error,
         "mount -t cgroup2 none /sys/fs/cgroup; in a container, mount the host's /sys/fs/cgroup "
         "read-only and name it with --cgroup-root"}};
  std::vector<Finding> findings;
  // Where systemd is, limits of its units are its business, and runtimes ask it for their cgroups.
  const std::string keeper = facts.init == "systemd" ? ", kept by systemd" : "";
  findings.push_back({Level::kOk,
                      "cgroups",
                      std::string(name_of(*facts.mode)) + keeper + ", " +
                          std::to_string(facts.cgroups) + " groups",
                      {}});
  const auto partial =
      std::find_if(facts.hierarchies.begin(), facts.hierarchies.end(),
                   [](const HierarchyFact& hierarchy) { return hierarchy.mount_root != "/"; });
  if (partial != facts.hierarchies.end())
    findings.push_back(
        {Level::kWarn, "cgroups",
         "only the part below " + partial->mount_root + " is visible at " + partial->mount_path,
         "run in the host's cgroup namespace (docker: --cgroupns=host) or mount the "
         "host's tree and name it with --cgroup-root"});
  if (facts.unreadable > 0)
    findings.push_back({Level::kWarn, "cgroups",
                        std::to_string(facts.unreadable) + " directories cannot be opened",
                        "run as root, or give CAP_DAC_READ_SEARCH"});
  return findings;
}

std::vector<Finding> check_controllers(const HostFacts& facts) {
  if (!facts.mode) return {};
  std::vector<Finding> findings;
  for (const auto& [place, controllers] : controllers_by_place(facts))
    findings.push_back({Level::kOk, "controllers", place + ": " + list_of(controllers), {}});
  for (const Needed& needed : kNeeded) {
    // Every v2 group has cpu.stat, with or without the controller.
    const bool in_core = needed.controller == Controller::kCpuacct && has_unified(facts) &&
                         facts.mode == cgroupfs::Mode::kV2;
    if (in_core || hierarchy_of(facts, needed.controller) != nullptr) continue;
    findings.push_back({needed.level, std::string(needed.v1_word) + " controller",
                        "missing: " + std::string(needed.lost), remedy_for(facts, needed)});
  }
  return findings;
}

std::vector<Finding> check_pressure(const HostFacts& facts) {
  if (!facts.host_pressure)
    return {{Level::kWarn, "pressure", "this kernel offers no pressure information (PSI)",
             parse_kernel_version(facts.kernel_release) < KernelVersion{4, 20}
                 ? "needs Linux 4.20 or newer"
                 : "boot with psi=1 on the kernel's command line"}};
  if (facts.cgroup_pressure)
    return {{Level::kOk,
             "pressure",
             facts.mode == cgroupfs::Mode::kV2
                 ? "for every cgroup"
                 : "for every cgroup that also exists in the cgroup2 hierarchy",
             {}}};
  return {
      {Level::kWarn, "pressure", "only for the whole host, not for single containers",
       has_unified(facts)
           ? "the kernel command line may hold cgroup_disable=pressure: boot without it"
           : "mount cgroup2 beside v1: mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 none "
             "/sys/fs/cgroup/unified"}};
}

std::vector<Finding> check_swap(const HostFacts& facts) {
  if (!facts.mode || hierarchy_of(facts, Controller::kMemory) == nullptr) return {};
  if (facts.swap_accounting)
    return {{Level::kOk,
             "swap",
             facts.swap_bytes > 0 ? "accounted per container"
                                  : "none on this host; it would be accounted per container",
             {}}};
  if (facts.swap_bytes == 0) return {{Level::kOk, "swap", "none on this host", {}}};
  return {{Level::kWarn, "swap", "not accounted: what containers swap out is not seen or limited",
           "boot with swapaccount=1 on the kernel's command line"}};
}

}  // namespace plimsoll::agent
