#include "agent/stats/order.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace plimsoll::agent {

namespace {

// <0, 0, >0; absent is after everything, whichever the direction.
int compare(const StatsRow& a, const StatsRow& b, const SortBy& by) {
  const SortValue x = by.key->value(a);
  const SortValue y = by.key->value(b);
  const bool no_x = std::holds_alternative<std::monostate>(x);
  const bool no_y = std::holds_alternative<std::monostate>(y);
  if (no_x || no_y) return static_cast<int>(no_x) - static_cast<int>(no_y);
  const int up = x < y ? -1 : y < x ? 1 : 0;
  const bool natural_down = std::holds_alternative<double>(x);
  const bool down = by.direction == SortBy::Direction::kDescending ||
                    (by.direction == SortBy::Direction::kNatural && natural_down);
  return down ? -up : up;
}

template <class T>
void add(std::optional<T>& sum, const std::optional<T>& value) {
  if (value) sum = sum.value_or(T{}) + *value;
}

using Paths = std::unordered_set<std::string_view>;

bool has_ancestor_in(const Paths& paths, std::string_view path) {
  while (path.size() > 1) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) return false;
    path = slash == 0 ? std::string_view("/") : path.substr(0, slash);
    if (paths.contains(path)) return true;
  }
  return false;
}

}  // namespace

Result<std::vector<SortBy>> parse_sort(std::string_view text) {
  std::vector<SortBy> order;
  while (!text.empty()) {
    std::string_view word = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    SortBy by;
    if (word.starts_with('-')) by.direction = SortBy::Direction::kDescending;
    if (word.starts_with('+')) by.direction = SortBy::Direction::kAscending;
    if (by.direction != SortBy::Direction::kNatural) word.remove_prefix(1);
    by.key = find_sort_key(word);
    if (by.key == nullptr)
      return invalid_input("--sort", "unknown column '" + std::string(word) + "' (one of: " +
                                         words_of(sort_keys(), &SortKey::key) + ")");
    order.push_back(by);
  }
  return order;
}

void sort_rows(std::vector<StatsRow>& rows, const std::vector<SortBy>& order, Fallback fallback) {
  if (fallback == Fallback::kNewestFirst)
    std::stable_sort(rows.begin(), rows.end(), [](const StatsRow& a, const StatsRow& b) {
      return a.created != b.created ? a.created > b.created : a.name < b.name;
    });
  std::stable_sort(rows.begin(), rows.end(), [&](const StatsRow& a, const StatsRow& b) {
    for (const SortBy& by : order)
      if (const int result = compare(a, b, by); result != 0) return result < 0;
    return false;
  });
}

StatsRow total_of(const std::vector<StatsRow>& rows) {
  StatsRow total;
  total.name = "TOTAL";
  std::unordered_map<std::string_view, Paths> paths;  // By host.
  std::unordered_map<std::string_view, std::uint64_t> memories;
  for (const StatsRow& row : rows) paths[row.host].insert(row.cgroup);
  for (const StatsRow& row : rows) {
    if (has_ancestor_in(paths[row.host], row.cgroup)) continue;
    add(total.cpu_cores, row.cpu_cores);
    add(total.cpu_ns, row.cpu_ns);
    add(total.cpu_system_ns, row.cpu_system_ns);
    add(total.memory, row.memory);
    add(total.net_rx, row.net_rx);
    add(total.net_tx, row.net_tx);
    add(total.block_read, row.block_read);
    add(total.block_write, row.block_write);
    add(total.pids, row.pids);
    add(total.oom_kills, row.oom_kills);
    if (row.machine_memory) memories[row.host] = *row.machine_memory;
  }
  for (const auto& [host, memory] : memories)
    total.machine_memory = total.machine_memory.value_or(0) + memory;
  return total;
}

}  // namespace plimsoll::agent
