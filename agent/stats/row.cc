#include "agent/stats/row.h"

#include <algorithm>

namespace plimsoll::agent {

std::optional<std::uint64_t> effective_memory_limit(const StatsRow& row) {
  if (!row.memory_limit || row.memory_limit->is_none()) return row.machine_memory;
  if (!row.machine_memory) return row.memory_limit->value();
  return std::min(row.memory_limit->value(), *row.machine_memory);
}

std::optional<double> memory_percent(const StatsRow& row) {
  const auto limit = effective_memory_limit(row);
  if (!row.memory || !limit || *limit == 0) return std::nullopt;
  return 100.0 * static_cast<double>(*row.memory) / static_cast<double>(*limit);
}

std::optional<double> average_cpu_percent(const StatsRow& row, WallTime now) {
  const auto since = row.started ? row.started : row.created;
  if (!row.cpu_ns || !since || now <= *since) return std::nullopt;
  return 100.0 * static_cast<double>(*row.cpu_ns) / static_cast<double>((now - *since).count());
}

}  // namespace plimsoll::agent
