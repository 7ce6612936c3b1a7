#include "cgroupfs/read/put_cpu.h"

#include "cgroupfs/parse/cpu_list.h"
#include "cgroupfs/parse/cpu_max.h"
#include "cgroupfs/parse/cpu_stat.h"
#include "cgroupfs/parse/cpuacct.h"
#include "cgroupfs/parse/single.h"
#include "cgroupfs/read/put.h"

namespace plimsoll::cgroupfs {

namespace {

std::optional<std::uint64_t> ns(std::optional<std::uint64_t> usec) {
  return usec ? std::optional(usec_to_ns(*usec)) : std::nullopt;
}

Limit<std::uint64_t> ns(const Limit<std::uint64_t>& usec) {
  return usec.is_none() ? usec : Limit(usec_to_ns(usec.value()));
}

void set_cpuacct_stat(const CpuacctStat& stat, const PutContext& context, CgroupSample& sample) {
  const auto in_ns = [&](std::optional<std::uint64_t> ticks) {
    return ticks ? std::optional(ticks_to_ns(*ticks, context.ticks_per_second)) : std::nullopt;
  };
  set_or_unset(sample, Field::kCpuUser, in_ns(stat.user));
  set_or_unset(sample, Field::kCpuSystem, in_ns(stat.system));
}

void set_cpu_stat_v1(const CpuStatV1& stat, const PutContext&, CgroupSample& sample) {
  set_or_unset(sample, Field::kCpuPeriods, stat.nr_periods);
  set_or_unset(sample, Field::kCpuThrottledPeriods, stat.nr_throttled);
  set_or_unset(sample, Field::kCpuThrottled, stat.throttled_time);
  set_or_unset(sample, Field::kCpuBursts, stat.nr_bursts);
  set_or_unset(sample, Field::kCpuBurst, stat.burst_time);
}

void set_cpu_stat_v2(const CpuStatV2& stat, const PutContext&, CgroupSample& sample) {
  set_or_unset(sample, Field::kCpuUsage, ns(stat.usage_usec));
  set_or_unset(sample, Field::kCpuUser, ns(stat.user_usec));
  set_or_unset(sample, Field::kCpuSystem, ns(stat.system_usec));
  set_or_unset(sample, Field::kCpuPeriods, stat.nr_periods);
  set_or_unset(sample, Field::kCpuThrottledPeriods, stat.nr_throttled);
  set_or_unset(sample, Field::kCpuThrottled, ns(stat.throttled_usec));
  set_or_unset(sample, Field::kCpuBursts, stat.nr_bursts);
  set_or_unset(sample, Field::kCpuBurst, ns(stat.burst_usec));
  set_or_unset(sample, Field::kCpuNice, ns(stat.nice_usec));
  set_or_unset(sample, Field::kCpuForcedIdle, ns(stat.core_sched_force_idle_usec));
}

void set_cpu_stat_local(const CpuStatLocal& stat, const PutContext&, CgroupSample& sample) {
  set_or_unset(sample, Field::kCpuLocalThrottled,
               stat.throttled_time ? stat.throttled_time : ns(stat.throttled_usec));
}

}  // namespace

// The kernel makes cpuacct.usage by adding up the very numbers of this file, so one read gives
// both, taken at the same moment.
Result<> put_usage_percpu(std::string_view text, const PutContext&, CgroupSample& sample) {
  sample.per_cpu_ns.clear();  // Keeps its capacity: no allocation from the second read on.
  std::uint64_t total = 0;
  UsagePercpu cpus(text);
  while (const std::optional<std::uint64_t> cpu = PLIMSOLL_TRY(cpus.next())) {
    sample.per_cpu_ns.push_back(*cpu);
    total += *cpu;
  }
  sample.set(Field::kCpuUsage, total);
  return {};
}

void drop_usage_percpu(CgroupSample& sample) {
  sample.per_cpu_ns.clear();
  sample.unset(Field::kCpuUsage);
}

Result<> put_cpuacct_stat(std::string_view text, const PutContext& context, CgroupSample& sample) {
  return put_parsed<parse_cpuacct_stat, set_cpuacct_stat>(text, context, sample);
}

void drop_cpuacct_stat(CgroupSample& sample) {
  drop_parsed<CpuacctStat, set_cpuacct_stat>(sample);
}

Result<> put_cpu_stat_v1(std::string_view text, const PutContext& context, CgroupSample& sample) {
  return put_parsed<parse_cpu_stat_v1, set_cpu_stat_v1>(text, context, sample);
}

void drop_cpu_stat_v1(CgroupSample& sample) {
  drop_parsed<CpuStatV1, set_cpu_stat_v1>(sample);
}

Result<> put_cfs_quota(std::string_view text, const PutContext&, CgroupSample& sample) {
  sample.set(Field::kCpuQuota, ns(PLIMSOLL_TRY(parse_cfs_quota_us(text))));
  return {};
}

Result<> put_cpu_period(std::string_view text, const PutContext&, CgroupSample& sample) {
  sample.set(Field::kCpuPeriod, usec_to_ns(PLIMSOLL_TRY(parse_number(text))));
  return {};
}

Result<> put_cpu_burst(std::string_view text, const PutContext&, CgroupSample& sample) {
  sample.set(Field::kCpuBurstLimit, usec_to_ns(PLIMSOLL_TRY(parse_number(text))));
  return {};
}

Result<> put_cpu_stat_v2(std::string_view text, const PutContext& context, CgroupSample& sample) {
  return put_parsed<parse_cpu_stat_v2, set_cpu_stat_v2>(text, context, sample);
}

void drop_cpu_stat_v2(CgroupSample& sample) {
  drop_parsed<CpuStatV2, set_cpu_stat_v2>(sample);
}

Result<> put_cpu_stat_local(std::string_view text, const PutContext& context,
                            CgroupSample& sample) {
  return put_parsed<parse_cpu_stat_local, set_cpu_stat_local>(text, context, sample);
}

Result<> put_cpu_max(std::string_view text, const PutContext&, CgroupSample& sample) {
  const CpuMax max = PLIMSOLL_TRY(parse_cpu_max(text));
  sample.set(Field::kCpuQuota, ns(max.quota_usec));
  sample.set(Field::kCpuPeriod, usec_to_ns(max.period_usec));
  return {};
}

Result<> put_cpuset_cpus(std::string_view text, const PutContext&, CgroupSample& sample) {
  const CpuList cpus = PLIMSOLL_TRY(parse_cpu_list(text));
  sample.cpuset_cpus = cpus.text;
  sample.set(Field::kCpusetCpus, cpus.count);
  return {};
}

void drop_cpuset_cpus(CgroupSample& sample) {
  sample.cpuset_cpus.clear();
  sample.unset(Field::kCpusetCpus);
}

Result<> put_cpuset_mems(std::string_view text, const PutContext&, CgroupSample& sample) {
  const CpuList mems = PLIMSOLL_TRY(parse_cpu_list(text));
  sample.cpuset_mems = mems.text;
  sample.set(Field::kCpusetMems, mems.count);
  return {};
}

void drop_cpuset_mems(CgroupSample& sample) {
  sample.cpuset_mems.clear();
  sample.unset(Field::kCpusetMems);
}

}  // namespace plimsoll::cgroupfs
