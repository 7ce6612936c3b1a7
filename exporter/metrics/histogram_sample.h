// The numbers of one histogram at the moment of writing.
#pragma once

#include <cstdint>
#include <span>

namespace plimsoll::exporter {

// Buckets of a native histogram: counts[i] is of values in (base^(first+i-1), base^(first+i)], base
// = 2^(2^-schema). Prometheus' definition of an exponential, sparse histogram.
struct NativeBuckets {
  std::int32_t schema = 0;
  double zero_threshold = 0;
  std::uint64_t zero_count = 0;  // Of values up to the threshold.
  std::int32_t first = 0;
  std::span<const std::uint32_t> counts;
};

struct HistogramSample {
  std::span<const double> bounds;             // Ascending, without +Inf.
  std::span<const std::uint64_t> cumulative;  // As many; what lies beyond is in `count` only.
  double sum = 0;
  std::uint64_t count = 0;
  const NativeBuckets* native = nullptr;  // Only protobuf can show it.
};

}  // namespace plimsoll::exporter
