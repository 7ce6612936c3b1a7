// A container as Docker's API shows it. Pure.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "runtime/engine/container.h"
#include "runtime/engine/process.h"
#include "runtime/image/store.h"

namespace plimsoll::docker {

// GET containers/{id}/json. What is absent could not be asked, or was not asked for.
struct InspectMore {
  std::optional<image::RootInfo> root;
  std::optional<image::Sizes> sizes;
  std::string platform = "linux";
};
[[nodiscard]] std::string inspect_json(const engine::Container& container, const InspectMore& more);

// One element of GET containers/json.
[[nodiscard]] std::string list_json(const engine::Container& container, WallTime now,
                                    const std::optional<image::Sizes>& sizes = {});

// {"bridge":{...}}: the networks of a container, up or not.
[[nodiscard]] std::string networks_json(const engine::Container& container);

// [{"Type":"bind",...}]
[[nodiscard]] std::string mounts_json(const engine::Container& container);

// {"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"}],"81/tcp":null}
[[nodiscard]] std::string port_map_json(const engine::Container& container);

// GET exec/{id}/json
[[nodiscard]] std::string exec_json(const engine::Exec& exec);

}  // namespace plimsoll::docker
