// PSI: {cpu,memory,io,irq}.pressure of a v2 group (a cgroup2 mount beside v1 has them too) and
// /proc/pressure/*. Source: Documentation/accounting/psi.rst, Linux 4.20.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"

namespace plimsoll::cgroupfs {

// "some avg10=0.12 avg60=0.02 avg300=0.00 total=5120\n": percent of the last seconds, and
// microseconds since the group was made.
struct PressureLine {
  double avg10 = 0;
  double avg60 = 0;
  double avg300 = 0;
  std::uint64_t total_usec = 0;
  bool operator==(const PressureLine&) const = default;
};

// cpu.pressure has no "full" line before Linux 5.13, irq.pressure no "some". A kernel started with
// psi=0 refuses to read the file (EOPNOTSUPP) or does not have it.
struct Pressure {
  std::optional<PressureLine> some, full;
  bool operator==(const Pressure&) const = default;
};
[[nodiscard]] Result<Pressure> parse_pressure(std::string_view text);

}  // namespace plimsoll::cgroupfs
