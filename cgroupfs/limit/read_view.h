// Reads what a plan is made from: groups with all their ancestors and descendants, and the host.
#pragma once

#include <span>
#include <string>

#include "base/error.h"
#include "base/fd.h"
#include "cgroupfs/limit/view.h"
#include "cgroupfs/tree/layout.h"

namespace plimsoll::limit {

// `groups` are paths below each hierarchy's mount ("/docker/<id>"); one that is in no hierarchy is
// left out. `sys` is the host's /sys: huge page sizes, CPUs and block devices. GroupView::manager
// stays empty: who owns a group is not written in cgroupfs. Groups that vanish while they are read
// are left out.
[[nodiscard]] Result<KernelView> read_view(const cgroupfs::Layout& layout, const DirFd& sys,
                                           std::span<const std::string> groups);

}  // namespace plimsoll::limit
