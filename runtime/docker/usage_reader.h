// Reads what containers use, from their cgroups and their init's network namespace.
//
// Opens what it reads each time: somebody who asks once a second is served in a fraction of a
// millisecond, and nothing is held for those nobody asks about. Thread: all methods from any.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/fd.h"
#include "cgroupfs/tree/layout.h"
#include "runtime/docker/stats.h"
#include "runtime/engine/container.h"

namespace plimsoll::docker {

class UsageReader {
 public:
  // `layout` and `clock` must outlive it. kNotOffered and the like: PROC cannot be read.
  [[nodiscard]] static Result<UsageReader> open(const cgroupfs::Layout& layout, DirFd proc,
                                                const Clock& clock);

  // Of a container that does not run, or just ended: without a time of reading, and all zero.
  [[nodiscard]] Usage read(const engine::Container& container) const;

 private:
  UsageReader(const cgroupfs::Layout& layout, DirFd proc, const Clock& clock)
      : layout_(&layout), proc_(std::move(proc)), clock_(&clock) {}

  const cgroupfs::Layout* layout_;
  DirFd proc_;
  const Clock* clock_;
  std::uint64_t host_memory_ = 0;
  std::uint32_t cpus_ = 1;
  std::uint64_t tick_ns_ = 10'000'000;
};

}  // namespace plimsoll::docker
