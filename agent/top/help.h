// The page of keys. Pure.
#pragma once

#include <span>
#include <string_view>

namespace plimsoll::agent::top {

[[nodiscard]] std::span<const std::string_view> help_lines();

}  // namespace plimsoll::agent::top
