// Sizes, times and names for people. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace plimsoll::control {

// "512", "16M", "1.5G": powers of 1024, one digit behind the point where it says something.
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);
// "350us", "12ms", "1.4s"
[[nodiscard]] std::string duration_text(std::chrono::nanoseconds duration);

// What others named, for a terminal: valid UTF-8, and '?' for what could move the cursor.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace plimsoll::control
