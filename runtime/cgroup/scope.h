// A container's cgroup as a scope of systemd's, on v2.
//
// A scope needs a process to begin with and ends with its last one, but the container's first
// process is to be born in the group, with its limits. So a placeholder of ours, which only waits,
// opens the scope and is ended when the container is in.
#pragma once

#include <sys/types.h>

#include "base/error.h"
#include "cgroupfs/limit/limits.h"
#include "runtime/cgroup/paths.h"

namespace plimsoll::runtime {

// The placeholder's pid. On failure there is no scope and no process.
[[nodiscard]] Result<pid_t> open_scope(const ScopeName& scope, const limit::Limits& limits);
// Kills and reaps; 0 is nobody.
void end_placeholder(pid_t pid);

[[nodiscard]] Result<> tell_scope(const std::string& unit, const limit::Limits& limits);
[[nodiscard]] Result<> stop_scope(const std::string& unit);

}  // namespace plimsoll::runtime
