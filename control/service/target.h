// Which group a request is about.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "control/service/fault.h"

namespace plimsoll::control {

// One group, and who it is.
struct Target {
  std::string id;       // The runtime's; empty for groups that nobody claims.
  std::string name;     // What people call it; may be empty.
  std::string runtime;  // "docker", "podman", "systemd", "cgroup", ...
  std::string cgroup;   // "/docker/4e1f..."
  std::string manager;  // "systemd unit web.service"; empty: nobody else writes its limits.
  bool container = false;
  bool operator==(const Target&) const = default;
};

// The group's path where `ref` is "cgroup:/path". Pure.
[[nodiscard]] std::optional<std::string> path_in(std::string_view ref);

// "web", an id, a prefix of one of at least four characters, or "cgroup:/path". A name wins over an
// id, containers over other groups. kNotFound and kAmbiguous name the candidates. Pure.
[[nodiscard]] Answer<Target> find_target(std::string_view ref, std::span<const Target> targets);

}  // namespace plimsoll::control
