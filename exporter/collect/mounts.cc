#include "exporter/collect/mounts.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/number.h"
#include "base/text.h"

namespace plimsoll::exporter {

namespace {

// Fields are separated by exactly one blank: an empty source leaves two in a row.
std::string_view take_field(std::string_view& line) {
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view field = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return field;
}

// Blank, tab, newline, '\' and '#' are printed as \ooo; anything else as it is.
std::string unescape(std::string_view text) {
  const auto octal = [](char c) { return c >= '0' && c <= '7'; };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && text[i + 1] <= '3' && octal(text[i + 1]) &&
        octal(text[i + 2]) && octal(text[i + 3])) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                               (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::optional<Mount> parse_mount(std::string_view line) {
  Mount mount;
  take_field(line);  // Mount id.
  take_field(line);  // Parent id.
  const std::string_view device = take_field(line);
  const std::size_t colon = std::min(device.find(':'), device.size());
  const auto major = to_number<std::uint32_t>(device.substr(0, colon));
  const auto minor = to_number<std::uint32_t>(device.substr(std::min(colon + 1, device.size())));
  if (!major || !minor) return std::nullopt;
  mount.major = *major;
  mount.minor = *minor;
  mount.root = unescape(take_field(line));
  mount.point = unescape(take_field(line));
  // Options, then any number of optional fields up to a lone dash.
  while (!line.empty()) {
    if (take_field(line) != "-") continue;
    mount.type = take_field(line);
    mount.source = unescape(take_field(line));
    break;
  }
  if (mount.point.empty() || mount.type.empty()) return std::nullopt;
  return mount;
}

std::size_t depth(std::string_view path) {
  return static_cast<std::size_t>(std::ranges::count(path, '/'));
}

// The file system's own root before a bind mount of a part, then the shorter path.
bool asked_before(const Mount& a, const Mount& b) {
  if ((a.root == "/") != (b.root == "/")) return a.root == "/";
  return std::pair(a.point.size(), std::string_view(a.point)) <
         std::pair(b.point.size(), std::string_view(b.point));
}

}  // namespace

Result<std::vector<Mount>> parse_mounts(std::string_view mountinfo) {
  std::vector<Mount> mounts;
  std::string_view line;
  while (next_line(mountinfo, line)) {
    std::optional<Mount> mount = parse_mount(line);
    if (!mount) return malformed(line);
    mounts.push_back(*std::move(mount));
  }
  return mounts;
}

bool is_local_type(std::string_view type) {
  // Read-only images (squashfs, erofs, iso9660) are left out: they are always full.
  static constexpr std::string_view kLocal[] = {
      "ext2",     "ext3",   "ext4",  "xfs",   "btrfs", "zfs",   "bcachefs",
      "f2fs",     "jfs",    "vfat",  "exfat", "ntfs",  "ntfs3", "hfsplus",
      "reiserfs", "nilfs2", "tmpfs", "ufs",   "udf",   "minix"};
  return std::ranges::find(kLocal, type) != std::end(kLocal);
}

std::string device_name(const Mount& mount) {
  if (mount.type == "tmpfs") return mount.point;
  if (mount.type == "zfs") return mount.source.substr(0, mount.source.find('/'));
  return mount.source;
}

std::vector<MountGroup> group_host_mounts(const std::vector<Mount>& mounts) {
  constexpr std::size_t kTmpfsDepth = 2;
  std::map<std::string, MountGroup> groups;
  for (const Mount& mount : mounts) {
    if (!is_local_type(mount.type)) continue;
    if (mount.type == "tmpfs" && depth(mount.point) > kTmpfsDepth) continue;
    // Each data set of zfs has a device number of its own.
    const std::string key = mount.type == "zfs"
                                ? "zfs " + device_name(mount)
                                : std::to_string(mount.major) + ":" + std::to_string(mount.minor);
    groups[key].mounts.push_back(mount);
  }
  std::vector<MountGroup> out;
  for (auto& [key, group] : groups) {
    std::ranges::sort(group.mounts, asked_before);
    group.device = device_name(group.mounts.front());
    out.push_back(std::move(group));
  }
  std::ranges::sort(out, {}, &MountGroup::device);
  return out;
}

const Mount* mount_of(const std::vector<Mount>& mounts, std::string_view path) {
  const Mount* best = nullptr;
  for (const Mount& mount : mounts) {
    const std::string_view point = mount.point == "/" ? std::string_view() : mount.point;
    const bool holds =
        path.starts_with(point) && (path.size() == point.size() || path[point.size()] == '/');
    // Of two on the same point the later hides the earlier.
    if (holds && (best == nullptr || mount.point.size() >= best->point.size())) best = &mount;
  }
  return best;
}

}  // namespace plimsoll::exporter
