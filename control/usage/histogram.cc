#include "control/usage/histogram.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace plimsoll::control {
namespace {

// Numbers below 32 are steps of their own; above, every power of two has 32 steps.
constexpr unsigned kBits = 5;

std::uint16_t step_of(std::uint64_t value) {
  const auto width = static_cast<unsigned>(std::bit_width(value));
  const unsigned shift = width > kBits + 1 ? width - (kBits + 1) : 0;
  return static_cast<std::uint16_t>((shift << kBits) + (value >> shift));
}

// The greatest number of the step.
std::uint64_t end_of(std::uint16_t step) {
  const unsigned over = step >> kBits;
  const unsigned shift = over > 1 ? over - 1 : 0;
  const std::uint64_t first = step - (static_cast<std::uint64_t>(shift) << kBits);
  return (first << shift) + ((std::uint64_t{1} << shift) - 1);
}

}  // namespace

void Histogram::add(std::uint64_t value, std::uint32_t times) {
  std::uint32_t& count = counts_[step_of(value)];
  max_ = std::max(max_, value);
  times = std::min(times, std::numeric_limits<std::uint32_t>::max() - count);
  count += times;
  total_ += times;
}

void Histogram::add(const Histogram& other) {
  for (const auto& [step, count] : other.counts_) counts_[step] += count;
  total_ += other.total_;
  max_ = std::max(max_, other.max_);
}

double Histogram::share_above(std::uint64_t value) const {
  if (max_ <= value || total_ == 0) return 0;
  std::uint64_t above = 0;
  for (auto at = counts_.upper_bound(step_of(value)); at != counts_.end(); ++at)
    above += at->second;
  return static_cast<double>(std::max<std::uint64_t>(above, 1)) / static_cast<double>(total_);
}

policy::Use Histogram::use_of(const Histogram& one, const Histogram& other) {
  const std::uint64_t total = one.total_ + other.total_;
  policy::Use use{.max = std::max(one.max_, other.max_)};
  std::uint64_t above = total / 20;  // So many may be greater.
  std::map<std::uint16_t, std::uint64_t> counts(one.counts_.begin(), one.counts_.end());
  for (const auto& [step, count] : other.counts_) counts[step] += count;
  for (auto at = counts.rbegin(); at != counts.rend(); ++at) {
    if (at->second > above) {
      use.p95 = std::min(end_of(at->first), use.max);
      break;
    }
    above -= at->second;
  }
  return use;
}

}  // namespace plimsoll::control
