// What the collection of OOM kills says about itself.
#pragma once

#include <cstdint>

#include "cgroupfs/watch/kmsg.h"

namespace plimsoll::exporter {

struct OomStats {
  cgroupfs::KernelLogStats log;
  std::uint64_t malformed = 0;  // OOM lines of the log that were not understood.
};

}  // namespace plimsoll::exporter
