// Giving up root: another user, the few capabilities that are of use, and no way back.
//
// To be done once, by the only thread, after what needs root (low ports, raised limits, files that
// are read through descriptors) and before any thread starts: capabilities belong to threads.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "agent/capabilities.h"
#include "base/error.h"

namespace plimsoll::agent {

struct Account {
  uid_t uid = 0;
  gid_t gid = 0;
  std::string name;           // "plimsoll"; the number if it has none.
  std::vector<gid_t> groups;  // The further ones.
};

// "plimsoll", "998" or "998:998". kNotOffered when there is no such user.
[[nodiscard]] Result<Account> find_account(const std::string& name);
// The user `plimsoll` where there is one, else `nobody`.
[[nodiscard]] Result<Account> default_account();

struct PrivilegePlan {
  std::optional<Account> account;  // Nothing: whoever we are.
  CapabilityMask keep = 0;         // Of those we have.
  // Made (0700) when they are not there, and given to the account with what is in them, since the
  // right to write anywhere goes with root. Nothing else stays writable.
  std::vector<std::string> writable_directories;
};

// Postcondition: no capability but `keep` in any set; no_new_privs; not dumpable, so that nobody of
// the same user reads our memory. An error leaves the process somewhere on the way: do not go on.
[[nodiscard]] Result<> drop_privileges(const PrivilegePlan& plan);

// Whether changing the user is possible at all: CAP_SETUID and CAP_SETGID, and a user namespace
// that knows the account.
[[nodiscard]] bool can_become(const Account& account);

}  // namespace plimsoll::agent
