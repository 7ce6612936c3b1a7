// A directory's content into another: owners, modes, times, links, devices and extended attributes.
#pragma once

#include "base/error.h"
#include "base/fd.h"

namespace plimsoll::engine {

// Both readable directories. Links are copied, not followed; `to` gets `from`'s owner and mode,
// too.
[[nodiscard]] Result<> copy_tree(const Fd& from, const Fd& to);
[[nodiscard]] Result<bool> is_empty_directory(const Fd& directory);

}  // namespace plimsoll::engine
