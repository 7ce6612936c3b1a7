// Where a container's groups are, from its request alone. Pure.
#pragma once

#include <string>

#include "base/error.h"
#include "cgroupfs/tree/layout.h"
#include "runtime/cgroup/container_cgroup.h"

namespace plimsoll::runtime {

// systemd's words for a scope: "system.slice:docker:<id>" is docker-<id>.scope in system.slice.
struct ScopeName {
  std::string slice;
  std::string unit;
  std::string group;  // "/system.slice/docker-<id>.scope"
};
// kInvalidInput: not of that form, or a name that systemd would not take.
[[nodiscard]] Result<ScopeName> scope_of(const CgroupRequest& request);

// "/docker/<id>", without "." and empty components. kInvalidInput: it has "..", or leads to the
// root.
[[nodiscard]] Result<std::string> group_of(const CgroupRequest& request);

// As /proc/<pid>/cgroup spells it.
[[nodiscard]] std::string spelling_of(const cgroupfs::Hierarchy& hierarchy);

// A place per hierarchy of the host.
[[nodiscard]] CgroupRecord record_of(const cgroupfs::Layout& layout, CgroupManager manager,
                                     std::string unit, const std::string& group);

}  // namespace plimsoll::runtime
