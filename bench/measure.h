// Clocks, and medians of rounds.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

#include "bench/bench_host.h"

namespace plimsoll::bench {

inline double wall_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Median CPU seconds of `rounds` calls; `pause` is called before each (a real second, or nothing).
inline double cpu_of(std::size_t rounds, const std::function<void()>& pause,
                     const std::function<void()>& work) {
  std::vector<double> times;
  for (std::size_t i = 0; i < rounds; ++i) {
    pause();
    const double start = process_cpu();
    work();
    times.push_back(process_cpu() - start);
  }
  return median(times);
}

inline void nothing() {}
inline void one_second() {
  std::this_thread::sleep_for(std::chrono::seconds(1));
}

}  // namespace plimsoll::bench
