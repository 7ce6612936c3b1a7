// `--compat=strict`: the three things of cAdvisor's exposition that our default leaves out, for
// people who compare: the union of all label names on every series, explicit timestamps, and zeros
// for what was not measured.
#pragma once

#include <string_view>

#include "exporter/collect/snapshot.h"

namespace plimsoll::exporter {

// Does cAdvisor print 0 where it has no value? In all container families that are neither repeated
// (per device, per interface) nor bound to a condition, which the family's own function knows.
[[nodiscard]] bool invents_zeros(std::string_view family);
// Does cAdvisor give the family's samples a timestamp?
[[nodiscard]] bool is_stamped(std::string_view family);

// The snapshot with the label names of all rows and tombstones on each of them, empty where one has
// none. A copy: strict costs that.
[[nodiscard]] Snapshot with_label_union(const Snapshot& snapshot);

}  // namespace plimsoll::exporter
