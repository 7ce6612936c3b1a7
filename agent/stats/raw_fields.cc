#include "agent/stats/raw_fields.h"

#include <algorithm>
#include <array>

#include "agent/stats/units.h"
#include "base/text.h"

namespace plimsoll::agent {

namespace {

using Kind = RawValue::Kind;

RawValue text(std::string_view value) {
  return value.empty() ? RawValue{} : RawValue{Kind::kText, std::string(value)};
}
RawValue time(std::optional<WallTime> at) {
  return at ? text(rfc3339(*at)) : RawValue{};
}
RawValue number(std::optional<std::uint64_t> value) {
  return value ? RawValue{Kind::kNumber, std::to_string(*value)} : RawValue{};
}
RawValue number(std::optional<double> value) {
  return value ? RawValue{Kind::kNumber, decimal(*value)} : RawValue{};
}
RawValue percent(std::optional<double> share) {
  return number(share ? std::optional(*share * 100) : std::nullopt);
}
template <class T>
RawValue limit(const std::optional<Limit<T>>& value) {
  if (!value) return {};
  if (value->is_none()) return {Kind::kUnlimited, {}};
  return number(std::optional<T>(value->value()));
}

using Row = const StatsRow&;
using Style = const TextStyle&;

constexpr auto kRawFields = std::to_array<RawField>({
    {"timestamp", "time", true, [](Row, Style style) -> RawValue { return time(style.now); }},
    {"host", "host", true, [](Row row, Style) -> RawValue { return text(row.host); }},
    {"id", "id", true, [](Row row, Style) -> RawValue { return text(row.id); }},
    {"name", "name", true, [](Row row, Style) -> RawValue { return text(row.name); }},
    {"runtime", "runtime", true, [](Row row, Style) -> RawValue { return text(row.runtime); }},
    {"image", "image", true, [](Row row, Style) -> RawValue { return text(row.image); }},
    {"cgroup", "cgroup", true, [](Row row, Style) -> RawValue { return text(row.cgroup); }},
    {"compose_project", "project", true,
     [](Row row, Style) -> RawValue { return text(row.compose_project); }},
    {"compose_service", "service", true,
     [](Row row, Style) -> RawValue { return text(row.compose_service); }},
    {"pod_namespace", "namespace", true,
     [](Row row, Style) -> RawValue { return text(row.pod_namespace); }},
    {"pod", "pod", true, [](Row row, Style) -> RawValue { return text(row.pod_name); }},
    {"created", "created", false, [](Row row, Style) -> RawValue { return time(row.created); }},
    {"cpu_percent", "cpu", true, [](Row row, Style) -> RawValue { return percent(row.cpu_cores); }},
    {"cpu_nanoseconds", "cpu", true, [](Row row, Style) -> RawValue { return number(row.cpu_ns); }},
    {"average_cpu_percent", "avg", false,
     [](Row row, Style style) -> RawValue { return number(average_cpu_percent(row, style.now)); }},
    {"cpu_limit_cores", "limits", true,
     [](Row row, Style) -> RawValue { return limit(row.cpu_limit); }},
    {"throttled_percent", "throttled", true,
     [](Row row, Style) -> RawValue { return percent(row.throttled); }},
    {"memory_bytes", "mem", true, [](Row row, Style) -> RawValue { return number(row.memory); }},
    {"memory_limit_bytes", "mem", true,
     [](Row row, Style) -> RawValue { return limit(row.memory_limit); }},
    {"memory_percent", "mem%", true,
     [](Row row, Style) -> RawValue { return number(memory_percent(row)); }},
    {"network_receive_bytes", "net", true,
     [](Row row, Style) -> RawValue { return number(row.net_rx); }},
    {"network_transmit_bytes", "net", true,
     [](Row row, Style) -> RawValue { return number(row.net_tx); }},
    {"block_read_bytes", "block", true,
     [](Row row, Style) -> RawValue { return number(row.block_read); }},
    {"block_write_bytes", "block", true,
     [](Row row, Style) -> RawValue { return number(row.block_write); }},
    {"pids", "pids", true, [](Row row, Style) -> RawValue { return number(row.pids); }},
    {"pids_limit", "limits", true,
     [](Row row, Style) -> RawValue { return limit(row.pids_limit); }},
    {"pressure_cpu_percent", "psi_cpu", true,
     [](Row row, Style) -> RawValue { return percent(row.psi_cpu); }},
    {"pressure_memory_percent", "psi_mem", true,
     [](Row row, Style) -> RawValue { return percent(row.psi_memory); }},
    {"pressure_io_percent", "psi_io", true,
     [](Row row, Style) -> RawValue { return percent(row.psi_io); }},
    {"oom_kills", "oom", true, [](Row row, Style) -> RawValue { return number(row.oom_kills); }},
});

// "psi" is the three of them.
bool asks_for(const ColumnInfo& column, const RawField& field) {
  return field.column == column.key || (column.key == "psi" && field.column.starts_with("psi_"));
}

}  // namespace

std::span<const RawField> raw_fields() {
  return kRawFields;
}

std::vector<const RawField*> raw_fields_of(const std::vector<const ColumnInfo*>& columns,
                                           bool adds) {
  std::vector<const RawField*> chosen = {kRawFields.data()};
  const auto add = [&](const RawField& field) {
    if (std::ranges::find(chosen, &field) == chosen.end()) chosen.push_back(&field);
  };
  if (adds)
    for (const RawField& field : kRawFields)
      if (field.always) add(field);
  for (const ColumnInfo* column : columns)
    for (const RawField& field : kRawFields)
      if (asks_for(*column, field)) add(field);
  return chosen;
}

}  // namespace plimsoll::agent
