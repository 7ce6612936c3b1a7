// The figures of one container as runc's `events` prints them (its types/events.go), read from the
// container's cgroups.
#pragma once

#include <string>

#include "base/error.h"
#include "runtime/cgroup/container_cgroup.h"

namespace plimsoll::oci {

// One JSON object. What this host does not count is left out or 0, as runc has it; kGone: the
// groups were removed.
[[nodiscard]] Result<std::string> stats_text(const runtime::CgroupRecord& groups);

}  // namespace plimsoll::oci
