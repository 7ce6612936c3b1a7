#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/fill_in.h"
#include "runtime/launch/plan.h"

namespace plimsoll::runtime {

namespace {

// What may be replaced one by one in a container's /proc (lxcfs does): numbers about the host that
// direct nothing.
constexpr std::array<std::string_view, 11> kProcFiles{"proc/cpuinfo",
                                                      "proc/diskstats",
                                                      "proc/meminfo",
                                                      "proc/stat",
                                                      "proc/swaps",
                                                      "proc/uptime",
                                                      "proc/loadavg",
                                                      "proc/slabinfo",
                                                      "proc/net/dev",
                                                      "proc/sys/kernel/ns_last_pid",
                                                      "proc/sys/crypto/fips_enabled"};

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

Result<PlannedMount> plan_mount(const spec::Mount& mount, std::size_t index,
                                const PlanOptions& options, const std::string& mount_label) {
  PlannedMount planned;
  planned.destination = clean_path(mount.destination);
  planned.source = mount.source;
  planned.type = mount.type;
  planned.options = parse_mount_options(mount.options);
  planned.options_text = joined(mount.options);
  planned.uid_mappings = mount.uid_mappings;
  planned.gid_mappings = mount.gid_mappings;
  if (mount.type == "bind" && planned.options.bind == BindMode::kNone)
    planned.options.bind = BindMode::kMount;
  if (planned.options.remount) {
    planned.kind = Source::kRemount;
  } else if (planned.options.bind != BindMode::kNone) {
    planned.kind = Source::kTree;
    if (!planned.source.starts_with('/')) planned.source = options.bundle + "/" + mount.source;
    if (!planned.options.parameters.empty())
      return invalid_input(
          "plan", fill_in("/mounts/{}/options: bind mounts cannot have any filesystem-specific "
                          "options applied: {}",
                          index, planned.options.parameters[0].key));
  } else if (mount.type.empty()) {
    return invalid_input("plan", fill_in("/mounts/{}/type: must be given", index));
  }
  planned.is_proc_file = std::ranges::find(kProcFiles, planned.destination) != kProcFiles.end();
  planned.links_refused = planned.is_proc_file || mount.type == "proc" || mount.type == "sysfs";
  if (planned.kind == Source::kFilesystem && mount.type == "tmpfs" &&
      (planned.options.attributes.set & MOUNT_ATTR_RDONLY) != 0)
    planned.late_readonly = true;
  if (planned.destination == "dev" && (planned.options.attributes.set & MOUNT_ATTR_RDONLY) != 0)
    planned.late_readonly = planned.kind == Source::kFilesystem;
  if (planned.late_readonly) planned.options.attributes.set &= ~std::uint64_t{MOUNT_ATTR_RDONLY};
  const bool takes_label = mount.type != "proc" && mount.type != "sysfs" && mount.type != "mqueue";
  if (!mount_label.empty() && planned.kind == Source::kFilesystem && takes_label)
    planned.options.parameters.push_back({"context", mount_label, false});
  return planned;
}

// Without a cgroup namespace of its own a container sees its groups by binds, on v1 one for each
// hierarchy, in a tmpfs; with one, each hierarchy is mounted and shows its own part.
void plan_cgroup_mount(const PlannedMount& asked, const PlanOptions& options, Plan& plan) {
  const auto v2 = std::ranges::find(options.hierarchies, "", &PlanOptions::Hierarchy::name);
  const bool only_v2 = options.hierarchies.size() == 1 && v2 != options.hierarchies.end();
  const auto add = [&](const std::string& destination, const std::string& name,
                       const std::string& group) {
    PlannedMount mount = asked;
    mount.destination = destination;
    mount.options.parameters.clear();
    if (plan.new_cgroup_namespace) {
      mount.kind = Source::kFilesystem;
      mount.type = name.empty() ? "cgroup2" : "cgroup";
      mount.source = "cgroup";
      for (std::string_view rest = name; !rest.empty();) {
        const std::string_view word = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(rest.size(), word.size() + 1));
        if (word.starts_with("name=")) {
          mount.options.parameters.push_back({"none", "", true});
          mount.options.parameters.push_back({"name", std::string(word.substr(5)), false});
        } else {
          mount.options.parameters.push_back({std::string(word), "", true});
        }
      }
    } else {
      mount.kind = Source::kTree;
      mount.options.bind = BindMode::kMount;
      mount.source = group;
      // The host's groups are all below: a container must not change them.
      mount.options.attributes.set |= MOUNT_ATTR_RDONLY;
    }
    plan.mounts.push_back(std::move(mount));
  };
  if (only_v2) {
    add(asked.destination, "", v2->group);
    return;
  }
  PlannedMount base;
  base.destination = asked.destination;
  base.source = base.type = "tmpfs";
  base.options.attributes.set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  base.options.parameters.push_back({"mode", "755", false});
  base.late_readonly = (asked.options.attributes.set & MOUNT_ATTR_RDONLY) != 0;
  plan.mounts.push_back(std::move(base));
  for (const PlanOptions::Hierarchy& hierarchy : options.hierarchies) {
    if (hierarchy.name.empty()) continue;
    std::string directory = hierarchy.name;
    if (directory.starts_with("name=")) directory.erase(0, 5);
    add(asked.destination + "/" + directory, hierarchy.name, hierarchy.group);
    for (std::string_view rest = directory; directory.find(',') != std::string::npos;) {
      const std::string_view word = rest.substr(0, rest.find(','));
      plan.links.push_back({asked.destination + "/" + std::string(word), directory});
      if (word.size() == rest.size()) break;
      rest.remove_prefix(word.size() + 1);
    }
  }
}

PlannedDevice node(std::string path, unsigned major, unsigned minor) {
  return {std::move(path), S_IFCHR | 0666, makedev(major, minor), 0, 0};
}

}  // namespace

Result<> plan_mounts(const spec::Config& config, const PlanOptions& options, Plan& plan) {
  // A /dev that is bound from the host is left as it is.
  plan.makes_devices = true;
  for (std::size_t i = 0; i < config.mounts.size(); ++i) {
    PlannedMount mount =
        PLIMSOLL_TRY(plan_mount(config.mounts[i], i, options, config.linux_.mount_label));
    if (mount.destination == "dev" && mount.kind == Source::kTree) plan.makes_devices = false;
    if (mount.kind == Source::kFilesystem && (mount.type == "cgroup" || mount.type == "cgroup2")) {
      plan_cgroup_mount(mount, options, plan);
    } else {
      plan.mounts.push_back(std::move(mount));
    }
  }
  return {};
}

void plan_devices(const spec::Config& config, Plan& plan) {
  if (!plan.makes_devices) return;
  for (const spec::Device& device : config.linux_.devices) {
    PlannedDevice planned;
    planned.path = clean_path(device.path);
    // A pty multiplexer of its own comes with devpts.
    if (planned.path == "dev/ptmx") continue;
    const mode_t type = device.type == spec::DeviceType::kBlock  ? S_IFBLK
                        : device.type == spec::DeviceType::kFifo ? S_IFIFO
                                                                 : S_IFCHR;
    planned.mode = type | (device.mode & 07777U);
    planned.number = makedev(device.major, device.minor);
    planned.uid = device.uid;
    planned.gid = device.gid;
    plan.devices.push_back(std::move(planned));
  }
  const std::array defaults{node("dev/null", 1, 3),    node("dev/zero", 1, 5),
                            node("dev/full", 1, 7),    node("dev/random", 1, 8),
                            node("dev/urandom", 1, 9), node("dev/tty", 5, 0)};
  for (const PlannedDevice& device : defaults) {
    if (std::ranges::find(plan.devices, device.path, &PlannedDevice::path) == plan.devices.end())
      plan.devices.push_back(device);
  }
  for (const auto& [path, target] :
       {std::pair{"dev/fd", "/proc/self/fd"}, std::pair{"dev/stdin", "/proc/self/fd/0"},
        std::pair{"dev/stdout", "/proc/self/fd/1"}, std::pair{"dev/stderr", "/proc/self/fd/2"},
        std::pair{"dev/ptmx", "pts/ptmx"}})
    plan.links.push_back({path, target});
}

}  // namespace plimsoll::runtime
