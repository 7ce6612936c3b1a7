// Who may do what on the socket: root and the members of the control group change, the members of
// the read group look, everybody else gets nothing.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace plimsoll::control {

enum class Role : std::uint8_t { kNone, kRead, kControl };
[[nodiscard]] std::string_view name_of(Role role);  // "none", "read", "control"

// By gid; nothing: this host has no such group, so nobody is in it.
struct RoleGroups {
  std::optional<gid_t> control;
  std::optional<gid_t> read;
};

// A peer's uid and all of its groups. Pure.
[[nodiscard]] Role role_of(uid_t uid, const std::vector<gid_t>& gids, const RoleGroups& groups);

// The gid of a group by name or number; nothing: there is no such group. May ask the network where
// the host's users are there.
[[nodiscard]] std::optional<gid_t> group_named(const std::string& name);
// The groups of a user as the host's databases have them now, `gid` among them; a user whom they do
// not know has `gid` alone.
[[nodiscard]] std::vector<gid_t> groups_of_user(uid_t uid, gid_t gid);

// Remembers for a moment: asking may take time. Safe from every thread; blocks where asking does.
class Roles {
 public:
  using Lookup = std::function<std::vector<gid_t>(uid_t, gid_t)>;
  static constexpr std::chrono::seconds kKept{5};

  Roles(RoleGroups groups, const Clock& clock, Lookup lookup = groups_of_user)
      : clock_(clock), lookup_(std::move(lookup)), groups_(groups) {}

  // From the next question on.
  void set_groups(RoleGroups groups);
  // `gids`: groups that the peer's process itself has; they count as well.
  [[nodiscard]] Role of(uid_t uid, gid_t gid, const std::vector<gid_t>& gids);

 private:
  struct Known {
    std::vector<gid_t> gids;
    MonoTime asked;
  };
  const Clock& clock_;
  const Lookup lookup_;
  std::mutex mutex_;  // Of what follows.
  RoleGroups groups_;
  std::map<std::pair<uid_t, gid_t>, Known> known_;
};

}  // namespace plimsoll::control
