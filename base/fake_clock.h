// For tests: stands still until advanced.
#pragma once

#include <atomic>

#include "base/clock.h"

namespace plimsoll {

class FakeClock final : public Clock {
 public:
  void advance(std::chrono::nanoseconds by) { ns_.fetch_add(by.count()); }
  [[nodiscard]] MonoTime now() const override {
    return MonoTime(std::chrono::nanoseconds(ns_.load()));
  }
  [[nodiscard]] WallTime wall() const override {
    return WallTime(std::chrono::nanoseconds(kEpochNs + ns_.load()));
  }

 private:
  static constexpr std::int64_t kEpochNs = 1'700'000'000'000'000'000;
  std::atomic<std::int64_t> ns_{1'000'000'000};
};

}  // namespace plimsoll
