// Rates between two readings of one cgroup.
#pragma once

#include <chrono>
#include <optional>

#include "base/clock.h"
#include "cgroupfs/read/sample.h"
#include "exporter/collect/snapshot.h"

namespace plimsoll::exporter {

// What rates are computed from, kept per cgroup since its last regular tick.
struct RateBase {
  MonoTime hot_at, warm_at, net_at;
  std::optional<std::uint64_t> cpu_usage, periods, throttled_periods;
  std::optional<std::uint64_t> io_read, io_write, net_rx, net_tx;
  std::optional<std::uint64_t> psi_cpu, psi_memory, psi_io;
};

// `net_at`: when the network counters were read; they come from elsewhere than the sample's tiers.
[[nodiscard]] RateBase rate_base(const cgroupfs::CgroupSample& sample, MonoTime net_at);
[[nodiscard]] Rates no_rates();
// What the next interval starts from: `now`, tier by tier, where the tier was read at least
// `shortest` after `before`.
[[nodiscard]] RateBase advanced(const RateBase& before, const RateBase& now,
                                std::chrono::nanoseconds shortest);
// `before` a reading at least `shortest` older than `now`, else `last` is kept, tier by tier: a
// value that was not read anew says nothing about the interval. A counter that went backwards
// (reset) gives NaN.
[[nodiscard]] Rates rates_between(const RateBase& before, const RateBase& now, const Rates& last,
                                  std::chrono::nanoseconds shortest);

}  // namespace plimsoll::exporter
