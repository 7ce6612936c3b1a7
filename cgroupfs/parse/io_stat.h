// io.stat of v2: one line of "key=value" per device.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "cgroupfs/parse/lines.h"

namespace plimsoll::cgroupfs {

struct IoStat {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::optional<std::uint64_t> rbytes, wbytes, rios, wios, dbytes, dios;
  // "cost.usage" and so on, microseconds: blk-iocost, where it is switched on (Linux 5.10).
  std::optional<std::uint64_t> cost_usage, cost_wait, cost_indebt, cost_indelay;
  bool operator==(const IoStat&) const = default;
};

// "8:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0\n". Kernels have printed these as well,
// and they are read so:
//   "252:0 "                        a device without counters: all absent
//   "(unknown) rbytes=0 ..."        a device without a number: left out
//   "7:7 7:6 7:5 rbytes=1 ..."      7:7 and 7:6 without counters (and without '\n'), then 7:5
// Pulled device by device, without allocation: a caller must be ready for an error after some.
class IoStatLines {
 public:
  explicit IoStatLines(std::string_view text) : lines_(text) {}
  [[nodiscard]] Result<std::optional<IoStat>> next();

 private:
  Lines lines_;
  std::string_view line_;  // Whole, for errors.
  std::string_view rest_;  // What of it is still to come.
};

}  // namespace plimsoll::cgroupfs
