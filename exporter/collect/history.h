// The last minutes of every container at the sampler's interval, compact: deltas as variable-length
// integers, where something changed.
//
// Written by the sampler after each tick, read by streams and the JSON API from another thread:
// guarded inside. All bytes are counted in HistoryStats; per container-sample of ten containers,
// bookkeeping included, the tests measure 56 for a busy container (30 values of 1.88 bytes) and 3.7
// for an idle one (1.3 of them its own): five minutes at one second are 17 KiB and 0.4 KiB.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "cgroupfs/read/field.h"
#include "exporter/collect/snapshot.h"

namespace plimsoll::exporter {

struct HistoryOptions {
  std::chrono::nanoseconds keep = std::chrono::minutes(5);
  std::size_t max_bytes = std::size_t{256} << 20;  // Oldest data goes first; counted.
};

// The fields kept, a fixed subset (CPU, memory, IO, network, pids, PSI, OOM): kHistoryFields in
// history.cc's table.
[[nodiscard]] std::span<const cgroupfs::Field> history_fields();

struct HistoryPoint {
  std::uint64_t sequence = 0;  // Snapshot::sequence
  WallTime wall;
  std::vector<std::optional<std::uint64_t>> values;  // As history_fields().
};

struct HistoryStats {
  std::size_t containers = 0;
  std::size_t points = 0;
  std::size_t bytes = 0;      // All of it: encoded data and bookkeeping.
  std::uint64_t evicted = 0;  // Points dropped because of max_bytes.
};

class History {
 public:
  [[nodiscard]] static std::unique_ptr<History> create(HistoryOptions options);
  virtual ~History() = default;
  virtual void append(const Snapshot& snapshot) = 0;
  // Points of one container (by cgroup serial) with sequence > `after` and wall >= `since`, oldest
  // first.
  [[nodiscard]] virtual std::vector<HistoryPoint> read(std::uint64_t serial,
                                                       std::uint64_t after = 0,
                                                       WallTime since = {}) const = 0;
  [[nodiscard]] virtual HistoryStats stats() const = 0;
};

}  // namespace plimsoll::exporter
