// When something happened, in three ways: which boot, how long after it, and what the calendar
// said. Leases count on the second, which neither stands still in suspend nor jumps with the clock
// nor ends with the process; the first says when it started anew.
#pragma once

#include <chrono>
#include <string>

#include "base/clock.h"
#include "base/fd.h"

namespace plimsoll::control {

struct Moment {
  std::string boot_id;                    // "6f0b…-…": /proc/sys/kernel/random/boot_id.
  std::chrono::nanoseconds since_boot{};  // CLOCK_BOOTTIME.
  WallTime wall;
  bool operator==(const Moment&) const = default;
};

[[nodiscard]] Result<std::string> read_boot_id(const DirFd& proc);
[[nodiscard]] Moment now(const std::string& boot_id);

}  // namespace plimsoll::control
