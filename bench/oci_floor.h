// What the kernel alone asks for one container: the system calls of a launch, with every argument
// known beforehand and nothing checked but that they succeed.
#pragma once

#include <string>
#include <vector>

namespace plimsoll::bench {

// Five namespaces, the mounts and devices of `runc spec`, pivot_root, a group in each of these
// directories of cgroups (made and removed), and /bin/true. 0, or the line that failed.
[[nodiscard]] int bare_container(const std::string& rootfs,
                                 const std::vector<std::string>& cgroups);

}  // namespace plimsoll::bench
