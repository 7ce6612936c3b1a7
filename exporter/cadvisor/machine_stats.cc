// The host's own statistics: v2.1's machinestats.
#include "exporter/cadvisor/container_json.h"
#include "exporter/cadvisor/stats.h"

namespace plimsoll::exporter {

namespace {

void write_optional(GoJson& json, std::string_view name,
                    const std::optional<std::uint64_t>& value) {
  if (value) json.number(name, value);
}

void write_host_filesystem(GoJson& json, const FilesystemUsage& fs) {
  json.begin_object();
  json.text("device", fs.device);
  json.text("type", fs.type);
  json.number("capacity", fs.limit_bytes);
  json.number("usage", fs.usage_bytes);
  json.number("available", fs.available_bytes);
  write_optional(json, "inodes_free", fs.inodes_free);
  json.begin_object("inline");  // Meant as Go's marker, printed as a key.
  write_optional(json, "reads_completed", fs.reads);
  write_optional(json, "reads_merged", fs.reads_merged);
  write_optional(json, "sectors_read", fs.sectors_read);
  write_optional(json, "read_duration", fs.read_time_ns);
  write_optional(json, "writes_completed", fs.writes);
  write_optional(json, "writes_merged", fs.writes_merged);
  write_optional(json, "sectors_written", fs.sectors_written);
  write_optional(json, "write_duration", fs.write_time_ns);
  write_optional(json, "io_in_progress", fs.io_in_progress);
  write_optional(json, "io_duration", fs.io_time_ns);
  write_optional(json, "weighted_io_duration", fs.weighted_io_time_ns);
  json.end_object();
  json.end_object();
}

}  // namespace

void write_machine_stats(GoJson& json, const ApiSource& source,
                         const std::vector<StatPoint>& points, std::size_t root) {
  const SpecFlags flags = spec_flags(source.snapshot, root, source.view);
  const StatPoint* before = nullptr;
  json.begin_array();
  for (const StatPoint& point : points) {
    json.begin_object();
    json.time("timestamp", point.at());
    if (flags.cpu) {
      write_cpu_stats(json, point);
      write_cpu_inst(json, before, point);
    }
    if (flags.memory) write_memory_stats(json, point, source.view);
    if (flags.network && has_network_stats(point))
      write_network_stats(json, point, source.view, NetworkShape::kV2);
    if (flags.filesystem && !point.is_past()) {
      json.begin_array("filesystem");
      for (const FilesystemUsage& fs : source.snapshot.filesystems.of(root))
        write_host_filesystem(json, fs);
      json.end_array();
    }
    json.end_object();
    before = &point;
  }
  json.end_array();
}

}  // namespace plimsoll::exporter
