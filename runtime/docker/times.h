// Times as clients send them: "1700000000", "1700000000.123456789", RFC 3339, or an age ("24h").
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "runtime/model/refusal.h"

namespace plimsoll::docker {

// Empty, "0": nothing. kInvalid: none of these forms. Pure.
[[nodiscard]] model::Answer<std::optional<WallTime>> parse_time(std::string_view text,
                                                                WallTime now);

// "2026-11-21T23:40:00.123456789Z"
[[nodiscard]] std::string rfc3339(WallTime time);

}  // namespace plimsoll::docker
