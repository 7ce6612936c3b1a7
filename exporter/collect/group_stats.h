// What the collectors of the optional groups say about themselves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace plimsoll::exporter {

// The worker that looks at processes, sockets and monitoring groups.
struct TaskStats {
  std::size_t cgroups = 0;      // Asked for now.
  std::size_t threads = 0;      // Followed now.
  std::uint64_t denied = 0;     // Files of processes we were not allowed to read, since the start.
  std::uint64_t malformed = 0;  // ... that did not parse.
  double cpu_seconds = 0;
  std::string missing;  // The capability or facility that is missing, "" if none.
};

struct PerfStats {
  std::size_t counters = 0;   // Open now.
  std::size_t left_out = 0;   // Cgroups that had no room.
  std::uint64_t refused = 0;  // Counters the kernel refused, since the start.
  std::string missing;
};

}  // namespace plimsoll::exporter
