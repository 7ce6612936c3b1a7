// Numbers as docker 28 prints them, so that eyes and scripts need not relearn. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace plimsoll::agent {

// Binary, 4 significant digits: 1536 -> "1.5KiB", 8232402944 -> "7.667GiB" (memory).
[[nodiscard]] std::string bytes_size(double bytes);
// Decimal, 3 significant digits: 1234567 -> "1.23MB" (network and block IO). Where docker's
// rounding yields "1e+03kB" this gives the next unit, "1MB".
[[nodiscard]] std::string human_size(double bytes);
// Two decimals: 12.345 -> "12.35%".
[[nodiscard]] std::string percentage(double percent);
// A double in the shortest form that reads back equal: "0.5", "12".
[[nodiscard]] std::string shortest(double value);
// The same with 7 significant digits, which is what rates (floats) carry: "12.3", not
// "12.300000190734863".
[[nodiscard]] std::string decimal(double value);
// A time span as Go prints it, which podman's .UpTime is: 61500000000 -> "1m1.5s".
[[nodiscard]] std::string go_duration(std::uint64_t nanoseconds);

// For tables: control characters (a name may hold escapes that would drive the terminal) become
// '?', invalid UTF-8 becomes U+FFFD.
[[nodiscard]] std::string printable(std::string_view text);
// Columns that `text` takes on a terminal: one per code point, two for wide East Asian ones, none
// for combining marks.
[[nodiscard]] std::size_t display_width(std::string_view text);
// The first `width` columns of `text`, the last one being "…" when something was cut.
[[nodiscard]] std::string clip(std::string_view text, std::size_t width);

// `text` as a JSON string, with quotes.
[[nodiscard]] std::string json_string(std::string_view text);

}  // namespace plimsoll::agent
