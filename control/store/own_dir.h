// A directory of one process alone: what stands in it is obeyed, so nobody else may write it, and a
// second process of ours stays out.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/fd.h"

namespace plimsoll::control {

struct OwnDir {
  DirFd dir;
  Fd lock;  // Of the file "lock" in it, which holds our pid.
};

// Makes the directory if need be (its parent must exist) and takes its lock. kBusy: names the pid
// of who has it. kDenied: it belongs to somebody else, or others than its owner may write it.
[[nodiscard]] Result<OwnDir> open_own_dir(const std::string& path, mode_t mode);

}  // namespace plimsoll::control
