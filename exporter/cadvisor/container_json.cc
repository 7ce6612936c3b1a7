#include "exporter/cadvisor/container_json.h"

#include "exporter/cadvisor/reference.h"
#include "exporter/cadvisor/stats.h"
#include "exporter/cadvisor/stats_groups.h"

namespace plimsoll::exporter {

namespace {

using cgroupfs::Field;
using cgroupfs::Group;

std::string_view health_word(const inventory::Identity& identity) {
  using inventory::Health;
  if (!identity.has_health_check) return "";
  switch (identity.health) {
    case Health::kStarting:
      return "starting";
    case Health::kHealthy:
      return "healthy";
    case Health::kUnhealthy:
      return "unhealthy";
    case Health::kNone:
      break;
  }
  return "";
}

void write_empty(GoJson& json, std::string_view name) {
  json.begin_object(name);
  json.end_object();
}

void write_stats_v1(GoJson& json, const StatPoint& point, const SpecFlags& flags,
                    const ApiView& view) {
  json.begin_object();
  json.time("timestamp", point.at());
  if (flags.cpu) write_cpu_stats(json, point);
  if (flags.diskio) write_diskio_stats(json, point);
  if (flags.memory) write_memory_stats(json, point, view);
  if (flags.hugetlb) write_hugetlb_stats(json, point);
  if (flags.network && has_network_stats(point))
    write_network_stats(json, point, view, NetworkShape::kV1);
  if (flags.filesystem) write_filesystem_stats(json, point, view);
  write_load_stats(json, point, "task_stats");
  if (view.groups.has(Group::kProcess)) write_process_stats(json, point);
  write_perf_stats(json, point);
  write_referenced_memory(json, point);
  write_resctrl_stats(json, point);
  json.begin_object("cpuset");
  json.number("memory_migrate", point.value(Field::kCpusetMemoryMigrate));
  json.end_object();
  json.number_unless_zero("oom_events", point.value(Field::kMemoryEventsOomKill));
  json.begin_object("health");
  json.text("status", health_word(*point.snapshot().rows[point.row()].identity));
  json.end_object();
  json.end_object();
}

// Direct children only.
void write_subcontainers(GoJson& json, const Snapshot& snapshot, std::size_t row) {
  const std::string& path = snapshot.rows[row].identity->cgroup;
  const std::string prefix = path == "/" ? path : path + "/";
  bool open = false;
  for (const Row& other : snapshot.rows) {
    const std::string_view name = other.identity->cgroup;
    if (!name.starts_with(prefix) || name.size() == prefix.size() ||
        name.find('/', prefix.size()) != std::string_view::npos)
      continue;
    if (!open) json.begin_array("subcontainers");
    open = true;
    json.begin_object();
    json.text("name", name);
    json.end_object();
  }
  if (open) json.end_array();
}

}  // namespace

void write_container_info(GoJson& json, const ApiSource& source, std::size_t row,
                          const PointRange& range) {
  const Snapshot& snapshot = source.snapshot;
  json.begin_object();
  write_reference(json, *snapshot.rows[row].identity);
  write_subcontainers(json, snapshot, row);
  json.key("spec");
  write_spec(json, snapshot, row, source.view, SpecShape::kV1);
  const SpecFlags flags = spec_flags(snapshot, row, source.view);
  const std::vector<StatPoint> points = points_of(snapshot, row, source.history, range);
  if (!points.empty()) {
    json.begin_array("stats");
    for (const StatPoint& point : points) write_stats_v1(json, point, flags, source.view);
    json.end_array();
  }
  json.end_object();
}

void write_cpu_inst(GoJson& json, const StatPoint* before, const StatPoint& now) {
  if (before == nullptr || now.at() <= before->at()) return;
  const double seconds = std::chrono::duration<double>(now.at() - before->at()).count();
  const auto rate = [&](Field field) -> std::optional<std::uint64_t> {
    const auto from = before->value(field);
    const auto to = now.value(field);
    if (!from || !to) return 0;
    if (*to < *from) return std::nullopt;
    return static_cast<std::uint64_t>(static_cast<double>(*to - *from) / seconds);
  };
  const auto total = rate(Field::kCpuUsage);
  const auto user = rate(Field::kCpuUser);
  const auto system = rate(Field::kCpuSystem);
  if (!total || !user || !system) return;
  json.begin_object("cpu_inst");
  json.begin_object("usage");
  json.number("total", total);
  json.number("user", user);
  json.number("system", system);
  json.end_object();
  json.end_object();
}

void write_stats_v2_0(GoJson& json, const ApiSource& source, std::size_t row,
                      const std::vector<StatPoint>& points) {
  const ApiView& view = source.view;
  const SpecFlags flags = spec_flags(source.snapshot, row, view);
  const StatPoint* before = nullptr;
  json.begin_array();
  for (const StatPoint& point : points) {
    json.begin_object();
    json.time("timestamp", point.at());
    json.flag("has_cpu", flags.cpu);
    write_cpu_stats(json, point);
    if (flags.cpu) write_cpu_inst(json, before, point);
    json.flag("has_diskio", flags.diskio);
    write_diskio_stats(json, point);
    json.flag("has_memory", flags.memory);
    write_memory_stats(json, point, view);
    json.flag("has_hugetlb", flags.hugetlb);
    if (flags.hugetlb) write_hugetlb_stats(json, point);
    json.flag("has_network", flags.network);
    if (flags.network && has_network_stats(point))
      write_network_stats(json, point, view, NetworkShape::kV2);
    json.flag("has_processes", false);  // Never set there.
    write_empty(json, "processes");
    json.flag("has_filesystem", flags.filesystem);
    if (flags.filesystem) write_filesystem_stats(json, point, view);
    json.flag("has_load", false);
    write_load_stats(json, point, "load_stats");
    json.flag("has_custom_metrics", false);
    write_perf_stats(json, point);
    write_referenced_memory(json, point);
    write_resctrl_stats(json, point);
    json.end_object();
    before = &point;
  }
  json.end_array();
}

void write_stats_v2_1(GoJson& json, const ApiSource& source, std::size_t row,
                      const std::vector<StatPoint>& points) {
  const Snapshot& snapshot = source.snapshot;
  const ApiView& view = source.view;
  const SpecFlags flags = spec_flags(snapshot, row, view);
  json.begin_object();
  json.key("spec");
  write_spec(json, snapshot, row, view, SpecShape::kV2);
  const StatPoint* before = nullptr;
  if (!points.empty()) json.begin_array("stats");
  for (const StatPoint& point : points) {
    json.begin_object();
    json.time("timestamp", point.at());
    if (flags.cpu) {
      write_cpu_stats(json, point);
      write_cpu_inst(json, before, point);
    }
    if (flags.diskio) write_diskio_stats(json, point);
    if (flags.memory) write_memory_stats(json, point, view);
    if (flags.hugetlb) write_hugetlb_stats(json, point);
    if (flags.network && has_network_stats(point))
      write_network_stats(json, point, view, NetworkShape::kV2);
    if (view.groups.has(Group::kProcess)) write_process_stats(json, point);
    // Of several file systems it cannot say which one these would be.
    const auto filesystems = snapshot.filesystems.of(row);
    if (flags.filesystem && filesystems.size() == 1 && !point.is_past()) {
      json.begin_object("filesystem");
      json.number("totalUsageBytes", filesystems.front().usage_bytes);
      json.number("baseUsageBytes", filesystems.front().usage_bytes);
      json.number("containter_inode_usage", filesystems.front().inodes_used);  // Spelt so.
      json.end_object();
    }
    write_perf_stats(json, point);
    write_referenced_memory(json, point);
    write_resctrl_stats(json, point);
    json.end_object();
    before = &point;
  }
  if (!points.empty()) json.end_array();
  json.end_object();
}

}  // namespace plimsoll::exporter
