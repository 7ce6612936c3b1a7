// The exporter about its other rooms: inventory, network, file systems, history, streams, HTTP.
#include "exporter/metrics/families_self.h"

namespace plimsoll::exporter {

namespace {

void write_network_containers(FamilyWriter& out, const Context& context) {
  const NetworkStats& network = context.self.network;
  out.count("", network.by_host_end, {{"source", "host_end"}});
  out.count("", network.by_namespace, {{"source", "namespace"}});
}

void write_http_requests(FamilyWriter& out, const Context& context) {
  for (const auto& [request, count] : context.self.http_requests) {
    char code[kMaxNumber];
    const std::string_view code_text(code, put_signed(code, request.second));
    out.count("", count, {{"handler", request.first}, {"code", code_text}});
  }
}

constexpr auto kCounter = FamilyType::kCounter;
constexpr auto kGauge = FamilyType::kGauge;
using S = const SelfStats&;

constexpr Family kFamilies[] = {
    {{"plimsoll_inventory_pending", kGauge, "", Group::kAlways, "",
      "Containers whose metadata is not there yet.", "-", "-", ""},
     write_self<+[](S s) { return s.inventory.pending; }>},
    {{"plimsoll_inventory_unreadable", kGauge, "", Group::kAlways, "",
      "Containers whose metadata may not be read.", "-", "-", ""},
     write_self<+[](S s) { return s.inventory.unreadable; }>},
    {{"plimsoll_inventory_lookups_total", kCounter, "", Group::kAlways, "",
      "Records of runtimes read.", "-", "-", ""},
     write_self<+[](S s) { return s.inventory.lookups; }>},
    {{"plimsoll_inventory_failures_total", kCounter, "", Group::kAlways, "",
      "Records of runtimes that were not understood.", "-", "-", ""},
     write_self<+[](S s) { return s.inventory.failures; }>},
    {{"plimsoll_network_namespaces", kGauge, "", Group::kAlways, "",
      "Network namespaces known, without the host's.", "-", "-", ""},
     write_self<+[](S s) { return s.network.namespaces; }>},
    {{"plimsoll_network_containers", kGauge, "", Group::kAlways, "source",
      "Containers by where their counters came from in the last sample.", "-", "-",
      "source is host_end (one dump of the host's links) or namespace (read inside)."},
     write_network_containers},
    {{"plimsoll_network_errors_total", kCounter, "", Group::kAlways, "",
      "Network counters that could not be read.", "-", "-", ""},
     write_self<+[](S s) { return s.network.errors; }>},
    {{"plimsoll_collector_kernel_log_readable", kGauge, "", Group::kOomEvent, "",
      "1 if the kernel's log can be read; otherwise OOM kills are known from the counters alone.",
      "-", "-", "Needs CAP_SYSLOG where kernel.dmesg_restrict is 1."},
     write_self<+[](S s) { return std::uint64_t{s.oom.log.readable}; }>},
    {{"plimsoll_collector_kernel_log_records_total", kCounter, "", Group::kOomEvent, "",
      "Records of the kernel's log read.", "-", "-", ""},
     write_self<+[](S s) { return s.oom.log.records; }>},
    {{"plimsoll_collector_kernel_log_lost_records_total", kCounter, "", Group::kOomEvent, "",
      "Records of the kernel's log that were overwritten before they were read.", "-", "-", ""},
     write_self<+[](S s) { return s.oom.log.lost; }>},
    {{"plimsoll_collector_kernel_log_malformed_total", kCounter, "", Group::kOomEvent, "",
      "Records of the kernel's log, or OOM lines in it, that were not understood.", "-", "-", ""},
     write_self<+[](S s) { return s.oom.log.malformed + s.oom.malformed; }>},
    {{"plimsoll_filesystem_layers", kGauge, "", Group::kAlways, "",
      "Writable layers that are measured.", "-", "-", ""},
     write_self<+[](S s) { return s.filesystem.layers; }>},
    {{"plimsoll_filesystem_layers_waiting", kGauge, "", Group::kAlways, "",
      "Writable layers not measured yet.", "-", "-", ""},
     write_self<+[](S s) { return s.filesystem.waiting; }>},
    {{"plimsoll_filesystem_walked_files_total", kCounter, "", Group::kAlways, "",
      "Files looked at to measure layers.", "-", "-", ""},
     write_self<+[](S s) { return s.filesystem.walked_files; }>},
    {{"plimsoll_filesystem_denied_total", kCounter, "", Group::kAlways, "",
      "Directories of layers that may not be read.", "-", "-", ""},
     write_self<+[](S s) { return s.filesystem.denied; }>},
    {{"plimsoll_filesystem_walk_cpu_seconds_total", kCounter, "seconds", Group::kAlways, "",
      "CPU time spent measuring layers.", "-", "-", ""},
     write_self<+[](S s) { return s.filesystem.walk_cpu_seconds; }>},
    {{"plimsoll_history_containers", kGauge, "", Group::kAlways, "", "Containers with history.",
      "-", "-", ""},
     write_self<+[](S s) { return s.history.containers; }>},
    {{"plimsoll_history_points", kGauge, "", Group::kAlways, "", "Points in the history.", "-", "-",
      ""},
     write_self<+[](S s) { return s.history.points; }>},
    {{"plimsoll_history_bytes", kGauge, "bytes", Group::kAlways, "", "Memory of the history.", "-",
      "-", ""},
     write_self<+[](S s) { return s.history.bytes; }>},
    {{"plimsoll_history_evicted_points_total", kCounter, "", Group::kAlways, "",
      "Points dropped because the history was full.", "-", "-", ""},
     write_self<+[](S s) { return s.history.evicted; }>},
    {{"plimsoll_tasks_threads", kGauge, "", Group::kAlways, "",
      "Threads whose scheduler times are followed.", "-", "-", ""},
     write_self<+[](S s) { return s.tasks.threads; }>},
    {{"plimsoll_tasks_denied_total", kCounter, "", Group::kAlways, "",
      "Files of processes that could not be read.", "-", "-",
      "Mostly for want of CAP_SYS_PTRACE; only groups that look at single processes."},
     write_self<+[](S s) { return s.tasks.denied; }>},
    {{"plimsoll_tasks_malformed_total", kCounter, "", Group::kAlways, "",
      "Files of processes that did not make sense.", "-", "-", ""},
     write_self<+[](S s) { return s.tasks.malformed; }>},
    {{"plimsoll_tasks_cpu_seconds_total", kCounter, "seconds", Group::kAlways, "",
      "CPU time of the worker that looks at processes and sockets.", "-", "-", ""},
     write_self<+[](S s) { return s.tasks.cpu_seconds; }>},
    {{"plimsoll_perf_counters", kGauge, "", Group::kAlways, "", "Performance counters open now.",
      "-", "-", ""},
     write_self<+[](S s) { return s.perf.counters; }>},
    {{"plimsoll_perf_left_out", kGauge, "", Group::kAlways, "",
      "Containers without performance counters because there are too many.", "-", "-", ""},
     write_self<+[](S s) { return s.perf.left_out; }>},
    {{"plimsoll_perf_refused_total", kCounter, "", Group::kAlways, "",
      "Performance counters that the kernel refused.", "-", "-", ""},
     write_self<+[](S s) { return s.perf.refused; }>},
    {{"plimsoll_stream_clients", kGauge, "", Group::kAlways, "", "Clients of the stream.", "-", "-",
      ""},
     write_self<+[](S s) { return s.stream_clients; }>},
    {{"plimsoll_stream_frames_total", kCounter, "", Group::kAlways, "",
      "Frames sent to clients of the stream.", "-", "-", ""},
     write_self<+[](S s) { return s.stream_frames; }>},
    {{"plimsoll_stream_frames_formatted_total", kCounter, "", Group::kAlways, "",
      "Frames made for the stream; one is shared by all clients with the same view.", "-", "-", ""},
     write_self<+[](S s) { return s.stream_formatted; }>},
    {{"plimsoll_stream_skipped_snapshots_total", kCounter, "", Group::kAlways, "",
      "Samples that slow clients of the stream missed.", "-", "-", ""},
     write_self<+[](S s) { return s.stream_skipped; }>},
    {{"plimsoll_http_requests_total", kCounter, "", Group::kAlways, "handler,code",
      "Requests answered.", "-", "-", ""},
     write_http_requests},
    {{"plimsoll_http_connections", kGauge, "", Group::kAlways, "", "Connections open now.", "-",
      "-", ""},
     write_self<+[](S s) { return s.http_connections; }>},
    {{"plimsoll_http_connections_shed_total", kCounter, "", Group::kAlways, "",
      "Idle connections closed to make room for new ones.", "-", "-", ""},
     write_self<+[](S s) { return s.http_connections_shed; }>},
    {{"plimsoll_log_dropped_total", kCounter, "", Group::kAlways, "",
      "Log messages dropped because the queue was full.", "-", "-", ""},
     write_self<+[](S s) { return s.dropped_logs; }>},
    {{"plimsoll_label_collisions_total", kCounter, "", Group::kAlways, "",
      "Container labels whose names became equal when made valid and got a number.", "-", "-", ""},
     write_self<+[](S s) { return s.label_collisions; }>},
};

}  // namespace

std::span<const Family> families_self_rooms() {
  return kFamilies;
}

}  // namespace plimsoll::exporter
