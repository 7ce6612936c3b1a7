// Base64 (RFC 4648, section 4). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace plimsoll {

[[nodiscard]] std::string to_base64(std::string_view bytes);
// Nothing when it is not base64 with its padding.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace plimsoll
