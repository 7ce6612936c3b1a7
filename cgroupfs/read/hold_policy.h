// How many of its hot files each cgroup may keep open. A held file saves an open and a close per
// tick (about 3.5 of 4.5 microseconds) and costs a descriptor and 4.3 KiB of kernel memory, so
// there are two budgets, shared equally: every group gets the same first k files of the ranking.
#pragma once

#include <cstddef>

#include "cgroupfs/read/reader.h"

namespace plimsoll::cgroupfs {

// The largest k <= options.held_per_cgroup that both budgets allow `groups` cgroups.
[[nodiscard]] std::size_t allowed_per_cgroup(const ReaderOptions& options, std::size_t groups);

// What follows `current` when there are `groups` cgroups: falls at once, rises only when an eighth
// more groups would still allow it. Without that, a number of groups that swings round a limit
// would open and close one file of every group again and again.
[[nodiscard]] std::size_t next_per_cgroup(const ReaderOptions& options, std::size_t groups,
                                          std::size_t current);

}  // namespace plimsoll::cgroupfs
