#include "control/api/roles.h"

#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <cerrno>

#include "base/number.h"

namespace plimsoll::control {
namespace {

// Peers are few; strangers who try are forgotten all at once.
constexpr std::size_t kMostKnown = 1024;
constexpr std::size_t kMostAnswer = std::size_t{1} << 20;

// Calls a get..._r function with a buffer that grows until the answer fits.
template <class Entry, class Ask>
std::optional<Entry> ask_database(std::vector<char>& buffer, Ask ask) {
  for (buffer.resize(1024); buffer.size() <= kMostAnswer; buffer.resize(buffer.size() * 2)) {
    Entry entry{};
    Entry* found = nullptr;
    const int failed = ask(&entry, buffer.data(), buffer.size(), &found);
    if (failed == ERANGE) continue;
    return failed == 0 && found != nullptr ? std::optional(entry) : std::nullopt;
  }
  return std::nullopt;
}

bool has(const std::vector<gid_t>& gids, const std::optional<gid_t>& gid) {
  return gid && std::ranges::find(gids, *gid) != gids.end();
}

}  // namespace

std::string_view name_of(Role role) {
  switch (role) {
    case Role::kControl:
      return "control";
    case Role::kRead:
      return "read";
    case Role::kNone:
      break;
  }
  return "none";
}

Role role_of(uid_t uid, const std::vector<gid_t>& gids, const RoleGroups& groups) {
  if (uid == 0 || has(gids, groups.control)) return Role::kControl;
  return has(gids, groups.read) ? Role::kRead : Role::kNone;
}

std::optional<gid_t> group_named(const std::string& name) {
  std::vector<char> buffer;
  const auto entry =
      ask_database<group>(buffer, [&](group* one, char* bytes, std::size_t size, group** found) {
        return ::getgrnam_r(name.c_str(), one, bytes, size, found);
      });
  if (entry) return entry->gr_gid;
  return to_number<gid_t>(name);
}

std::vector<gid_t> groups_of_user(uid_t uid, gid_t gid) {
  std::vector<char> buffer;
  const auto user =
      ask_database<passwd>(buffer, [&](passwd* one, char* bytes, std::size_t size, passwd** found) {
        return ::getpwuid_r(uid, one, bytes, size, found);
      });
  if (!user) return {gid};
  std::vector<gid_t> gids(64);
  for (;;) {
    int count = static_cast<int>(gids.size());
    const bool fits = ::getgrouplist(user->pw_name, gid, gids.data(), &count) >= 0;
    if (!fits && static_cast<std::size_t>(count) <= gids.size()) return {gid};
    gids.resize(static_cast<std::size_t>(count));
    if (fits) return gids;
  }
}

void Roles::set_groups(RoleGroups groups) {
  const std::scoped_lock guard(mutex_);
  groups_ = groups;
}

Role Roles::of(uid_t uid, gid_t gid, const std::vector<gid_t>& gids) {
  std::vector<gid_t> own = gids;
  own.push_back(gid);
  const MonoTime now = clock_.now();
  {
    const std::scoped_lock guard(mutex_);
    // What the process has needs no asking.
    if (const Role role = role_of(uid, own, groups_); role == Role::kControl) return role;
    const auto known = known_.find({uid, gid});
    if (known != known_.end() && now - known->second.asked < kKept) {
      own.insert(own.end(), known->second.gids.begin(), known->second.gids.end());
      return role_of(uid, own, groups_);
    }
  }
  std::vector<gid_t> asked = lookup_(uid, gid);
  own.insert(own.end(), asked.begin(), asked.end());
  const std::scoped_lock guard(mutex_);
  if (known_.size() >= kMostKnown) known_.clear();
  known_.insert_or_assign({uid, gid}, Known{std::move(asked), now});
  return role_of(uid, own, groups_);
}

}  // namespace plimsoll::control
