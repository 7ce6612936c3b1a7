// Which cgroup hierarchies this host has, read from mountinfo: v1 (one per controller or
// co-mounted), v2, or both
// ("hybrid": v1 controllers plus a cgroup2 mount, with or without controllers of its own).
// Source: Documentation/admin-guide/cgroup-v1/cgroups.rst, cgroup-v2.rst; proc_pid_mountinfo(5).
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"

namespace plimsoll::cgroupfs {

enum class Controller : std::uint8_t {
  kCpu,
  kCpuacct,  // v1 only; on v2 its numbers are in cpu.stat, which every v2 cgroup has.
  kCpuset,
  kMemory,
  kIo,  // v1 "blkio".
  kPids,
  kHugetlb,
  kFreezer,  // v1 only; on v2 part of the core (cgroup.freeze).
  kDevices,  // v1 only.
  kPerfEvent,
  kMisc,
  kRdma,
  kNetCls,
  kNetPrio
};
inline constexpr std::size_t kControllerCount = static_cast<std::size_t>(Controller::kNetPrio) + 1;
using ControllerSet = std::bitset<kControllerCount>;

// The kernel's v1 word ("blkio") or v2 word ("io"); both are understood by controller_named.
[[nodiscard]] std::string_view name_of(Controller controller);
[[nodiscard]] std::optional<Controller> controller_named(std::string_view name);

enum class Mode : std::uint8_t { kV1, kV2, kHybrid };
[[nodiscard]] std::string_view name_of(Mode mode);  // "v1", "v2", "hybrid"

inline constexpr std::size_t kMaxHierarchies = 16;

struct Hierarchy {
  int version = 1;            // 1 or 2.
  ControllerSet controllers;  // v2: what the root's cgroup.controllers lists.
  std::string v1_name;        // "systemd" for name=systemd; else empty.
  std::string mount_path;     // As in mountinfo.
  std::string mount_root;  // mountinfo field 4: "/" or, in a cgroup namespace or bind mount, a path
                           // below it.
  DirFd dir;               // The mounted root, opened.
};

struct Layout {
  Mode mode = Mode::kV1;
  std::vector<Hierarchy> hierarchies;  // At most kMaxHierarchies; index = Cgroup::places index.

  // Index of the hierarchy that has the controller; nothing if it is not mounted anywhere.
  [[nodiscard]] std::optional<std::size_t> of(Controller controller) const;
  // Index of the cgroup2 mount, if there is one (also without controllers: PSI, cgroup.kill,
  // cgroup.stat).
  [[nodiscard]] std::optional<std::size_t> unified() const;
};

// One line of mountinfo that mounts cgroup or cgroup2, parsed; escapes (\040) undone.
struct CgroupMount {
  int version = 1;
  std::string root;   // Field 4.
  std::string point;  // Field 5.
  ControllerSet controllers;
  std::string v1_name;
  bool operator==(const CgroupMount&) const = default;
};
// Pure. Lines of other filesystems are skipped; a malformed cgroup line is kMalformed with the
// line. When the same hierarchy is mounted more than once the mount with the shortest root, then
// the first, is kept.
[[nodiscard]] Result<std::vector<CgroupMount>> parse_cgroup_mounts(std::string_view mountinfo);

// Opens every hierarchy. `mountinfo` is the text of PROC/self/mountinfo. `cgroup_root` is the
// directory that stands for the host's `nominal_root` ("/sys/fs/cgroup"): mount points below the
// nominal root are opened relative to it, so that a recorded tree and a host mounted at
// /host/sys/fs/cgroup both work. When mountinfo knows no cgroup mount below the nominal root, the
// directory itself is examined (cgroup.controllers: v2; sub-directories named after v1 controllers:
// v1). kNotOffered when there is no cgroup tree at all: says what was looked for and where.
[[nodiscard]] Result<Layout> open_layout(std::string_view mountinfo, const DirFd& cgroup_root,
                                         std::string_view nominal_root = "/sys/fs/cgroup");

}  // namespace plimsoll::cgroupfs
