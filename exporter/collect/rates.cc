#include "exporter/collect/rates.h"

#include <cmath>
#include <limits>

namespace plimsoll::exporter {

namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

float per_second(std::optional<std::uint64_t> before, std::optional<std::uint64_t> now,
                 std::chrono::nanoseconds elapsed, double scale) {
  if (!before || !now || *now < *before || elapsed.count() <= 0) return kNone;
  return static_cast<float>(static_cast<double>(*now - *before) * scale /
                            (static_cast<double>(elapsed.count()) * 1e-9));
}

}  // namespace

RateBase rate_base(const cgroupfs::CgroupSample& sample, MonoTime net_at) {
  using cgroupfs::Field;
  using cgroupfs::Tier;
  RateBase base;
  base.hot_at = sample.read_at(Tier::kHot).value_or(MonoTime{});
  base.warm_at = sample.read_at(Tier::kWarm).value_or(MonoTime{});
  base.net_at = net_at;
  base.cpu_usage = sample.value(Field::kCpuUsage);
  base.periods = sample.value(Field::kCpuPeriods);
  base.throttled_periods = sample.value(Field::kCpuThrottledPeriods);
  base.io_read = sample.value(Field::kIoReadBytes);
  base.io_write = sample.value(Field::kIoWriteBytes);
  base.net_rx = sample.value(Field::kNetRxBytes);
  base.net_tx = sample.value(Field::kNetTxBytes);
  base.psi_cpu = sample.value(Field::kPsiCpuSome);
  base.psi_memory = sample.value(Field::kPsiMemoryFull);
  base.psi_io = sample.value(Field::kPsiIoFull);
  return base;
}

Rates no_rates() {
  return Rates{kNone, kNone, kNone, kNone, kNone, kNone, kNone, kNone, kNone};
}

RateBase advanced(const RateBase& before, const RateBase& now, std::chrono::nanoseconds shortest) {
  const auto renewed = [&](MonoTime RateBase::* at) {
    return before.*at == MonoTime{} || now.*at - before.*at >= shortest;
  };
  RateBase next = before;
  if (renewed(&RateBase::hot_at)) {
    next.hot_at = now.hot_at;
    next.cpu_usage = now.cpu_usage;
    next.periods = now.periods;
    next.throttled_periods = now.throttled_periods;
    next.io_read = now.io_read;
    next.io_write = now.io_write;
  }
  if (renewed(&RateBase::net_at)) {
    next.net_at = now.net_at;
    next.net_rx = now.net_rx;
    next.net_tx = now.net_tx;
  }
  if (renewed(&RateBase::warm_at)) {
    next.warm_at = now.warm_at;
    next.psi_cpu = now.psi_cpu;
    next.psi_memory = now.psi_memory;
    next.psi_io = now.psi_io;
  }
  return next;
}

Rates rates_between(const RateBase& before, const RateBase& now, const Rates& last,
                    std::chrono::nanoseconds shortest) {
  constexpr double kToSeconds = 1e-9;
  Rates rates = last;
  const auto hot = now.hot_at - before.hot_at;
  if (before.hot_at != MonoTime{} && hot >= shortest) {
    rates.cpu_cores = per_second(before.cpu_usage, now.cpu_usage, hot, kToSeconds);
    rates.io_read_bytes = per_second(before.io_read, now.io_read, hot, 1);
    rates.io_write_bytes = per_second(before.io_write, now.io_write, hot, 1);
    const float periods = per_second(before.periods, now.periods, hot, 1);
    const float throttled = per_second(before.throttled_periods, now.throttled_periods, hot, 1);
    rates.throttled_ratio = periods > 0 ? throttled / periods : kNone;
  }
  const auto net = now.net_at - before.net_at;
  if (before.net_at != MonoTime{} && net >= shortest) {
    rates.net_rx_bytes = per_second(before.net_rx, now.net_rx, net, 1);
    rates.net_tx_bytes = per_second(before.net_tx, now.net_tx, net, 1);
  }
  const auto warm = now.warm_at - before.warm_at;
  if (before.warm_at != MonoTime{} && warm >= shortest) {
    rates.psi_cpu_some = per_second(before.psi_cpu, now.psi_cpu, warm, kToSeconds);
    rates.psi_memory_full = per_second(before.psi_memory, now.psi_memory, warm, kToSeconds);
    rates.psi_io_full = per_second(before.psi_io, now.psi_io, warm, kToSeconds);
  }
  return rates;
}

}  // namespace plimsoll::exporter
