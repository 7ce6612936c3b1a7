// Layers without overlayfs: copied over each other.
#pragma once

#include "base/fd.h"

namespace plimsoll::image {

// Puts the layer in `from` (as overlayfs has it: deleted names are devices 0:0, opaque directories
// are marked) over the tree in `to`. Neither is changed by anybody else meanwhile. Data is shared
// where the file system can.
[[nodiscard]] Result<> copy_over(const DirFd& from, const DirFd& to);

// Marked as hiding what is below.
[[nodiscard]] bool is_opaque(const DirFd& directory);

}  // namespace plimsoll::image
