#include <linux/capability.h>

#include <map>

#include "agent/capabilities.h"
#include "agent/doctor/checks.h"

namespace plimsoll::agent {

namespace {

bool has(const HostFacts& facts, unsigned capability) {
  return facts.capabilities && (*facts.capabilities >> capability & 1U) != 0;
}

Finding without(const std::string& name, const std::string& lost) {
  return {Level::kWarn, "capabilities", "without " + name + ": " + lost,
          "run as root, or AmbientCapabilities=" + name + " in the unit"};
}

// Held files per container at most, and what the process needs besides.
constexpr std::uint64_t kFilesPerGroup = 5;
constexpr std::uint64_t kFilesBesides = 1536;

}  // namespace

std::vector<Finding> check_inotify(const HostFacts& facts) {
  constexpr std::uint64_t kFewInstances = 16;
  std::vector<Finding> findings;
  if (facts.inotify_instances && *facts.inotify_instances < kFewInstances)
    findings.push_back({Level::kWarn, "inotify",
                        "only " + std::to_string(*facts.inotify_instances) +
                            " instances per user: new containers may be seen late",
                        "sysctl fs.inotify.max_user_instances=128"});
  // Other programs of the same user need watches too.
  const std::uint64_t wanted = 2 * facts.directories;
  if (facts.inotify_watches && *facts.inotify_watches < wanted)
    findings.push_back({Level::kWarn, "inotify",
                        std::to_string(*facts.inotify_watches) + " watches per user for " +
                            std::to_string(facts.directories) +
                            " cgroup directories: some changes are only seen by rescans",
                        "sysctl fs.inotify.max_user_watches=" + std::to_string(2 * wanted)});
  if (!facts.inotify_instances || !facts.inotify_watches)
    findings.push_back({Level::kWarn, "inotify", "limits unknown: new containers may be seen late",
                        "a kernel with CONFIG_INOTIFY_USER and the host's /proc"});
  if (findings.empty())
    findings.push_back({Level::kOk,
                        "inotify",
                        std::to_string(*facts.inotify_watches) + " watches for " +
                            std::to_string(facts.directories) + " cgroup directories",
                        {}});
  return findings;
}

std::vector<Finding> check_files(const HostFacts& facts) {
  const std::uint64_t wanted = kFilesPerGroup * facts.cgroups + kFilesBesides;
  const std::string have = std::to_string(facts.files_hard) + " open files allowed";
  if (facts.files_hard >= wanted) return {{Level::kOk, "open files", have, {}}};
  return {{Level::kWarn, "open files",
           have + ", " + std::to_string(wanted) + " would hold every hot file of " +
               std::to_string(facts.cgroups) + " groups open: sampling costs more CPU",
           "systemd: LimitNOFILE=" + std::to_string(2 * wanted) +
               "; docker: --ulimit nofile=" + std::to_string(2 * wanted)}};
}

std::vector<Finding> check_capabilities(const HostFacts& facts) {
  if (!facts.capabilities)
    return {
        {Level::kWarn, "capabilities", "unknown: /proc/self/status cannot be read", "mount /proc"}};
  // Of all groups: which of them are enabled is the exporter's, not this host's. Counters need
  // events to be configured.
  cgroupfs::GroupSet groups = cgroupfs::GroupSet::all();
  groups.set(cgroupfs::Group::kPerfEvent, false);
  std::map<std::string, std::string> lost;
  for (const CapabilityUse& use : missing_capabilities(groups, *facts.capabilities)) {
    std::string& text = lost[std::string(use.name)];
    text += (text.empty() ? "" : "; ") + use_text(use);
  }
  std::vector<Finding> findings;
  findings.reserve(lost.size() + 2);
  for (const auto& [name, text] : lost) findings.push_back(without(name, text));
  if (!has(facts, CAP_SYS_ADMIN) && !facts.host_network)
    findings.push_back(without(
        "CAP_SYS_ADMIN",
        "one cheap read of all network counters (each namespace is read by itself instead)"));
  if (findings.empty())
    findings.push_back({Level::kOk, "capabilities", "all that reading can use", {}});
  return findings;
}

std::vector<Finding> check_processes(const HostFacts& facts) {
  std::vector<Finding> findings;
  if (!facts.host_processes)
    findings.push_back(
        {Level::kWarn, "processes",
         "this /proc is a container's: processes of other containers are not visible",
         "share the host's (docker: --pid=host), or mount it and give --proc-root"});
  if (!facts.hidepid.empty() && !has(facts, CAP_SYS_PTRACE))
    findings.push_back({Level::kWarn, "processes",
                        "/proc is mounted with hidepid=" + facts.hidepid +
                            ": processes of other users are not visible",
                        "give CAP_SYS_PTRACE, or join the group that the mount's gid= names"});
  if (findings.empty()) findings.push_back({Level::kOk, "processes", "visible", {}});
  return findings;
}

std::vector<Finding> check_runtimes(const HostFacts& facts) {
  std::vector<Finding> findings;
  for (const inventory::RuntimePresence& runtime : facts.runtimes) {
    if (!runtime.present) continue;
    const std::string where = std::string(name_of(runtime.runtime)) + " at " + runtime.where;
    if (runtime.readable)
      findings.push_back({Level::kOk, "runtimes", where, {}});
    else
      findings.push_back({Level::kWarn, "runtimes",
                          where + " cannot be read: its containers have no names and images",
                          runtime.remedy});
  }
  if (findings.empty())
    findings.push_back({Level::kOk,
                        "runtimes",
                        "none found: units and bare cgroups only (plimsoll stats --all-cgroups)",
                        {}});
  return findings;
}

std::vector<Finding> check_exporter(const HostFacts& facts) {
  switch (facts.exporter) {
    case ExporterState::kAbsent:
      return {{Level::kOk,
               "exporter",
               "not running ('plimsoll exporter' starts it); stats samples by itself",
               {}}};
    case ExporterState::kHealthy:
      return {{Level::kOk, "exporter", "answers at " + facts.exporter_address, {}}};
    case ExporterState::kUnhealthy:
      return {
          {Level::kWarn, "exporter", "not well: " + facts.exporter_says,
           "wait if it has just started; else look at its log: journalctl -u plimsoll-exporter"}};
    case ExporterState::kStranger:
      return {{Level::kWarn, "exporter",
               facts.exporter_address + " is used by something else: " + facts.exporter_says,
               "plimsoll exporter --web.listen-address=:PORT, and plimsoll stats --host"}};
  }
  return {};
}

}  // namespace plimsoll::agent
