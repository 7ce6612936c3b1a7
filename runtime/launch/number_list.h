// Lists of CPUs or memory nodes as the bits that system calls take.
//
// Thread: pure functions.
#pragma once

#include <string_view>
#include <vector>

#include "base/error.h"

namespace plimsoll::runtime {

// "0-3,7": bit n says that n is in it. kInvalidInput for anything else, and beyond 8191, which is
// more than any kernel has.
[[nodiscard]] Result<std::vector<unsigned long>> bits_of_list(std::string_view text);

}  // namespace plimsoll::runtime
