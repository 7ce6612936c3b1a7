// pids.events: "max 3\n", how often a fork was refused because of pids.max. (v2 and v1; v1 counts
// the group in which the fork failed.) The controller's other files hold one value each.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"

namespace plimsoll::cgroupfs {

struct PidsEvents {
  std::optional<std::uint64_t> max;
  bool operator==(const PidsEvents&) const = default;
};
[[nodiscard]] Result<PidsEvents> parse_pids_events(std::string_view text);

// cgroup.procs: "1\n27\n", one process per line; how many there are. A process of another pid
// namespace is printed as 0.
[[nodiscard]] Result<std::uint64_t> count_procs(std::string_view text);

}  // namespace plimsoll::cgroupfs
