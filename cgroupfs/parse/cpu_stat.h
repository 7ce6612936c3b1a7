// cpu.stat of both versions: bandwidth control's counters and, on v2, the CPU time used.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"

namespace plimsoll::cgroupfs {

// v1: "nr_periods 12\nnr_throttled 3\nthrottled_time 40000\n", nanoseconds. nr_bursts and
// burst_time since Linux 5.14.
struct CpuStatV1 {
  std::optional<std::uint64_t> nr_periods, nr_throttled, throttled_time;
  std::optional<std::uint64_t> nr_bursts, burst_time;
  bool operator==(const CpuStatV1&) const = default;
};
[[nodiscard]] Result<CpuStatV1> parse_cpu_stat_v1(std::string_view text);

// v2: "usage_usec 8120\nuser_usec 5311\nsystem_usec 2809\n", in every group. The keys from
// nr_periods on need the cpu controller; nr_bursts and burst_usec Linux 5.14, nice_usec 6.14,
// core_sched.force_idle_usec 6.1.
struct CpuStatV2 {
  std::optional<std::uint64_t> usage_usec, user_usec, system_usec;
  std::optional<std::uint64_t> nice_usec, core_sched_force_idle_usec;
  std::optional<std::uint64_t> nr_periods, nr_throttled, throttled_usec;
  std::optional<std::uint64_t> nr_bursts, burst_usec;
  bool operator==(const CpuStatV2&) const = default;
};
[[nodiscard]] Result<CpuStatV2> parse_cpu_stat_v2(std::string_view text);

// cpu.stat.local (Linux 6.5): how long the group's own run queues were throttled, by whichever
// quota from it upwards. v1: "throttled_time 40000\n", nanoseconds; v2: "throttled_usec 40\n", or
// nothing without the cpu controller.
struct CpuStatLocal {
  std::optional<std::uint64_t> throttled_time, throttled_usec;
  bool operator==(const CpuStatLocal&) const = default;
};
[[nodiscard]] Result<CpuStatLocal> parse_cpu_stat_local(std::string_view text);

// Saturates, as ticks_to_ns.
[[nodiscard]] std::uint64_t usec_to_ns(std::uint64_t usec);

}  // namespace plimsoll::cgroupfs
