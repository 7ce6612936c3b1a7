// The writes of a container's resources that are no limits of the catalogue. For asked.cc alone.
#pragma once

#include <vector>

#include "base/error.h"
#include "cgroupfs/tree/layout.h"
#include "runtime/cgroup/asked.h"
#include "runtime/spec/resources.h"

namespace plimsoll::runtime {

[[nodiscard]] Result<std::vector<DirectWrite>> direct_writes(const spec::Resources& resources,
                                                             const cgroupfs::Layout& layout);

}  // namespace plimsoll::runtime
