// What two samples of a group say about its limits, where the kernel does not tell by itself: near
// a limit, throttled, forks refused, stalled. Pure: numbers in, events (without names) out.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "cgroupfs/read/sample.h"
#include "control/breach/event.h"

namespace plimsoll::control {

struct JudgeOptions {
  // Percent of the limit, rising. One is told again only after usage was `hysteresis` below it.
  std::vector<std::uint64_t> near_limit = {80, 90, 95};
  std::uint64_t hysteresis = 5;
  // Percent of the periods that were throttled, of the time that was stalled.
  std::uint64_t throttled = 10;
  std::uint64_t cpu_stall = 50;
  std::uint64_t memory_stall = 10;
  std::uint64_t io_stall = 20;
};

// What the judge looks at. All optional, as in the sample.
struct GroupNumbers {
  MonoTime at;
  std::optional<std::uint64_t> memory, working_set, memory_limit, memory_high;
  std::optional<std::uint64_t> high_events, max_events;
  std::optional<std::uint64_t> pids, pids_limit, refused_forks;
  std::optional<std::uint64_t> periods, throttled_periods, throttled_ns, quota_ns;
  std::optional<std::uint64_t> cpu_stall_ns, memory_stall_ns, io_stall_ns;
  bool operator==(const GroupNumbers&) const = default;
};
// `refused_forks` is left to the caller: the sample's is read rarely.
[[nodiscard]] GroupNumbers numbers_of(const cgroupfs::CgroupSample& sample, MonoTime at);

// The threshold that usage is at or above, with memory of the last one.
class NearLimit {
 public:
  // The threshold that was passed upwards since the last call; the highest of several.
  [[nodiscard]] std::optional<std::uint64_t> passed(std::uint64_t used, std::uint64_t limit,
                                                    const JudgeOptions& options);
  [[nodiscard]] std::uint64_t level() const { return level_; }

 private:
  std::uint64_t level_ = 0;
};

class Judge {
 public:
  explicit Judge(const JudgeOptions& options) : options_(&options) {}
  // Events have kind, source, count, limit and numbers; who and when is the caller's. The first
  // call has nothing to compare with and tells only of thresholds.
  [[nodiscard]] std::vector<BreachEvent> look(const GroupNumbers& now);
  // Is it worth looking again soon?
  [[nodiscard]] bool is_close() const { return memory_.level() > 0 || pids_.level() > 0; }

 private:
  const JudgeOptions* options_;  // Outlives the judge.
  std::optional<GroupNumbers> last_;
  NearLimit memory_, pids_;
};

// `part` of `whole` in percent, rounded down; at most 100 times as much as fits.
[[nodiscard]] std::uint64_t percent_of(std::uint64_t part, std::uint64_t whole);

}  // namespace plimsoll::control
