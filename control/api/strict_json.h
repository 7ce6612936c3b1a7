// JSON as strictly as a request for changes deserves: no duplicate keys (two parsers would take
// different ones), bounded size and depth. For this room alone.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/error.h"

namespace plimsoll::control {

struct JsonBounds {
  std::size_t bytes = 0;
  std::size_t depth = 0;
};
// kInvalidInput: what is wrong, and where: a JSON pointer, or the byte.
[[nodiscard]] Result<nlohmann::json> parse_strictly(std::string_view text,
                                                    const JsonBounds& bounds);

// "/set/0" and "a/b" to "/set/0/a~1b" (RFC 6901).
[[nodiscard]] std::string pointer(std::string_view above, std::string_view key);

}  // namespace plimsoll::control
