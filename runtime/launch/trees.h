// What the parent opens for the child in the host's namespaces: copies of mounts to bind, devices,
// namespaces. All of it vanishes by itself when its descriptor is closed.
#pragma once

#include "base/fd.h"
#include "runtime/launch/child.h"
#include "runtime/launch/plan.h"

namespace plimsoll::runtime {

// Fills trees, tree_is_directory and device_trees.
[[nodiscard]] Result<> open_trees(const Plan& plan, Prepared& prepared);
[[nodiscard]] Result<> open_joins(const Plan& plan, Prepared& prepared);
[[nodiscard]] Result<> open_groups(const Plan& plan, Prepared& prepared);

// A user namespace with these maps and nobody in it: what mounts are id-mapped by.
[[nodiscard]] Result<Fd> make_user_namespace(const std::string& uid_map,
                                             const std::string& gid_map);
[[nodiscard]] Result<> write_id_maps(pid_t pid, const std::string& uid_map,
                                     const std::string& gid_map);
[[nodiscard]] std::string id_map_text(const std::vector<spec::IdMapping>& mappings);

}  // namespace plimsoll::runtime
