// The Authorization header of a request. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace plimsoll::http {

struct Credentials {
  std::string user;
  std::string password;
};

// "Basic dXNlcjpwYXNz". Nothing when it is another scheme, not base64 with its padding, without a
// colon, or holds a NUL (which ends a password for those who compare it).
[[nodiscard]] std::optional<Credentials> parse_basic(std::string_view header);

}  // namespace plimsoll::http
