#include "agent/stats/fields.h"

#include <algorithm>
#include <array>

#include "agent/stats/units.h"
#include "base/text.h"

namespace plimsoll::agent {

namespace {

using Kind = TemplateValue::Kind;
using Count = std::optional<std::uint64_t>;

constexpr std::string_view kAbsent = "--";  // docker's word for "no value".

TemplateValue text(std::string_view value) {
  return {printable(value)};
}
TemplateValue text_or_dash(std::string_view value) {
  return text(value.empty() ? kAbsent : value);
}
TemplateValue absent() {
  return {std::string(kAbsent)};
}

bool raw(const TextStyle& style) {
  return style.numbers == NumberText::kRaw;
}

TemplateValue percent(std::optional<double> value, const TextStyle& style) {
  if (!value) return absent();
  if (!raw(style)) return {percentage(*value)};
  std::string number = percentage(*value);
  number.pop_back();
  return {number, Kind::kNumber};
}
TemplateValue share(std::optional<double> value, const TextStyle& style) {
  if (value) *value *= 100;
  return percent(value, style);
}
TemplateValue number(Count value) {
  return value ? TemplateValue{std::to_string(*value), Kind::kNumber} : absent();
}

std::string sized(Count value, std::string (*size)(double), const TextStyle& style) {
  if (!value) return std::string(kAbsent);
  return raw(style) ? std::to_string(*value) : size(static_cast<double>(*value));
}
// docker shows one "--" for a pair of which nothing is known.
TemplateValue sized_pair(Count a, Count b, std::string (*size)(double), const TextStyle& style) {
  if (!a && !b) return absent();
  return {sized(a, size, style) + " / " + sized(b, size, style)};
}

std::optional<double> cpu_percent(const StatsRow& row) {
  return row.cpu_cores ? std::optional(*row.cpu_cores * 100) : std::nullopt;
}
TemplateValue cpu_time(const StatsRow& row) {
  return row.cpu_ns ? TemplateValue{go_duration(*row.cpu_ns)} : absent();
}
TemplateValue plain(std::optional<double> value) {
  return value ? TemplateValue{decimal(*value), Kind::kNumber} : absent();
}

template <class T>
TemplateValue limit(const std::optional<Limit<T>>& value) {
  if (!value) return absent();
  if (value->is_none()) return {"none"};
  if constexpr (std::is_same_v<T, double>)
    return {decimal(value->value()), Kind::kNumber};
  else
    return {std::to_string(value->value()), Kind::kNumber};
}

// "0.5 cpus, 100 pids"; "none" when nothing is limited. Memory's limit has its own column.
TemplateValue limits(const StatsRow& row, const TextStyle&) {
  if (!row.cpu_limit && !row.pids_limit) return absent();
  std::string out;
  if (row.cpu_limit && !row.cpu_limit->is_none()) out = decimal(row.cpu_limit->value()) + " cpus";
  if (row.pids_limit && !row.pids_limit->is_none())
    out += (out.empty() ? "" : ", ") + std::to_string(row.pids_limit->value()) + " pids";
  return {out.empty() ? "none" : out};
}

TemplateValue pressures(const StatsRow& row, const TextStyle& style) {
  if (!row.psi_cpu && !row.psi_memory && !row.psi_io) return absent();
  return {share(row.psi_cpu, style).text + " / " + share(row.psi_memory, style).text + " / " +
          share(row.psi_io, style).text};
}

TemplateValue time(std::optional<WallTime> at) {
  if (!at) return absent();
  // Seconds are enough for people; the fraction would widen every line.
  return {rfc3339(std::chrono::floor<std::chrono::seconds>(*at)).substr(0, 19) + "Z"};
}

using Row = const StatsRow&;
using Style = const TextStyle&;

constexpr auto kFields = std::to_array<FieldInfo>({
    {"Container", "CONTAINER", [](Row row, Style) -> TemplateValue { return text(row.container); }},
    {"ID", "CONTAINER ID",
     [](Row row, Style style) -> TemplateValue {
       return style.ids == IdText::kShort ? TemplateValue{short_id(printable(row.id))}
                                          : text(row.id);
     }},
    {"Name", "NAME", [](Row row, Style) -> TemplateValue { return text_or_dash(row.name); }},
    {"CPUPerc", "CPU %",
     [](Row row, Style style) -> TemplateValue { return percent(cpu_percent(row), style); }},
    {"MemUsage", "MEM USAGE / LIMIT",
     [](Row row, Style style) -> TemplateValue {
       // docker's pair of dashes, unlike its other pairs.
       return {sized(row.memory, bytes_size, style) + " / " +
               sized(effective_memory_limit(row), bytes_size, style)};
     }},
    {"MemPerc", "MEM %",
     [](Row row, Style style) -> TemplateValue { return percent(memory_percent(row), style); }},
    {"NetIO", "NET I/O",
     [](Row row, Style style) -> TemplateValue {
       return sized_pair(row.net_rx, row.net_tx, human_size, style);
     }},
    {"BlockIO", "BLOCK I/O",
     [](Row row, Style style) -> TemplateValue {
       return sized_pair(row.block_read, row.block_write, human_size, style);
     }},
    {"PIDs", "PIDS", [](Row row, Style) -> TemplateValue { return number(row.pids); }},
    // podman's.
    {"ContainerID", "CONTAINER ID", [](Row row, Style) -> TemplateValue { return text(row.id); }},
    {"CPU", "CPU %", [](Row row, Style) -> TemplateValue { return plain(cpu_percent(row)); }},
    {"CPUNano", "CPU TIME", [](Row row, Style) -> TemplateValue { return number(row.cpu_ns); }},
    {"CPUSystemNano", "SYSTEM CPU TIME",
     [](Row row, Style) -> TemplateValue { return number(row.cpu_system_ns); }},
    {"Duration", "CPU TIME", [](Row row, Style) -> TemplateValue { return number(row.cpu_ns); }},
    {"UpTime", "CPU TIME", [](Row row, Style) -> TemplateValue { return cpu_time(row); }},
    {"Up", "CPU TIME", [](Row row, Style) -> TemplateValue { return cpu_time(row); }},
    {"AVGCPU", "AVG CPU %",
     [](Row row, Style style) -> TemplateValue {
       return percent(average_cpu_percent(row, style.now), style);
     }},
    {"AvgCPU", "AVG CPU %",
     [](Row row, Style style) -> TemplateValue {
       return plain(average_cpu_percent(row, style.now));
     }},
    {"SystemNano", "TIME",
     [](Row, Style style) -> TemplateValue {
       return number(static_cast<std::uint64_t>(style.now.time_since_epoch().count()));
     }},
    {"MemUsageBytes", "MEM USAGE / LIMIT",
     [](Row row, Style style) -> TemplateValue {
       return sized_pair(row.memory, effective_memory_limit(row), bytes_size, style);
     }},
    {"MemLimit", "MEM LIMIT",
     [](Row row, Style) -> TemplateValue { return number(effective_memory_limit(row)); }},
    {"NetInput", "NET INPUT", [](Row row, Style) -> TemplateValue { return number(row.net_rx); }},
    {"NetOutput", "NET OUTPUT", [](Row row, Style) -> TemplateValue { return number(row.net_tx); }},
    {"BlockInput", "BLOCK INPUT",
     [](Row row, Style) -> TemplateValue { return number(row.block_read); }},
    {"BlockOutput", "BLOCK OUTPUT",
     [](Row row, Style) -> TemplateValue { return number(row.block_write); }},
    {"PIDS", "PIDS", [](Row row, Style) -> TemplateValue { return number(row.pids); }},
    // Ours.
    {"Host", "HOST", [](Row row, Style) -> TemplateValue { return text_or_dash(row.host); }},
    {"Runtime", "RUNTIME",
     [](Row row, Style) -> TemplateValue { return text_or_dash(row.runtime); }},
    {"Image", "IMAGE", [](Row row, Style) -> TemplateValue { return text_or_dash(row.image); }},
    {"Cgroup", "CGROUP", [](Row row, Style) -> TemplateValue { return text(row.cgroup); }},
    {"Project", "PROJECT",
     [](Row row, Style) -> TemplateValue { return text_or_dash(row.compose_project); }},
    {"Service", "SERVICE",
     [](Row row, Style) -> TemplateValue { return text_or_dash(row.compose_service); }},
    {"Pod", "POD", [](Row row, Style) -> TemplateValue { return text_or_dash(row.pod_name); }},
    {"Namespace", "NAMESPACE",
     [](Row row, Style) -> TemplateValue { return text_or_dash(row.pod_namespace); }},
    {"Created", "CREATED", [](Row row, Style) -> TemplateValue { return time(row.created); }},
    {"Time", "TIME", [](Row, Style style) -> TemplateValue { return time(style.now); }},
    {"MemBytes", "MEM USAGE", [](Row row, Style) -> TemplateValue { return number(row.memory); }},
    {"Limits", "LIMITS", limits},
    {"CPULimit", "CPU LIMIT", [](Row row, Style) -> TemplateValue { return limit(row.cpu_limit); }},
    {"PIDsLimit", "PIDS LIMIT",
     [](Row row, Style) -> TemplateValue { return limit(row.pids_limit); }},
    {"Throttled", "THROTTLED",
     [](Row row, Style style) -> TemplateValue { return share(row.throttled, style); }},
    {"PSI", "PSI CPU / MEM / IO", pressures},
    {"PSICPU", "PSI CPU",
     [](Row row, Style style) -> TemplateValue { return share(row.psi_cpu, style); }},
    {"PSIMem", "PSI MEM",
     [](Row row, Style style) -> TemplateValue { return share(row.psi_memory, style); }},
    {"PSIIO", "PSI IO",
     [](Row row, Style style) -> TemplateValue { return share(row.psi_io, style); }},
    {"OOM", "OOM", [](Row row, Style) -> TemplateValue { return number(row.oom_kills); }},
});

}  // namespace

std::span<const FieldInfo> fields() {
  return kFields;
}

const FieldInfo* find_field(std::string_view name) {
  const auto* found = std::find_if(kFields.begin(), kFields.end(),
                                   [&](const FieldInfo& field) { return field.name == name; });
  return found == kFields.end() ? nullptr : found;
}

std::string short_id(std::string_view id) {
  constexpr std::size_t kShort = 12;
  const bool hex = id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  return hex ? std::string(id.substr(0, kShort)) : clip(id, kShort);
}

}  // namespace plimsoll::agent
