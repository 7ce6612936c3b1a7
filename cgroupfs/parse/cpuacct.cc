#include "cgroupfs/parse/cpuacct.h"

#include <limits>

#include "cgroupfs/parse/keyed.h"

namespace plimsoll::cgroupfs {

namespace {
constexpr auto kStatKeys = std::to_array<Key<CpuacctStat>>({
    {"user", &CpuacctStat::user},
    {"system", &CpuacctStat::system},
});
}  // namespace

Result<CpuacctStat> parse_cpuacct_stat(std::string_view text) {
  return parse_keyed(text, kStatKeys);
}

std::uint64_t ticks_to_ns(std::uint64_t ticks, std::uint64_t ticks_per_second) {
  constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
  // Seconds and the rest apart: ticks * 1e9 would overflow after 58 years at 100 Hz.
  const std::uint64_t seconds = ticks / ticks_per_second;
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  if (seconds >= kMax / kNsPerSecond) return kMax;
  return seconds * kNsPerSecond + ticks % ticks_per_second * kNsPerSecond / ticks_per_second;
}

Result<std::optional<std::uint64_t>> UsagePercpu::next() {
  if (rest_ == "\n") return std::nullopt;
  const Digits digits = take_digits(rest_);
  const std::string_view after = rest_.substr(digits.size);
  if (digits.size == 0 || after.empty() || (after[0] != ' ' && after[0] != '\n'))
    return malformed(first_line(text_));
  rest_ = after[0] == ' ' ? after.substr(1) : after;
  if (rest_.empty()) return malformed(first_line(text_));  // Cut after a blank.
  return digits.value;
}

}  // namespace plimsoll::cgroupfs
