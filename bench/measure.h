// Clocks, medians and percentiles.
#pragma once

#include <chrono>
#include <cstddef>
#include <ctime>
#include <functional>
#include <thread>
#include <vector>

namespace plimsoll::bench {

[[nodiscard]] double seconds_of(clockid_t clock);
// CPU seconds (user + system) of the calling thread, and of all threads.
[[nodiscard]] inline double thread_cpu() {
  return seconds_of(CLOCK_THREAD_CPUTIME_ID);
}
[[nodiscard]] inline double process_cpu() {
  return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}
[[nodiscard]] inline double wall_now() {
  return seconds_of(CLOCK_MONOTONIC);
}
// The value below which `share` of them are, 0 to 1; 0 of none.
[[nodiscard]] double percentile(std::vector<double> values, double share);
[[nodiscard]] double median(std::vector<double> values);
// Resident bytes of this process.
[[nodiscard]] std::size_t resident_bytes();

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
