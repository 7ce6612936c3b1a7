// Invariants of what was accepted: absolute paths, one mount per hierarchy, all of them among those
// of the first step.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "cgroupfs/tree/mountinfo.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plimsoll;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto mounts = cgroupfs::parse_cgroup_mounts(text);
  const auto every = cgroupfs::parse_every_cgroup_mount(text);
  PLIMSOLL_CHECK(mounts.has_value() == every.has_value());
  if (!mounts) {
    PLIMSOLL_CHECK(mounts.error().kind == ErrorKind::kMalformed);
    PLIMSOLL_CHECK(text.find(mounts.error().subject) != std::string_view::npos);
    return 0;
  }
  for (const cgroupfs::CgroupMount& mount : *mounts) {
    PLIMSOLL_CHECK(mount.root.starts_with('/') && mount.point.starts_with('/'));
    PLIMSOLL_CHECK(std::ranges::find(*every, mount) != every->end());
    PLIMSOLL_CHECK(std::ranges::count_if(*mounts, [&](const auto& other) {
                     return other.version == mount.version &&
                            other.controllers == mount.controllers &&
                            other.v1_name == mount.v1_name;
                   }) == 1);
  }
  return 0;
}
