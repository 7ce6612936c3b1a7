// Durations as Go prints and reads them: what cAdvisor's flags and query parameters speak.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace plimsoll {

// "24h", "1h30m", "1.5s", "300ms", "-2m", "0": numbers with a unit each (ns us µs ms s m h), an
// optional sign before all of them; a lone 0 needs no unit. Nothing for anything else, or beyond
// 292 years.
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_go_duration(std::string_view text);

}  // namespace plimsoll
