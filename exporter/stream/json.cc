#include "exporter/stream/json.h"

#include <array>

#include "exporter/stream/json_fields.h"
#include "exporter/stream/json_writer.h"

namespace plimsoll::exporter {

namespace {

using inventory::Health;
using inventory::Identity;
using inventory::Metadata;
using inventory::NetworkMode;

std::string_view word_for(const Identity& identity) {
  if (!identity.has_health_check) return "none";
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
  return "none";
}

std::string_view word_for(NetworkMode mode) {
  switch (mode) {
    case NetworkMode::kOwn:
      return "own";
    case NetworkMode::kHost:
      return "host";
    case NetworkMode::kContainer:
      return "container";
    case NetworkMode::kNone:
      return "none";
    case NetworkMode::kUnknown:
      break;
  }
  return "unknown";
}

std::string_view word_for(Metadata metadata) {
  switch (metadata) {
    case Metadata::kPending:
      return "pending";
    case Metadata::kUnreadable:
      return "unreadable";
    case Metadata::kComplete:
      break;
  }
  return "complete";
}

void write_strings(JsonWriter& json, std::string_view name,
                   const std::vector<std::pair<std::string, std::string>>& members,
                   std::string& out) {
  json.key(name).begin_object();
  bool first = true;
  for (const auto& [key, value] : members) {
    if (!first) out += ',';
    first = false;
    append_json_string(out, key);  // A label's key is the user's text: escaped.
    out += ':';
    append_json_string(out, value);
  }
  json.end_object();
}

void write_pod(JsonWriter& json, const Identity& identity) {
  if (identity.pod_name.empty() && identity.pod_uid.empty()) return;
  json.key("pod").begin_object();
  json.key("name").text(identity.pod_name);
  json.key("namespace").text(identity.pod_namespace);
  json.key("uid").text(identity.pod_uid);
  json.key("container").text(identity.pod_container);
  json.key("sandbox").literal(identity.sandbox ? "true" : "false");
  json.end_object();
}

void write_identity(JsonWriter& json, const Identity& identity, std::string& out) {
  json.key("cgroup").text(identity.cgroup);
  json.key("id").text(identity.id);
  json.key("name").text(identity.name);
  json.key("display").text(identity.display);
  json.key("runtime").text(name_of(identity.runtime));
  json.key("container").literal(identity.is_container() ? "true" : "false");
  json.key("metadata").text(word_for(identity.metadata));
  json.key("image").text(identity.image);
  json.member_text("image_id", identity.image_id);
  write_strings(json, "labels", identity.labels, out);
  if (!identity.environment.empty()) write_strings(json, "environment", identity.environment, out);
  write_pod(json, identity);
  if (!identity.compose_project.empty()) {
    json.key("compose").begin_object();
    json.key("project").text(identity.compose_project);
    json.key("service").text(identity.compose_service);
    json.end_object();
  }
  json.key("network_mode").text(word_for(identity.network));
  json.member_text("network_owner", identity.network_owner);
  json.key("health").text(word_for(identity));
  json.key("restart_count").number(identity.restart_count);
  if (identity.pid) json.key("pid").signed_number(*identity.pid);
}

void write_times(JsonWriter& json, const Snapshot& snapshot, const Row& row) {
  if (row.created != WallTime{}) json.key("created").time(row.created);
  if (row.identity && row.identity->started) json.key("started").time(*row.identity->started);
  // The clock that stamps readings is the monotonic one; the snapshot holds both for one moment.
  const auto stamp = [&](std::string_view key, MonoTime at) {
    if (at != MonoTime{}) json.key(key).time(snapshot.wall + (at - snapshot.taken));
  };
  stamp("sampled_at", row.hot_at);
  stamp("usage_at", row.usage_at);
  stamp("sampled_at_warm", row.warm_at);
  stamp("sampled_at_slow", row.slow_at);
}

void write_rates(JsonWriter& json, const Rates& rates) {
  const std::pair<std::string_view, float> members[] = {
      {"cpu_cores", rates.cpu_cores},           {"io_read_bytes", rates.io_read_bytes},
      {"io_write_bytes", rates.io_write_bytes}, {"net_rx_bytes", rates.net_rx_bytes},
      {"net_tx_bytes", rates.net_tx_bytes},     {"throttled_ratio", rates.throttled_ratio},
      {"psi_cpu_some", rates.psi_cpu_some},     {"psi_memory_full", rates.psi_memory_full},
      {"psi_io_full", rates.psi_io_full},
  };
  json.key("rates").begin_object();
  for (const auto& [key, value] : members)
    if (std::isfinite(value)) json.key(key).real(value);
  json.end_object();
}

void write_machine(JsonWriter& json, const MachineInfo& machine) {
  json.key("machine").begin_object();
  json.key("cores").number(machine.cores);
  json.key("physical_cores").number(machine.physical_cores);
  json.key("sockets").number(machine.sockets);
  json.key("memory").number(machine.memory_bytes);
  json.key("swap").number(machine.swap_bytes);
  json.key("hostname").text(machine.hostname);
  json.key("kernel_version").text(machine.kernel_version);
  json.key("os_version").text(machine.os_version);
  json.key("machine_id").text(machine.machine_id);
  json.key("system_uuid").text(machine.system_uuid);
  json.key("boot_id").text(machine.boot_id);
  if (machine.boot_time_seconds != 0)
    json.key("boot_time").time(WallTime(std::chrono::seconds(machine.boot_time_seconds)));
  json.end_object();
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  append_json_escaped(out, text);
  out += '"';
}

void append_container(std::string& out, const Snapshot& snapshot, std::size_t row) {
  JsonWriter json(out);
  const Row& it = snapshot.rows[row];
  json.begin_object();
  if (it.identity) write_identity(json, *it.identity, out);
  write_times(json, snapshot, it);
  if (row < snapshot.rates.size()) write_rates(json, snapshot.rates[row]);
  FieldNesting fields(json);
  for (std::size_t f = 0; f < cgroupfs::kFieldCount; ++f) {
    const auto field = static_cast<cgroupfs::Field>(f);
    if (const auto limit = snapshot.limit(field, row)) fields.write(field, *limit);
  }
  fields.finish();
  write_side_tables(json, snapshot, row);
  json.end_object();
}

void append_snapshot(std::string& out, const Snapshot& snapshot,
                     std::span<const std::size_t> rows) {
  JsonWriter json(out);
  json.begin_object();
  json.key("sequence").number(snapshot.sequence);
  json.key("timestamp").time(snapshot.wall);
  if (snapshot.machine) write_machine(json, *snapshot.machine);
  json.key("containers").begin_array();
  bool first = true;
  for (const std::size_t row : rows) {
    if (!first) out += ',';
    first = false;
    append_container(out, snapshot, row);
  }
  json.end_array();
  json.end_object();
}

}  // namespace plimsoll::exporter
