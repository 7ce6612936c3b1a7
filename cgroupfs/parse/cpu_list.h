// Lists of CPUs or memory nodes: "0-3,7\n", or "\n" for none (cpuset.cpus, cpuset.mems and their
// effective forms of both versions).
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.h"

namespace plimsoll::cgroupfs {

struct CpuList {
  std::string_view text;    // The kernel's word, without '\n'; good as long as the text parsed.
  std::uint64_t count = 0;  // CPUs in it.
  bool operator==(const CpuList&) const = default;
};
[[nodiscard]] Result<CpuList> parse_cpu_list(std::string_view text);

}  // namespace plimsoll::cgroupfs
