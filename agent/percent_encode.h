// What a person typed as part of an address: everything but what can mean nothing else becomes %XX.
#pragma once

#include <string>
#include <string_view>

namespace plimsoll::agent {

[[nodiscard]] inline std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain)
      out += c;
    else
      out.append("%").append({kHex[byte >> 4U], kHex[byte & 0xFU]});
  }
  return out;
}

}  // namespace plimsoll::agent
