// The control files of v2 that a sample is made of; those without a controller are in every group
// of a cgroup2 mount, also of one that stands beside v1 ("hybrid"). Tiers as in files_v1.cc.
#include <array>

#include "cgroupfs/parse/io_limit.h"
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
  std::optional<Group> or_group;
  Role role = Role::kNone;
  std::optional<Field> only_under;
  bool or_under_above = false;
  Records records = Records::kOne;
};

constexpr std::optional<Controller> kCore = std::nullopt;

constexpr FileSpec file(const char* name, std::optional<Controller> controller, Tier tier,
                        Group group, Put put, Drop drop, Extra extra = {}) {
  return FileSpec{.name = name,
                  .version = 2,
                  .controller = controller,
                  .tier = tier,
                  .group = group,
                  .or_group = extra.or_group,
                  .unless = std::nullopt,
                  .role = extra.role,
                  .blkio = std::nullopt,
                  .only_under = extra.only_under,
                  .or_under_above = extra.or_under_above,
                  .records = extra.records,
                  .put = put,
                  .drop = drop};
}

template <Field kField>
constexpr FileSpec number(const char* name, Controller controller, Tier tier, Group group,
                          Extra extra = {}) {
  return file(name, controller, tier, group, put_value<parse_number, kField>, drop<kField>, extra);
}

template <Field kField>
constexpr FileSpec limit(const char* name, Controller controller) {
  return file(name, controller, Tier::kSlow, Group::kAlways, put_value<parse_limit, kField>,
              drop<kField>);
}

constexpr FileSpec pressure(const char* name, Put put, Drop drop) {
  return file(name, kCore, Tier::kWarm, Group::kPressure, put, drop,
              {.or_group = Group::kPressureAvg});
}

using C = Controller;
using enum Field;

constexpr auto kFiles = std::to_array<FileSpec>({
    file("cpu.stat", kCore, Tier::kHot, Group::kCpu, put_cpu_stat_v2, drop_cpu_stat_v2,
         {.role = Role::kCpuUsage}),
    number<kMemoryUsage>("memory.current", C::kMemory, Tier::kHot, Group::kMemory,
                         {.role = Role::kMemoryUsage}),
    file("memory.stat", C::kMemory, Tier::kHot, Group::kMemory, put_memory_stat_v2,
         drop_memory_stat_v2),
    file("io.stat", C::kIo, Tier::kHot, Group::kDiskIo, put_io_stat, drop_io_stat),
    number<kPids>("pids.current", C::kPids, Tier::kHot, Group::kAlways),

    number<kMemorySwap>("memory.swap.current", C::kMemory, Tier::kWarm, Group::kMemory),
    file("memory.events", C::kMemory, Tier::kWarm, Group::kMemory, put_memory_events,
         drop_memory_events, {.or_group = Group::kOomEvent}),
    pressure("cpu.pressure", put_cpu_pressure, drop_cpu_pressure),
    pressure("memory.pressure", put_memory_pressure, drop_memory_pressure),
    pressure("io.pressure", put_io_pressure, drop_io_pressure),
    pressure("irq.pressure", put_irq_pressure, drop_irq_pressure),
    file("cpu.stat.local", C::kCpu, Tier::kWarm, Group::kCpu, put_cpu_stat_local,
         drop<kCpuLocalThrottled>, {.only_under = kCpuQuota, .or_under_above = true}),

    file("cpu.max", C::kCpu, Tier::kSlow, Group::kAlways, put_cpu_max, drop<kCpuQuota, kCpuPeriod>),
    file("cpu.max.burst", C::kCpu, Tier::kSlow, Group::kAlways, put_cpu_burst,
         drop<kCpuBurstLimit>),
    number<kCpuWeight>("cpu.weight", C::kCpu, Tier::kSlow, Group::kAlways),
    limit<kMemoryLimit>("memory.max", C::kMemory),
    limit<kMemoryHigh>("memory.high", C::kMemory),
    limit<kMemoryLow>("memory.low", C::kMemory),
    limit<kMemoryMin>("memory.min", C::kMemory),
    limit<kMemorySwapLimit>("memory.swap.max", C::kMemory),
    limit<kMemorySwapHigh>("memory.swap.high", C::kMemory),
    limit<kMemoryZswapLimit>("memory.zswap.max", C::kMemory),
    file("memory.oom.group", C::kMemory, Tier::kSlow, Group::kMemory,
         put_value<parse_flag, kMemoryOomGroup>, drop<kMemoryOomGroup>),
    file("memory.swap.events", C::kMemory, Tier::kSlow, Group::kMemory, put_swap_events,
         drop_swap_events),
    number<kMemorySwapPeak>("memory.swap.peak", C::kMemory, Tier::kSlow, Group::kMemory),
    number<kMemoryPeak>("memory.peak", C::kMemory, Tier::kSlow, Group::kMemory),
    file("memory.events.local", C::kMemory, Tier::kSlow, Group::kMemory, put_memory_events_local,
         drop_memory_events_local, {.or_group = Group::kOomEvent}),
    file("memory.numa_stat", C::kMemory, Tier::kSlow, Group::kMemoryNuma, put_numa_stat_v2,
         drop_numa_stat),
    limit<kPidsLimit>("pids.max", C::kPids),
    number<kPidsPeak>("pids.peak", C::kPids, Tier::kSlow, Group::kAlways),
    file("pids.events", C::kPids, Tier::kSlow, Group::kAlways, put_pids_events,
         drop<kPidsEventsMax>),
    // In a threaded group the kernel refuses to list processes (EOPNOTSUPP): absent.
    file("cgroup.procs", kCore, Tier::kSlow, Group::kProcess, put_value<count_procs, kProcesses>,
         drop<kProcesses>, {.records = Records::kMany}),
    file("cgroup.events", kCore, Tier::kSlow, Group::kAlways, put_cgroup_events,
         drop_cgroup_events),
    file("cgroup.stat", kCore, Tier::kSlow, Group::kAlways, put_cgroup_stat, drop_cgroup_stat),
    file("cpuset.cpus.effective", C::kCpuset, Tier::kSlow, Group::kAlways, put_cpuset_cpus,
         drop_cpuset_cpus),
    file("cpuset.mems.effective", C::kCpuset, Tier::kSlow, Group::kAlways, put_cpuset_mems,
         drop_cpuset_mems),
    file("io.max", C::kIo, Tier::kSlow, Group::kDiskIo, put_io_max, drop_io_max),
    file("io.weight", C::kIo, Tier::kSlow, Group::kDiskIo, put_value<parse_io_weight, kIoWeight>,
         drop<kIoWeight>),
    file("misc.current", C::kMisc, Tier::kSlow, Group::kAlways, put_misc_current, drop_misc),
    file("misc.max", C::kMisc, Tier::kSlow, Group::kAlways, put_misc_max, drop_misc_max),
    file("rdma.current", C::kRdma, Tier::kSlow, Group::kAlways, put_rdma_current, drop_rdma),
    file("rdma.max", C::kRdma, Tier::kSlow, Group::kAlways, put_rdma_max, drop_rdma_max),
});

}  // namespace

std::span<const FileSpec> files_v2() {
  return kFiles;
}

}  // namespace plimsoll::cgroupfs
