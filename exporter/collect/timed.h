// Times one collector's share of a tick and notes its outcome.
#pragma once

#include <chrono>

#include "base/clock.h"
#include "exporter/collect/self.h"

namespace plimsoll::exporter {

[[nodiscard]] inline double seconds_of(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

class Timed {
 public:
  Timed(CollectorStats& stats, const Clock& clock)
      : stats_(stats), clock_(clock), start_(clock.now()) {}
  Timed(const Timed&) = delete;
  Timed& operator=(const Timed&) = delete;
  ~Timed() {
    stats_.last_seconds = seconds_of(clock_.now() - start_);
    stats_.duration.observe(stats_.last_seconds);
  }

 private:
  CollectorStats& stats_;
  const Clock& clock_;
  MonoTime start_;
};

}  // namespace plimsoll::exporter
