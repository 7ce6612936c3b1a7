#include "exporter/collect/usage_histogram.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace plimsoll::exporter {

namespace {

// 2^(i/8) / 2: where the eight buckets of one power of two begin, as frexp() gives fractions.
constexpr std::array<double, 8> kFractions = {0.5,
                                              0.5452538663326288,
                                              0.5946035575013605,
                                              0.6484197773255048,
                                              0.7071067811865475,
                                              0.7711054127039704,
                                              0.8408964152537144,
                                              0.9170040432046711};

// Bucket of schema 3. No logarithm, which would put a bound on either side of itself.
std::int32_t index_of(double value) {
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);
  const auto within = std::ranges::lower_bound(kFractions, fraction) - kFractions.begin();
  return static_cast<std::int32_t>(within) + (exponent - 1) * 8;
}

// Of a schema that is lower by `steps`: bucket i takes in 2i-1 and 2i, that is (i + 1) >> 1.
std::int32_t merged(std::int32_t index, int steps) {
  for (; steps > 0; --steps) index = (index + 1) >> 1;
  return index;
}

}  // namespace

void UsageHistogram::observe(double value, double zero_threshold) {
  if (!(value >= 0) || std::isinf(value)) return;
  ++count_;
  sum_ += value;
  if (value <= zero_threshold) {
    ++zeros_;
    return;
  }
  const std::int32_t finest = index_of(value);
  make_room(finest);
  const std::int32_t index = merged(finest, kSchema - schema_);
  ++counts_[static_cast<std::size_t>(index) - static_cast<std::size_t>(first_)];
}

void UsageHistogram::make_room(std::int32_t finest) {
  for (;;) {
    const std::int32_t index = merged(finest, kSchema - schema_);
    if (counts_.empty()) first_ = index;
    const std::int32_t low = std::min(first_, index);
    const std::int32_t high =
        std::max(first_ + static_cast<std::int32_t>(counts_.size()) - 1, index);
    const std::size_t wanted = static_cast<std::size_t>(high - low) + 1;
    if (wanted > kMaxBuckets) {
      merge_neighbours();
      continue;
    }
    if (wanted == counts_.size()) return;
    // Exactly, not doubled: it happens a few times in a container's life, and there may be
    // thousands of them.
    counts_.reserve(wanted);
    counts_.insert(counts_.begin(), static_cast<std::size_t>(first_ - low), 0);
    counts_.resize(wanted, 0);
    first_ = low;
    return;
  }
}

void UsageHistogram::merge_neighbours() {
  const std::int32_t first = merged(first_, 1);
  std::vector<std::uint32_t> wider;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    const auto at =
        static_cast<std::size_t>(merged(first_ + static_cast<std::int32_t>(i), 1) - first);
    if (at >= wider.size()) wider.resize(at + 1, 0);
    wider[at] += counts_[i];
  }
  wider.shrink_to_fit();
  counts_ = std::move(wider);
  first_ = first;
  --schema_;
}

std::uint64_t UsageHistogram::up_to_power_of_two(int exponent) const {
  // Below schema 0 (more than 2^160 between two values) a power of two need not be a bound.
  const std::int32_t last =
      schema_ >= 0 ? exponent * (1 << schema_) : exponent >> static_cast<unsigned>(-schema_);
  std::uint64_t sum = zeros_;
  for (std::size_t i = 0; i < counts_.size(); ++i)
    if (first_ + static_cast<std::int32_t>(i) <= last) sum += counts_[i];
  return sum;
}

}  // namespace plimsoll::exporter
