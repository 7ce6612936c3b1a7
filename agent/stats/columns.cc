#include <algorithm>
#include <array>

#include "agent/stats/fields.h"

namespace plimsoll::agent {

namespace {

using Count = std::optional<std::uint64_t>;
using Row = const StatsRow&;

constexpr auto kColumns = std::to_array<ColumnInfo>({
    {"id", "ID", "short id"},
    {"name", "Name", "name, or pod/container, unit, path"},
    {"cpu", "CPUPerc", "CPU in percent of one core"},
    {"mem", "MemUsage", "memory without inactive file pages / limit"},
    {"mem%", "MemPerc", "memory in percent of the limit"},
    {"net", "NetIO", "received / sent"},
    {"block", "BlockIO", "read / written"},
    {"pids", "PIDs", "processes and threads"},
    {"runtime", "Runtime", "docker, podman, containerd, crio, lxc, nspawn, systemd ..."},
    {"image", "Image", "image"},
    {"limits", "Limits", "CPU and pids limits"},
    {"throttled", "Throttled", "share of CPU periods that hit the quota"},
    {"psi", "PSI", "pressure: share of time stalled"},
    {"psi_cpu", "PSICPU", "CPU pressure (some)"},
    {"psi_mem", "PSIMem", "memory pressure (full)"},
    {"psi_io", "PSIIO", "IO pressure (full)"},
    {"oom", "OOM", "processes killed for lack of memory"},
    {"avg", "AVGCPU", "CPU since the start"},
    {"cgroup", "Cgroup", "path of the cgroup"},
    {"project", "Project", "compose project"},
    {"service", "Service", "compose service"},
    {"pod", "Pod", "pod"},
    {"namespace", "Namespace", "Kubernetes namespace"},
    {"created", "Created", "when it was created"},
    {"time", "Time", "when this was measured"},
    {"host", "Host", "instance, with --prometheus"},
});

constexpr std::array<std::string_view, 8> kDefaultColumns = {"id",   "name", "cpu",   "mem",
                                                             "mem%", "net",  "block", "pids"};

SortValue sort_number(std::optional<double> value) {
  return value ? SortValue(*value) : SortValue();
}
SortValue sort_number(Count value) {
  return value ? SortValue(static_cast<double>(*value)) : SortValue();
}
SortValue sort_sum(Count a, Count b) {
  return a || b ? SortValue(static_cast<double>(a.value_or(0)) + static_cast<double>(b.value_or(0)))
                : SortValue();
}

constexpr auto kSortKeys = std::to_array<SortKey>({
    {"cpu", [](Row row) -> SortValue { return sort_number(row.cpu_cores); }},
    {"cpu_time", [](Row row) -> SortValue { return sort_number(row.cpu_ns); }},
    {"mem", [](Row row) -> SortValue { return sort_number(row.memory); }},
    {"mem%", [](Row row) -> SortValue { return sort_number(memory_percent(row)); }},
    {"net", [](Row row) -> SortValue { return sort_sum(row.net_rx, row.net_tx); }},
    {"net_rx", [](Row row) -> SortValue { return sort_number(row.net_rx); }},
    {"net_tx", [](Row row) -> SortValue { return sort_number(row.net_tx); }},
    {"block", [](Row row) -> SortValue { return sort_sum(row.block_read, row.block_write); }},
    {"read", [](Row row) -> SortValue { return sort_number(row.block_read); }},
    {"write", [](Row row) -> SortValue { return sort_number(row.block_write); }},
    {"pids", [](Row row) -> SortValue { return sort_number(row.pids); }},
    {"throttled", [](Row row) -> SortValue { return sort_number(row.throttled); }},
    {"psi_cpu", [](Row row) -> SortValue { return sort_number(row.psi_cpu); }},
    {"psi_mem", [](Row row) -> SortValue { return sort_number(row.psi_memory); }},
    {"psi_io", [](Row row) -> SortValue { return sort_number(row.psi_io); }},
    {"oom", [](Row row) -> SortValue { return sort_number(row.oom_kills); }},
    {"created",
     [](Row row) -> SortValue {
       return row.created ? SortValue(static_cast<double>(row.created->time_since_epoch().count()))
                          : SortValue();
     }},
    {"name", [](Row row) -> SortValue { return row.name; }},
    {"id", [](Row row) -> SortValue { return row.id; }},
    {"runtime", [](Row row) -> SortValue { return row.runtime; }},
    {"image", [](Row row) -> SortValue { return row.image; }},
    {"cgroup", [](Row row) -> SortValue { return row.cgroup; }},
    {"host", [](Row row) -> SortValue { return row.host; }},
    {"project", [](Row row) -> SortValue { return row.compose_project; }},
    {"pod", [](Row row) -> SortValue { return row.pod_name; }},
});

template <class Table>
auto find_by(const Table& table, auto member, std::string_view word) {
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const auto& entry) { return entry.*member == word; });
  return found == table.end() ? nullptr : &*found;
}

}  // namespace

std::span<const ColumnInfo> columns() {
  return kColumns;
}
const ColumnInfo* find_column(std::string_view key) {
  return find_by(kColumns, &ColumnInfo::key, key);
}
std::span<const std::string_view> default_columns() {
  return kDefaultColumns;
}
std::span<const SortKey> sort_keys() {
  return kSortKeys;
}
const SortKey* find_sort_key(std::string_view key) {
  return find_by(kSortKeys, &SortKey::key, key);
}

}  // namespace plimsoll::agent
