#include "exporter/metrics/shares.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace plimsoll::exporter {

namespace {

constexpr std::uint64_t kMinShares = 2;
constexpr std::uint64_t kMaxShares = 262'144;

// The largest shares whose weight is at most `weight`: the formula solved for L, then shares.
// The tiny addend undoes the rounding of the whole solutions (weight 100 is exactly 1024).
std::uint64_t largest_shares(std::uint64_t weight) {
  const double exponent = std::log10(static_cast<double>(weight)) + 7.0 / 34.0;
  const double l = (-125.0 + std::sqrt(125.0 * 125.0 + 4.0 * 612.0 * exponent)) / 2.0;
  const auto shares = static_cast<std::uint64_t>(std::exp2(l) * (1 + 1e-12));
  return std::clamp(shares, kMinShares, kMaxShares);
}

}  // namespace

std::uint64_t weight_of_shares(std::uint64_t shares) {
  if (shares <= kMinShares) return 1;
  if (shares >= kMaxShares) return 10'000;
  const double l = std::log2(static_cast<double>(shares));
  return static_cast<std::uint64_t>(
      std::ceil(std::pow(10.0, (l * l + 125.0 * l) / 612.0 - 7.0 / 34.0)));
}

std::uint64_t shares_of_weight(std::uint64_t weight) {
  if (weight == 100) return 1024;  // The default, and so nearly every row.
  if (weight <= 1) return kMinShares;
  if (weight >= 10'000) return kMaxShares;
  const std::uint64_t largest = largest_shares(weight);
  const std::uint64_t power = std::bit_floor(largest);
  return power > largest_shares(weight - 1) ? power : largest;
}

}  // namespace plimsoll::exporter
