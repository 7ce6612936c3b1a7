#include "exporter/collect/diskstats.h"

#include <array>
#include <optional>

#include "base/number.h"
#include "base/text.h"

namespace plimsoll::exporter {

Result<std::vector<DiskStats>> parse_diskstats(std::string_view text) {
  using Field = std::uint64_t DiskStats::*;
  static constexpr std::array<Field, 11> kFields = {
      &DiskStats::reads,           &DiskStats::reads_merged,  &DiskStats::sectors_read,
      &DiskStats::ms_reading,      &DiskStats::writes,        &DiskStats::writes_merged,
      &DiskStats::sectors_written, &DiskStats::ms_writing,    &DiskStats::io_in_progress,
      &DiskStats::io_ms,           &DiskStats::weighted_io_ms};
  std::vector<DiskStats> disks;
  std::string_view line;
  while (next_line(text, line)) {
    std::string_view rest = line;
    std::string_view word;
    const auto number = [&] {
      return next_word(rest, word) ? to_number<std::uint64_t>(word) : std::nullopt;
    };
    DiskStats disk;
    const auto major = number();
    const auto minor = number();
    if (!major || !minor || !next_word(rest, word)) return malformed(line);
    disk.major = static_cast<std::uint32_t>(*major);
    disk.minor = static_cast<std::uint32_t>(*minor);
    disk.name = word;
    // Before 2.6.25 partitions had four numbers only; newer kernels print more than eleven.
    for (const Field field : kFields) {
      const auto value = number();
      if (!value) return malformed(line);
      disk.*field = *value;
    }
    disks.push_back(std::move(disk));
  }
  return disks;
}

}  // namespace plimsoll::exporter
