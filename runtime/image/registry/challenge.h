// What a registry says when it does not know who asks (RFC 9110, section 11.6.1).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace plimsoll::image::registry {

struct Challenge {
  std::string scheme;                             // "bearer", "basic"
  std::map<std::string, std::string> parameters;  // Names in lower case: realm, service, scope.
};
// `Bearer realm="https://...",service="...",scope="repository:a/b:pull"`; nothing: malformed.
[[nodiscard]] std::optional<Challenge> parse_challenge(std::string_view header);

// The token in {"token": ...} or {"access_token": ...}.
[[nodiscard]] Result<std::string> parse_token(std::string_view json);
// "denied: requested access to the resource is denied" of {"errors": [...]}; empty: it says
// nothing.
[[nodiscard]] std::string parse_errors(std::string_view json);

[[nodiscard]] std::string escape(std::string_view text);  // For a query.

}  // namespace plimsoll::image::registry
