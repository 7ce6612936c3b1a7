// What each container used of CPU and memory, as histograms over the regular samples since it was
// first seen: a scrape every 30 s then still shows what happened within.
//
// Fed by the sampler's thread, read by whoever formats; a lock for one container at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "exporter/collect/snapshot.h"
#include "exporter/collect/usage_histogram.h"

namespace plimsoll::exporter {

// Below this a container does nothing: a millisecond of CPU time per second, about.
inline constexpr double kIdleCores = 0.0009765625;  // 2^-10
inline constexpr double kNoMemory = 1;              // Byte.

struct ContainerUsage {
  UsageHistogram cpu_cores;
  UsageHistogram memory_bytes;  // Working set.
};

class UsageHistograms {
 public:
  // Adds each container's numbers; forgets containers that the snapshot does not have. A rate that
  // is not there yet is not counted.
  void append(const Snapshot& snapshot);
  // Copies into `into`, which keeps its memory from call to call. False when there is none.
  [[nodiscard]] bool copy(std::uint64_t serial, ContainerUsage& into) const;
  [[nodiscard]] std::size_t memory() const;

 private:
  struct Tracked {
    ContainerUsage usage;
    std::uint64_t sequence = 0;  // Of the last snapshot that had it.
  };

  mutable std::mutex mutex_;
  std::unordered_map<std::uint64_t, Tracked> by_serial_;
};

}  // namespace plimsoll::exporter
