// Every single-valued number of a container's sample, once: the enumerator, its JSON path, unit,
// kind and group. The reader fills fields, the snapshot keeps one column per field, JSON, history
// and /metrics derive from this table. v1 and v2 files are both normalised to these; nothing above
// knows the version.
//
// To add one: a row here, a reader row that sets it (cgroupfs/read), and, to export it, a row in
// exporter/metrics' catalogue.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "cgroupfs/read/group.h"

namespace plimsoll::cgroupfs {

enum class Unit : std::uint8_t {
  kNanoseconds,  // Shown as seconds.
  kBytes,
  kCount,
  kBool  // 0 or 1.
};
enum class Kind : std::uint8_t {
  kCounter,  // Only grows during the cgroup's life.
  kGauge,
  kLimit  // A gauge that may also be "unlimited" (CgroupSample::limit).
};

// X(enumerator, JSON path, unit, kind, group)
// "subtree" counters include descendants (v2 always; v1 the total_ keys); "own" ones do not.
#define PLIMSOLL_FIELDS(X)                                                                        \
  X(kCpuUsage, "cpu.usage", kNanoseconds, kCounter, kCpu)                                         \
  X(kCpuUser, "cpu.user", kNanoseconds, kCounter, kCpu)                                           \
  X(kCpuSystem, "cpu.system", kNanoseconds, kCounter, kCpu)                                       \
  X(kCpuPeriods, "cpu.periods", kCount, kCounter, kCpu)                                           \
  X(kCpuThrottledPeriods, "cpu.throttled_periods", kCount, kCounter, kCpu)                        \
  X(kCpuThrottled, "cpu.throttled", kNanoseconds, kCounter, kCpu)                                 \
  X(kCpuBursts, "cpu.bursts", kCount, kCounter, kCpu)                                             \
  X(kCpuBurst, "cpu.burst", kNanoseconds, kCounter, kCpu)                                         \
  X(kCpuNice, "cpu.nice", kNanoseconds, kCounter, kCpu)                                           \
  X(kCpuForcedIdle, "cpu.forced_idle", kNanoseconds, kCounter, kCpu)                              \
  X(kCpuLocalThrottled, "cpu.local_throttled", kNanoseconds, kCounter, kCpu)                      \
  X(kCpuQuota, "cpu.quota", kNanoseconds, kLimit, kAlways)                                        \
  X(kCpuPeriod, "cpu.period", kNanoseconds, kGauge, kAlways)                                      \
  X(kCpuBurstLimit, "cpu.burst_limit", kNanoseconds, kGauge, kAlways)                             \
  X(kCpuShares, "cpu.shares", kCount, kGauge, kAlways) /* v1 cpu.shares, raw */                   \
  X(kCpuWeight, "cpu.weight", kCount, kGauge, kAlways) /* v2 cpu.weight, raw */                   \
  X(kMemoryUsage, "memory.usage", kBytes, kGauge, kMemory)                                        \
  X(kMemoryWorkingSet, "memory.working_set", kBytes, kGauge, kMemory) /* usage - inactive file */ \
  X(kMemoryPeak, "memory.peak", kBytes, kGauge, kMemory)                                          \
  X(kMemoryFailcnt, "memory.failcnt", kCount, kCounter, kMemory)                                  \
  X(kMemoryRss, "memory.rss", kBytes, kGauge, kMemory)     /* v1 total_rss, v2 anon */            \
  X(kMemoryCache, "memory.cache", kBytes, kGauge, kMemory) /* v1 total_cache, v2 file */          \
  X(kMemoryMappedFile, "memory.mapped_file", kBytes, kGauge, kMemory)                             \
  X(kMemorySwap, "memory.swap", kBytes, kGauge, kMemory)                                          \
  X(kMemoryKernel, "memory.kernel", kBytes, kGauge, kMemory)                                      \
  X(kMemoryActiveFile, "memory.active_file", kBytes, kGauge, kMemory)                             \
  X(kMemoryInactiveFile, "memory.inactive_file", kBytes, kGauge, kMemory)                         \
  X(kMemoryActiveAnon, "memory.active_anon", kBytes, kGauge, kMemory)                             \
  X(kMemoryInactiveAnon, "memory.inactive_anon", kBytes, kGauge, kMemory)                         \
  X(kMemoryUnevictable, "memory.unevictable", kBytes, kGauge, kMemory)                            \
  X(kMemoryShmem, "memory.shmem", kBytes, kGauge, kMemory)                                        \
  X(kMemorySlab, "memory.slab", kBytes, kGauge, kMemory)                                          \
  X(kMemorySock, "memory.sock", kBytes, kGauge, kMemory)                                          \
  X(kMemoryFileDirty, "memory.file_dirty", kBytes, kGauge, kMemory)                               \
  X(kMemoryFileWriteback, "memory.file_writeback", kBytes, kGauge, kMemory)                       \
  X(kMemoryPgfault, "memory.pgfault", kCount, kCounter, kMemory) /* v1 own; v2 subtree */         \
  X(kMemoryPgmajfault, "memory.pgmajfault", kCount, kCounter, kMemory)                            \
  X(kMemoryPgfaultTotal, "memory.pgfault_subtree", kCount, kCounter, kMemory)                     \
  X(kMemoryPgmajfaultTotal, "memory.pgmajfault_subtree", kCount, kCounter, kMemory)               \
  X(kMemoryPgscan, "memory.pgscan", kCount, kCounter, kMemory)                                    \
  X(kMemoryPgsteal, "memory.pgsteal", kCount, kCounter, kMemory)                                  \
  X(kMemoryRefaultFile, "memory.workingset_refault_file", kCount, kCounter, kMemory)              \
  X(kMemoryRefaultAnon, "memory.workingset_refault_anon", kCount, kCounter, kMemory)              \
  X(kMemoryEventsLow, "memory.events.low", kCount, kCounter, kMemory)                             \
  X(kMemoryEventsHigh, "memory.events.high", kCount, kCounter, kMemory)                           \
  X(kMemoryEventsMax, "memory.events.max", kCount, kCounter, kMemory)                             \
  X(kMemoryEventsOom, "memory.events.oom", kCount, kCounter, kOomEvent)                           \
  X(kMemoryEventsOomKill, "memory.events.oom_kill", kCount, kCounter, kOomEvent)                  \
  X(kMemoryEventsOomGroupKill, "memory.events.oom_group_kill", kCount, kCounter, kOomEvent)       \
  X(kMemoryEventsLocalLow, "memory.events_local.low", kCount, kCounter, kMemory)                  \
  X(kMemoryEventsLocalHigh, "memory.events_local.high", kCount, kCounter, kMemory)                \
  X(kMemoryEventsLocalMax, "memory.events_local.max", kCount, kCounter, kMemory)                  \
  X(kMemoryEventsLocalOom, "memory.events_local.oom", kCount, kCounter, kOomEvent)                \
  X(kMemoryEventsLocalOomKill, "memory.events_local.oom_kill", kCount, kCounter, kOomEvent)       \
  X(kMemoryEventsLocalOomGroupKill, "memory.events_local.oom_group_kill", kCount, kCounter,       \
    kOomEvent)                                                                                    \
  X(kMemoryUnderOom, "memory.under_oom", kBool, kGauge, kMemory)                                  \
  X(kMemoryOomKillDisabled, "memory.oom_kill_disabled", kBool, kGauge, kMemory)                   \
  X(kMemoryOomGroup, "memory.oom_group", kBool, kGauge, kMemory)                                  \
  X(kMemorySwapEventsHigh, "memory.swap_events.high", kCount, kCounter, kMemory)                  \
  X(kMemorySwapEventsMax, "memory.swap_events.max", kCount, kCounter, kMemory)                    \
  X(kMemorySwapEventsFail, "memory.swap_events.fail", kCount, kCounter, kMemory)                  \
  X(kMemorySwapPeak, "memory.swap_peak", kBytes, kGauge, kMemory)                                 \
  /* What is left to the tightest limit of the group and those above: exporter/collect. */        \
  X(kMemoryHeadroom, "memory.headroom", kBytes, kGauge, kMemory)                                  \
  X(kMemoryLimit, "memory.limit", kBytes, kLimit, kAlways)                                        \
  X(kMemoryHigh, "memory.high", kBytes, kLimit, kAlways)                                          \
  X(kMemoryLow, "memory.low", kBytes, kLimit, kAlways)                                            \
  X(kMemoryMin, "memory.min", kBytes, kLimit, kAlways)                                            \
  X(kMemoryReservation, "memory.reservation", kBytes, kLimit, kAlways) /* v1 soft limit */        \
  X(kMemorySwapLimit, "memory.swap_limit", kBytes, kLimit, kAlways)    /* v2 memory.swap.max */   \
  X(kMemorySwapHigh, "memory.swap_high", kBytes, kLimit, kAlways)                                 \
  X(kMemoryZswapLimit, "memory.zswap_limit", kBytes, kLimit, kAlways)                             \
  X(kMemoryMemswLimit, "memory.memsw_limit", kBytes, kLimit, kAlways) /* v1 memory + swap */      \
  X(kReferencedBytes, "memory.referenced", kBytes, kGauge, kReferencedMemory)                     \
  X(kPids, "pids.current", kCount, kGauge, kAlways)                                               \
  X(kPidsPeak, "pids.peak", kCount, kGauge, kAlways)                                              \
  X(kPidsLimit, "pids.limit", kCount, kLimit, kAlways)                                            \
  X(kPidsHeadroom, "pids.headroom", kCount, kGauge, kAlways) /* as kMemoryHeadroom */             \
  X(kPidsEventsMax, "pids.events_max", kCount, kCounter, kAlways)                                 \
  X(kProcesses, "pids.processes", kCount, kGauge, kProcess) /* lines of cgroup.procs */           \
  X(kPsiCpuSome, "pressure.cpu.some", kNanoseconds, kCounter, kPressure)                          \
  X(kPsiCpuFull, "pressure.cpu.full", kNanoseconds, kCounter, kPressure)                          \
  X(kPsiMemorySome, "pressure.memory.some", kNanoseconds, kCounter, kPressure)                    \
  X(kPsiMemoryFull, "pressure.memory.full", kNanoseconds, kCounter, kPressure)                    \
  X(kPsiIoSome, "pressure.io.some", kNanoseconds, kCounter, kPressure)                            \
  X(kPsiIoFull, "pressure.io.full", kNanoseconds, kCounter, kPressure)                            \
  X(kPsiIrqFull, "pressure.irq.full", kNanoseconds, kCounter, kPressure)                          \
  X(kIoReadBytes, "io.read_bytes", kBytes, kCounter, kDiskIo) /* sums over devices */             \
  X(kIoWriteBytes, "io.write_bytes", kBytes, kCounter, kDiskIo)                                   \
  X(kIoReads, "io.reads", kCount, kCounter, kDiskIo)                                              \
  X(kIoWrites, "io.writes", kCount, kCounter, kDiskIo)                                            \
  X(kIoDiscardBytes, "io.discard_bytes", kBytes, kCounter, kDiskIo)                               \
  X(kIoDiscards, "io.discards", kCount, kCounter, kDiskIo)                                        \
  X(kIoWeight, "io.weight", kCount, kGauge, kDiskIo)                                              \
  X(kCpusetCpus, "cpuset.cpu_count", kCount, kGauge, kAlways)                                     \
  X(kCpusetMems, "cpuset.node_count", kCount, kGauge, kAlways)                                    \
  X(kCpusetMemoryMigrate, "cpuset.memory_migrate", kBool, kGauge, kCpuset)                        \
  X(kCgroupDescendants, "cgroup.descendants", kCount, kGauge, kAlways)                            \
  X(kCgroupDying, "cgroup.dying_descendants", kCount, kGauge, kAlways)                            \
  X(kCgroupPopulated, "cgroup.populated", kBool, kGauge, kAlways)                                 \
  X(kCgroupFrozen, "cgroup.frozen", kBool, kGauge, kAlways)                                       \
  /* Filled by exporter/collect, not by the cgroup reader: sums over the container's interfaces.  \
   */                                                                                             \
  X(kNetRxBytes, "network.rx_bytes", kBytes, kCounter, kNetwork)                                  \
  X(kNetRxPackets, "network.rx_packets", kCount, kCounter, kNetwork)                              \
  X(kNetRxErrors, "network.rx_errors", kCount, kCounter, kNetwork)                                \
  X(kNetRxDropped, "network.rx_dropped", kCount, kCounter, kNetwork)                              \
  X(kNetTxBytes, "network.tx_bytes", kBytes, kCounter, kNetwork)                                  \
  X(kNetTxPackets, "network.tx_packets", kCount, kCounter, kNetwork)                              \
  X(kNetTxErrors, "network.tx_errors", kCount, kCounter, kNetwork)                                \
  X(kNetTxDropped, "network.tx_dropped", kCount, kCounter, kNetwork)                              \
  X(kFsUsage, "filesystem.usage", kBytes, kGauge, kDisk) /* writable layer */                     \
  X(kFsInodes, "filesystem.inodes", kCount, kGauge, kDisk)                                        \
  /* By exporter/collect from PROC/PID of the group's processes, and from taskstats. */           \
  X(kSchedRun, "sched.run", kNanoseconds, kCounter, kSched)                                       \
  X(kSchedRunqueue, "sched.runqueue", kNanoseconds, kCounter, kSched)                             \
  X(kSchedPeriods, "sched.run_periods", kCount, kCounter, kSched)                                 \
  X(kLoadAverage, "load.average", kCount, kGauge, kCpuLoad) /* tasks times 1000, as the next */   \
  X(kLoadDAverage, "load.d_average", kCount, kGauge, kCpuLoad)                                    \
  X(kTasksSleeping, "tasks.sleeping", kCount, kGauge, kCpuLoad)                                   \
  X(kTasksRunning, "tasks.running", kCount, kGauge, kCpuLoad)                                     \
  X(kTasksStopped, "tasks.stopped", kCount, kGauge, kCpuLoad)                                     \
  X(kTasksUninterruptible, "tasks.uninterruptible", kCount, kGauge, kCpuLoad)                     \
  X(kTasksIoWait, "tasks.io_wait", kCount, kGauge, kCpuLoad)                                      \
  X(kFileDescriptors, "processes.file_descriptors", kCount, kGauge, kProcess)                     \
  X(kSockets, "processes.sockets", kCount, kGauge, kProcess)                                      \
  X(kOpenFilesLimit, "processes.open_files_limit", kCount, kLimit, kProcess)                      \
  X(kOpenFilesHardLimit, "processes.open_files_hard_limit", kCount, kLimit, kProcess)

enum class Field : std::uint8_t {
#define X(name, path, unit, kind, group) name,
  PLIMSOLL_FIELDS(X)
#undef X
};

struct FieldInfo {
  std::string_view path;
  Unit unit;
  Kind kind;
  Group group;
};

inline constexpr auto kFields = std::to_array<FieldInfo>({
#define X(name, path, unit, kind, group) {path, Unit::unit, Kind::kind, Group::group},
    PLIMSOLL_FIELDS(X)
#undef X
});
inline constexpr std::size_t kFieldCount = kFields.size();

constexpr const FieldInfo& info(Field field) {
  return kFields[static_cast<std::size_t>(field)];
}
[[nodiscard]] constexpr std::optional<Field> field_at(std::string_view path) {
  for (std::size_t i = 0; i < kFieldCount; ++i)
    if (kFields[i].path == path) return static_cast<Field>(i);
  return std::nullopt;
}

}  // namespace plimsoll::cgroupfs
