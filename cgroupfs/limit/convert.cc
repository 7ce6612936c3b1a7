#include "cgroupfs/limit/convert.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace plimsoll::limit {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

std::uint64_t linear(std::uint64_t shares) {
  return 1 + (shares - 2) * 9999 / 262'142;
}

std::uint64_t quadratic(std::uint64_t shares) {
  if (shares <= kMinShares) return kMinWeight;
  if (shares >= kMaxShares) return kMaxWeight;
  const double l = std::log2(static_cast<double>(shares));
  const double exponent = (l * l + 125.0 * l) / 612.0 - 7.0 / 34.0;
  return static_cast<std::uint64_t>(std::ceil(std::pow(10.0, exponent)));
}

std::uint64_t weight_of(std::uint64_t shares, SharesFormula formula) {
  switch (formula) {
    case SharesFormula::kLinear:
      return linear(shares);
    case SharesFormula::kQuadratic:
      return quadratic(shares);
    case SharesFormula::kSystemd:
      break;
  }
  return std::clamp(shares * 100 / 1024, kMinWeight, kMaxWeight);
}

// The formulas are monotone: the first that is not below `weight`.
std::uint64_t fewest_shares(std::uint64_t weight, SharesFormula formula) {
  std::uint64_t low = kMinShares;
  std::uint64_t high = kMaxShares;
  while (low < high) {
    const std::uint64_t middle = (low + high) / 2;
    if (weight_of(middle, formula) < weight)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

// Of all shares with this weight those that the formula without rounding has: it rounds up, the
// others down.
std::uint64_t shares_of(std::uint64_t weight, SharesFormula formula) {
  if (formula != SharesFormula::kQuadratic) return fewest_shares(weight, formula);
  return weight == kMaxWeight ? kMaxShares : fewest_shares(weight + 1, formula) - 1;
}

}  // namespace

std::string_view name_of(SharesFormula formula) {
  switch (formula) {
    case SharesFormula::kLinear:
      return "linear";
    case SharesFormula::kQuadratic:
      return "quadratic";
    case SharesFormula::kSystemd:
      break;
  }
  return "systemd";
}

std::optional<SharesFormula> shares_formula_named(std::string_view name) {
  for (const SharesFormula formula :
       {SharesFormula::kLinear, SharesFormula::kQuadratic, SharesFormula::kSystemd})
    if (name == name_of(formula)) return formula;
  return std::nullopt;
}

Converted weight_from_shares(std::uint64_t shares, SharesFormula formula) {
  const std::uint64_t inside = std::clamp(shares, kMinShares, kMaxShares);
  const std::uint64_t weight = weight_of(inside, formula);
  return {weight, inside == shares && shares_of(weight, formula) == shares};
}

Converted shares_from_weight(std::uint64_t weight, SharesFormula formula) {
  const std::uint64_t inside = std::clamp(weight, kMinWeight, kMaxWeight);
  const std::uint64_t shares = shares_of(inside, formula);
  return {shares, weight_of(shares, formula) == weight};
}

Converted systemd_shares_from_weight(std::uint64_t weight) {
  const std::uint64_t inside = std::clamp(weight, kMinWeight, kMaxWeight);
  const std::uint64_t shares = std::clamp(inside * 1024 / 100, kMinShares, kMaxShares);
  return {shares, weight_of(shares, SharesFormula::kSystemd) == weight};
}

Converted shares_from_milli_cpus(std::uint64_t milli_cpus) {
  if (milli_cpus > kMost / 1024) return {kMaxShares, false};
  const std::uint64_t shares = milli_cpus * 1024 / 1000;
  return {std::clamp(shares, kMinShares, kMaxShares),
          shares >= kMinShares && shares <= kMaxShares && milli_cpus * 1024 % 1000 == 0};
}

Result<Converted> quota_from_nano_cpus(std::uint64_t nano_cpus, std::uint64_t period_usec) {
  constexpr std::uint64_t kBillion = 1'000'000'000;
  if (period_usec != 0 && nano_cpus > kMost / period_usec)
    return invalid_input("cpu.quota", "more CPUs than the kernel can count");
  const std::uint64_t product = nano_cpus * period_usec;
  return Converted{product / kBillion, product % kBillion == 0};
}

std::optional<std::uint64_t> nano_cpus_from_quota(std::uint64_t quota_usec,
                                                  std::uint64_t period_usec) {
  constexpr std::uint64_t kBillion = 1'000'000'000;
  if (period_usec == 0 || quota_usec > kMost / kBillion) return std::nullopt;
  if (quota_usec * kBillion % period_usec != 0) return std::nullopt;
  return quota_usec * kBillion / period_usec;
}

Result<Limit<Bytes>> swap_from_memsw(Limit<Bytes> memory, Limit<Bytes> memsw) {
  if (memsw.is_none()) return Limit<Bytes>::none();
  if (memory.is_none())
    return invalid_input("memory.swap", "memory and swap are bounded together, memory is not");
  if (memsw.value() < memory.value())
    return invalid_input("memory.swap", "memory and swap together are less than memory");
  return Limit(Bytes{memsw.value().count - memory.value().count});
}

Result<Limit<Bytes>> memsw_from_swap(Limit<Bytes> memory, Limit<Bytes> swap) {
  if (swap.is_none()) return Limit<Bytes>::none();
  if (memory.is_none())
    return invalid_input("memory.swap",
                         "cgroup v1 bounds swap only together with memory: set memory.max as well");
  if (swap.value().count > kMost - memory.value().count)
    return invalid_input("memory.swap", "more bytes than the kernel can count");
  return Limit(Bytes{memory.value().count + swap.value().count});
}

Converted io_weight_from_blkio(std::uint64_t blkio_weight) {
  const std::uint64_t inside = std::clamp<std::uint64_t>(blkio_weight, 10, 1000);
  return {1 + (inside - 10) * 9999 / 990, inside == blkio_weight};
}

std::optional<std::uint64_t> blkio_weight_from_io(std::uint64_t io_weight) {
  if (io_weight < kMinWeight || io_weight > kMaxWeight) return std::nullopt;
  // Rounded up: the formula rounds down, and its steps are wider than one.
  const std::uint64_t blkio = 10 + ((io_weight - 1) * 990 + 9998) / 9999;
  if (io_weight_from_blkio(blkio).value != io_weight) return std::nullopt;
  return blkio;
}

}  // namespace plimsoll::limit
