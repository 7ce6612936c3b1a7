#include "control/drift/who.h"

namespace plimsoll::drift {
namespace {

using inventory::Identity;
using inventory::Runtime;

// What is known of the habits of those who run containers.
std::string_view habit_of(const Identity& identity) {
  if (!identity.pod_uid.empty() || identity.runtime == Runtime::kKubernetes)
    return "the kubelet sets CPU and memory of its pods again and again, from their resources: "
           "change those";
  switch (identity.runtime) {
    case Runtime::kDocker:
      return "dockerd writes at docker update and when the container is started again";
    case Runtime::kPodman:
      return "podman writes at podman update and when the container is started again";
    case Runtime::kContainerd:
      return "containerd writes when its client updates the task";
    case Runtime::kCrio:
      return "CRI-O writes when the kubelet asks for it";
    case Runtime::kLxc:
      return "LXC writes at lxc-cgroup and lxc config set";
    case Runtime::kNspawn:
    case Runtime::kSystemd:
      return "systemd writes at set-property and at daemon-reload";
    case Runtime::kPlimsoll:
      return "only root and this engine should";
    case Runtime::kKubernetes:
    case Runtime::kRoot:
    case Runtime::kCgroup:
      break;
  }
  return "";
}

}  // namespace

std::string likely_writer(const Identity& identity, std::string_view manager) {
  std::string text = "the kernel does not tell who wrote";
  if (!manager.empty())
    text.append("; ").append(manager).append(
        " manages the group: systemd writes limits of its units anew at daemon-reload");
  if (const std::string_view habit = habit_of(identity); !habit.empty())
    text.append("; ").append(habit);
  return text;
}

}  // namespace plimsoll::drift
