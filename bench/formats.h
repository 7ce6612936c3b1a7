// What a page of 100 000 series costs in each format, beside a bare copy of it and prometheus-cpp.
#pragma once

#include <cstddef>
#include <functional>

namespace plimsoll::bench {

// One line of the table: its text, value and unit, what it is compared with (0: nothing), and the
// bar (0: none), which is for the ratio if it is compared.
using PrintRow =
    std::function<void(const char* what, double value, const char* unit, double floor, double bar)>;

// `allocations`: calls of operator new by this process so far.
void bench_formats(const PrintRow& row, const std::function<std::size_t()>& allocations);

}  // namespace plimsoll::bench
