#include "inventory/identity.h"

namespace plimsoll::inventory {

std::string_view name_of(Runtime runtime) {
  switch (runtime) {
    case Runtime::kRoot:
      return "root";
    case Runtime::kDocker:
      return "docker";
    case Runtime::kPodman:
      return "podman";
    case Runtime::kContainerd:
      return "containerd";
    case Runtime::kCrio:
      return "crio";
    case Runtime::kKubernetes:
      return "kubernetes";
    case Runtime::kLxc:
      return "lxc";
    case Runtime::kNspawn:
      return "nspawn";
    case Runtime::kPlimsoll:
      return "plimsoll";
    case Runtime::kSystemd:
      return "systemd";
    case Runtime::kCgroup:
      return "cgroup";
  }
  return "cgroup";
}

bool Identity::is_container() const {
  switch (runtime) {
    case Runtime::kDocker:
    case Runtime::kPodman:
    case Runtime::kContainerd:
    case Runtime::kCrio:
    case Runtime::kLxc:
    case Runtime::kNspawn:
    case Runtime::kPlimsoll:
      return true;
    // A pod's group holds containers; counting it as one would count them twice.
    case Runtime::kKubernetes:
    case Runtime::kRoot:
    case Runtime::kSystemd:
    case Runtime::kCgroup:
      return false;
  }
  return false;
}

}  // namespace plimsoll::inventory
