// One line of the table.
#pragma once

#include <cstddef>

namespace plimsoll::bench {

// `floor`: what the value is a multiple of, 0 for none. `bar`: what it (or its multiple of the
// floor) shall not exceed, 0 for none.
void row(std::size_t groups, const char* what, double value, const char* unit, double floor = 0,
         double bar = 0);

}  // namespace plimsoll::bench
