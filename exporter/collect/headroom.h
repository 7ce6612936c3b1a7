// How much is left to the limit that will be met first: a group's own or one of those above it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "exporter/collect/snapshot.h"

namespace plimsoll::exporter {

inline constexpr std::uint32_t kNoParent = ~std::uint32_t{0};

// For each row the nearest row above it in the tree. Rows are sorted by path, so a parent stands
// before its children.
[[nodiscard]] std::vector<std::uint32_t> parents_of(std::span<const Row> rows);

// Sets kMemoryHeadroom (limit - working set), kPidsHeadroom (limit - threads) and
// Rates::cpu_limit_ratio (CPU used / quota) of every row: the tightest of its own and of all above.
// Absent where nothing up to the root has a limit. `parents` as of parents_of().
void fill_headroom(Snapshot& snapshot, std::span<const std::uint32_t> parents);

}  // namespace plimsoll::exporter
