// Memory: what cAdvisor leaves out.
#include "exporter/metrics/family.h"

namespace plimsoll::exporter {

namespace {

using cgroupfs::MemoryKeyKind;
using cgroupfs::NumaUsage;

struct Event {
  std::string_view name, scope;
  Field field;
};

void write_events(FamilyWriter& out, const Context& context) {
  static constexpr Event kEvents[] = {
      {"low", "hierarchy", Field::kMemoryEventsLow},
      {"high", "hierarchy", Field::kMemoryEventsHigh},
      {"max", "hierarchy", Field::kMemoryEventsMax},
      {"oom", "hierarchy", Field::kMemoryEventsOom},
      {"oom_kill", "hierarchy", Field::kMemoryEventsOomKill},
      {"oom_group_kill", "hierarchy", Field::kMemoryEventsOomGroupKill},
      {"low", "local", Field::kMemoryEventsLocalLow},
      {"high", "local", Field::kMemoryEventsLocalHigh},
      {"max", "local", Field::kMemoryEventsLocalMax},
      {"oom", "local", Field::kMemoryEventsLocalOom},
      {"oom_kill", "local", Field::kMemoryEventsLocalOomKill},
      {"oom_group_kill", "local", Field::kMemoryEventsLocalOomGroupKill}};
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    for (const auto& [name, scope, field] : kEvents) {
      const auto count = context.snapshot.value(field, row);
      if (count) out.count(labels, *count, {{"event", name}, {"scope", scope}});
    }
    // v1's word for the same.
    const auto failcnt = context.snapshot.value(Field::kMemoryFailcnt, row);
    if (failcnt && !context.snapshot.value(Field::kMemoryEventsLocalMax, row))
      out.count(labels, *failcnt, {{"event", "max"}, {"scope", "local"}});
  });
}

struct Named {
  std::string_view name;
  Field field;
};

void write_swap_events(FamilyWriter& out, const Context& context) {
  static constexpr Named kEvents[] = {{"high", Field::kMemorySwapEventsHigh},
                                      {"max", Field::kMemorySwapEventsMax},
                                      {"fail", Field::kMemorySwapEventsFail}};
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    for (const auto& [name, field] : kEvents) {
      const auto count = context.snapshot.value(field, row);
      if (count) out.count(labels, *count, {{"event", name}});
    }
  });
}

void write_detail(FamilyWriter& out, std::string_view labels, const Context& context,
                  std::size_t row, MemoryKeyKind kind) {
  const auto& detail = context.snapshot.memory_detail;
  if (row >= detail.rows()) return;
  for (std::size_t key = 0; key < cgroupfs::kMemoryKeyCount; ++key) {
    if (cgroupfs::kMemoryKeys[key].kind != kind) continue;
    const auto value = detail.value(key, row);
    if (value) out.count(labels, *value, {{"kind", cgroupfs::kMemoryKeys[key].name}});
  }
}

void write_stat_bytes(FamilyWriter& out, const Context& context) {
  static constexpr Named kKinds[] = {{"inactive_anon", Field::kMemoryInactiveAnon},
                                     {"active_anon", Field::kMemoryActiveAnon},
                                     {"unevictable", Field::kMemoryUnevictable},
                                     {"shmem", Field::kMemoryShmem},
                                     {"sock", Field::kMemorySock},
                                     {"slab", Field::kMemorySlab}};
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    for (const auto& [name, field] : kKinds) {
      const auto value = context.snapshot.value(field, row);
      if (value) out.count(labels, *value, {{"kind", name}});
    }
    write_detail(out, labels, context, row, MemoryKeyKind::kBytes);
  });
}

void write_stat_events(FamilyWriter& out, const Context& context) {
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    write_detail(out, labels, context, row, MemoryKeyKind::kEvents);
  });
}

struct NumaMember {
  std::string_view kind, scope;
  std::optional<std::uint64_t> NumaUsage::* bytes;
};

void write_numa(FamilyWriter& out, const Context& context) {
  static constexpr NumaMember kMembers[] = {
      {"file", "local", &NumaUsage::file},
      {"anon", "local", &NumaUsage::anon},
      {"unevictable", "local", &NumaUsage::unevictable},
      {"file", "hierarchy", &NumaUsage::file_total},
      {"anon", "hierarchy", &NumaUsage::anon_total},
      {"unevictable", "hierarchy", &NumaUsage::unevictable_total}};
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    for (const NumaUsage& numa : context.snapshot.numa.of(row)) {
      char node[kMaxNumber];
      const std::string_view node_text(node, put_unsigned(node, numa.node));
      for (const auto& [kind, scope, bytes] : kMembers)
        if (numa.*bytes)
          out.count(labels, *(numa.*bytes),
                    {{"kind", kind}, {"scope", scope}, {"node", node_text}});
    }
  });
}

constexpr auto kCounter = FamilyType::kCounter;
constexpr auto kGauge = FamilyType::kGauge;

constexpr Family kFamilies[] = {
    {{"plimsoll_container_memory_events_total", kCounter, "", Group::kMemory, "event,scope",
      "Memory events of the container with its descendants (scope hierarchy) or its own (local).",
      "local: memory.failcnt, memory.oom_control; hierarchy: added up",
      "memory.events, memory.events.local",
      "event is low, high, max, oom, oom_kill or oom_group_kill; v1 has max (local) and oom_kill "
      "only."},
     write_events},
    {{"plimsoll_container_swap_events_total", kCounter, "", Group::kMemory, "event",
      "Swap events of the container and its descendants: high throttled, max limit met, fail no "
      "swap to be had.",
      "-", "memory.swap.events", "event is high, max or fail."},
     write_swap_events},
    {{"plimsoll_container_memory_stat_bytes", kGauge, "bytes", Group::kMemory, "kind",
      "Parts of the container's memory, by the kernel's name.",
      "memory.stat: total_shmem, total_inactive_anon, total_active_anon, total_unevictable, "
      "total_rss_huge, total_swapcached",
      "memory.stat",
      "kind is each size in memory.stat that no container_memory_ family has: slab, sock, shmem, "
      "kernel_stack, pagetables, percpu, vmalloc, zswap, zswapped, swapcached, anon_thp, file_thp, "
      "shmem_thp, hugetlb and so on. Parts overlap."},
     write_stat_bytes},
    {{"plimsoll_container_memory_stat_events_total", kCounter, "", Group::kMemoryStat, "kind",
      "Events that memory.stat counts, by the kernel's name.",
      "memory.stat: total_pgpgin, total_pgpgout", "memory.stat",
      "kind is each count in memory.stat that no container_memory_ family has: "
      "workingset_activate, "
      "_restore, pgscan and pgsteal by who, pgrefill, pswpin, zswpin, thp_fault_alloc and so on. "
      "Group off by default: some 35 series for each container."},
     write_stat_events},
    {{"plimsoll_container_memory_numa_bytes", kGauge, "bytes", Group::kMemoryNuma,
      "kind,scope,node", "Memory by NUMA node.", "memory.numa_stat", "memory.numa_stat",
      "kind is file, anon or unevictable; on v2 scope is hierarchy only."},
     write_numa},
    {{"plimsoll_container_swap_peak_bytes", kGauge, "bytes", Group::kMemory, "",
      "Highest use of swap so far.", "-", "memory.swap.peak", "Linux 6.5."},
     write_field<Field::kMemorySwapPeak>},
    {{"plimsoll_container_memory_under_oom", kGauge, "", Group::kMemory, "",
      "1 while tasks of the container wait because memory ran out, 0 otherwise.",
      "memory.oom_control: under_oom", "-", ""},
     write_field<Field::kMemoryUnderOom>},
    {{"plimsoll_container_oom_kill_disabled", kGauge, "", Group::kMemory, "",
      "1 if tasks wait instead of being killed when memory runs out.",
      "memory.oom_control: oom_kill_disable", "-", ""},
     write_field<Field::kMemoryOomKillDisabled>},
    {{"plimsoll_container_oom_group", kGauge, "", Group::kMemory, "",
      "1 if all tasks of the container are killed together.", "-", "memory.oom.group", ""},
     write_field<Field::kMemoryOomGroup>},
};

}  // namespace

std::span<const Family> families_own_memory() {
  return kFamilies;
}

}  // namespace plimsoll::exporter
