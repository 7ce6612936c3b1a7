// PROC/diskstats, Documentation/admin-guide/iostats.rst, parsed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace plimsoll::exporter {

//  254       0 vda 31545 9277 3206562 8205 25917 9913 1910288 5117 0 5360 13587 5895 ...
// Every device has its line, whatever its name: sd, vd, xvd, nvme, mmcblk, md, nbd, dm-. The kernel
// counts time in milliseconds.
struct DiskStats {
  std::uint32_t major = 0, minor = 0;
  std::string name;
  std::uint64_t reads = 0, reads_merged = 0, sectors_read = 0, ms_reading = 0;
  std::uint64_t writes = 0, writes_merged = 0, sectors_written = 0, ms_writing = 0;
  std::uint64_t io_in_progress = 0, io_ms = 0, weighted_io_ms = 0;
};
[[nodiscard]] Result<std::vector<DiskStats>> parse_diskstats(std::string_view text);

}  // namespace plimsoll::exporter
