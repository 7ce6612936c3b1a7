// Which unit of systemd's a group is, by its path alone. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace plimsoll::control {

struct Unit {
  std::string name;  // "web.service", "docker-4e1f.scope", "system.slice", "-.slice".
  // The unit of a user's own systemd, which the system's does not know; its user's id.
  std::optional<std::uint32_t> uid;

  // As GroupView::manager has it: "systemd unit web.service".
  [[nodiscard]] std::string manager() const;
  bool operator==(const Unit&) const = default;
};

// The unit whose own group `cgroup` is: slices, and in them one service, scope or another unit that
// runs processes. Nothing for what is below such a unit, which is not systemd's business (a
// delegated unit's attributes are, its children's are not), nor for a path that systemd would not
// make. Says nothing about whether this host's init is systemd.
[[nodiscard]] std::optional<Unit> unit_of(std::string_view cgroup);

}  // namespace plimsoll::control
