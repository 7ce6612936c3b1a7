#include "exporter/cadvisor/validate.h"

#include <algorithm>
#include <set>

#include "base/number.h"
#include "exporter/cadvisor/reference.h"

namespace plimsoll::exporter {

namespace {

constexpr std::string_view kRecommended = "[Supported and recommended]";
constexpr std::string_view kSupported = "[Supported, but not recommended]";
constexpr std::string_view kUnsupported = "[Unsupported]";

std::string section(std::string_view title, std::string_view verdict, const std::string& detail) {
  std::string text(title);
  text += ": ";
  text += verdict;
  text += "\n\t" + detail + "\n\n";
  return text;
}

std::string kernel(const std::string& version) {
  const std::size_t dot = version.find('.');
  const auto major = to_number<unsigned>(std::string_view(version).substr(0, dot));
  std::string_view verdict = kUnsupported;
  if (major && *major >= 5) verdict = kRecommended;
  if (major && *major == 4) verdict = kSupported;
  return section("Kernel version", verdict,
                 "Kernel version is " + (version.empty() ? "unknown" : version) +
                     ". 4.x is supported, 5.x and newer are recommended.");
}

struct CgroupMounts {
  std::set<std::string> controllers;
  std::string lines;
  bool unified = false;
};

CgroupMounts cgroup_mounts(const std::vector<Mount>& mounts) {
  CgroupMounts found;
  for (const Mount& mount : mounts) {
    if (mount.type != "cgroup" && mount.type != "cgroup2") continue;
    found.lines += "\n\t" + mount.source + " " + mount.point + " " + mount.type;
    if (mount.type == "cgroup2") {
      found.unified = true;
      continue;
    }
    // .../cpu,cpuacct
    const std::string_view name = std::string_view(mount.point).substr(mount.point.rfind('/') + 1);
    std::size_t begin = 0;
    while (begin <= name.size()) {
      const std::size_t end = std::min(name.find(',', begin), name.size());
      found.controllers.emplace(name.substr(begin, end - begin));
      begin = end + 1;
    }
  }
  return found;
}

std::string cgroups(const CgroupMounts& mounts) {
  std::string available;
  for (const std::string& name : mounts.controllers) available += " " + name;
  if (mounts.unified) available += available.empty() ? " unified (v2)" : " and unified (v2)";
  const bool v1 = mounts.controllers.contains("cpu") && mounts.controllers.contains("cpuacct");
  const bool memory = mounts.unified || mounts.controllers.contains("memory");
  std::string_view verdict = kUnsupported;
  if (v1 || mounts.unified) verdict = memory ? kRecommended : kSupported;
  return section("Cgroup setup", verdict,
                 "Available hierarchies:" + (available.empty() ? " none" : available)) +
         section("Cgroup mount setup", mounts.lines.empty() ? kUnsupported : kRecommended,
                 "Cgroup mounts:" + mounts.lines);
}

std::string runtimes(const Snapshot& snapshot) {
  std::set<std::string_view> seen;
  for (const Row& row : snapshot.rows)
    if (row.identity && row.identity->is_container()) seen.insert(name_of(row.identity->runtime));
  std::string words;
  for (const std::string_view word : seen) words += " " + std::string(word);
  return section("Container runtimes", kRecommended,
                 seen.empty() ? "No container runs." : "Containers of:" + words);
}

std::string disks(const MachineFacts& facts) {
  std::string lines = facts.disks.empty() ? "No disks." : "Block devices:";
  for (const DiskFact& disk : facts.disks)
    lines += "\n\tDisk \"" + disk.name + "\" Scheduler type \"" + disk.scheduler + "\".";
  return section("Block device setup", facts.disks.empty() ? kSupported : kRecommended, lines);
}

}  // namespace

std::string validation_report(const ValidateView& view) {
  const MachineInfo* machine = view.snapshot.machine.get();
  std::string text = "cAdvisor version: " + view.version + "\n\n";
  text += "OS version: " + (machine != nullptr ? machine->os_version : "") + "\n\n";
  text += kernel(machine != nullptr ? machine->kernel_version : "");
  text += cgroups(cgroup_mounts(view.mounts));
  text += runtimes(view.snapshot);
  text += disks(view.facts);
  const cgroupfs::TreeStats& tree = view.self.tree;
  text += section("Inotify watches", tree.watches_refused == 0 ? kRecommended : kSupported,
                  std::to_string(tree.watches) + " directories watched, " +
                      std::to_string(tree.watches_refused) + " refused.");
  text += "Managed containers: \n";
  for (const Row& row : view.snapshot.rows) {
    if (!row.identity) continue;
    const ContainerReference reference = reference_of(*row.identity);
    text += "\t" + row.identity->cgroup + "\n";
    if (!reference.name_space.empty())
      text += "\t\tNamespace: " + std::string(reference.name_space) + "\n";
    if (reference.aliases.empty()) continue;
    text += "\t\tAliases:\n";
    for (const std::string& alias : reference.aliases) text += "\t\t\t" + alias + "\n";
  }
  return text;
}

}  // namespace plimsoll::exporter
