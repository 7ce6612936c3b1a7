#include "cgroupfs/parse/cgroup_state.h"

#include "cgroupfs/parse/keyed.h"

namespace plimsoll::cgroupfs {

namespace {

constexpr auto kEventKeys = std::to_array<Key<CgroupEvents>>({
    {"populated", &CgroupEvents::populated},
    {"frozen", &CgroupEvents::frozen},
});

constexpr auto kStatKeys = std::to_array<Key<CgroupStat>>({
    {"nr_descendants", &CgroupStat::nr_descendants},
    {"nr_dying_descendants", &CgroupStat::nr_dying_descendants},
});

}  // namespace

Result<CgroupEvents> parse_cgroup_events(std::string_view text) {
  return parse_keyed(text, kEventKeys);
}

Result<CgroupStat> parse_cgroup_stat(std::string_view text) {
  return parse_keyed(text, kStatKeys);
}

Result<FreezerState> parse_freezer_state(std::string_view text) {
  if (text == "THAWED\n") return FreezerState::kThawed;
  if (text == "FREEZING\n") return FreezerState::kFreezing;
  if (text == "FROZEN\n") return FreezerState::kFrozen;
  return malformed(first_line(text));
}

}  // namespace plimsoll::cgroupfs
