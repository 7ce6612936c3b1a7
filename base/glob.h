// Patterns as in a shell.
#pragma once

#include <string_view>

namespace plimsoll {

// * is any run of bytes (also of '/'), ? any one byte.
[[nodiscard]] bool glob_match(std::string_view pattern, std::string_view text);

}  // namespace plimsoll
