// Group memory.
#include "exporter/metrics/family.h"

namespace plimsoll::exporter {

namespace {

// v1 counts charges that met the limit. v2 has the same event in memory.events.local: max.
void write_failcnt(FamilyWriter& out, const Context& context) {
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    std::optional<std::uint64_t> count;
    for (const Field field :
         {Field::kMemoryFailcnt, Field::kMemoryEventsLocalMax, Field::kMemoryEventsMax})
      if (!count) count = context.snapshot.value(field, row);
    if (!count && out.invents_zeros()) count = 0;
    if (count) out.count(labels, *count);
  });
}

struct FailureField {
  std::string_view type;
  Field own, subtree;
};

// v1 counts the group's own faults and, apart, those of its subtree. v2 counts the subtree only: it
// is the group's own number too as long as it has no children, and else nobody knows that.
void write_failures(FamilyWriter& out, const Context& context) {
  static constexpr FailureField kTypes[] = {
      {"pgfault", Field::kMemoryPgfault, Field::kMemoryPgfaultTotal},
      {"pgmajfault", Field::kMemoryPgmajfault, Field::kMemoryPgmajfaultTotal}};
  const Snapshot& snapshot = context.snapshot;
  const auto print = [&](std::string_view type, std::string_view scope, std::string_view labels,
                         std::uint64_t value) {
    out.count(labels, value, {{"failure_type", type}, {"scope", scope}});
  };
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    // memory.low is a file of v2 only (all but the root have it).
    const bool subtree_only = snapshot.limit(Field::kMemoryLow, row).has_value();
    const bool leaf = snapshot.value(Field::kCgroupDescendants, row).value_or(0) == 0;
    for (const auto& [type, own, subtree] : kTypes) {
      const auto own_count = snapshot.value(own, row);
      const auto subtree_count = snapshot.value(subtree, row);
      const bool zeros = out.invents_zeros();
      if (zeros || (own_count && (leaf || !subtree_only)))
        print(type, "container", labels, own_count.value_or(0));
      if (zeros || subtree_count || own_count)
        print(type, "hierarchy", labels, subtree_count ? *subtree_count : own_count.value_or(0));
    }
  });
}

constexpr auto kCounter = FamilyType::kCounter;
constexpr auto kGauge = FamilyType::kGauge;
constexpr std::string_view kAbsentOnV1 = "Absent on v1, where cAdvisor prints 0.";

constexpr Family kFamilies[] = {
    {{"container_memory_usage_bytes", kGauge, "bytes", Group::kMemory, "",
      "Memory in use, page cache included.", "memory.usage_in_bytes",
      "memory.current; root: memory.stat anon + file", ""},
     write_field<Field::kMemoryUsage>},
    {{"container_memory_working_set_bytes", kGauge, "bytes", Group::kMemory, "",
      "Memory in use without inactive file cache: what cannot be reclaimed easily.",
      "memory.usage_in_bytes - memory.stat: total_inactive_file",
      "memory.current - memory.stat: inactive_file", ""},
     write_field<Field::kMemoryWorkingSet>},
    {{"container_memory_max_usage_bytes", kGauge, "bytes", Group::kMemory, "",
      "Highest memory use so far.", "memory.max_usage_in_bytes", "memory.peak (Linux 5.19)",
      "Absent where the kernel keeps no peak."},
     write_field<Field::kMemoryPeak>},
    {{"container_memory_rss", kGauge, "bytes", Group::kMemory, "",
      "Anonymous memory, transparent huge pages included.", "memory.stat: total_rss",
      "memory.stat: anon", ""},
     write_field<Field::kMemoryRss>},
    {{"container_memory_cache", kGauge, "bytes", Group::kMemory, "", "Page cache.",
      "memory.stat: total_cache", "memory.stat: file", ""},
     write_field<Field::kMemoryCache>},
    {{"container_memory_mapped_file", kGauge, "bytes", Group::kMemory, "",
      "Files mapped into memory.", "memory.stat: total_mapped_file", "memory.stat: file_mapped",
      ""},
     write_field<Field::kMemoryMappedFile>},
    {{"container_memory_swap", kGauge, "bytes", Group::kMemory, "", "Swap in use.",
      "memory.stat: total_swap", "memory.swap.current", ""},
     write_field<Field::kMemorySwap>},
    {{"container_memory_kernel_usage", kGauge, "bytes", Group::kMemory, "",
      "Memory of the kernel for the container.", "memory.kmem.usage_in_bytes",
      "memory.stat: kernel (Linux 5.18)", "cAdvisor prints 0 on v2."},
     write_field<Field::kMemoryKernel>},
    {{"container_memory_failcnt", kCounter, "", Group::kMemory, "",
      "Times that memory use met the limit.", "memory.failcnt",
      "memory.events.local: max, else memory.events: max", "cAdvisor prints 0 on v2."},
     write_failcnt},
    {{"container_memory_total_active_file_bytes", kGauge, "bytes", Group::kMemory, "",
      "File cache on the active list.", "memory.stat: total_active_file",
      "memory.stat: active_file", ""},
     write_field<Field::kMemoryActiveFile>},
    {{"container_memory_total_inactive_file_bytes", kGauge, "bytes", Group::kMemory, "",
      "File cache on the inactive list.", "memory.stat: total_inactive_file",
      "memory.stat: inactive_file", ""},
     write_field<Field::kMemoryInactiveFile>},
    {{"container_memory_failures_total", kCounter, "", Group::kMemory, "failure_type,scope",
      "Page faults (pgfault) and those that needed IO (pgmajfault).",
      "memory.stat: pgfault, pgmajfault; hierarchy: total_*", "memory.stat: pgfault, pgmajfault",
      "scope is container or hierarchy (with descendants), really different on v1. v2 counts the "
      "hierarchy; container is printed for groups without descendants, where it is the same."},
     write_failures},
    {{"container_memory_events_high_total", kCounter, "", Group::kMemory, "",
      "Times that the container was throttled and reclaimed above memory.high.", "-",
      "memory.events: high", kAbsentOnV1},
     write_field<Field::kMemoryEventsHigh>},
    {{"container_memory_events_max_total", kCounter, "", Group::kMemory, "",
      "Times that memory use was about to pass memory.max.", "-", "memory.events: max",
      kAbsentOnV1},
     write_field<Field::kMemoryEventsMax>},
    {{"container_memory_file_dirty_bytes", kGauge, "bytes", Group::kMemory, "",
      "File cache not yet written back.", "memory.stat: total_dirty", "memory.stat: file_dirty",
      "cAdvisor prints 0 on v1."},
     write_field<Field::kMemoryFileDirty>},
    {{"container_memory_file_writeback_bytes", kGauge, "bytes", Group::kMemory, "",
      "File cache being written back.", "memory.stat: total_writeback",
      "memory.stat: file_writeback", "cAdvisor prints 0 on v1."},
     write_field<Field::kMemoryFileWriteback>},
    {{"container_memory_pgscan_total", kCounter, "", Group::kMemory, "",
      "Pages looked at by reclaim.", "-", "memory.stat: pgscan", kAbsentOnV1},
     write_field<Field::kMemoryPgscan>},
    {{"container_memory_pgsteal_total", kCounter, "", Group::kMemory, "", "Pages reclaimed.", "-",
      "memory.stat: pgsteal", kAbsentOnV1},
     write_field<Field::kMemoryPgsteal>},
    {{"container_memory_workingset_refault_file_total", kCounter, "", Group::kMemory, "",
      "File pages needed again soon after they were reclaimed.",
      "memory.stat: workingset_refault_file, if the kernel lists it",
      "memory.stat: workingset_refault_file", "Absent where the kernel does not count it."},
     write_field<Field::kMemoryRefaultFile>},
    {{"container_memory_workingset_refault_anon_total", kCounter, "", Group::kMemory, "",
      "Anonymous pages needed again soon after they were swapped out.",
      "memory.stat: workingset_refault_anon, if the kernel lists it",
      "memory.stat: workingset_refault_anon", "Absent where the kernel does not count it."},
     write_field<Field::kMemoryRefaultAnon>},
};

}  // namespace

std::span<const Family> families_memory() {
  return kFamilies;
}

}  // namespace plimsoll::exporter
