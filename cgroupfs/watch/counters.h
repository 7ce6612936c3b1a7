// The counters behind a notification, read when it came: a notification says that something
// moved, the counter says how often.
#pragma once

#include <cstdint>
#include <optional>

#include "base/read_file.h"
#include "cgroupfs/parse/pressure.h"
#include "cgroupfs/tree/tree.h"
#include "cgroupfs/watch/register.h"

namespace plimsoll::cgroupfs {

// The group's own, without what happened below it: v2 memory.events.local (Linux 5.2), v1
// memory.oom_control, where only the kills are counted.
struct OwnMemoryCounters {
  std::optional<std::uint64_t> high, max, oom, oom_kill;
  bool operator==(const OwnMemoryCounters&) const = default;
};
// kGone when the group was removed; kNotOffered when it has no memory controller or an old kernel.
[[nodiscard]] Result<OwnMemoryCounters> read_own_memory_counters(const Layout& layout,
                                                                 const Cgroup& cgroup,
                                                                 ReadBuffer& buffer);

// Forks refused for pids.max; since Linux 6.12 v2 counts the group whose limit it was, before and
// on v1 the group in which the fork was.
[[nodiscard]] Result<std::uint64_t> read_refused_forks(const Layout& layout, const Cgroup& cgroup,
                                                       ReadBuffer& buffer);

// Of the cgroup2 mount, also beside v1; kNotOffered when the group is not there.
[[nodiscard]] Result<Pressure> read_pressure(const Layout& layout, const Cgroup& cgroup,
                                             StallResource resource, ReadBuffer& buffer);

}  // namespace plimsoll::cgroupfs
