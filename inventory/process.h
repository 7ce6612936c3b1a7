// What /proc says of a container's init process. Every answer may be "unknown": the process can be
// gone, or hidden from us.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"

namespace plimsoll::inventory {

// /proc/<pid>/cgroup and what it proves about a cgroup path. Pure.
enum class Membership : std::uint8_t {
  kInside,   // In that group or below it.
  kOutside,  // In others only.
  kUnknown   // Paths relative to another cgroup namespace: nothing can be said.
};
[[nodiscard]] Membership membership(std::string_view proc_cgroup, std::string_view cgroup);

// kGone when there is no such process.
[[nodiscard]] Result<Membership> process_membership(const DirFd& proc, std::int32_t pid,
                                                    std::string_view cgroup);
// The id of the container whose cgroup the process is in; "" when it is in none.
[[nodiscard]] std::string container_of_process(const DirFd& proc, std::int32_t pid);

// The upper directory of the overlay that is the process's root, from its mountinfo. Pure part:
[[nodiscard]] std::string upper_dir_of(std::string_view mountinfo);
[[nodiscard]] std::string process_upper_dir(const DirFd& proc, std::int32_t pid);

}  // namespace plimsoll::inventory
