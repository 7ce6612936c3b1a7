// For tests: linking test_count_new.cc replaces operator new by one that counts.
#pragma once

#include <cstdint>

namespace plimsoll::exporter {

// Calls of operator new since the program began, by any thread.
[[nodiscard]] std::uint64_t count_of_new();

}  // namespace plimsoll::exporter
