// Which of v1's families of per-device files has the numbers on this host.
#pragma once

#include <optional>

#include "base/fd.h"
#include "cgroupfs/read/file_spec.h"

namespace plimsoll::cgroupfs {

// Looks at the root group, whose _recursive files include everybody's: the first family that lists
// a device. Nothing when none does: then no group's files list any. (The first family when the root
// has none of the files that we may read: it says nothing about the groups.) Throttling comes
// first, since it counts for every disk, whatever its scheduler; but since Linux 6.10 only for
// disks that ever had a throttling rule. bfq and, before Linux 5.0, CFQ count for the disks they
// schedule. A plain file leaves out what a container does in groups of its own and is taken only
// where there is no _recursive one.
[[nodiscard]] std::optional<Blkio> choose_blkio(const DirFd& blkio_root);

}  // namespace plimsoll::cgroupfs
