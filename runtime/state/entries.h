// The names in a directory.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "base/fd.h"

namespace plimsoll::state {

// Sorted, without "." and "..".
[[nodiscard]] Result<std::vector<std::string>> entries_of(const DirFd& directory);

}  // namespace plimsoll::state
