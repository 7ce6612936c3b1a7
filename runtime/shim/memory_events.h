// Whether the kernel ended something in a container's cgroup v2 for lack of memory. systemd removes
// a scope's group as soon as it is empty, so whoever wants to know must have the file open and be
// quick.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/fd.h"

namespace plimsoll::shim {

// memory.events of the group that `pid` is in; `root` is where cgroup v2 is mounted.
[[nodiscard]] Result<Fd> open_memory_events(const std::string& root, pid_t pid);
// False, too, if the group was removed before.
[[nodiscard]] bool tells_of_oom_kill(const Fd& events);

// "0::/a/b" of /proc/PID/cgroup is "/a/b". kMalformed: there is no such line.
[[nodiscard]] Result<std::string_view> unified_group(std::string_view cgroup_file);
// "oom_kill N" with another N than zero.
[[nodiscard]] bool has_oom_kill(std::string_view memory_events);

}  // namespace plimsoll::shim
