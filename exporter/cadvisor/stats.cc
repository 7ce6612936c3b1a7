#include "exporter/cadvisor/stats.h"

#include <string>

#include "exporter/cadvisor/psi_json.h"

namespace plimsoll::exporter {

namespace {

using cgroupfs::Field;
using cgroupfs::NumaUsage;

using NumaMember = std::optional<std::uint64_t> NumaUsage::*;

// {"0":pages}: cAdvisor counts as v1's memory.numa_stat does, in pages.
void write_numa(GoJson& json, const StatPoint& point, std::string_view name, NumaMember member) {
  if (point.is_past()) return;
  const MachineInfo* machine = point.snapshot().machine.get();
  const std::uint64_t page = machine != nullptr ? machine->page_size : 4096;
  bool open = false;
  for (const NumaUsage& node : point.snapshot().numa.of(point.row())) {
    if (!(node.*member)) continue;
    if (!open) json.begin_object(name);
    open = true;
    json.keyed_number(std::to_string(node.node), *(node.*member) / page);
  }
  if (open) json.end_object();
}

struct FaultFields {
  std::optional<std::uint64_t> pgfault, pgmajfault;
  NumaMember file = nullptr, anon = nullptr, unevictable = nullptr;
};

void write_faults(GoJson& json, const StatPoint& point, std::string_view name,
                  const FaultFields& fields) {
  json.begin_object(name);
  json.number("pgfault", fields.pgfault);
  json.number("pgmajfault", fields.pgmajfault);
  json.begin_object("numa_stats");
  write_numa(json, point, "file", fields.file);
  write_numa(json, point, "anon", fields.anon);
  write_numa(json, point, "unevictable", fields.unevictable);
  json.end_object();
  json.end_object();
}

// -1 is cAdvisor's word for no limit.
void write_ulimit(GoJson& json, std::string_view name, const Limit<std::uint64_t>& limit) {
  json.signed_number(name, limit.is_none() ? -1 : static_cast<std::int64_t>(limit.value()));
}

void write_ulimits(GoJson& json, const StatPoint& point) {
  const auto soft = point.snapshot().limit(Field::kOpenFilesLimit, point.row());
  const auto hard = point.snapshot().limit(Field::kOpenFilesHardLimit, point.row());
  if (!soft || !hard) return;
  json.begin_array("ulimits");
  json.begin_object();
  json.text("name", "max_open_files");
  write_ulimit(json, "soft_limit", *soft);
  write_ulimit(json, "hard_limit", *hard);
  json.end_object();
  json.end_array();
}

std::optional<std::uint64_t> first_of(const StatPoint& point, std::initializer_list<Field> fields) {
  for (const Field field : fields)
    if (const auto value = point.value(field)) return value;
  return std::nullopt;
}

}  // namespace

void write_cpu_stats(GoJson& json, const StatPoint& point) {
  json.begin_object("cpu");
  json.begin_object("usage");
  json.number("total", point.value(Field::kCpuUsage));
  const auto cores = point.snapshot().per_cpu_ns.of(point.row());
  if (!point.is_past() && !cores.empty()) {
    json.begin_array("per_cpu_usage");
    for (const std::uint64_t ns : cores) json.element(ns);
    json.end_array();
  }
  json.number("user", point.value(Field::kCpuUser));
  json.number("system", point.value(Field::kCpuSystem));
  json.end_object();
  json.begin_object("cfs");
  json.number("periods", point.value(Field::kCpuPeriods));
  json.number("throttled_periods", point.value(Field::kCpuThrottledPeriods));
  json.number("throttled_time", point.value(Field::kCpuThrottled));
  json.number("bursts_periods", point.value(Field::kCpuBursts));
  json.number("burst_time", point.value(Field::kCpuBurst));
  json.end_object();
  json.begin_object("schedstat");
  json.number("run_time", point.value(Field::kSchedRun));
  json.number("runqueue_time", point.value(Field::kSchedRunqueue));
  json.number("run_periods", point.value(Field::kSchedPeriods));
  json.end_object();
  json.number("load_average", point.value(Field::kLoadAverage));
  json.number("load_d_average", point.value(Field::kLoadDAverage));
  write_psi(json, point, cgroupfs::PressureResource::kCpu);
  json.end_object();
}

void write_memory_stats(GoJson& json, const StatPoint& point, const ApiView& view) {
  static constexpr std::pair<std::string_view, Field> kMembers[] = {
      {"usage", Field::kMemoryUsage},
      {"max_usage", Field::kMemoryPeak},
      {"cache", Field::kMemoryCache},
      {"rss", Field::kMemoryRss},
      {"swap", Field::kMemorySwap},
      {"mapped_file", Field::kMemoryMappedFile},
      {"working_set", Field::kMemoryWorkingSet},
      {"total_active_file", Field::kMemoryActiveFile},
      {"total_inactive_file", Field::kMemoryInactiveFile},
      {"file_dirty", Field::kMemoryFileDirty},
      {"file_writeback", Field::kMemoryFileWriteback},
      {"pgscan", Field::kMemoryPgscan},
      {"pgsteal", Field::kMemoryPgsteal},
      {"workingset_refault_file", Field::kMemoryRefaultFile},
      {"workingset_refault_anon", Field::kMemoryRefaultAnon}};
  json.begin_object("memory");
  for (const auto& [name, field] : kMembers) json.number(name, point.value(field));
  // v2 counts the same in memory.events; cAdvisor prints 0 there, and no kernel memory either.
  const bool has_v1_count = point.value(Field::kMemoryFailcnt).has_value();
  const bool zeros = view.strict() && !has_v1_count;
  json.number("failcnt", zeros
                             ? std::nullopt
                             : first_of(point, {Field::kMemoryFailcnt, Field::kMemoryEventsLocalMax,
                                                Field::kMemoryEventsMax}));
  json.number("kernel", zeros ? std::nullopt : point.value(Field::kMemoryKernel));
  write_faults(json, point, "container_data",
               {point.value(Field::kMemoryPgfault), point.value(Field::kMemoryPgmajfault),
                &NumaUsage::file, &NumaUsage::anon, &NumaUsage::unevictable});
  // In cAdvisor both hold the container's own numbers.
  const bool subtree = !view.strict();
  write_faults(json, point, "hierarchical_data",
               {subtree ? first_of(point, {Field::kMemoryPgfaultTotal, Field::kMemoryPgfault})
                        : point.value(Field::kMemoryPgfault),
                subtree ? first_of(point, {Field::kMemoryPgmajfaultTotal, Field::kMemoryPgmajfault})
                        : point.value(Field::kMemoryPgmajfault),
                &NumaUsage::file_total, &NumaUsage::anon_total, &NumaUsage::unevictable_total});
  write_psi(json, point, cgroupfs::PressureResource::kMemory);
  json.begin_object("events");
  json.number("high", point.value(Field::kMemoryEventsHigh));
  json.number("max", point.value(Field::kMemoryEventsMax));
  json.end_object();
  json.end_object();
}

void write_hugetlb_stats(GoJson& json, const StatPoint& point) {
  const auto sizes = point.snapshot().hugetlb.of(point.row());
  if (point.is_past() || sizes.empty()) return;
  json.begin_object("hugetlb");
  for (const cgroupfs::HugetlbUsage& size : sizes) {
    json.begin_keyed_object(size.page_size);
    json.number_unless_zero("usage", size.usage_bytes);
    json.number_unless_zero("max_usage", size.peak_bytes);
    json.number("failcnt", size.failcnt);
    json.end_object();
  }
  json.end_object();
}

void write_process_stats(GoJson& json, const StatPoint& point) {
  if (point.is_past()) return;
  json.begin_object("processes");
  json.number("process_count", point.value(Field::kProcesses));
  json.number("fd_count", point.value(Field::kFileDescriptors));
  json.number("socket_count", point.value(Field::kSockets));
  json.number_unless_zero("threads_current", point.value(Field::kPids));
  json.number_unless_zero("threads_max", point.value(Field::kPidsLimit));
  write_ulimits(json, point);
  json.end_object();
}

}  // namespace plimsoll::exporter
