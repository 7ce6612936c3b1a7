// What `features` prints: the document by which engines learn what a runtime can do (features.md of
// the specification), in runc's shape.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace plimsoll::spec {

// What other rooms know.
struct FeaturesInput {
  std::span<const std::string_view> mount_options;  // Without those that go to the filesystem.
  bool cgroup_v1 = true;
  bool cgroup_v2 = true;
  bool cgroup_systemd = false;
  bool cgroup_rdma = true;
  bool apparmor = true;
  bool selinux = true;
  bool intel_rdt = false;
  bool idmapped_mounts = true;
  bool net_devices = true;
  bool memory_policy = false;
};

// Indented; ends in a newline.
[[nodiscard]] std::string features(const FeaturesInput& input);

}  // namespace plimsoll::spec
