// Whether the kernel's log tells of a container that was killed for lack of memory: what is left
// when somebody else has removed its group, and the group's counters with it (docs/decisions/0046).
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"

namespace plimsoll::engine {

// `group`: the last component of the container's cgroup, which no other has: "plimsoll-<id>.scope".
// Kills before `since` are another run's. False where the log may not be read, or has forgotten.
// Reads all that the log's ring holds: for rare moments.
[[nodiscard]] bool logs_tell_of_kill(const std::string& log, std::string_view group,
                                     MonoTime since);

}  // namespace plimsoll::engine
