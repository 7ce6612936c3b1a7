// The encoding of one container's history: points after the first of a block are differences, as
// variable-length integers; what did not change costs one bit, and a tick without any change costs
// nothing. A point is known by the number of its tick; when that was stands once for all containers
// (History's timeline). Pure, no locks.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "cgroupfs/read/field.h"
#include "exporter/collect/history.h"

namespace plimsoll::exporter {

// All that cAdvisor's API says of a past moment in one number. In order of how often they change:
// the lowest bits of the change mask are the cheapest.
inline constexpr auto kHistoryFields = std::to_array<cgroupfs::Field>({
    cgroupfs::Field::kCpuUsage,
    cgroupfs::Field::kMemoryUsage,
    cgroupfs::Field::kMemoryWorkingSet,
    cgroupfs::Field::kMemoryRss,
    cgroupfs::Field::kMemoryCache,
    cgroupfs::Field::kMemoryMappedFile,
    cgroupfs::Field::kMemoryActiveFile,
    cgroupfs::Field::kMemoryInactiveFile,
    cgroupfs::Field::kMemoryPgfault,
    cgroupfs::Field::kMemoryPgfaultTotal,
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
    // Quiet unless the container is short of something.
    cgroupfs::Field::kMemoryFileDirty,
    cgroupfs::Field::kMemoryFileWriteback,
    cgroupfs::Field::kMemoryKernel,
    cgroupfs::Field::kMemoryPeak,
    cgroupfs::Field::kMemoryPgmajfault,
    cgroupfs::Field::kMemoryPgmajfaultTotal,
    cgroupfs::Field::kMemoryPgscan,
    cgroupfs::Field::kMemoryPgsteal,
    cgroupfs::Field::kMemoryRefaultFile,
    cgroupfs::Field::kMemoryRefaultAnon,
    cgroupfs::Field::kMemoryEventsHigh,
    cgroupfs::Field::kMemoryEventsMax,
    cgroupfs::Field::kMemoryEventsLocalMax,
    cgroupfs::Field::kCpuBursts,
    cgroupfs::Field::kCpuBurst,
    cgroupfs::Field::kPsiCpuFull,
    cgroupfs::Field::kNetRxErrors,
    cgroupfs::Field::kNetTxErrors,
    // Absent unless their groups are on.
    cgroupfs::Field::kSchedRun,
    cgroupfs::Field::kSchedRunqueue,
    cgroupfs::Field::kSchedPeriods,
    cgroupfs::Field::kLoadAverage,
    cgroupfs::Field::kLoadDAverage,
    cgroupfs::Field::kTasksSleeping,
    cgroupfs::Field::kTasksRunning,
    cgroupfs::Field::kTasksUninterruptible,
    cgroupfs::Field::kReferencedBytes,
});
inline constexpr std::size_t kHistoryFieldCount = kHistoryFields.size();
static_assert(kHistoryFieldCount < 63, "the change mask is one integer");

using HistoryTick = std::uint64_t;  // 0, 1, 2 ...: the snapshots appended.

// One point as the codec sees it: values already in stored units (to_stored), a bit per present
// value.
struct StoredPoint {
  HistoryTick tick = 0;
  std::uint64_t present = 0;  // Bit i: values[i] is there; else values[i] is 0.
  std::array<std::uint64_t, kHistoryFieldCount> values{};
  bool operator==(const StoredPoint&) const = default;
};

[[nodiscard]] StoredPoint to_stored(const Snapshot& snapshot, std::size_t row, HistoryTick tick);
// The values alone.
[[nodiscard]] HistoryPoint from_stored(const StoredPoint& point);

// Points in a row, encoded: those ticks where something changed. Reading decodes from the start.
class HistoryBlock {
 public:
  static constexpr std::size_t kPoints = 60;

  explicit HistoryBlock(HistoryTick first) : first_(first), last_(first) {}

  [[nodiscard]] std::vector<StoredPoint> decode() const;
  [[nodiscard]] bool full() const { return count_ == kPoints; }
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] HistoryTick first() const { return first_; }
  // No more points: gives back what the buffer does not need.
  void close() { bytes_.shrink_to_fit(); }
  // All memory of the block.
  [[nodiscard]] std::size_t memory() const { return sizeof(*this) + bytes_.capacity(); }

 private:
  friend class HistoryEncoder;
  std::vector<std::uint8_t> bytes_;
  HistoryTick first_;
  HistoryTick last_;  // Of the last point.
  std::uint32_t count_ = 0;
};

// Appends to the newest block of one container; remembers the last point once, not in every block.
class HistoryEncoder {
 public:
  // Does the point say anything that the last one did not?
  [[nodiscard]] bool is_news(const StoredPoint& point) const {
    return point.present != last_.present || point.values != last_.values;
  }
  // An empty block starts anew: its first point is a difference to zero, at the block's first().
  void append(HistoryBlock& block, const StoredPoint& point);

 private:
  StoredPoint last_;
};

}  // namespace plimsoll::exporter
