#include "exporter/collect/headroom.h"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace plimsoll::exporter {

namespace {

using cgroupfs::Field;

std::string_view path_of(const Row& row) {
  return row.identity ? std::string_view(row.identity->cgroup) : std::string_view();
}

// "/a" above "/a/b", "/" above "/a"; nothing above "/".
std::string_view above(std::string_view path) {
  if (path.size() <= 1) return {};
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash ? slash : 1);
}

struct Headroom {
  Field result, limit;
  // How much counts against the limit: the first that is offered.
  Field used, or_used;
};

void fill(Snapshot& snapshot, std::span<const std::uint32_t> parents, const Headroom& kind) {
  for (std::size_t row = 0; row < snapshot.rows.size(); ++row) {
    std::optional<std::uint64_t> left;
    if (parents[row] != kNoParent) left = snapshot.value(kind.result, parents[row]);
    const auto limit = snapshot.value(kind.limit, row);
    auto used = snapshot.value(kind.used, row);
    if (!used) used = snapshot.value(kind.or_used, row);
    if (limit && used) {
      // The two are read at different moments: more may be in use than is allowed.
      const std::uint64_t own = *limit - std::min(*limit, *used);
      left = left ? std::min(*left, own) : own;
    }
    if (left)
      snapshot.set(kind.result, row, *left);
    else
      snapshot.unset(kind.result, row);
  }
}

void fill_cpu_ratio(Snapshot& snapshot, std::span<const std::uint32_t> parents) {
  for (std::size_t row = 0; row < snapshot.rows.size(); ++row) {
    Rates& rates = snapshot.rates[row];
    rates.cpu_limit_ratio = parents[row] != kNoParent ? snapshot.rates[parents[row]].cpu_limit_ratio
                                                      : std::numeric_limits<float>::quiet_NaN();
    const auto quota = snapshot.value(Field::kCpuQuota, row);
    const auto period = snapshot.value(Field::kCpuPeriod, row);
    if (!quota || !period || *quota == 0 || std::isnan(rates.cpu_cores)) continue;
    const float own = rates.cpu_cores * static_cast<float>(*period) / static_cast<float>(*quota);
    // fmax: the parent's may be NaN.
    rates.cpu_limit_ratio = std::fmax(rates.cpu_limit_ratio, own);
  }
}

}  // namespace

std::vector<std::uint32_t> parents_of(std::span<const Row> rows) {
  std::vector<std::uint32_t> parents(rows.size(), kNoParent);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (std::string_view path = above(path_of(rows[row])); !path.empty(); path = above(path)) {
      const auto end = rows.begin() + static_cast<std::ptrdiff_t>(row);
      const auto at = std::ranges::lower_bound(rows.begin(), end, path, {}, path_of);
      if (at == end || path_of(*at) != path) continue;
      parents[row] = static_cast<std::uint32_t>(at - rows.begin());
      break;
    }
  }
  return parents;
}

void fill_headroom(Snapshot& snapshot, std::span<const std::uint32_t> parents) {
  fill(
      snapshot, parents,
      {Field::kMemoryHeadroom, Field::kMemoryLimit, Field::kMemoryWorkingSet, Field::kMemoryUsage});
  fill(snapshot, parents, {Field::kPidsHeadroom, Field::kPidsLimit, Field::kPids, Field::kPids});
  fill_cpu_ratio(snapshot, parents);
}

}  // namespace plimsoll::exporter
