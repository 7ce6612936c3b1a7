// What labels, annotations and environment mean beyond themselves: Compose, Kubernetes. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "inventory/identity.h"

namespace plimsoll::inventory {

using StringMap = std::vector<std::pair<std::string, std::string>>;  // Sorted by key.

// "" when absent.
[[nodiscard]] std::string_view value_of(const StringMap& map, std::string_view key);

// Sorts by key; of equal keys the last one stays, as the runtimes have it.
void sort_unique(StringMap& map);

// Derives project, service, pod, namespace and container from `identity.labels`; what the labels do
// not say stays as it is.
void read_labels(Identity& identity);

// "KEY=value" entries whose key begins with one of the prefixes. No prefix, or an empty one, keeps
// nothing: environments hold passwords.
[[nodiscard]] StringMap allowed_environment(std::span<const std::string> entries,
                                            std::span<const std::string> prefixes);

}  // namespace plimsoll::inventory
