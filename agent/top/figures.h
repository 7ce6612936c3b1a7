// Numbers in few columns, and series of them as sparklines. Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>

#include "agent/top/grid.h"

namespace plimsoll::agent::top {

// At most 5 columns, binary: "0", "999B", "1.5K", "720K", "23.5G". NaN is "-".
[[nodiscard]] std::string short_bytes(double bytes);
// At most 5 columns: "0.0", "12.3", "100.5", "1205". NaN is "-".
[[nodiscard]] std::string short_percent(double percent);

// A bar for each value, the newest on the right, `width` columns: an absent value (NaN) is a blank,
// `top` and more is a full bar. Eight heights; with kAscii as many characters that get darker.
[[nodiscard]] std::string sparkline(std::span<const double> values, double top, std::size_t width,
                                    Glyphs glyphs);

// A long series in `columns` columns, the newest last: each the greatest of `per_column` values.
// `first` is the running number of values[0], so that what is put together stays together while
// the series moves.
[[nodiscard]] std::vector<double> squeeze(std::span<const double> values, std::size_t first,
                                          std::size_t per_column, std::size_t columns);

}  // namespace plimsoll::agent::top
