// Passwords and tokens that stand in a file.
#pragma once

#include <string>

#include "base/error.h"

namespace plimsoll {

// The first line without blanks around it: what an editor adds behind it is not part of the secret.
// kInvalidInput if there is nothing, or something that would break a header.
[[nodiscard]] Result<std::string> read_secret(const std::string& path);

}  // namespace plimsoll
