// Group oom_event: processes killed for lack of memory.
#include "exporter/metrics/tombstones.h"

namespace plimsoll::exporter {

namespace {

// A container that is removed at once after its kill must still be scraped: its series goes on as
// long as its tombstone stands.
void write_kills(FamilyWriter& out, const Context& context) {
  write_field<Field::kMemoryEventsOomKill>(out, context);
  for_each_tombstone(context, [&](const Tombstone& ended) {
    if (ended.oom_kills) out.count(*ended.labels, *ended.oom_kills);
  });
}

void write_host(FamilyWriter& out, const Context& context) {
  if (context.snapshot.host_oom_kills) out.count("", *context.snapshot.host_oom_kills);
}

void write_workloads(FamilyWriter& out, const Context& context) {
  if (!context.snapshot.oom_workloads) return;
  for (const auto& [workload, kills] : *context.snapshot.oom_workloads)
    out.count("", kills,
              {{"runtime", workload.runtime},
               {"image", workload.image},
               {"name", workload.name},
               {"namespace", workload.pod_namespace},
               {"container", workload.container}});
}

constexpr auto kCounter = FamilyType::kCounter;
constexpr std::string_view kV1 = "memory.oom_control: oom_kill, added up; kernel log";
constexpr std::string_view kV2 = "memory.events: oom_kill; kernel log";
constexpr std::string_view kVmstat = "PROC/vmstat: oom_kill";

constexpr Family kFamilies[] = {
    {{"container_oom_events_total", kCounter, "", Group::kOomEvent, "",
      "Processes killed for lack of memory in the container or below it.", kV1, kV2,
      "The kernel's own count, completed by its log for groups that are gone; lingers after the "
      "container's end. cAdvisor counts log lines, anew after each of its restarts, and misses "
      "nested groups."},
     write_kills},
    {{"plimsoll_container_oom_kills_total", kCounter, "", Group::kOomEvent, "",
      "Processes killed for lack of memory in the container or below it.", kV1, kV2,
      "The same number as container_oom_events_total, under a name that says what it is."},
     write_kills},
    {{"plimsoll_workload_oom_kills_total", kCounter, "", Group::kOomEvent,
      "runtime,image,name,namespace,container",
      "Processes killed for lack of memory since the exporter's start, by workload.", kV1, kV2,
      "No base labels. Exists, as 0, as soon as a container of that name and image is seen, and "
      "stays when it is gone, so increase() sees every kill. In Kubernetes namespace and container "
      "take the place of the name."},
     write_workloads},
    {{"plimsoll_host_oom_kills_total", kCounter, "", Group::kOomEvent, "",
      "Processes killed for lack of memory on the whole host since boot.", kVmstat, kVmstat,
      "No base labels. Counts kills in groups that nobody saw, too."},
     write_host},
};

}  // namespace

std::span<const Family> families_own_oom() {
  return kFamilies;
}

}  // namespace plimsoll::exporter
