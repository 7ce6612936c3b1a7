// How long the monitor may rest between two looks at all groups: a tick while something runs, twice
// as long after each look that found everything still, up to `longest`. Pure.
#pragma once

#include <algorithm>
#include <chrono>

namespace plimsoll::control {

class Pace {
 public:
  Pace(std::chrono::nanoseconds tick, std::chrono::nanoseconds longest)
      : tick_(tick), longest_(std::max(tick, longest)), rest_(tick) {}

  // Something happened: the rests begin anew.
  void stir() { stirred_ = true; }
  // After a look: how long until the next one.
  [[nodiscard]] std::chrono::nanoseconds next(bool ran) {
    rest_ = ran || stirred_ ? tick_ : std::min(rest_ * 2, longest_);
    stirred_ = false;
    return rest_;
  }

 private:
  std::chrono::nanoseconds tick_, longest_, rest_;
  bool stirred_ = true;  // The first look has nothing to compare with.
};

}  // namespace plimsoll::control
