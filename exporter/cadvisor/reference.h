// How cAdvisor names containers: by the path of the cgroup, and by aliases that are unique in a
// namespace ("docker", "podman" ...).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "exporter/cadvisor/go_json.h"
#include "exporter/cadvisor/request.h"
#include "exporter/collect/snapshot.h"

namespace plimsoll::exporter {

struct ContainerReference {
  std::string id;                    // "" for cgroups that no runtime claims.
  std::vector<std::string> aliases;  // Name first.
  std::string_view name_space;       // "" likewise.
};
[[nodiscard]] ContainerReference reference_of(const inventory::Identity& identity);
// The members of a reference, into an object that is open.
void write_reference(GoJson& json, const inventory::Identity& identity);

// One container. Errors have cAdvisor's texts; kNotOffered: unknown, kInvalidInput: ambiguous.
[[nodiscard]] Result<std::size_t> find_by_path(const Snapshot& snapshot, std::string_view path);
// By an alias, else by a prefix of one that no other container shares.
[[nodiscard]] Result<std::size_t> find_by_alias(const Snapshot& snapshot, std::string_view alias,
                                                std::string_view name_space);
[[nodiscard]] std::vector<std::size_t> all_of(const Snapshot& snapshot,
                                              std::string_view name_space);
// Itself and everything below it, in the order of paths.
[[nodiscard]] std::vector<std::size_t> subtree_of(const Snapshot& snapshot, std::string_view path);
// The containers that a v2 request is about.
[[nodiscard]] Result<std::vector<std::size_t>> requested(const Snapshot& snapshot,
                                                         std::string_view path,
                                                         const ApiOptions& options);

}  // namespace plimsoll::exporter
