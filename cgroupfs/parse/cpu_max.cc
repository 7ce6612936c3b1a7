#include "cgroupfs/parse/cpu_max.h"

#include "cgroupfs/parse/lines.h"
#include "cgroupfs/parse/single.h"

namespace plimsoll::cgroupfs {

Result<CpuMax> parse_cpu_max(std::string_view text) {
  CpuMax max;
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos) return malformed(first_line(text));
  const std::string_view quota = text.substr(0, blank);
  if (quota != "max") {
    const Digits digits = take_digits(quota);
    if (digits.size == 0 || digits.size != quota.size()) return malformed(first_line(text));
    max.quota_usec = Limit(digits.value);
  }
  const Result<std::uint64_t> period = parse_number(text.substr(blank + 1));
  if (!period) return malformed(first_line(text));
  max.period_usec = *period;
  return max;
}

}  // namespace plimsoll::cgroupfs
