// ContainerSpec: what a container is allowed, and which kinds of statistics it has.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cgroupfs/read/group.h"
#include "exporter/cadvisor/api_compat.h"
#include "exporter/cadvisor/go_json.h"
#include "exporter/collect/snapshot.h"

namespace plimsoll::exporter {

// What every view of a container depends on besides the container.
struct ApiView {
  ApiCompat compat = ApiCompat::kFixed;
  cgroupfs::GroupSet groups = cgroupfs::GroupSet::defaults();

  [[nodiscard]] bool strict() const { return compat == ApiCompat::kStrict; }
};

struct SpecFlags {
  bool cpu = false, memory = false, hugetlb = false, network = false, processes = false;
  bool filesystem = false, diskio = false;
};
[[nodiscard]] SpecFlags spec_flags(const Snapshot& snapshot, std::size_t row, const ApiView& view);

enum class SpecShape : std::uint8_t {
  kV1,
  kV2  // Has the aliases and the namespace in it; quota, period and the limit on processes are not.
};
// Writes the object's value; the key is written.
void write_spec(GoJson& json, const Snapshot& snapshot, std::size_t row, const ApiView& view,
                SpecShape shape);

}  // namespace plimsoll::exporter
