// What a plan is made from: a part of the cgroup tree as it was read, and what this host offers. A
// value: the planner asks nobody else, so a test writes one down as a literal.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cgroupfs/limit/id_set.h"
#include "cgroupfs/parse/blkio.h"
#include "cgroupfs/tree/layout.h"

namespace plimsoll::limit {

// One control file of one group: its text without the newline at the end.
struct FileText {
  std::string name;
  std::string text;
  bool operator==(const FileText&) const = default;
};

struct GroupView {
  std::string path;  // "/docker/<id>"; "/" is the root.
  // Index in KernelView::groups; nothing for "/", and for the uppermost group that was read.
  std::optional<std::size_t> parent;
  // st_ino of its directory per hierarchy; 0: not in that hierarchy.
  std::array<std::uint64_t, cgroupfs::kMaxHierarchies> inode{};
  // Hierarchies in which the group itself (not a descendant) has processes.
  std::bitset<cgroupfs::kMaxHierarchies> processes;
  // Every file of the catalogue that exists, some more that rules need (cgroup.controllers,
  // cgroup.subtree_control, cgroup.type, usage), in any order. A file that is not here is not
  // offered.
  std::vector<FileText> files;
  // Who else writes it: a unit of systemd's that is not delegated. Empty: nobody.
  std::string manager;

  [[nodiscard]] const std::string* find(std::string_view file) const;
};

struct BlockDevice {
  cgroupfs::DeviceNumber number;
  bool whole_disk = true;
  bool bfq = false;      // Its queue's scheduler is BFQ.
  bool io_cost = false;  // The root's io.cost.qos has enable=1 for it.
};

struct KernelView {
  struct Controlled {
    int version = 0;  // 1 or 2; 0: not mounted.
    std::size_t hierarchy = 0;
  };
  std::array<Controlled, cgroupfs::kControllerCount> controllers{};
  std::optional<std::size_t> unified;  // Hierarchy of the cgroup2 mount.
  std::uint64_t page_size = 4096;
  IdSet cpus;  // The root's: what a cpuset can have at all.
  IdSet mems;
  std::uint32_t cpu_ids = 0;  // nr_cpu_ids: a number not below it is ERANGE. 0: unknown.
  std::vector<BlockDevice> devices;
  std::vector<std::string> huge_page_sizes;  // As hugetlb's files spell them: "2MB".
  std::vector<GroupView>
      groups;  // Parents before children; all descendants of what may be changed.

  [[nodiscard]] const Controlled& of(cgroupfs::Controller controller) const {
    return controllers[static_cast<std::size_t>(controller)];
  }
  [[nodiscard]] std::optional<std::size_t> index_of(std::string_view path) const;
};

}  // namespace plimsoll::limit
