// What was seen of each container in the last minutes. Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "agent/stats/row.h"

namespace plimsoll::agent::top {

inline constexpr float kAbsent = std::numeric_limits<float>::quiet_NaN();

// One container at one moment; rates are of the interval before. NaN: not offered, not yet.
struct Point {
  float cpu = kAbsent;                                                        // Cores.
  float memory = kAbsent;                                                     // Bytes.
  float net_rx = kAbsent, net_tx = kAbsent, read = kAbsent, write = kAbsent;  // Bytes per second.
  float throttled = kAbsent;                                                  // 0..1
  float psi_cpu = kAbsent, psi_memory = kAbsent, psi_io = kAbsent;            // 0..1
};

using PointValue = float Point::*;

// a + b, either of which may be absent.
[[nodiscard]] float sum(float a, float b);

// How bad it is, from what needs nobody's attention on.
enum class Level : std::uint8_t { kCalm, kNote, kWarning, kAlarm };

struct Reason {
  Level level = Level::kCalm;
  std::string mark;      // "MEM 97%"
  std::string sentence;  // "memory: 62.1M of its limit of 64M"
};

struct Entry {
  StatsRow row;
  std::deque<Point> points;     // Oldest first; never empty.
  std::uint64_t first = 0;      // The running number of points[0].
  std::uint64_t oom_seen = 0;   // Kills while we watched.
  std::optional<WallTime> oom;  // The newest of them.
  std::vector<Reason> reasons;  // Worst first.

  [[nodiscard]] const Point& now() const { return points.back(); }
  [[nodiscard]] Level level() const {
    return reasons.empty() ? Level::kCalm : reasons.front().level;
  }
  // The mean of the last three: what is sorted by, so that lines do not jump.
  [[nodiscard]] double smooth(PointValue value) const;
  [[nodiscard]] std::vector<double> series(PointValue value) const;
};

// By cgroup, which no two containers share.
using Entries = std::map<std::string, Entry>;

class History {
 public:
  // What is no longer in the frame is forgotten. A frame not newer than the last is left out,
  // unless the clock was set back by more than a minute.
  void take(StatsFrame frame);

  [[nodiscard]] const Entries& entries() const { return entries_; }
  [[nodiscard]] WallTime time() const { return time_; }
  [[nodiscard]] bool empty() const { return time_ == WallTime{}; }

  static constexpr std::size_t kPoints = 300;
  // With more containers than kMany only so many points are kept of each.
  static constexpr std::size_t kMany = 1000;
  static constexpr std::size_t kFewPoints = 60;

 private:
  Entries entries_;
  WallTime time_;
};

// The sum of several, as a line above them: numbers and points added, the worst reason kept.
[[nodiscard]] Entry sum_of(const std::vector<const Entry*>& parts, std::string name);

}  // namespace plimsoll::agent::top
