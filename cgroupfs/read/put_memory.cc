#include "cgroupfs/read/put_memory.h"

#include <algorithm>

#include "cgroupfs/parse/memory_events.h"
#include "cgroupfs/parse/memory_stat.h"
#include "cgroupfs/parse/numa_stat.h"
#include "cgroupfs/read/put.h"

namespace plimsoll::cgroupfs {

namespace {

// total_ keys include the descendants, that is, what a container runs in groups of its own. A
// kernel that prints none has the group's own numbers only.
void set_memory_stat_v1(const MemoryStatV1& stat, const PutContext&, CgroupSample& sample) {
  const auto set = [&](Field field, std::optional<std::uint64_t> total,
                       std::optional<std::uint64_t> own) {
    set_or_unset(sample, field, total ? total : own);
  };
  set(Field::kMemoryRss, stat.total_rss, stat.rss);
  set(Field::kMemoryCache, stat.total_cache, stat.cache);
  set(Field::kMemoryMappedFile, stat.total_mapped_file, stat.mapped_file);
  set(Field::kMemorySwap, stat.total_swap, stat.swap);
  set(Field::kMemoryActiveFile, stat.total_active_file, stat.active_file);
  set(Field::kMemoryInactiveFile, stat.total_inactive_file, stat.inactive_file);
  set(Field::kMemoryActiveAnon, stat.total_active_anon, stat.active_anon);
  set(Field::kMemoryInactiveAnon, stat.total_inactive_anon, stat.inactive_anon);
  set(Field::kMemoryUnevictable, stat.total_unevictable, stat.unevictable);
  set(Field::kMemoryShmem, stat.total_shmem, stat.shmem);
  set(Field::kMemoryFileDirty, stat.total_dirty, stat.dirty);
  set(Field::kMemoryFileWriteback, stat.total_writeback, stat.writeback);
  set(Field::kMemoryRefaultFile, stat.total_workingset_refault_file, stat.workingset_refault_file);
  set(Field::kMemoryRefaultAnon, stat.total_workingset_refault_anon, stat.workingset_refault_anon);
  set_or_unset(sample, Field::kMemoryPgfault, stat.pgfault);
  set_or_unset(sample, Field::kMemoryPgmajfault, stat.pgmajfault);
  set_or_unset(sample, Field::kMemoryPgfaultTotal, stat.total_pgfault);
  set_or_unset(sample, Field::kMemoryPgmajfaultTotal, stat.total_pgmajfault);
  MemoryDetail& detail = sample.memory_detail;
  detail.set(MemoryKey::rss_huge, stat.total_rss_huge);
  detail.set(MemoryKey::swapcached, stat.total_swapcached);
  detail.set(MemoryKey::pgpgin, stat.total_pgpgin);
  detail.set(MemoryKey::pgpgout, stat.total_pgpgout);
}

void set_memory_stat_v2(const MemoryStatV2& stat, const PutContext&, CgroupSample& sample) {
  set_or_unset(sample, Field::kMemoryRss, stat.anon);
  set_or_unset(sample, Field::kMemoryCache, stat.file);
  set_or_unset(sample, Field::kMemoryKernel, stat.kernel);
  set_or_unset(sample, Field::kMemorySock, stat.sock);
  set_or_unset(sample, Field::kMemoryShmem, stat.shmem);
  set_or_unset(sample, Field::kMemoryMappedFile, stat.file_mapped);
  set_or_unset(sample, Field::kMemoryFileDirty, stat.file_dirty);
  set_or_unset(sample, Field::kMemoryFileWriteback, stat.file_writeback);
  set_or_unset(sample, Field::kMemoryInactiveAnon, stat.inactive_anon);
  set_or_unset(sample, Field::kMemoryActiveAnon, stat.active_anon);
  set_or_unset(sample, Field::kMemoryInactiveFile, stat.inactive_file);
  set_or_unset(sample, Field::kMemoryActiveFile, stat.active_file);
  set_or_unset(sample, Field::kMemoryUnevictable, stat.unevictable);
  set_or_unset(sample, Field::kMemorySlab, stat.slab);
  set_or_unset(sample, Field::kMemoryRefaultAnon, stat.workingset_refault_anon);
  set_or_unset(sample, Field::kMemoryRefaultFile, stat.workingset_refault_file);
  set_or_unset(sample, Field::kMemoryPgfault, stat.pgfault);
  set_or_unset(sample, Field::kMemoryPgmajfault, stat.pgmajfault);
  set_or_unset(sample, Field::kMemoryPgfaultTotal, stat.pgfault);
  set_or_unset(sample, Field::kMemoryPgmajfaultTotal, stat.pgmajfault);
  set_or_unset(sample, Field::kMemoryPgscan, stat.pgscan);
  set_or_unset(sample, Field::kMemoryPgsteal, stat.pgsteal);
#define X(name, kind) sample.memory_detail.set(MemoryKey::name, stat.name);
  PLIMSOLL_MEMORY_DETAILS(X)
#undef X
}

// v1 counts the kills of the group itself only; who needs the subtree's adds up.
void set_oom_control(const MemoryOomControl& control, const PutContext&, CgroupSample& sample) {
  set_or_unset(sample, Field::kMemoryEventsLocalOomKill, control.oom_kill);
  set_or_unset(sample, Field::kMemoryUnderOom, control.under_oom);
  set_or_unset(sample, Field::kMemoryOomKillDisabled, control.oom_kill_disable);
}

void set_swap_events(const SwapEvents& events, const PutContext&, CgroupSample& sample) {
  set_or_unset(sample, Field::kMemorySwapEventsHigh, events.high);
  set_or_unset(sample, Field::kMemorySwapEventsMax, events.max);
  set_or_unset(sample, Field::kMemorySwapEventsFail, events.fail);
}

void set_memory_events(const MemoryEvents& events, const PutContext&, CgroupSample& sample) {
  set_or_unset(sample, Field::kMemoryEventsLow, events.low);
  set_or_unset(sample, Field::kMemoryEventsHigh, events.high);
  set_or_unset(sample, Field::kMemoryEventsMax, events.max);
  set_or_unset(sample, Field::kMemoryEventsOom, events.oom);
  set_or_unset(sample, Field::kMemoryEventsOomKill, events.oom_kill);
  set_or_unset(sample, Field::kMemoryEventsOomGroupKill, events.oom_group_kill);
}

void set_memory_events_local(const MemoryEvents& events, const PutContext&, CgroupSample& sample) {
  set_or_unset(sample, Field::kMemoryEventsLocalLow, events.low);
  set_or_unset(sample, Field::kMemoryEventsLocalHigh, events.high);
  set_or_unset(sample, Field::kMemoryEventsLocalMax, events.max);
  set_or_unset(sample, Field::kMemoryEventsLocalOom, events.oom);
  set_or_unset(sample, Field::kMemoryEventsLocalOomKill, events.oom_kill);
  set_or_unset(sample, Field::kMemoryEventsLocalOomGroupKill, events.oom_group_kill);
}

NumaUsage& node_of(std::vector<NumaUsage>& numa, std::uint32_t node) {
  const auto at = std::ranges::lower_bound(numa, node, {}, &NumaUsage::node);
  if (at != numa.end() && at->node == node) return *at;
  NumaUsage usage;
  usage.node = node;
  return *numa.insert(at, usage);
}

std::optional<std::uint64_t> NumaUsage::* member_of(const NumaEntry& entry) {
  switch (entry.kind) {
    case NumaKind::kFile:
      return entry.hierarchical ? &NumaUsage::file_total : &NumaUsage::file;
    case NumaKind::kAnon:
      return entry.hierarchical ? &NumaUsage::anon_total : &NumaUsage::anon;
    case NumaKind::kUnevictable:
      break;
  }
  return entry.hierarchical ? &NumaUsage::unevictable_total : &NumaUsage::unevictable;
}

Result<> put_numa_stat(NumaStat stat, std::uint64_t unit, CgroupSample& sample) {
  sample.numa.clear();
  while (const std::optional<NumaEntry> entry = PLIMSOLL_TRY(stat.next()))
    node_of(sample.numa, entry->node).*member_of(*entry) = entry->value * unit;
  return {};
}

}  // namespace

Result<> put_memory_stat_v1(std::string_view text, const PutContext& context,
                            CgroupSample& sample) {
  return put_parsed<parse_memory_stat_v1, set_memory_stat_v1>(text, context, sample);
}

void drop_memory_stat_v1(CgroupSample& sample) {
  drop_parsed<MemoryStatV1, set_memory_stat_v1>(sample);
}

Result<> put_memory_stat_v2(std::string_view text, const PutContext& context,
                            CgroupSample& sample) {
  return put_parsed<parse_memory_stat_v2, set_memory_stat_v2>(text, context, sample);
}

void drop_memory_stat_v2(CgroupSample& sample) {
  drop_parsed<MemoryStatV2, set_memory_stat_v2>(sample);
}

Result<> put_oom_control(std::string_view text, const PutContext& context, CgroupSample& sample) {
  return put_parsed<parse_memory_oom_control, set_oom_control>(text, context, sample);
}

void drop_oom_control(CgroupSample& sample) {
  drop_parsed<MemoryOomControl, set_oom_control>(sample);
}

Result<> put_memory_events(std::string_view text, const PutContext& context, CgroupSample& sample) {
  return put_parsed<parse_memory_events, set_memory_events>(text, context, sample);
}

void drop_memory_events(CgroupSample& sample) {
  drop_parsed<MemoryEvents, set_memory_events>(sample);
}

Result<> put_memory_events_local(std::string_view text, const PutContext& context,
                                 CgroupSample& sample) {
  return put_parsed<parse_memory_events, set_memory_events_local>(text, context, sample);
}

void drop_memory_events_local(CgroupSample& sample) {
  drop_parsed<MemoryEvents, set_memory_events_local>(sample);
}

Result<> put_swap_events(std::string_view text, const PutContext& context, CgroupSample& sample) {
  return put_parsed<parse_swap_events, set_swap_events>(text, context, sample);
}

void drop_swap_events(CgroupSample& sample) {
  drop_parsed<SwapEvents, set_swap_events>(sample);
}

Result<> put_numa_stat_v1(std::string_view text, const PutContext& context, CgroupSample& sample) {
  return put_numa_stat(NumaStat(text, NumaFormat::kV1), context.page_size, sample);
}

Result<> put_numa_stat_v2(std::string_view text, const PutContext&, CgroupSample& sample) {
  return put_numa_stat(NumaStat(text, NumaFormat::kV2), 1, sample);
}

void drop_numa_stat(CgroupSample& sample) {
  sample.numa.clear();
}

void derive_memory(UsageFrom usage_from, CgroupSample& sample) {
  if (usage_from == UsageFrom::kStat) {
    const auto anon = sample.value(Field::kMemoryRss);
    const auto file = sample.value(Field::kMemoryCache);
    set_or_unset(sample, Field::kMemoryUsage,
                 anon && file ? std::optional(*anon + *file) : std::nullopt);
  }
  const auto usage = sample.value(Field::kMemoryUsage);
  const auto inactive = sample.value(Field::kMemoryInactiveFile);
  // The two are read at different moments: the difference may come out below zero.
  set_or_unset(
      sample, Field::kMemoryWorkingSet,
      usage && inactive ? std::optional(*usage - std::min(*usage, *inactive)) : std::nullopt);
}

}  // namespace plimsoll::cgroupfs
