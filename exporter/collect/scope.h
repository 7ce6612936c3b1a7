// Which cgroups get a row: all, or what an operator chose.
#pragma once

#include <string>
#include <vector>

#include "inventory/identity.h"

namespace plimsoll::exporter {

// cAdvisor's --docker_only, --raw_cgroup_prefix_whitelist, --disable_root_cgroup_stats. A group
// that is left out is known, but never read.
struct Scope {
  bool containers_only = false;       // Containers and the root cgroup ...
  std::vector<std::string> prefixes;  // ... and cgroups whose path begins with one of these.
  bool without_root = false;

  [[nodiscard]] bool has(const inventory::Identity& identity) const {
    if (identity.runtime == inventory::Runtime::kRoot) return !without_root;
    if (!containers_only || identity.is_container()) return true;
    for (const std::string& prefix : prefixes)
      if (identity.cgroup.starts_with(prefix)) return true;
    return false;
  }
};

}  // namespace plimsoll::exporter
