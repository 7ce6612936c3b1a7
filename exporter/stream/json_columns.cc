#include "exporter/stream/json_columns.h"

#include <algorithm>

#include "exporter/stream/json_writer.h"

namespace plimsoll::exporter {

namespace {

using cgroupfs::Field;

constexpr std::size_t kMaxColumns = 32;

void write_head(JsonWriter& json, const Snapshot& snapshot) {
  json.begin_object();
  json.key("sequence").number(snapshot.sequence);
  json.key("timestamp").time(snapshot.wall);
}

void write_values(JsonWriter& json, const Snapshot& snapshot, std::size_t row,
                  std::span<const Field> columns) {
  json.begin_array();
  json.number(snapshot.rows[row].serial);
  for (const Field field : columns) {
    const auto value = snapshot.value(field, row);
    if (!value)
      json.literal("null");
    else if (cgroupfs::info(field).unit == cgroupfs::Unit::kNanoseconds)
      json.seconds(*value);
    else
      json.number(*value);
  }
  json.end_array();
}

}  // namespace

Result<std::vector<Field>> parse_columns(std::string_view list) {
  std::vector<Field> columns;
  while (!list.empty()) {
    const std::string_view path = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), path.size() + 1));
    const auto field = cgroupfs::field_at(path);
    if (!field)
      return invalid_input("query",
                           "fields=" + std::string(path) +
                               ": no such field; give paths such as cpu.usage,memory.usage");
    columns.push_back(*field);
  }
  if (columns.empty() || columns.size() > kMaxColumns)
    return invalid_input("query", "fields=: give 1 to " + std::to_string(kMaxColumns) + " fields");
  return columns;
}

void append_key_frame(std::string& out, const Snapshot& snapshot, std::span<const std::size_t> rows,
                      std::span<const Field> columns) {
  JsonWriter json(out);
  write_head(json, snapshot);
  json.key("fields").begin_array();
  for (const Field field : columns) json.text(cgroupfs::info(field).path);
  json.end_array();
  json.key("containers").begin_array();
  for (const std::size_t row : rows) {
    const inventory::Identity& identity = *snapshot.rows[row].identity;
    json.begin_object();
    json.key("key").number(snapshot.rows[row].serial);
    json.key("id").text(identity.id);
    json.key("name").text(identity.name);
    json.key("display").text(identity.display);
    json.key("runtime").text(name_of(identity.runtime));
    json.key("cgroup").text(identity.cgroup);
    json.end_object();
  }
  json.end_array();
  json.key("values").begin_array();
  for (const std::size_t row : rows) write_values(json, snapshot, row, columns);
  json.end_array();
  json.end_object();
}

void append_change_frame(std::string& out, const Snapshot& snapshot,
                         std::span<const std::size_t> rows, std::span<const Field> columns,
                         std::uint64_t since) {
  JsonWriter json(out);
  write_head(json, snapshot);
  json.key("values").begin_array();
  for (const std::size_t row : rows)
    if (snapshot.changed_after(since, row)) write_values(json, snapshot, row, columns);
  json.end_array();
  json.end_object();
}

}  // namespace plimsoll::exporter
