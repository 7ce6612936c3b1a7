// What a request asks for: the path and the query out of the request target, decoded and checked
// (RFC 3986, RFC 9112 section 3.2). A pure function; whatever it accepts is safe to compare with
// routes.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace plimsoll::http {

struct Target {
  std::string path;                                        // Decoded; starts with '/'; no NUL.
  std::vector<std::pair<std::string, std::string>> query;  // Decoded, in order.
};

// "/a%20b?x=1" or "http://host/a%20b?x=1". kInvalidInput: an escape that is none, NUL, a fragment,
// or a segment "." or ".." however it was spelt (a path that means another one is never resolved,
// since a proxy before us may have judged the other one).
[[nodiscard]] Result<Target> parse_target(std::string_view text);

}  // namespace plimsoll::http
