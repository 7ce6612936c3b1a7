// Who may connect to the engine's socket at all: root, the control group and the read group. What
// they may do there is the API's business (control/api/roles.h).
#pragma once

#include <string>

#include "base/error.h"
#include "control/api/roles.h"

namespace plimsoll::agent {

// The socket belongs to root and the control group, 0660 (0600 without such a group); the read
// group gets in by an ACL. Fails where it would stay open wider than that.
[[nodiscard]] Result<> own_socket(const std::string& path, const control::RoleGroups& groups);

// The text of system.posix_acl_access for a file of mode 0660 that a second group may open as well.
// Pure; linux/posix_acl_xattr.h has the format.
[[nodiscard]] std::string acl_with_group(gid_t group);

}  // namespace plimsoll::agent
