#include <algorithm>
#include <array>

#include "exporter/collect/history_codec.h"
#include "exporter/stream/json.h"
#include "exporter/stream/json_fields.h"
#include "exporter/stream/json_writer.h"

namespace plimsoll::exporter {

namespace {

// History keeps its fields in order of change, JSON nests them in order of their paths' table.
constexpr auto kInTableOrder = [] {
  std::array<std::size_t, kHistoryFieldCount> order{};
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, {}, [](std::size_t i) { return kHistoryFields[i]; });
  return order;
}();

void write_values(JsonWriter& json, const HistoryPoint& point) {
  FieldNesting fields(json);
  for (const std::size_t i : kInTableOrder)
    if (i < point.values.size() && point.values[i])
      fields.write(kHistoryFields[i], Limit<std::uint64_t>(*point.values[i]));
  fields.finish();
}

}  // namespace

void append_container_with_history(std::string& out, const Snapshot& snapshot, std::size_t row,
                                   std::span<const HistoryPoint> points) {
  append_container(out, snapshot, row);
  out.back() = ',';  // Instead of the closing brace: a container is never empty.
  out += "\"history\":";
  JsonWriter json(out);
  json.begin_array();
  for (const HistoryPoint& point : points) {
    json.begin_object();
    json.key("sequence").number(point.sequence);
    json.key("timestamp").time(point.wall);
    write_values(json, point);
    json.end_object();
  }
  json.end_array();
  out += '}';
}

void append_history_point(std::string& out, const Row& row, const HistoryPoint& point) {
  JsonWriter json(out);
  json.begin_object();
  json.key("sequence").number(point.sequence);
  json.key("timestamp").time(point.wall);
  if (row.identity) {
    json.key("id").text(row.identity->id);
    json.key("cgroup").text(row.identity->cgroup);
  }
  write_values(json, point);
  json.end_object();
}

}  // namespace plimsoll::exporter
