#include "cgroupfs/tree/mountinfo.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace plimsoll::cgroupfs {
namespace {

// Fields are separated by exactly one blank: an empty mount source leaves two in a row.
std::string_view take_field(std::string_view& line) {
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view field = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return field;
}

bool is_octal(char c) {
  return c >= '0' && c <= '7';
}

// The kernel writes blank, tab, newline, '\' and, since 6.5, '#' as \ooo (seq_path, mangle).
std::optional<std::string> unescape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    if (text[0] != '\\') {
      out += text[0];
      text.remove_prefix(1);
      continue;
    }
    if (text.size() < 4 || text[1] > '3' || !is_octal(text[1]) || !is_octal(text[2]) ||
        !is_octal(text[3]))
      return std::nullopt;
    out += static_cast<char>((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0'));
    text.remove_prefix(4);
  }
  return out;
}

struct MountLine {
  std::string_view root;
  std::string_view point;
  std::string_view type;
  std::string_view super_options;
};

// proc_pid_mountinfo(5); any number of optional fields stands before the lone "-":
//   36 35 0:30 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct
std::optional<MountLine> split(std::string_view line) {
  MountLine mount;
  for (int i = 0; i < 3; ++i) take_field(line);  // Mount id, parent id, device.
  mount.root = take_field(line);
  mount.point = take_field(line);
  take_field(line);  // This mount's own options; a controller is an option of the superblock.
  while (!line.empty()) {
    if (take_field(line) != "-") continue;
    mount.type = take_field(line);
    take_field(line);  // The source, often "cgroup", is whatever mount(8) was told.
    mount.super_options = take_field(line);
    return mount;
  }
  return std::nullopt;
}

std::optional<CgroupMount> to_cgroup_mount(const MountLine& line) {
  std::optional<std::string> root = unescape(line.root);
  std::optional<std::string> point = unescape(line.point);
  if (!root || !point || !root->starts_with('/') || !point->starts_with('/') ||
      line.super_options.empty())
    return std::nullopt;
  CgroupMount mount;
  mount.version = line.type == "cgroup2" ? 2 : 1;
  mount.root = *std::move(root);
  mount.point = *std::move(point);
  if (mount.version == 1) {
    ControllerWordsFound found = find_controllers(line.super_options);
    mount.controllers = found.controllers;
    mount.v1_name = std::move(found.v1_name);
  }
  return mount;
}

// A controller is in one hierarchy at most, so controllers and name identify a v1 hierarchy also
// across cgroup namespaces, where the device number differs.
bool same_hierarchy(const CgroupMount& a, const CgroupMount& b) {
  return a.version == b.version && a.controllers == b.controllers && a.v1_name == b.v1_name;
}

}  // namespace

ControllerWordsFound find_controllers(std::string_view comma_separated) {
  ControllerWordsFound found;
  while (!comma_separated.empty()) {
    const std::size_t end = std::min(comma_separated.find(','), comma_separated.size());
    const std::string_view word = comma_separated.substr(0, end);
    comma_separated.remove_prefix(std::min(end + 1, comma_separated.size()));
    if (const auto controller = controller_named(word))
      found.controllers.set(static_cast<std::size_t>(*controller));
    else if (word.starts_with("name="))
      found.v1_name = unescape(word.substr(5)).value_or(std::string(word.substr(5)));
    else
      found.unknown = true;
  }
  return found;
}

Result<std::vector<CgroupMount>> parse_every_cgroup_mount(std::string_view mountinfo) {
  std::vector<CgroupMount> mounts;
  std::string_view line;
  while (next_line(mountinfo, line)) {
    if (line.empty()) continue;
    const std::optional<MountLine> fields = split(line);
    if (!fields) return malformed(line);
    if (fields->type != "cgroup" && fields->type != "cgroup2") continue;
    std::optional<CgroupMount> mount = to_cgroup_mount(*fields);
    if (!mount) return malformed(line);
    // A v1 hierarchy of controllers we do not know has nothing to offer us.
    if (mount->version == 1 && mount->controllers.none() && mount->v1_name.empty()) continue;
    mounts.push_back(*std::move(mount));
  }
  return mounts;
}

std::vector<CgroupMount> one_per_hierarchy(std::vector<CgroupMount> mounts) {
  std::vector<CgroupMount> kept;
  for (CgroupMount& mount : mounts) {
    const auto twin = std::ranges::find_if(
        kept, [&](const CgroupMount& other) { return same_hierarchy(mount, other); });
    if (twin == kept.end())
      kept.push_back(std::move(mount));
    else if (mount.root.size() < twin->root.size())
      *twin = std::move(mount);
  }
  return kept;
}

Result<std::vector<CgroupMount>> parse_cgroup_mounts(std::string_view mountinfo) {
  return one_per_hierarchy(PLIMSOLL_TRY(parse_every_cgroup_mount(mountinfo)));
}

}  // namespace plimsoll::cgroupfs
