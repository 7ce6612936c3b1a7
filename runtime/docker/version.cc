#include "runtime/docker/version.h"

#include "base/number.h"

namespace plimsoll::docker {

std::string to_text(ApiVersion version) {
  return std::to_string(version.major) + "." + std::to_string(version.minor);
}

model::Answer<VersionedPath> split_version(std::string_view path) {
  if (!path.starts_with("/v")) return VersionedPath{kNewest, path};
  const std::string_view text = path.substr(2, path.find('/', 2) - 2);
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return VersionedPath{kNewest, path};  // "/volumes"
  const auto major = to_number<int>(text.substr(0, dot));
  const auto minor = to_number<int>(text.substr(dot + 1));
  if (!major || !minor) return VersionedPath{kNewest, path};
  const ApiVersion version{*major, *minor};
  if (version > kNewest)
    return model::refuse(model::Refused::kInvalid,
                         "client version " + to_text(version) +
                             " is too new. Maximum supported API version is " + to_text(kNewest));
  if (version < kOldest)
    return model::refuse(model::Refused::kInvalid,
                         "client version " + to_text(version) +
                             " is too old. Minimum supported API version is " + to_text(kOldest) +
                             ", please upgrade your client to a newer version");
  return VersionedPath{version, path.substr(2 + text.size())};
}

}  // namespace plimsoll::docker
