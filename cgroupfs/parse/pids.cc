#include "cgroupfs/parse/pids.h"

#include "base/number.h"
#include "cgroupfs/parse/keyed.h"

namespace plimsoll::cgroupfs {

namespace {
constexpr auto kEventKeys = std::to_array<Key<PidsEvents>>({{"max", &PidsEvents::max}});
}

Result<PidsEvents> parse_pids_events(std::string_view text) {
  return parse_keyed(text, kEventKeys);
}

Result<std::uint64_t> count_procs(std::string_view text) {
  std::uint64_t count = 0;
  Lines lines(text);
  while (const std::optional<std::string_view> line = PLIMSOLL_TRY(lines.next())) {
    if (!to_number<std::uint32_t>(*line)) return malformed(*line);
    ++count;
  }
  return count;
}

}  // namespace plimsoll::cgroupfs
