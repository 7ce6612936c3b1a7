// Which files one reader reads, from the host's hierarchies and the groups that are switched on.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "cgroupfs/read/file_spec.h"

namespace plimsoll::cgroupfs {

// Five on every common host; one more where v1 and v2 share the controllers.
inline constexpr std::size_t kMaxHot = 6;
// Warm files that take the descriptors which a group's hot files leave.
inline constexpr std::size_t kMaxSpare = 3;
inline constexpr std::size_t kMaxHeld = kMaxHot + kMaxSpare;

struct PlannedFile {
  const FileSpec* spec = nullptr;
  std::size_t hierarchy = 0;  // Index in Layout::hierarchies.
  unsigned bit = 0;           // Its place in the sets of absent files, < 64.
  // Its place among the files that a group may hold open: a hot file's rank, then, from kMaxHot on,
  // the warm ones'. None: it is never held.
  std::optional<std::size_t> slot;
};

struct Plan {
  // Per tier. Hot files are in ranking order: how many of them are held open is a prefix.
  std::array<std::vector<PlannedFile>, kTierCount> tiers;
  // How many hot files form the idle test, a prefix as well; 0 when this host or the groups
  // switched on do not allow one. The first `idle_cpu` of them are about CPU usage.
  std::size_t idle_test = 0;
  std::size_t idle_cpu = 0;
  // The hierarchy of v1's blkio files, when they are wanted.
  std::optional<std::size_t> blkio;
  // Where hugetlb's files are, whose names are known only at run time.
  std::optional<std::size_t> hugetlb;
  bool memory = false;  // Are the memory files read?
  // memory.current, where it is read: the v2 root alone does not have it.
  std::optional<PlannedFile> memory_current;
};

// CPU usage and memory usage are one file each, wherever they are.
inline constexpr std::size_t kMaxIdleTest = 2;

// `blkio`: which family of files to read if the plan has v1 block IO; nothing: none lists a device.
[[nodiscard]] Plan make_plan(const Layout& layout, const GroupSet& groups,
                             std::optional<Blkio> blkio);

}  // namespace plimsoll::cgroupfs
