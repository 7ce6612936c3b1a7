// A group's memory of the last minute, one point a second, kept so that a report can show how it
// came to the end. An idle group's points are not repeated: the last one holds until the next.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/clock.h"

namespace plimsoll::control {

struct CurvePoint {
  MonoTime at;
  std::uint64_t usage = 0;
  std::uint64_t working_set = 0;
  bool operator==(const CurvePoint&) const = default;
};

class MemoryCurve {
 public:
  static constexpr std::size_t kPoints = 60;
  static constexpr std::chrono::seconds kSpan{60};

  void add(const CurvePoint& point) {
    if (count_ > 0) {
      const CurvePoint& last = points_[(next_ + kPoints - 1) % kPoints];
      if (last.usage == point.usage && last.working_set == point.working_set) return;
      // Between the seconds (a group that is looked at more often) the newest replaces.
      if (point.at - last.at < std::chrono::milliseconds(900))
        next_ = (next_ + kPoints - 1) % kPoints;
      else if (count_ < kPoints)
        ++count_;
    } else {
      count_ = 1;
    }
    points_[next_] = point;
    next_ = (next_ + 1) % kPoints;
  }

  // Oldest first. One point older than the span tells what held at its beginning.
  [[nodiscard]] std::vector<CurvePoint> points(MonoTime now) const {
    std::vector<CurvePoint> out;
    for (std::size_t i = 0; i < count_; ++i) {
      const CurvePoint& point = points_[(next_ + kPoints - count_ + i) % kPoints];
      if (now - point.at > kSpan) out.clear();
      out.push_back(point);
    }
    return out;
  }

 private:
  std::array<CurvePoint, kPoints> points_{};
  std::size_t next_ = 0;
  std::size_t count_ = 0;
};

}  // namespace plimsoll::control
