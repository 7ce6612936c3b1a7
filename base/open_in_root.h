// Paths as a mounted host means them.
#pragma once

#include <string>

#include "base/fd.h"

namespace plimsoll {

// Opens `path` below `root`, links resolved as if `root` were "/": neither an absolute link nor
// ".." leads out. By openat2(2) where it is offered (Linux 5.6, and no filter that hides it), else
// step by step, which costs two calls per name. CLOEXEC.
[[nodiscard]] Result<Fd> open_in_root(const DirFd& root, const std::string& path, int flags);

// The second way by itself.
[[nodiscard]] Result<Fd> walk_in_root(const DirFd& root, const std::string& path, int flags);

}  // namespace plimsoll
