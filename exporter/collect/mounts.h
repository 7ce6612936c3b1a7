// What is mounted on the host, and which of it is a disk that may be asked. Pure but where noted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace plimsoll::exporter {

// proc_pid_mountinfo(5):
//   36 35 254:1 / /var/lib rw,relatime shared:1 - ext4 /dev/vda1 rw
struct Mount {
  std::uint32_t major = 0, minor = 0;
  std::string root;   // What of the file system is mounted: "/", or a directory for a bind mount.
  std::string point;  // Where.
  std::string type;
  std::string source;  // "/dev/vda1"
  bool operator==(const Mount&) const = default;
};
// Escapes (\040) undone.
[[nodiscard]] Result<std::vector<Mount>> parse_mounts(std::string_view mountinfo);

// A file system kept on this host's own devices, which answers statfs without asking anybody. A
// list of what is known to be so: an unknown type (a network's, FUSE) is not tried.
[[nodiscard]] bool is_local_type(std::string_view type);

// What a mount's file system is called: its device; for zfs the pool, whose free space all its data
// sets share ("tank/home" is of "tank"); for tmpfs, which has no name, the mount point.
[[nodiscard]] std::string device_name(const Mount& mount);

// Mounts worth a row of the host, grouped by file system; in a group the best mount to ask first.
// Local types, one group per device (zfs: per pool); of tmpfs, whose mounts are each one of their
// own, those at most two directories deep (/run, /dev/shm): deeper ones belong to containers and
// users and may be thousands.
struct MountGroup {
  std::string device;
  std::vector<Mount> mounts;
};
[[nodiscard]] std::vector<MountGroup> group_host_mounts(const std::vector<Mount>& mounts);

// The mount that `path` lies in; null if none.
[[nodiscard]] const Mount* mount_of(const std::vector<Mount>& mounts, std::string_view path);

}  // namespace plimsoll::exporter
