// What stands where cAdvisor's pages stood, for bookmarks and links that people have: /containers/,
// /containers/<cgroup path>, /docker/, /docker/<name or id>, /podman/... Current numbers in plain
// HTML; graphs are Grafana's.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "exporter/collect/snapshot.h"

namespace plimsoll::exporter {

// `path`: the request's, without the base. Errors as cAdvisor's API has them: kNotOffered for a
// container that is not there, kInvalidInput for one that is ambiguous. Pure.
[[nodiscard]] Result<std::string> container_page(const Snapshot& snapshot, std::string_view path,
                                                 std::string_view base);

}  // namespace plimsoll::exporter
