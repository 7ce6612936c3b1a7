// Containers that ended, for the families that outlive them.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <vector>

#include "exporter/metrics/family.h"

namespace plimsoll::exporter {

// Tombstones that may be printed, one per cgroup path: the newest, and none for a path that lives
// again (a restarted service has the id of the one that ended).
template <class Each>
void for_each_tombstone(const Context& context, Each each) {
  const std::vector<Tombstone>& all = context.snapshot.tombstones;
  if (all.empty()) return;
  const auto path = [&](std::uint32_t i) { return std::string_view(all[i].identity->cgroup); };
  // No allocation below 8192 tombstones. NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
  std::array<std::byte, std::size_t{32} * 1024> room;
  std::pmr::monotonic_buffer_resource memory(room.data(), room.size());
  std::pmr::vector<std::uint32_t> order(&memory);
  order.reserve(all.size());
  for (std::uint32_t i = 0; i < all.size(); ++i)
    if (all[i].identity && all[i].labels) order.push_back(i);
  std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) {
    const int by_path = path(a).compare(path(b));
    return by_path != 0 ? by_path < 0 : all[a].last_seen_seconds > all[b].last_seen_seconds;
  });
  const std::vector<Row>& rows = context.snapshot.rows;  // Sorted by path as well.
  auto row = rows.begin();
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i > 0 && path(order[i]) == path(order[i - 1])) continue;
    while (row != rows.end() && (!row->identity || row->identity->cgroup < path(order[i]))) ++row;
    if (row != rows.end() && row->identity->cgroup == path(order[i])) continue;
    each(all[order[i]]);
  }
}

}  // namespace plimsoll::exporter
