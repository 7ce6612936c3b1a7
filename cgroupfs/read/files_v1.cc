// The control files of v1 that a sample is made of.
//
// Tiers (docs/decisions/0003): hot is what people watch second by second, and the two numbers of
// the idle test, first in the ranking since they are read even of an idle group. Warm is what is
// charted as a rate but may lag some seconds. Slow is limits, peaks and counters of rare events:
// whoever writes a limit causes a notification, and nobody charts the others by the second.
// In a hybrid host's slow tier cgroup.events of files_v2() precedes freezer.state.
#include <array>

#include "cgroupfs/parse/pids.h"
#include "cgroupfs/parse/single.h"
#include "cgroupfs/read/put.h"
#include "cgroupfs/read/put_cpu.h"
#include "cgroupfs/read/put_io.h"
#include "cgroupfs/read/put_memory.h"
#include "cgroupfs/read/put_state.h"

namespace plimsoll::cgroupfs {

namespace {

struct Extra {
  std::optional<Group> or_group, unless;
  Role role = Role::kNone;
  std::optional<Blkio> blkio;
  std::optional<Field> only_under;
  bool or_under_above = false;
  Records records = Records::kOne;
  bool spare = false;
};

constexpr FileSpec file(const char* name, Controller controller, Tier tier, Group group, Put put,
                        Drop drop, Extra extra = {}) {
  return FileSpec{.name = name,
                  .version = 1,
                  .controller = controller,
                  .tier = tier,
                  .group = group,
                  .or_group = extra.or_group,
                  .unless = extra.unless,
                  .role = extra.role,
                  .blkio = extra.blkio,
                  .only_under = extra.only_under,
                  .or_under_above = extra.or_under_above,
                  .records = extra.records,
                  .spare = extra.spare,
                  .put = put,
                  .drop = drop};
}

template <Field kField>
constexpr FileSpec number(const char* name, Controller controller, Tier tier, Group group,
                          Extra extra = {}) {
  return file(name, controller, tier, group, put_value<parse_number, kField>, drop<kField>, extra);
}

template <Field kField>
constexpr FileSpec bytes_limit(const char* name) {
  return file(name, Controller::kMemory, Tier::kSlow, Group::kAlways,
              put_value<parse_v1_bytes_limit, kField>, drop<kField>);
}

constexpr FileSpec blkio(const char* name, Tier tier, Blkio source, Put put, Drop drop) {
  return file(name, Controller::kIo, tier, Group::kDiskIo, put, drop, {.blkio = source});
}

using C = Controller;
using enum Field;

constexpr auto kFiles = std::to_array<FileSpec>({
    // usage_percpu says what usage says and more, at a price that grows with the CPUs.
    number<kCpuUsage>("cpuacct.usage", C::kCpuacct, Tier::kHot, Group::kCpu,
                      {.unless = Group::kPercpu, .role = Role::kCpuUsage}),
    file("cpuacct.usage_percpu", C::kCpuacct, Tier::kHot, Group::kPercpu, put_usage_percpu,
         drop_usage_percpu, {.role = Role::kCpuUsage}),
    number<kMemoryUsage>("memory.usage_in_bytes", C::kMemory, Tier::kHot, Group::kMemory,
                         {.role = Role::kMemoryUsage}),
    file("memory.stat", C::kMemory, Tier::kHot, Group::kMemory, put_memory_stat_v1,
         drop_memory_stat_v1),
    // Periods, throttling and bursts of the group's own quota.
    file("cpu.stat", C::kCpu, Tier::kHot, Group::kCpu, put_cpu_stat_v1, drop_cpu_stat_v1,
         {.only_under = kCpuQuota}),
    blkio("blkio.throttle.io_service_bytes_recursive", Tier::kHot, Blkio::kThrottleRecursive,
          put_io_service_bytes, drop_io_service_bytes),
    blkio("blkio.throttle.io_service_bytes", Tier::kHot, Blkio::kThrottle, put_io_service_bytes,
          drop_io_service_bytes),
    blkio("blkio.bfq.io_service_bytes_recursive", Tier::kHot, Blkio::kBfqRecursive,
          put_io_service_bytes, drop_io_service_bytes),
    blkio("blkio.bfq.io_service_bytes", Tier::kHot, Blkio::kBfq, put_io_service_bytes,
          drop_io_service_bytes),
    blkio("blkio.io_service_bytes_recursive", Tier::kHot, Blkio::kCfqRecursive,
          put_io_service_bytes, drop_io_service_bytes),
    blkio("blkio.io_service_bytes", Tier::kHot, Blkio::kCfq, put_io_service_bytes,
          drop_io_service_bytes),

    file("cpuacct.stat", C::kCpuacct, Tier::kWarm, Group::kCpu, put_cpuacct_stat, drop_cpuacct_stat,
         {.spare = true}),
    file("cpu.stat.local", C::kCpu, Tier::kWarm, Group::kCpu, put_cpu_stat_local,
         drop<kCpuLocalThrottled>, {.only_under = kCpuQuota, .or_under_above = true}),
    number<kPids>("pids.current", C::kPids, Tier::kWarm, Group::kAlways, {.spare = true}),
    // Alerts wait for these two, and v1 does not notify of them.
    file("pids.events", C::kPids, Tier::kWarm, Group::kAlways, put_pids_events,
         drop<kPidsEventsMax>, {.only_under = kPidsLimit}),
    number<kMemoryFailcnt>("memory.failcnt", C::kMemory, Tier::kWarm, Group::kMemory,
                           {.only_under = kMemoryLimit}),
    file("memory.oom_control", C::kMemory, Tier::kWarm, Group::kMemory, put_oom_control,
         drop_oom_control, {.or_group = Group::kOomEvent, .spare = true}),
    blkio("blkio.throttle.io_serviced_recursive", Tier::kWarm, Blkio::kThrottleRecursive,
          put_io_serviced, drop_io_serviced),
    blkio("blkio.throttle.io_serviced", Tier::kWarm, Blkio::kThrottle, put_io_serviced,
          drop_io_serviced),
    blkio("blkio.bfq.io_serviced_recursive", Tier::kWarm, Blkio::kBfqRecursive, put_io_serviced,
          drop_io_serviced),
    blkio("blkio.bfq.io_serviced", Tier::kWarm, Blkio::kBfq, put_io_serviced, drop_io_serviced),
    blkio("blkio.io_serviced_recursive", Tier::kWarm, Blkio::kCfqRecursive, put_io_serviced,
          drop_io_serviced),
    blkio("blkio.io_serviced", Tier::kWarm, Blkio::kCfq, put_io_serviced, drop_io_serviced),

    file("cpu.cfs_quota_us", C::kCpu, Tier::kSlow, Group::kAlways, put_cfs_quota, drop<kCpuQuota>),
    file("cpu.cfs_period_us", C::kCpu, Tier::kSlow, Group::kAlways, put_cpu_period,
         drop<kCpuPeriod>),
    file("cpu.cfs_burst_us", C::kCpu, Tier::kSlow, Group::kAlways, put_cpu_burst,
         drop<kCpuBurstLimit>),
    number<kCpuShares>("cpu.shares", C::kCpu, Tier::kSlow, Group::kAlways),
    bytes_limit<kMemoryLimit>("memory.limit_in_bytes"),
    bytes_limit<kMemoryReservation>("memory.soft_limit_in_bytes"),
    bytes_limit<kMemoryMemswLimit>("memory.memsw.limit_in_bytes"),
    number<kMemoryPeak>("memory.max_usage_in_bytes", C::kMemory, Tier::kSlow, Group::kMemory),
    number<kMemoryKernel>("memory.kmem.usage_in_bytes", C::kMemory, Tier::kSlow, Group::kMemory),
    file("memory.numa_stat", C::kMemory, Tier::kSlow, Group::kMemoryNuma, put_numa_stat_v1,
         drop_numa_stat),
    file("pids.max", C::kPids, Tier::kSlow, Group::kAlways, put_value<parse_limit, kPidsLimit>,
         drop<kPidsLimit>),
    number<kPidsPeak>("pids.peak", C::kPids, Tier::kSlow, Group::kAlways),
    file("cgroup.procs", C::kPids, Tier::kSlow, Group::kProcess, put_value<count_procs, kProcesses>,
         drop<kProcesses>, {.records = Records::kMany}),
    file("freezer.state", C::kFreezer, Tier::kSlow, Group::kAlways, put_freezer_state,
         drop_freezer_state),
    file("cpuset.effective_cpus", C::kCpuset, Tier::kSlow, Group::kAlways, put_cpuset_cpus,
         drop_cpuset_cpus),
    file("cpuset.effective_mems", C::kCpuset, Tier::kSlow, Group::kAlways, put_cpuset_mems,
         drop_cpuset_mems),
    file("cpuset.memory_migrate", C::kCpuset, Tier::kSlow, Group::kCpuset,
         put_value<parse_flag, kCpusetMemoryMigrate>, drop<kCpusetMemoryMigrate>),
    file("rdma.current", C::kRdma, Tier::kSlow, Group::kAlways, put_rdma_current, drop_rdma),
    file("rdma.max", C::kRdma, Tier::kSlow, Group::kAlways, put_rdma_max, drop_rdma_max),

    // Throttling's rules, whichever family of files counts.
    file("blkio.throttle.read_bps_device", C::kIo, Tier::kSlow, Group::kDiskIo, put_read_bps,
         drop_read_bps),
    file("blkio.throttle.write_bps_device", C::kIo, Tier::kSlow, Group::kDiskIo, put_write_bps,
         drop_write_bps),
    file("blkio.throttle.read_iops_device", C::kIo, Tier::kSlow, Group::kDiskIo, put_read_iops,
         drop_read_iops),
    file("blkio.throttle.write_iops_device", C::kIo, Tier::kSlow, Group::kDiskIo, put_write_iops,
         drop_write_iops),

    // Schedulers that account per group tell more than throttling does.
    blkio("blkio.bfq.io_merged_recursive", Tier::kSlow, Blkio::kBfqRecursive, put_io_merged,
          drop_io_merged),
    blkio("blkio.bfq.io_queued_recursive", Tier::kSlow, Blkio::kBfqRecursive, put_io_queued,
          drop_io_queued),
    blkio("blkio.bfq.io_service_time_recursive", Tier::kSlow, Blkio::kBfqRecursive,
          put_io_service_time, drop_io_service_time),
    blkio("blkio.bfq.io_wait_time_recursive", Tier::kSlow, Blkio::kBfqRecursive, put_io_wait_time,
          drop_io_wait_time),
    blkio("blkio.bfq.sectors_recursive", Tier::kSlow, Blkio::kBfqRecursive, put_sectors,
          drop_sectors),
    blkio("blkio.io_merged_recursive", Tier::kSlow, Blkio::kCfqRecursive, put_io_merged,
          drop_io_merged),
    blkio("blkio.io_queued_recursive", Tier::kSlow, Blkio::kCfqRecursive, put_io_queued,
          drop_io_queued),
    blkio("blkio.io_service_time_recursive", Tier::kSlow, Blkio::kCfqRecursive, put_io_service_time,
          drop_io_service_time),
    blkio("blkio.io_wait_time_recursive", Tier::kSlow, Blkio::kCfqRecursive, put_io_wait_time,
          drop_io_wait_time),
    blkio("blkio.sectors_recursive", Tier::kSlow, Blkio::kCfqRecursive, put_sectors, drop_sectors),
});

}  // namespace

std::span<const FileSpec> files_v1() {
  return kFiles;
}

}  // namespace plimsoll::cgroupfs
