// cpu.max of v2: "50000 100000\n" or "max 100000\n", microseconds of CPU time per period.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "base/number.h"

namespace plimsoll::cgroupfs {

struct CpuMax {
  Limit<std::uint64_t> quota_usec = Limit<std::uint64_t>::none();
  std::uint64_t period_usec = 0;
  bool operator==(const CpuMax&) const = default;
};
[[nodiscard]] Result<CpuMax> parse_cpu_max(std::string_view text);

}  // namespace plimsoll::cgroupfs
