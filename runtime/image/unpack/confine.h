// Takes from this process what unpacking does not need. There is no way back.
//
// What is read after it may be made by an enemy who knows a fault in the decompressor: all he gets
// is the directory, without network, without programs, without other processes.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "runtime/image/unpack/limits.h"

namespace plimsoll::image::unpack {

// `target` becomes the root directory. Left are the capabilities that owners, modes, device nodes
// and file capabilities need, some forty system calls, and limits of memory and of file sizes.
[[nodiscard]] Result<> confine(const DirFd& target, const Limits& limits);

}  // namespace plimsoll::image::unpack
