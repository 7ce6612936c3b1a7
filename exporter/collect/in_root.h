// Paths as the host means them, when the host's root is mounted somewhere else.
#pragma once

#include <string>

#include "base/fd.h"

namespace plimsoll::exporter {

// Opens `path` below `root`, symbolic links resolved as if `root` were "/": an absolute link does
// not lead out of a mounted host. openat2(2), Linux 5.6; before that links are not followed at the
// end of the path, and escape in the middle of it.
[[nodiscard]] Result<Fd> open_in_root(const DirFd& root, const std::string& path, int flags);

}  // namespace plimsoll::exporter
