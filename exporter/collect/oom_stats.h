// What the collection of OOM kills says about itself.
#pragma once

#include <cstdint>
#include <string>

namespace plimsoll::exporter {

struct KernelLogStats {
  bool wanted = false;  // A log was named.
  bool readable = false;
  std::uint64_t records = 0;  // Read since the start.
  std::uint64_t lost = 0;     // Overwritten before we read them.
  std::uint64_t malformed = 0;
  std::string error;  // Why it is not readable.
};

struct OomStats {
  KernelLogStats log;
  std::uint64_t malformed = 0;  // OOM lines of the log that were not understood.
};

}  // namespace plimsoll::exporter
