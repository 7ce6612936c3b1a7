// Which version of the API a path asks for: "/v1.41/containers/json".
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "runtime/model/refusal.h"

namespace plimsoll::docker {

struct ApiVersion {
  int major = 0;
  int minor = 0;
  auto operator<=>(const ApiVersion&) const = default;
};
[[nodiscard]] std::string to_text(ApiVersion version);  // "1.44"

inline constexpr ApiVersion kNewest{1, 44};
inline constexpr ApiVersion kOldest{1, 24};

struct VersionedPath {
  ApiVersion version = kNewest;
  std::string_view path;  // Without the version.
};
// A path without a version means the newest. kInvalid: one that is not spoken here, in the words
// that clients look for. Pure.
[[nodiscard]] model::Answer<VersionedPath> split_version(std::string_view path);

}  // namespace plimsoll::docker
