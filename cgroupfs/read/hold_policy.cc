#include "cgroupfs/read/hold_policy.h"

#include <algorithm>

namespace plimsoll::cgroupfs {

std::size_t allowed_per_cgroup(const ReaderOptions& options, std::size_t groups) {
  std::size_t files = options.max_held;
  if (options.max_kernel_bytes > 0)
    files = std::min(files, options.max_kernel_bytes / kKernelBytesPerHeldFile);
  return std::min(options.held_per_cgroup, files / std::max<std::size_t>(groups, 1));
}

std::size_t next_per_cgroup(const ReaderOptions& options, std::size_t groups, std::size_t current) {
  const std::size_t now = allowed_per_cgroup(options, groups);
  if (now <= current) return now;
  return std::max(current, allowed_per_cgroup(options, groups + groups / 8));
}

}  // namespace plimsoll::cgroupfs
