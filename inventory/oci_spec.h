// The OCI bundle's config.json, as far as it says who a container is. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "inventory/identity.h"
#include "inventory/labels.h"

namespace plimsoll::inventory {

struct OciSpec {
  StringMap annotations;
  std::vector<std::string> environment;
  // From linux.namespaces: no network entry is the host's, one without a path is a new one, one
  // with a path joins an existing one.
  NetworkMode network = NetworkMode::kUnknown;
  std::string network_path;
  std::string cgroups_path;  // "/parent/name" or systemd's "slice:prefix:name".
};
[[nodiscard]] Result<OciSpec> parse_oci_spec(std::string_view text);

// 16509 of "/proc/16509/ns/net": the namespace of another process.
[[nodiscard]] std::optional<std::int32_t> process_of_namespace(std::string_view path);

// Is `cgroup` the group that a runtime makes of `cgroups_path`? A path of neither form says no.
[[nodiscard]] bool matches_cgroups_path(std::string_view cgroups_path, std::string_view cgroup);

}  // namespace plimsoll::inventory
