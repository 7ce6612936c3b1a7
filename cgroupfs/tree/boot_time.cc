#include "base/number.h"
#include "base/text.h"
#include "cgroupfs/tree/tree.h"

namespace plimsoll::cgroupfs {

// proc_stat(5): "btime 1699999999", seconds since the epoch.
Result<WallTime> parse_boot_time(std::string_view proc_stat) {
  std::string_view line;
  while (next_line(proc_stat, line)) {
    if (!line.starts_with("btime ")) continue;
    const auto seconds = to_number<std::uint32_t>(trim(line.substr(6)));
    if (!seconds) return malformed(line);
    return WallTime(std::chrono::seconds(*seconds));
  }
  return failure(ErrorKind::kNotOffered, "parse", "stat: btime");
}

}  // namespace plimsoll::cgroupfs
