// Groups cpu, percpu, sched and cpuLoad.
#include "exporter/metrics/family.h"

namespace plimsoll::exporter {

namespace {

// cpu="total"; or, where the kernel counts per core (v1 only), cpu="cpu00" ... for cores that were
// used, which is cAdvisor's rule and keeps large machines' idle cores out.
void write_usage(FamilyWriter& out, const Context& context) {
  const bool per_cpu = context.options.groups.has(Group::kPercpu);
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    const std::span<const std::uint64_t> cores =
        per_cpu ? context.snapshot.per_cpu_ns.of(row) : std::span<const std::uint64_t>();
    for (std::size_t i = 0; i < cores.size(); ++i) {
      if (cores[i] == 0) continue;
      char name[kMaxNumber];
      char* const end =
          i < 100 ? put_padded(name, static_cast<std::uint32_t>(i), 2) : put_unsigned(name, i);
      out.seconds(labels, cores[i], {{"cpu", {name, end}, "cpu"}});
    }
    if (!cores.empty()) return;
    const auto total = context.snapshot.value(Field::kCpuUsage, row);
    if (total) out.seconds(labels, *total, {{"cpu", "total"}});
  });
}

// The kernel counts periods without a quota too (always 0 then); cAdvisor prints them only with
// one.
template <Field kField>
void write_with_quota(FamilyWriter& out, const Context& context) {
  if (!context.snapshot.any(kField) && !out.invents_zeros()) return;
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    if (!context.snapshot.value(Field::kCpuQuota, row)) return;
    std::optional<std::uint64_t> value = context.snapshot.value(kField, row);
    if (!value && out.invents_zeros()) value = 0;
    if (!value) return;
    if constexpr (cgroupfs::info(kField).unit == cgroupfs::Unit::kNanoseconds)
      out.seconds(labels, *value);
    else
      out.count(labels, *value);
  });
}

struct State {
  std::string_view name;
  Field field;
};

void write_states(FamilyWriter& out, const Context& context) {
  static constexpr State kStates[] = {{"sleeping", Field::kTasksSleeping},
                                      {"running", Field::kTasksRunning},
                                      {"stopped", Field::kTasksStopped},
                                      {"uninterruptible", Field::kTasksUninterruptible},
                                      {"iowaiting", Field::kTasksIoWait}};
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    for (const auto& [name, field] : kStates) {
      const auto value = context.snapshot.value(field, row);
      if (value || out.invents_zeros()) out.count(labels, value.value_or(0), {{"state", name}});
    }
  });
}

constexpr auto kCounter = FamilyType::kCounter;
constexpr auto kGauge = FamilyType::kGauge;
constexpr std::string_view kSchedSource = "PROC/TID/schedstat of the threads in tasks";
constexpr std::string_view kSchedSourceV2 = "PROC/TID/schedstat of the threads in cgroup.threads";
constexpr std::string_view kSchedNote =
    "With descendants. All threads: cAdvisor reads only the first of each process. What a thread "
    "used between the last look (10 s) and its end is lost.";
constexpr std::string_view kLoadSource = "PROC/TID/stat of the threads in tasks";
constexpr std::string_view kLoadSourceV2 = "PROC/TID/stat of the threads in cgroup.threads";
constexpr std::string_view kLoadNote =
    "Only with --enable_load_reader; without, absent where cAdvisor prints 0. v2 too, where "
    "cAdvisor has no value. cAdvisor asks taskstats, which does not count who sleeps freezably "
    "(nanosleep, since Linux 6.1) or waits killably.";

constexpr Family kFamilies[] = {
    {{"container_cpu_usage_seconds_total", kCounter, "seconds", Group::kCpu, "cpu",
      "CPU time used.", "cpuacct.usage, cpuacct.usage_percpu", "cpu.stat: usage_usec",
      "cpu is total; with the group percpu on v1 cpu00, cpu01 and so on instead."},
     write_usage},
    {{"container_cpu_user_seconds_total", kCounter, "seconds", Group::kCpu, "",
      "CPU time used in user mode.", "cpuacct.stat: user", "cpu.stat: user_usec", ""},
     write_field<Field::kCpuUser>},
    {{"container_cpu_system_seconds_total", kCounter, "seconds", Group::kCpu, "",
      "CPU time used in the kernel.", "cpuacct.stat: system", "cpu.stat: system_usec", ""},
     write_field<Field::kCpuSystem>},
    {{"container_cpu_cfs_periods_total", kCounter, "", Group::kCpu, "",
      "Elapsed quota periods in which the container could run.", "cpu.stat: nr_periods",
      "cpu.stat: nr_periods", "Only with a quota."},
     write_with_quota<Field::kCpuPeriods>},
    {{"container_cpu_cfs_throttled_periods_total", kCounter, "", Group::kCpu, "",
      "Quota periods in which the container was throttled.", "cpu.stat: nr_throttled",
      "cpu.stat: nr_throttled", "Only with a quota."},
     write_with_quota<Field::kCpuThrottledPeriods>},
    {{"container_cpu_cfs_throttled_seconds_total", kCounter, "seconds", Group::kCpu, "",
      "Time for which the container was throttled.", "cpu.stat: throttled_time",
      "cpu.stat: throttled_usec", "Only with a quota."},
     write_with_quota<Field::kCpuThrottled>},
    {{"container_cpu_cfs_burst_periods_total", kCounter, "", Group::kCpu, "",
      "Quota periods in which the container used its burst.", "cpu.stat: nr_bursts",
      "cpu.stat: nr_bursts", "Only with a quota. cAdvisor prints 0 on v1."},
     write_with_quota<Field::kCpuBursts>},
    {{"container_cpu_cfs_burst_seconds_total", kCounter, "seconds", Group::kCpu, "",
      "CPU time used above the quota within the burst.", "cpu.stat: burst_time",
      "cpu.stat: burst_usec", "Only with a quota. cAdvisor prints 0 on v1."},
     write_with_quota<Field::kCpuBurst>},
    {{"container_cpu_schedstat_run_seconds_total", kCounter, "seconds", Group::kSched, "",
      "Time that threads ran on a CPU.", kSchedSource, kSchedSourceV2, kSchedNote},
     write_field<Field::kSchedRun>},
    {{"container_cpu_schedstat_runqueue_seconds_total", kCounter, "seconds", Group::kSched, "",
      "Time that threads could have run and waited for a CPU.", kSchedSource, kSchedSourceV2,
      kSchedNote},
     write_field<Field::kSchedRunqueue>},
    {{"container_cpu_schedstat_run_periods_total", kCounter, "", Group::kSched, "",
      "Times that a thread was given a CPU.", kSchedSource, kSchedSourceV2, kSchedNote},
     write_field<Field::kSchedPeriods>},
    {{"container_cpu_load_average_10s", kGauge, "", Group::kCpuLoad, "",
      "Running tasks times 1000, averaged over 10 seconds.", kLoadSource, kLoadSourceV2, kLoadNote},
     write_field<Field::kLoadAverage>},
    {{"container_cpu_load_d_average_10s", kGauge, "", Group::kCpuLoad, "",
      "Uninterruptible tasks times 1000, averaged over 10 seconds.", kLoadSource, kLoadSourceV2,
      kLoadNote},
     write_field<Field::kLoadDAverage>},
    {{"container_tasks_state", kGauge, "", Group::kCpuLoad, "state",
      "Tasks of the cgroup itself by state.", kLoadSource, kLoadSourceV2,
      "state is sleeping, running, stopped, uninterruptible or iowaiting (taskstats, v1 only). "
      "Only "
      "with --enable_load_reader."},
     write_states},
};

}  // namespace

std::span<const Family> families_cpu() {
  return kFamilies;
}

}  // namespace plimsoll::exporter
