// Time only through here, so that tests advance it.
#pragma once

#include <chrono>
#include <cstdint>

namespace plimsoll {

// CLOCK_MONOTONIC: rates, ages, deadlines. Never shown to people.
using MonoTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;
// CLOCK_REALTIME: what people and Prometheus see.
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::nanoseconds>;

// A seam: RealClock in the product, FakeClock (base/fake_clock.h) in tests. Safe from every thread.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual MonoTime now() const = 0;
  [[nodiscard]] virtual WallTime wall() const = 0;
};

class RealClock final : public Clock {
 public:
  [[nodiscard]] MonoTime now() const override {
    return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now());
  }
  [[nodiscard]] WallTime wall() const override {
    return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
  }
};

}  // namespace plimsoll
