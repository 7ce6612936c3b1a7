// What was written to a container's file system since its image.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/image/roots.h"
#include "runtime/image/store.h"
#include "runtime/image/tar_writer.h"

namespace plimsoll::image {

// Sorted by path. Directories that only lead to a change of a file's content are not in it.
[[nodiscard]] Result<std::vector<Change>> changes_of(const Roots::Parts& parts);
// The bytes of regular files below, each inode once.
[[nodiscard]] Result<std::uint64_t> bytes_below(const DirFd& directory);
// The bytes of files that were added or changed.
[[nodiscard]] Result<std::uint64_t> bytes_changed(const Roots::Parts& parts);
// As a layer over the image's: what was deleted is marked.
[[nodiscard]] Result<> write_layer(const Roots::Parts& parts, const Sink& sink);

}  // namespace plimsoll::image
