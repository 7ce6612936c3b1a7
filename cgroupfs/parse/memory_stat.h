// memory.stat of both versions. The largest hot file: 40 to 70 lines, read for every cgroup on
// every tick.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"

namespace plimsoll::cgroupfs {

// The keys of memory.stat that are kept as they are, for people who look closer: the kernel's name,
// and whether it is a size or counts events. The last ones of each kind are v1's.
#define PLIMSOLL_MEMORY_DETAILS(X)     \
  X(kernel_stack, kBytes)              \
  X(pagetables, kBytes)                \
  X(sec_pagetables, kBytes)            \
  X(percpu, kBytes)                    \
  X(vmalloc, kBytes)                   \
  X(zswap, kBytes)                     \
  X(zswapped, kBytes)                  \
  X(swapcached, kBytes)                \
  X(anon_thp, kBytes)                  \
  X(file_thp, kBytes)                  \
  X(shmem_thp, kBytes)                 \
  X(slab_reclaimable, kBytes)          \
  X(slab_unreclaimable, kBytes)        \
  X(hugetlb, kBytes)                   \
  X(rss_huge, kBytes)                  \
  X(workingset_activate_anon, kEvents) \
  X(workingset_activate_file, kEvents) \
  X(workingset_restore_anon, kEvents)  \
  X(workingset_restore_file, kEvents)  \
  X(workingset_nodereclaim, kEvents)   \
  X(pgdemote_kswapd, kEvents)          \
  X(pgdemote_direct, kEvents)          \
  X(pgdemote_khugepaged, kEvents)      \
  X(pgdemote_proactive, kEvents)       \
  X(pgpromote_success, kEvents)        \
  X(pswpin, kEvents)                   \
  X(pswpout, kEvents)                  \
  X(pgscan_kswapd, kEvents)            \
  X(pgscan_direct, kEvents)            \
  X(pgscan_khugepaged, kEvents)        \
  X(pgscan_proactive, kEvents)         \
  X(pgsteal_kswapd, kEvents)           \
  X(pgsteal_direct, kEvents)           \
  X(pgsteal_khugepaged, kEvents)       \
  X(pgsteal_proactive, kEvents)        \
  X(pgrefill, kEvents)                 \
  X(pgactivate, kEvents)               \
  X(pgdeactivate, kEvents)             \
  X(pglazyfree, kEvents)               \
  X(pglazyfreed, kEvents)              \
  X(swpin_zero, kEvents)               \
  X(swpout_zero, kEvents)              \
  X(zswpin, kEvents)                   \
  X(zswpout, kEvents)                  \
  X(zswpwb, kEvents)                   \
  X(thp_fault_alloc, kEvents)          \
  X(thp_collapse_alloc, kEvents)       \
  X(thp_swpout, kEvents)               \
  X(thp_swpout_fallback, kEvents)      \
  X(pgpgin, kEvents)                   \
  X(pgpgout, kEvents)

// v1: "cache 8192\nrss 4096\n...", bytes or events; total_ keys include the descendants and are
// printed whether or not the group is hierarchical. shmem since Linux 4.1, dirty and writeback
// 4.2, workingset_refault_* 5.18.
struct MemoryStatV1 {
  std::optional<std::uint64_t> cache, rss, shmem, mapped_file, dirty, writeback, swap;
  std::optional<std::uint64_t> workingset_refault_anon, workingset_refault_file;
  std::optional<std::uint64_t> pgfault, pgmajfault;
  std::optional<std::uint64_t> inactive_anon, active_anon, inactive_file, active_file, unevictable;
  std::optional<std::uint64_t> total_cache, total_rss, total_shmem, total_mapped_file, total_dirty,
      total_writeback, total_swap;
  std::optional<std::uint64_t> total_workingset_refault_anon, total_workingset_refault_file;
  std::optional<std::uint64_t> total_pgfault, total_pgmajfault;
  std::optional<std::uint64_t> total_inactive_anon, total_active_anon, total_inactive_file,
      total_active_file, total_unevictable;
  std::optional<std::uint64_t> total_rss_huge, total_swapcached, total_pgpgin, total_pgpgout;
  bool operator==(const MemoryStatV1&) const = default;
};
[[nodiscard]] Result<MemoryStatV1> parse_memory_stat_v1(std::string_view text);

// v2: "anon 4096\nfile 8192\n...", always with the descendants. kernel since Linux 5.18;
// workingset_refault_* replaced workingset_refault in 5.9; pgscan and pgsteal are among the events
// since 4.19.
struct MemoryStatV2 {
  std::optional<std::uint64_t> anon, file, kernel, sock, shmem, file_mapped, file_dirty,
      file_writeback;
  std::optional<std::uint64_t> inactive_anon, active_anon, inactive_file, active_file, unevictable;
  std::optional<std::uint64_t> slab;
  std::optional<std::uint64_t> workingset_refault_anon, workingset_refault_file;
  std::optional<std::uint64_t> pgfault, pgmajfault, pgscan, pgsteal;
#define X(name, kind) std::optional<std::uint64_t> name;
  PLIMSOLL_MEMORY_DETAILS(X)
#undef X
  bool operator==(const MemoryStatV2&) const = default;
};
[[nodiscard]] Result<MemoryStatV2> parse_memory_stat_v2(std::string_view text);

}  // namespace plimsoll::cgroupfs
