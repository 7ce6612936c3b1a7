#include "exporter/cadvisor/stats_groups.h"

#include <span>

#include "exporter/cadvisor/tcp_members.h"
#include "exporter/collect/socket_text.h"

namespace plimsoll::exporter {

namespace {

using cgroupfs::Field;

using Members = std::span<const std::string_view>;

void write_zeros(GoJson& json, Members members, const ApiView& view) {
  if (!view.strict()) return;
  for (const std::string_view member : members) json.number(member, 0);
}

void write_tcp(GoJson& json, std::string_view name, const std::optional<TcpStates>& states,
               const ApiView& view) {
  json.begin_object(name);
  if (states)
    for (std::size_t i = 0; i < states->size(); ++i) json.number(kTcpMembers[i], (*states)[i]);
  else
    write_zeros(json, kTcpMembers, view);
  json.end_object();
}

void write_udp(GoJson& json, std::string_view name, const std::optional<UdpSockets>& udp,
               const ApiView& view) {
  json.begin_object(name);
  if (udp) {
    const std::uint64_t values[] = {udp->sockets, udp->dropped, udp->rx_queued, udp->tx_queued};
    for (std::size_t i = 0; i < std::size(values); ++i) json.number(kUdpMembers[i], values[i]);
  } else {
    write_zeros(json, kUdpMembers, view);
  }
  json.end_object();
}

// Both lists have the same order; a kernel has some of the names.
void write_advanced(GoJson& json, const SocketStats& stats, const ApiView& view) {
  json.begin_object("tcp_advanced");
  if (stats.advanced.empty()) write_zeros(json, kTcpAdvancedMembers, view);
  std::size_t next = 0;
  const auto& names = tcp_counter_names();
  for (std::size_t i = 0; i < names.size() && !stats.advanced.empty(); ++i) {
    const bool known = next < stats.advanced.size() && stats.advanced[next].first == names[i];
    if (known || view.strict())
      json.signed_number(kTcpAdvancedMembers[i], known ? stats.advanced[next].second : 0);
    if (known) ++next;
  }
  json.end_object();
}

const SocketStats* sockets_of(const StatPoint& point) {
  const std::vector<SocketStatsPtr>& sockets = point.snapshot().sockets;
  if (point.is_past() || point.row() >= sockets.size()) return nullptr;
  return sockets[point.row()].get();
}

bool is_host(const StatPoint& point) {
  return point.snapshot().rows[point.row()].identity->runtime == inventory::Runtime::kRoot;
}

}  // namespace

void write_load_stats(GoJson& json, const StatPoint& point, std::string_view name) {
  static constexpr std::pair<std::string_view, Field> kStates[] = {
      {"nr_sleeping", Field::kTasksSleeping},
      {"nr_running", Field::kTasksRunning},
      {"nr_stopped", Field::kTasksStopped},
      {"nr_uninterruptible", Field::kTasksUninterruptible},
      {"nr_io_wait", Field::kTasksIoWait}};
  json.begin_object(name);
  for (const auto& [state, field] : kStates) json.number(state, point.value(field));
  json.end_object();
}

void write_socket_stats(GoJson& json, const StatPoint& point, const ApiView& view) {
  static const SocketStats kUnknown;
  const SocketStats* const known = sockets_of(point);
  const SocketStats& stats = known != nullptr ? *known : kUnknown;
  write_tcp(json, "tcp", stats.tcp, view);
  write_tcp(json, "tcp6", stats.tcp6, view);
  write_udp(json, "udp", stats.udp, view);
  write_udp(json, "udp6", stats.udp6, view);
  write_advanced(json, stats, view);
}

void write_perf_stats(GoJson& json, const StatPoint& point) {
  if (point.is_past()) return;
  const auto counts = point.snapshot().perf.of(point.row());
  if (!counts.empty()) {
    json.begin_array("perf_stats");
    for (const PerfCount& count : counts) {
      json.begin_object();
      json.real("scaling_ratio", count.scaling);
      json.number("value", count.value);
      json.text("name", *count.event);
      json.signed_number("cpu", count.cpu);
      json.end_object();
    }
    json.end_array();
  }
  if (!is_host(point) || point.snapshot().uncore.empty()) return;
  json.begin_array("perf_uncore_stats");
  for (const UncoreCount& count : point.snapshot().uncore) {
    json.begin_object();
    json.real("scaling_ratio", count.scaling);
    json.number("value", count.value);
    json.text("name", *count.event);
    json.signed_number("socket", count.socket);
    json.text("pmu", *count.pmu);
    json.end_object();
  }
  json.end_array();
}

void write_referenced_memory(GoJson& json, const StatPoint& point) {
  json.number_unless_zero("referenced_memory", point.value(Field::kReferencedBytes));
}

void write_resctrl_stats(GoJson& json, const StatPoint& point) {
  json.begin_object("resctrl");
  const auto usages = point.snapshot().resctrl.of(point.row());
  if (!point.is_past() && !usages.empty()) {
    json.begin_array("memory_bandwidth");
    for (const ResctrlUsage& usage : usages) {
      json.begin_object();
      json.number_unless_zero("mbm_total_bytes", usage.total_bytes);
      json.number_unless_zero("mbm_local_bytes", usage.local_bytes);
      json.end_object();
    }
    json.end_array();
    json.begin_array("cache");
    for (const ResctrlUsage& usage : usages) {
      json.begin_object();
      json.number_unless_zero("llc_occupancy", usage.llc_bytes);
      json.end_object();
    }
    json.end_array();
  }
  json.end_object();
}

}  // namespace plimsoll::exporter
