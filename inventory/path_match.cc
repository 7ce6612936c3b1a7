#include "inventory/path_match.h"

#include <algorithm>
#include <array>

#include "base/number.h"
#include "inventory/path_facts.h"

namespace plimsoll::inventory {

namespace {

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool take_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

// Pod ids are UUIDs; a static pod's is the 32-digit hash of its manifest. The systemd driver writes
// '_' for '-', which a slice name may not hold.
bool is_pod_uid(std::string_view text) {
  if (text.size() < 8 || text.size() > 64) return false;
  return std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_';
  });
}

std::string pod_uid_of(std::string_view text) {
  std::string uid(text);
  std::ranges::replace(uid, '_', '-');
  return uid;
}

// "kubepods-burstable-pod<uid>" without ".slice", and the same below --cgroup-root, where every
// level repeats its parents' names: "kubelet-kubepods-burstable-pod<uid>".
std::optional<KubernetesMatch> match_slice(std::string_view name) {
  std::size_t at = name.find("kubepods");
  while (at != std::string_view::npos && at != 0 && name[at - 1] != '-')
    at = name.find("kubepods", at + 1);
  if (at == std::string_view::npos) return std::nullopt;
  name.remove_prefix(at + std::string_view("kubepods").size());
  if (name.empty()) return KubernetesMatch{};
  if (!take_prefix(name, "-")) return std::nullopt;
  for (const std::string_view level : {"burstable", "besteffort", "guaranteed"}) {
    if (!take_prefix(name, level)) continue;
    if (name.empty()) return KubernetesMatch{};
    if (!take_prefix(name, "-")) return std::nullopt;
    break;
  }
  if (!take_prefix(name, "pod") || !is_pod_uid(name)) return std::nullopt;
  return KubernetesMatch{pod_uid_of(name)};
}

struct Prefix {
  std::string_view text;
  Runtime runtime;
  bool only_scope;  // Only systemd's driver makes it: the component ends in ".scope".
};
// What a prefix of ours must not swallow fails the id test: "crio-conmon-<id>",
// "libpod-conmon-<id>" are the monitors beside the containers.
constexpr std::array kPrefixes{
    Prefix{"docker-", Runtime::kDocker, true},
    Prefix{"cri-containerd-", Runtime::kContainerd, true},
    Prefix{"nerdctl-", Runtime::kContainerd, true},
    Prefix{"crio-", Runtime::kCrio, false},
    Prefix{"libpod-payload-", Runtime::kPodman, false},  // --cgroups=split, as Quadlet does.
    Prefix{"libpod-", Runtime::kPodman, false},
};

std::optional<ContainerMatch> match_prefixed(std::string_view component) {
  const bool scope = take_suffix(component, ".scope");
  for (const Prefix& prefix : kPrefixes) {
    if (!component.starts_with(prefix.text) || (prefix.only_scope && !scope)) continue;
    const std::string_view id = component.substr(prefix.text.size());
    if (is_container_id(id)) return ContainerMatch{prefix.runtime, std::string(id), {}, {}, false};
  }
  return std::nullopt;
}

// "kubepods-burstable-pod<uid>.slice:cri-containerd:<id>": what a runtime with the cgroupfs driver
// makes of the path that a kubelet with the systemd driver hands it.
std::optional<ContainerMatch> match_colons(std::string_view component) {
  const std::size_t last = component.rfind(':');
  if (last == std::string_view::npos || !is_container_id(component.substr(last + 1)))
    return std::nullopt;
  std::string_view slice = component.substr(0, last);
  const std::size_t first = slice.find(':');
  if (first == std::string_view::npos) return std::nullopt;
  const std::string prefix = std::string(slice.substr(first + 1)) + "-";
  slice = slice.substr(0, first);
  for (const Prefix& known : kPrefixes) {
    if (known.text != prefix) continue;
    ContainerMatch match{known.runtime, std::string(component.substr(last + 1)), {}, {}, false};
    if (take_suffix(slice, ".slice"))
      if (auto pod = match_slice(slice)) match.pod_uid = std::move(pod->pod_uid);
    return match;
  }
  return std::nullopt;
}

std::optional<ContainerMatch> named(Runtime runtime, std::string_view id, std::string_view name) {
  // The id becomes part of file names of ours.
  if (!is_file_name(id) || !is_file_name(name)) return std::nullopt;
  return ContainerMatch{runtime, std::string(id), std::string(name), {}, false};
}

// LXC before 4.0: /lxc/<name>; since: /lxc.payload.<name> with lxc.monitor.<name> beside it.
std::optional<ContainerMatch> match_lxc(std::string_view component, const Above& above) {
  if (above.parent == "lxc" || above.parent == "lxc.payload")
    return named(Runtime::kLxc, component, component);
  if (take_prefix(component, "lxc.payload.")) return named(Runtime::kLxc, component, component);
  return std::nullopt;
}

// systemd-machined's scopes and the nspawn unit. libvirt registers its guests there too.
std::optional<ContainerMatch> match_machine(std::string_view component) {
  if (take_prefix(component, "systemd-nspawn@") && take_suffix(component, ".service")) {
    const std::string name = systemd_unescape(component);
    return named(Runtime::kNspawn, name, name);
  }
  if (!take_prefix(component, "machine-") || !take_suffix(component, ".scope")) return std::nullopt;
  const std::string machine = systemd_unescape(component);
  if (machine.starts_with("qemu-")) return std::nullopt;  // A virtual machine is no container.
  if (machine.starts_with("lxc-")) {                      // libvirt: lxc-<number>-<name>.
    const std::size_t dash = machine.find('-', 4);
    const std::string name = dash == std::string::npos ? machine : machine.substr(dash + 1);
    return named(Runtime::kLxc, machine, name);
  }
  return named(Runtime::kNspawn, machine, machine);
}

std::optional<ContainerMatch> match_own(std::string_view component, const Above& above) {
  if (above.parent == "plimsoll") return named(Runtime::kPlimsoll, component, {component});
  if (take_prefix(component, "plimsoll-") && take_suffix(component, ".scope"))
    return named(Runtime::kPlimsoll, component, component);
  return std::nullopt;
}

// Nothing but an id. The parent tells more often than not whose.
std::optional<ContainerMatch> match_bare(std::string_view component, const Above& above) {
  if (!is_container_id(component)) return std::nullopt;
  if (above.parent == "libpod_parent") return std::nullopt;  // podman: a pod's own group.
  ContainerMatch match{Runtime::kDocker, std::string(component), {}, {}, true};
  if (above.parent == "docker") match.guess = false;
  // containerd's cgroupfs driver puts containers below their containerd namespace.
  const bool containerd =
      above.parent == "default" || above.parent == "k8s.io" || above.parent == "nerdctl";
  if (above.in_pod || containerd) match.runtime = Runtime::kContainerd;
  return match;
}

}  // namespace

std::optional<ContainerMatch> match_container(std::string_view component, const Above& above) {
  if (auto match = match_prefixed(component)) return match;
  if (auto match = match_bare(component, above)) {
    // Our own ids look the same.
    if (above.parent != "plimsoll" && above.parent != "lxc") return match;
  }
  if (auto match = match_colons(component)) return match;
  if (auto match = match_own(component, above)) return match;
  if (auto match = match_lxc(component, above)) return match;
  return match_machine(component);
}

std::optional<KubernetesMatch> match_kubernetes(std::string_view component, const Above& above) {
  if (component == "kubepods") return KubernetesMatch{};
  const bool below_class = above.parent == "burstable" || above.parent == "besteffort";
  if (above.parent == "kubepods" && (component == "burstable" || component == "besteffort"))
    return KubernetesMatch{};
  if (above.parent == "kubepods" || below_class) {
    std::string_view uid = component;
    if (take_prefix(uid, "pod") && is_pod_uid(uid)) return KubernetesMatch{std::string(uid)};
  }
  if (take_suffix(component, ".slice")) return match_slice(component);
  return std::nullopt;
}

bool is_systemd_unit(std::string_view component) {
  static constexpr std::array<std::string_view, 6> kSuffixes{".service", ".scope", ".slice",
                                                             ".socket",  ".mount", ".swap"};
  return std::ranges::any_of(kSuffixes, [&](std::string_view suffix) {
    return component.size() > suffix.size() && component.ends_with(suffix);
  });
}

std::optional<std::uint32_t> user_of(std::string_view component) {
  if (take_prefix(component, "user-") && take_suffix(component, ".slice"))
    return to_number<std::uint32_t>(component);
  if (take_prefix(component, "user@") && take_suffix(component, ".service"))
    return to_number<std::uint32_t>(component);
  return std::nullopt;
}

}  // namespace plimsoll::inventory
