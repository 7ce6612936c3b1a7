// The encoding of one container's history: points after the first of a block are differences, as
// variable-length integers; what did not change costs one bit. Times are kept in microseconds.
// Pure, no locks.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "cgroupfs/read/field.h"
#include "exporter/collect/history.h"

namespace plimsoll::exporter {

// In order of how often they change: the lowest bits of the change mask are the cheapest.
inline constexpr auto kHistoryFields = std::to_array<cgroupfs::Field>({
    cgroupfs::Field::kCpuUsage,
    cgroupfs::Field::kMemoryUsage,
    cgroupfs::Field::kMemoryWorkingSet,
    cgroupfs::Field::kMemoryRss,
    cgroupfs::Field::kMemoryCache,
    cgroupfs::Field::kNetRxBytes,
    cgroupfs::Field::kNetTxBytes,
    cgroupfs::Field::kNetRxPackets,
    cgroupfs::Field::kNetTxPackets,
    cgroupfs::Field::kIoWriteBytes,
    cgroupfs::Field::kIoReadBytes,
    cgroupfs::Field::kIoWrites,
    cgroupfs::Field::kIoReads,
    cgroupfs::Field::kPids,
    cgroupfs::Field::kCpuUser,
    cgroupfs::Field::kCpuSystem,
    cgroupfs::Field::kCpuPeriods,
    cgroupfs::Field::kCpuThrottledPeriods,
    cgroupfs::Field::kCpuThrottled,
    cgroupfs::Field::kPsiCpuSome,
    cgroupfs::Field::kPsiMemorySome,
    cgroupfs::Field::kPsiMemoryFull,
    cgroupfs::Field::kPsiIoSome,
    cgroupfs::Field::kPsiIoFull,
    cgroupfs::Field::kMemorySwap,
    cgroupfs::Field::kMemoryFailcnt,
    cgroupfs::Field::kMemoryEventsOomKill,
    cgroupfs::Field::kMemoryLimit,
    cgroupfs::Field::kNetRxDropped,
    cgroupfs::Field::kNetTxDropped,
});
inline constexpr std::size_t kHistoryFieldCount = kHistoryFields.size();
static_assert(kHistoryFieldCount < 63, "the change mask is one integer");

// One point as the codec sees it: values already in stored units (to_stored), a bit per present
// value.
struct StoredPoint {
  std::uint64_t sequence = 0;
  std::int64_t wall_us = 0;
  std::uint64_t present = 0;  // Bit i: values[i] is there; else values[i] is 0.
  std::array<std::uint64_t, kHistoryFieldCount> values{};
  bool operator==(const StoredPoint&) const = default;
};

[[nodiscard]] StoredPoint to_stored(const Snapshot& snapshot, std::size_t row);
[[nodiscard]] HistoryPoint from_stored(const StoredPoint& point);

// Points in a row, encoded. Reading decodes from the start.
class HistoryBlock {
 public:
  static constexpr std::size_t kPoints = 60;

  [[nodiscard]] std::vector<StoredPoint> decode() const;
  [[nodiscard]] bool full() const { return count_ == kPoints; }
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::uint64_t last_sequence() const { return last_sequence_; }
  [[nodiscard]] std::int64_t last_wall_us() const { return last_wall_us_; }
  // No more points: gives back what the buffer does not need.
  void close() { bytes_.shrink_to_fit(); }
  // All memory of the block.
  [[nodiscard]] std::size_t memory() const { return sizeof(*this) + bytes_.capacity(); }

 private:
  friend class HistoryEncoder;
  std::vector<std::uint8_t> bytes_;
  std::uint64_t last_sequence_ = 0;
  std::int64_t last_wall_us_ = 0;
  std::size_t count_ = 0;
};

// Appends to the newest block of one container; remembers the last point once, not in every block.
class HistoryEncoder {
 public:
  // An empty block starts anew: its first point is a difference to zero.
  void append(HistoryBlock& block, const StoredPoint& point);

 private:
  StoredPoint last_;
  std::int64_t last_step_us_ = 0;
};

}  // namespace plimsoll::exporter
