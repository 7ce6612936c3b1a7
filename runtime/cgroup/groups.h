// Making a container's groups, and what a new group needs before a process can enter it.
#pragma once

#include <string>

#include "base/error.h"
#include "base/rollback.h"
#include "runtime/cgroup/container_cgroup.h"
#include "runtime/cgroup/limits.h"

namespace plimsoll::runtime {

// One mkdir per hierarchy where the parent is there, as it mostly is. Missing ancestors are made
// and stay; the groups themselves go onto `rollback`. On v1 cpusets get what their parents have
// (an empty one takes no process); on v2 the ancestors enable the controllers they have. Places
// that may be skipped (CgroupRequest::Denied) leave the record. kNew: all are just made.
[[nodiscard]] Result<GroupAge> make_groups(const CgroupHost& host, CgroupRequest::Denied denied,
                                           CgroupRecord& record, Rollback& rollback);

// v2: "+cpu +memory ..." in every ancestor of the group from the top, as far as they let us: a
// limit that needs one that could not be enabled is refused when it is written.
[[nodiscard]] Result<> enable_controllers(const cgroupfs::Hierarchy& hierarchy,
                                          const std::string& group);

}  // namespace plimsoll::runtime
