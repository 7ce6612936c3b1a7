// The hugetlb controller names its files after page sizes: hugetlb.2MB.usage_in_bytes (v1),
// hugetlb.1GB.rsvd.current (v2).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"

namespace plimsoll::cgroupfs {

// "2MB" of any of its files; nothing for the name of another file.
[[nodiscard]] std::optional<std::string_view> hugetlb_page_size(std::string_view file_name);

// v2 hugetlb.<size>.events: "max 0\n", allocations that failed at the limit. Linux 5.6.
struct HugetlbEvents {
  std::optional<std::uint64_t> max;
  bool operator==(const HugetlbEvents&) const = default;
};
[[nodiscard]] Result<HugetlbEvents> parse_hugetlb_events(std::string_view text);

}  // namespace plimsoll::cgroupfs
