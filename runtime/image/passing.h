// Roots that are thrown away after a power cut.
#pragma once

#include "runtime/image/store.h"

namespace plimsoll::image {

// Beside a root's directories, says so.
inline constexpr const char* kPassing = "passing";

// From its next mount on nothing of the root waits for the disk: neither a program's fsync inside
// nor the unmounting, which else writes out all that is dirty on its file system. The caller
// removes the root before it is mounted again by another run of the machine.
[[nodiscard]] Result<> mark_passing(const Store& store, const std::string& container);

}  // namespace plimsoll::image
