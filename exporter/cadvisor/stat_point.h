// One moment of one container, whether it comes from the newest snapshot, which has everything, or
// from history, which keeps what people draw.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "cgroupfs/read/field.h"
#include "exporter/collect/history.h"
#include "exporter/collect/snapshot.h"

namespace plimsoll::exporter {

class StatPoint {
 public:
  // The snapshot must outlive the point.
  StatPoint(const Snapshot& snapshot, std::size_t row)
      : at_(snapshot.wall), snapshot_(&snapshot), row_(row) {}
  // `now` is the container in the newest snapshot: what does not change is looked up there.
  StatPoint(HistoryPoint past, const Snapshot& now, std::size_t row)
      : at_(past.wall), past_(std::move(past.values)), snapshot_(&now), row_(row), is_past_(true) {}

  [[nodiscard]] WallTime at() const { return at_; }
  [[nodiscard]] std::optional<std::uint64_t> value(cgroupfs::Field field) const;
  // Side tables (devices, interfaces ...) are of the newest snapshot only.
  [[nodiscard]] bool is_past() const { return is_past_; }
  [[nodiscard]] const Snapshot& snapshot() const { return *snapshot_; }
  [[nodiscard]] std::size_t row() const { return row_; }

 private:
  WallTime at_;
  std::vector<std::optional<std::uint64_t>> past_;
  const Snapshot* snapshot_;
  std::size_t row_;
  bool is_past_ = false;
};

// Which points of a container, oldest first.
struct PointRange {
  std::optional<std::size_t> newest;   // Nothing: all.
  std::optional<WallTime> start, end;  // Inclusive.
};
// `history` may be null. A container that was never read has none.
[[nodiscard]] std::vector<StatPoint> points_of(const Snapshot& snapshot, std::size_t row,
                                               const History* history, const PointRange& range);

}  // namespace plimsoll::exporter
