// A container's limits into its groups, through the one planner there is (cgroupfs/limit).
#pragma once

#include <string>

#include "base/error.h"
#include "cgroupfs/limit/limits.h"
#include "runtime/cgroup/container_cgroup.h"
#include "runtime/spec/resources.h"

namespace plimsoll::runtime {

// A group that was made a moment ago has the kernel's defaults: for the usual limits nothing is
// read to plan them. Of a group that may have been changed, or for limits that depend on others
// (cpusets, disks, huge pages), the view of cgroupfs/limit is read. All or nothing. kRejected with
// the planner's or the kernel's reason.
enum class GroupAge : std::uint8_t { kNew, kUsed };
[[nodiscard]] Result<> write_limits(const CgroupHost& host, const std::string& group,
                                    const spec::Resources& resources, GroupAge age);

// What `resources` ask of a group that need not be there yet.
[[nodiscard]] Result<limit::Limits> limits_of(const CgroupHost& host, const std::string& group,
                                              const spec::Resources& resources);

// v1's devices.deny and devices.allow, or v2's program. Nothing where devices cannot be bounded: a
// v1 host without that controller.
[[nodiscard]] Result<> write_devices(const CgroupHost& host, const std::string& group,
                                     const spec::Resources& resources, GroupAge age);

}  // namespace plimsoll::runtime
