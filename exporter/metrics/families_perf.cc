// Groups perf_event and resctrl: what the hardware counts.
#include "exporter/metrics/family.h"

namespace plimsoll::exporter {

namespace {

template <class Print>
void for_each_count(const Context& context, Print print) {
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    for (const PerfCount& count : context.snapshot.perf.of(row)) {
      char cpu[kMaxNumber];
      const char* const end = count.cpu >= 0 ? put_signed(cpu, count.cpu) : cpu;
      print(labels, count, Label{"cpu", {cpu, end}});
    }
  });
}

void write_events(FamilyWriter& out, const Context& context) {
  for_each_count(context, [&](std::string_view labels, const PerfCount& count, Label cpu) {
    out.count(labels, count.value, {cpu, {"event", *count.event}});
  });
}

void write_ratios(FamilyWriter& out, const Context& context) {
  for_each_count(context, [&](std::string_view labels, const PerfCount& count, Label cpu) {
    out.real(labels, count.scaling, {cpu, {"event", *count.event}});
  });
}

template <class Print>
void for_each_uncore(const Context& context, Print print) {
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    if (!is_host(context.snapshot.rows[row])) return;
    for (const UncoreCount& count : context.snapshot.uncore) {
      char socket[kMaxNumber];
      print(labels, count, Label{"socket", {socket, put_signed(socket, count.socket)}});
    }
  });
}

void write_uncore_events(FamilyWriter& out, const Context& context) {
  for_each_uncore(context, [&](std::string_view labels, const UncoreCount& count, Label socket) {
    out.count(labels, count.value, {{"event", *count.event}, {"pmu", *count.pmu}, socket});
  });
}

void write_uncore_ratios(FamilyWriter& out, const Context& context) {
  for_each_uncore(context, [&](std::string_view labels, const UncoreCount& count, Label socket) {
    out.real(labels, count.scaling, {{"event", *count.event}, {"pmu", *count.pmu}, socket});
  });
}

template <std::optional<std::uint64_t> ResctrlUsage::* kMember>
void write_resctrl(FamilyWriter& out, const Context& context) {
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    for (const ResctrlUsage& usage : context.snapshot.resctrl.of(row)) {
      if (!(usage.*kMember)) continue;
      char node[kMaxNumber];
      out.count(labels, *(usage.*kMember), {{"node_id", {node, put_unsigned(node, usage.node)}}});
    }
  });
}

constexpr auto kCounter = FamilyType::kCounter;
constexpr auto kGauge = FamilyType::kGauge;
constexpr std::string_view kPerf = "perf_event_open(2) with a cgroup of perf_event";
constexpr std::string_view kPerfV2 = "perf_event_open(2) with a cgroup";
constexpr std::string_view kConfigured =
    "Only with --perf_events_config, for containers and the host. Without the group percpu summed "
    "over the CPUs, without the label cpu.";
constexpr std::string_view kUncore = "Host's row only.";
constexpr std::string_view kMonitored =
    "For the host, and for containers in a monitoring group; with --resctrl_interval they are put "
    "into one.";

constexpr Family kFamilies[] = {
    {{"container_perf_events_total", kCounter, "", Group::kPerfEvent, "cpu,event",
      "Performance events, scaled up by the share of the time in which they were counted.", kPerf,
      kPerfV2, kConfigured},
     write_events},
    {{"container_perf_events_scaling_ratio", kGauge, "", Group::kPerfEvent, "cpu,event",
      "Share of the time in which the event was counted, 0 to 1.", kPerf, kPerfV2,
      "Without the group percpu the least of all CPUs."},
     write_ratios},
    {{"container_perf_uncore_events_total", kCounter, "", Group::kPerfEvent, "socket,event,pmu",
      "Performance events outside of the cores, scaled up likewise.", "perf_event_open(2)",
      "perf_event_open(2)", kUncore},
     write_uncore_events},
    {{"container_perf_uncore_events_scaling_ratio", kGauge, "", Group::kPerfEvent,
      "socket,event,pmu", "Share of the time in which the event was counted, 0 to 1.",
      "perf_event_open(2)", "perf_event_open(2)", kUncore},
     write_uncore_ratios},
    {{"container_memory_bandwidth_bytes", kGauge, "bytes", Group::kResctrl, "node_id",
      "Bytes moved between caches and memory.", "SYS/fs/resctrl: mbm_total_bytes",
      "SYS/fs/resctrl: mbm_total_bytes", kMonitored},
     write_resctrl<&ResctrlUsage::total_bytes>},
    {{"container_memory_bandwidth_local_bytes", kGauge, "bytes", Group::kResctrl, "node_id",
      "Bytes moved between caches and memory of the same node.", "SYS/fs/resctrl: mbm_local_bytes",
      "SYS/fs/resctrl: mbm_local_bytes", kMonitored},
     write_resctrl<&ResctrlUsage::local_bytes>},
    {{"container_llc_occupancy_bytes", kGauge, "bytes", Group::kResctrl, "node_id",
      "Bytes of the last level cache in use.", "SYS/fs/resctrl: llc_occupancy",
      "SYS/fs/resctrl: llc_occupancy", kMonitored},
     write_resctrl<&ResctrlUsage::llc_bytes>},
};

}  // namespace

std::span<const Family> families_perf() {
  return kFamilies;
}

}  // namespace plimsoll::exporter
