// Reads what a plan is made from: groups with all their ancestors and descendants, and the host.
#pragma once

#include <span>
#include <string>

#include "base/error.h"
#include "base/fd.h"
#include "cgroupfs/limit/limits.h"
#include "cgroupfs/limit/view.h"
#include "cgroupfs/tree/layout.h"

namespace plimsoll::limit {

inline const cgroupfs::ControllerSet kAll = cgroupfs::ControllerSet().set();
// Of the settings' knobs.
[[nodiscard]] cgroupfs::ControllerSet controllers_of(std::span<const Setting> settings);

// `groups` are paths below each hierarchy's mount ("/docker/<id>"); one that is in no hierarchy is
// left out. `sys` is the host's /sys: huge page sizes, CPUs and block devices. GroupView::manager
// stays empty: who owns a group is not written in cgroupfs. Groups that vanish while they are read
// are left out. GroupView::processes is told of the hierarchies whose rules ask for it: v2, and
// that of v1's cpuset.
//
// `needed`: a plan about knobs of these controllers alone needs no file of the others: some 15
// files instead of 120 for a group below the root. On v1 most hierarchies are not looked at then,
// and to such a view a group that is in no hierarchy of these controllers is not there.
[[nodiscard]] Result<KernelView> read_view(const cgroupfs::Layout& layout, const DirFd& sys,
                                           std::span<const std::string> groups,
                                           const cgroupfs::ControllerSet& needed = kAll);

}  // namespace plimsoll::limit
