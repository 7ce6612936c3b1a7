// The patterns of one path component, apart from where in the path it stands. Internal to
// classification. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "inventory/identity.h"

namespace plimsoll::inventory {

struct ContainerMatch {
  Runtime runtime = Runtime::kDocker;
  std::string id;
  std::string name;     // Where the path says it: LXC, nspawn, Plimsoll.
  std::string pod_uid;  // Where the component itself says it (slice:prefix:id).
  bool guess = false;
};

// What is known of the components above.
struct Above {
  std::string_view parent;  // The component directly above, "" at the top.
  bool in_pod = false;
};

[[nodiscard]] std::optional<ContainerMatch> match_container(std::string_view component,
                                                            const Above& above);

// A Kubernetes QoS class or pod, by either cgroup driver.
struct KubernetesMatch {
  std::string pod_uid;  // "" for "kubepods" itself and its classes.
};
[[nodiscard]] std::optional<KubernetesMatch> match_kubernetes(std::string_view component,
                                                              const Above& above);

[[nodiscard]] bool is_systemd_unit(std::string_view component);

// 1000 of "user-1000.slice" and "user@1000.service".
[[nodiscard]] std::optional<std::uint32_t> user_of(std::string_view component);

}  // namespace plimsoll::inventory
