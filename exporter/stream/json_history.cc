#include "exporter/stream/json.h"
#include "exporter/stream/json_fields.h"
#include "exporter/stream/json_writer.h"

namespace plimsoll::exporter {

void append_history_point(std::string& out, const Row& row, const HistoryPoint& point) {
  JsonWriter json(out);
  json.begin_object();
  json.key("sequence").number(point.sequence);
  json.key("timestamp").time(point.wall);
  if (row.identity) {
    json.key("id").text(row.identity->id);
    json.key("cgroup").text(row.identity->cgroup);
  }
  FieldNesting fields(json);
  const std::span<const cgroupfs::Field> kept = history_fields();
  for (std::size_t i = 0; i < kept.size() && i < point.values.size(); ++i)
    if (point.values[i]) fields.write(kept[i], Limit<std::uint64_t>(*point.values[i]));
  fields.finish();
  json.end_object();
}

}  // namespace plimsoll::exporter
