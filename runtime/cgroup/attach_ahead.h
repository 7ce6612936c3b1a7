// Moving a process into a v1 group waits for a grace period of RCU (8 to 16 ms), because the kernel
// makes every fork, exec and exit of the host step aside for it. Who moves another soon after does
// not wait again. So whoever is about to start a container lets that time pass while everything
// else is prepared (decision 0053).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace plimsoll::runtime {

// The cgroup.procs of the caller's own group in some v1 hierarchy, relative to the cgroup root:
// "pids/system.slice/x.service/cgroup.procs". Nothing where there is none, or where the group lies
// outside of what we see. `self_cgroup` is the text of /proc/self/cgroup. Pure.
[[nodiscard]] std::optional<std::string> own_v1_procs(std::string_view self_cgroup);

// Moves the caller's process into the group that it is in: nothing changes, and the wait is over
// when it returns. Nothing is done on hosts with cgroup v2 alone.
[[nodiscard]] Result<> attach_ahead(const char* cgroup_root = "/sys/fs/cgroup",
                                    const char* self_cgroup = "/proc/self/cgroup");

}  // namespace plimsoll::runtime
