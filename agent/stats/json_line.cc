#include <algorithm>

#include "agent/stats/render.h"
#include "agent/stats/units.h"
#include "base/text.h"

namespace plimsoll::agent {

namespace {

// {"a":..,"b":..}, keys in the order given.
class Object {
 public:
  void text(std::string_view key, std::string_view value) {
    if (!value.empty()) member(key, json_string(value));
  }
  void number(std::string_view key, std::optional<std::uint64_t> value) {
    if (value) member(key, std::to_string(*value));
  }
  void number(std::string_view key, std::optional<double> value) {
    if (value) member(key, decimal(*value));
  }
  template <class T>
  void limit(std::string_view key, const std::optional<Limit<T>>& value) {
    if (!value) return;
    if (value->is_none())
      member(key, "null");
    else
      number(key, std::optional<T>(value->value()));
  }
  void member(std::string_view key, std::string_view json) {
    out_ += out_.empty() ? "{" : ",";
    out_ += json_string(key);
    out_ += ':';
    out_ += json;
  }
  std::string finish() && { return out_.empty() ? "{}" : out_ + "}"; }

 private:
  std::string out_;
};

std::optional<double> times_100(std::optional<double> share) {
  return share ? std::optional(*share * 100) : std::nullopt;
}

std::string raw_line(const StatsRow& row, const TextStyle& style) {
  Object object;
  object.text("timestamp", rfc3339(style.now));
  object.text("host", row.host);
  object.text("id", row.id);
  object.text("name", row.name);
  object.text("runtime", row.runtime);
  object.text("image", row.image);
  object.text("cgroup", row.cgroup);
  object.text("compose_project", row.compose_project);
  object.text("compose_service", row.compose_service);
  object.text("pod_namespace", row.pod_namespace);
  object.text("pod", row.pod_name);
  object.number("cpu_percent", times_100(row.cpu_cores));
  object.number("cpu_nanoseconds", row.cpu_ns);
  object.limit("cpu_limit_cores", row.cpu_limit);
  object.number("throttled_percent", times_100(row.throttled));
  object.number("memory_bytes", row.memory);
  object.limit("memory_limit_bytes", row.memory_limit);
  object.number("memory_percent", memory_percent(row));
  object.number("network_receive_bytes", row.net_rx);
  object.number("network_transmit_bytes", row.net_tx);
  object.number("block_read_bytes", row.block_read);
  object.number("block_write_bytes", row.block_write);
  object.number("pids", row.pids);
  object.limit("pids_limit", row.pids_limit);
  object.number("pressure_cpu_percent", times_100(row.psi_cpu));
  object.number("pressure_memory_percent", times_100(row.psi_memory));
  object.number("pressure_io_percent", times_100(row.psi_io));
  object.number("oom_kills", row.oom_kills);
  return std::move(object).finish();
}

}  // namespace

std::string json_line(const StatsRow& row, const std::vector<const ColumnInfo*>& columns,
                      const TextStyle& style) {
  if (style.numbers == NumberText::kRaw) return raw_line(row, style);
  std::vector<std::string_view> names = {"Container"};
  for (const std::string_view key : default_columns()) names.push_back(find_column(key)->field);
  for (const ColumnInfo* column : columns) names.push_back(column->field);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  Object object;
  for (const std::string_view name : names)
    object.member(name, json_string(find_field(name)->value(row, style).text));
  return std::move(object).finish();
}

}  // namespace plimsoll::agent
