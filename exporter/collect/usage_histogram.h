// A sparse histogram with exponential buckets: what a container used, sample by sample.
//
// Prometheus' native histogram of schema 3: each bucket is 2^(1/8) = 9 % wider than the one below
// it. Powers of two are bounds of buckets, so the few buckets of a classic histogram come out of
// the same counts, exactly. Memory is a counter per bucket between the lowest and the highest value
// seen, at most kMaxBuckets: then neighbours are merged and the schema is one less.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace plimsoll::exporter {

class UsageHistogram {
 public:
  static constexpr std::size_t kMaxBuckets = 160;  // As Prometheus' own clients suggest.
  static constexpr std::int8_t kSchema = 3;

  // Values up to `zero_threshold` (a power of two) are counted as zeros. Negative ones and NaN are
  // not counted at all.
  void observe(double value, double zero_threshold);

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::uint64_t zeros() const { return zeros_; }
  [[nodiscard]] double sum() const { return sum_; }
  [[nodiscard]] std::int8_t schema() const { return schema_; }
  // counts()[i] is of values in (b^(first+i-1), b^(first+i)], b = 2^(2^-schema).
  [[nodiscard]] std::int32_t first() const { return first_; }
  [[nodiscard]] std::span<const std::uint32_t> counts() const { return counts_; }
  // Values up to 2^exponent, zeros included; exact for any schema of 0 and more.
  [[nodiscard]] std::uint64_t up_to_power_of_two(int exponent) const;
  [[nodiscard]] std::size_t memory() const { return counts_.capacity() * sizeof(std::uint32_t); }

 private:
  void make_room(std::int32_t index);
  void merge_neighbours();

  std::uint64_t count_ = 0;
  std::uint64_t zeros_ = 0;
  double sum_ = 0;
  std::int32_t first_ = 0;
  std::int8_t schema_ = kSchema;
  std::vector<std::uint32_t> counts_;
};

}  // namespace plimsoll::exporter
