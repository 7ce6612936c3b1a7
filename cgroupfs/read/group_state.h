// What the text reader remembers of one cgroup from read to read.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/fd.h"
#include "cgroupfs/read/plan.h"

namespace plimsoll::cgroupfs {

// An idle group's memory usage is looked at every so many visits.
inline constexpr std::uint32_t kIdleMemoryEvery = 4;

// In order of use: an idle group's visit needs the first cache line only.
struct GroupState {
  // Cgroup::revision at the last visit: tells that the group left or joined a hierarchy.
  std::optional<std::uint64_t> revision;
  // Fingerprints of the idle test's files as last read.
  std::array<std::uint64_t, kMaxIdleTest> seen{};
  // Visits since an idle group's memory usage was looked at.
  std::uint32_t visits = 0;
  bool io_source_changed = false;
  // When its hot files were last read without a shortcut; the idle test compares with that.
  MonoTime hot_at;
  // When its CPU usage was first read as it is now: from then to the sample's usage_at() it, and
  // every group below it, used none.
  MonoTime still_since;
  std::array<Fd, kMaxHeld> held;  // By PlannedFile::slot.
  // A CPU quota of its own, of a group above: until it is known that there is none.
  bool quota = true;
  bool quota_above = true;
  // Files this group does not offer, by PlannedFile::bit, and when to look again. On v2 they differ
  // from group to group (the parent's cgroup.subtree_control), on v1 hardly.
  std::uint64_t absent = 0;
  MonoTime probe_at;
};

}  // namespace plimsoll::cgroupfs
