// Capabilities by number and name (capabilities(7)).
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace plimsoll {

// "CAP_CHOWN" first: the index is the kernel's number.
[[nodiscard]] std::span<const std::string_view> capability_names();
// The number, or nothing: names newer than this build.
[[nodiscard]] std::optional<unsigned> capability_named(std::string_view name);

}  // namespace plimsoll
