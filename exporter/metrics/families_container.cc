// What we say about containers beyond cAdvisor's families.
#include "exporter/metrics/family.h"

namespace plimsoll::exporter {

namespace {

// One series per container that carries everything else known about it, for joins on id.
void write_info(FamilyWriter& out, const Context& context) {
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    const inventory::IdentityPtr& identity = context.snapshot.rows[row].identity;
    if (!identity || !identity->is_container()) return;
    out.count(labels, 1,
              {{"runtime", name_of(identity->runtime)},
               {"runtime_id", identity->id},
               {"compose_project", identity->compose_project},
               {"compose_service", identity->compose_service}});
  });
}

struct Event {
  std::string_view name;
  Field field;
};

void write_events(FamilyWriter& out, const Context& context) {
  static constexpr Event kEvents[] = {{"low", Field::kMemoryEventsLow},
                                      {"high", Field::kMemoryEventsHigh},
                                      {"max", Field::kMemoryEventsMax},
                                      {"oom", Field::kMemoryEventsOom},
                                      {"oom_kill", Field::kMemoryEventsOomKill},
                                      {"oom_group_kill", Field::kMemoryEventsOomGroupKill}};
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    for (const auto& [name, field] : kEvents) {
      const auto count = context.snapshot.value(field, row);
      if (count) out.count(labels, *count, {{"event", name}});
    }
  });
}

constexpr auto kCounter = FamilyType::kCounter;
constexpr auto kGauge = FamilyType::kGauge;

constexpr Family kFamilies[] = {
    {{"plimsoll_container_info", kGauge, "", Group::kAlways,
      "runtime,runtime_id,compose_project,compose_service",
      "What is known about a container; the value is always 1. Join on id.", "runtime's record",
      "runtime's record", "Labels without a value are left out."},
     write_info},
    {{"plimsoll_container_memory_events_total", kCounter, "", Group::kMemory, "event",
      "Memory events of the container and its descendants.", "memory.oom_control: oom_kill",
      "memory.events",
      "event is low, high, max, oom, oom_kill or oom_group_kill; v1 counts oom_kill only."},
     write_events},
    {{"plimsoll_container_pids", kGauge, "", Group::kAlways, "", "Threads, with descendants.",
      "pids.current", "pids.current", ""},
     write_field<Field::kPids>},
    {{"plimsoll_container_pids_limit", kGauge, "", Group::kAlways, "",
      "Limit on threads; absent without a limit.", "pids.max", "pids.max", ""},
     write_field<Field::kPidsLimit>},
    {{"plimsoll_container_pids_limit_hits_total", kCounter, "", Group::kAlways, "",
      "Times that a new thread was refused because of the limit.", "pids.events: max",
      "pids.events: max", ""},
     write_field<Field::kPidsEventsMax>},
    {{"plimsoll_container_cpu_weight", kGauge, "", Group::kAlways, "",
      "CPU weight as the kernel has it, 100 by default.", "-", "cpu.weight", ""},
     write_field<Field::kCpuWeight>},
    {{"plimsoll_container_memory_high_bytes", kGauge, "bytes", Group::kAlways, "",
      "Memory use above which the container is throttled; absent without one.", "-", "memory.high",
      ""},
     write_field<Field::kMemoryHigh>},
};

}  // namespace

std::span<const Family> families_container() {
  return kFamilies;
}

}  // namespace plimsoll::exporter
