// What every group was seen to use of memory, CPU time and process ids, for limits that are shares
// of it. Fed by whoever samples, asked by policies.
//
// Kept for one to two days: two parts of a day each, the older one dropped when the newer is full,
// so that a container that has calmed down is not measured by what it did a week ago.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "cgroupfs/tree/tree.h"
#include "control/policy/amount.h"
#include "control/usage/histogram.h"

namespace plimsoll::control {

struct UsageSample {
  MonoTime at;
  std::optional<std::uint64_t> memory;  // Bytes, without cache that is free to go.
  std::optional<std::uint64_t> cpu_ns;  // Used since the group was made.
  std::optional<std::uint64_t> pids;
};

// All that is known of one group.
struct Seen {
  policy::Observed observed;
  std::optional<UsageSample> last;
  Histogram memory, nano_cpus, pids;
};

// Safe from every thread.
class UsageBook {
 public:
  explicit UsageBook(std::chrono::nanoseconds part = std::chrono::hours(24)) : part_(part) {}

  // Once a second, or more rarely while the group rests: a sample stands for the seconds since the
  // last one. Those that come faster are left out, and half a minute counts as no time: nobody has
  // looked.
  void note(const cgroupfs::Cgroup& group, const UsageSample& sample);
  void forget(const std::string& path);

  // Nothing of a group of this path that is another one.
  [[nodiscard]] policy::Observed observed(const cgroupfs::Cgroup& group) const;
  // For people, who have but the path.
  [[nodiscard]] Seen seen(const std::string& path) const;

 private:
  struct Part {
    std::chrono::nanoseconds span{};
    Histogram memory, nano_cpus, pids;
  };
  struct Entry {
    cgroupfs::Cgroup group;
    Part now, before;
    std::optional<UsageSample> last;
    [[nodiscard]] policy::Observed observed() const;
  };

  const std::chrono::nanoseconds part_;
  mutable std::mutex mutex_;  // Of what follows.
  std::map<std::string, Entry, std::less<>> groups_;
};

}  // namespace plimsoll::control
