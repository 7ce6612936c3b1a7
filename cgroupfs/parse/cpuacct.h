// The files of v1's cpuacct controller besides cpuacct.usage (one number: parse_number).
// Source: Documentation/admin-guide/cgroup-v1/cpuacct.rst.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"

namespace plimsoll::cgroupfs {

// cpuacct.stat: "user 531\nsystem 280\n", in ticks of USER_HZ (sysconf(_SC_CLK_TCK), 100 on all
// common machines).
struct CpuacctStat {
  std::optional<std::uint64_t> user, system;
  bool operator==(const CpuacctStat&) const = default;
};
[[nodiscard]] Result<CpuacctStat> parse_cpuacct_stat(std::string_view text);

// Saturates: a tick count that does not fit nanoseconds is 584 years of CPU time.
[[nodiscard]] std::uint64_t ticks_to_ns(std::uint64_t ticks, std::uint64_t ticks_per_second);

// cpuacct.usage_percpu: "812045 90311 \n", nanoseconds per possible CPU, in CPU order.
class UsagePercpu {
 public:
  explicit UsagePercpu(std::string_view text) : text_(text), rest_(text) {}
  // The next CPU's nanoseconds; nothing after the last.
  [[nodiscard]] Result<std::optional<std::uint64_t>> next();

 private:
  std::string_view text_;
  std::string_view rest_;
};

}  // namespace plimsoll::cgroupfs
