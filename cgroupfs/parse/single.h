// Files that hold one value: a number, "max", or one of v1's words for "no limit".
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "base/number.h"

namespace plimsoll::cgroupfs {

// "8120\n": cpuacct.usage, memory.current, pids.current, cpu.weight, ...
[[nodiscard]] Result<std::uint64_t> parse_number(std::string_view text);

// "1073741824\n" or "max\n": memory.max, memory.high, pids.max, ...
[[nodiscard]] Result<Limit<std::uint64_t>> parse_limit(std::string_view text);

// v1 memory.*limit_in_bytes and hugetlb.*.limit_in_bytes have no word for "unlimited": they print
// the page counter's largest value in bytes, 9223372036854771712 with 4 KiB pages, less with larger
// ones or when rounded down to huge pages. Whatever no machine can have, from 2^62 on, is
// unlimited.
[[nodiscard]] Result<Limit<std::uint64_t>> parse_v1_bytes_limit(std::string_view text);

// "50000\n" or "-1\n" for none: v1 cpu.cfs_quota_us.
[[nodiscard]] Result<Limit<std::uint64_t>> parse_cfs_quota_us(std::string_view text);

// "0\n" or "1\n": cpuset.memory_migrate, cgroup.freeze.
[[nodiscard]] Result<std::uint64_t> parse_flag(std::string_view text);

}  // namespace plimsoll::cgroupfs
