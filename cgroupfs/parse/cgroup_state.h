// Files about the group itself: v2 cgroup.events and cgroup.stat, v1 freezer.state.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"

namespace plimsoll::cgroupfs {

// "populated 1\nfrozen 0\n"; frozen since Linux 5.2. Not at the root.
struct CgroupEvents {
  std::optional<std::uint64_t> populated, frozen;
  bool operator==(const CgroupEvents&) const = default;
};
[[nodiscard]] Result<CgroupEvents> parse_cgroup_events(std::string_view text);

// "nr_descendants 3\nnr_subsys_memory 4\n...nr_dying_descendants 12\n"; Linux 4.14, the per
// controller lines (not kept) 6.12.
struct CgroupStat {
  std::optional<std::uint64_t> nr_descendants, nr_dying_descendants;
  bool operator==(const CgroupStat&) const = default;
};
[[nodiscard]] Result<CgroupStat> parse_cgroup_stat(std::string_view text);

// "THAWED\n". FREEZING: asked to freeze, with tasks that do not stand still yet.
enum class FreezerState : std::uint8_t { kThawed, kFreezing, kFrozen };
[[nodiscard]] Result<FreezerState> parse_freezer_state(std::string_view text);

}  // namespace plimsoll::cgroupfs
