// For tests: a program that is run to its end, or killed at a point of its way.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace plimsoll::oci {

struct Ended {
  bool killed = false;  // Else it came to its end before the point.
  int code = -1;        // Its exit code, or 128 and the signal.
  long calls = 0;       // Stops at its system calls, with kill_at_call() only.
  std::chrono::microseconds took{};
  std::string output;  // What it wrote to 1 and 2, with run() only.
};

using Words = std::vector<std::string>;  // The program's path first.

[[nodiscard]] Ended run(const Words& words);
[[nodiscard]] Ended kill_after(const Words& words, std::chrono::microseconds delay);
// At its n-th stop: each system call has one before it and one after it, but for the last. The
// children it makes are left alone.
[[nodiscard]] Ended kill_at_call(const Words& words, long n);

// Reaps what has ended of our children (all that a killed program leaves are ours, if we are their
// subreaper) and returns the others.
[[nodiscard]] std::vector<pid_t> children_left();

}  // namespace plimsoll::oci
