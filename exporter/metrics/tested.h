// Where a family was compared with its source, if that was not on live kernels: no machine at hand
// has the hardware, or the kernel option.
#pragma once

#include <span>
#include <string_view>

namespace plimsoll::exporter {

struct Tested {
  std::string_view family;
  std::string_view where;  // "made-up tree"
};

// Sorted by family.
[[nodiscard]] std::span<const Tested> not_tested_live();
// "" for a family that the tests compare with a live kernel's own numbers.
[[nodiscard]] std::string_view tested_on(std::string_view family);

}  // namespace plimsoll::exporter
