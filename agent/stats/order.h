// Sorting, the first N, and the sum of all. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "agent/stats/fields.h"
#include "agent/stats/row.h"
#include "base/error.h"

namespace plimsoll::agent {

struct SortBy {
  const SortKey* key = nullptr;
  enum class Direction { kNatural, kAscending, kDescending } direction = Direction::kNatural;
};

// "cpu,-name,+mem": without a sign numbers go down and text goes up, '-' is down, '+' is up.
// kInvalidInput lists the keys.
[[nodiscard]] Result<std::vector<SortBy>> parse_sort(std::string_view text);

// By `order`, stable; absent values come last. Before that the rows are put in docker's order
// (newest container first, then by name), unless they already stand as the caller asked.
enum class Fallback { kNewestFirst, kKeepOrder };
void sort_rows(std::vector<StatsRow>& rows, const std::vector<SortBy>& order, Fallback fallback);

// One row called "TOTAL" with the sums; a sum is absent only if no row has the number. A cgroup
// inside another one of the rows is part of that one's numbers already and not counted again.
[[nodiscard]] StatsRow total_of(const std::vector<StatsRow>& rows);

}  // namespace plimsoll::agent
