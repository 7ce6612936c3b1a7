#include "inventory/labels.h"

#include <algorithm>
#include <map>

namespace plimsoll::inventory {

namespace {

void take(const StringMap& labels, std::string_view key, std::string& field) {
  if (const std::string_view value = value_of(labels, key); !value.empty()) field = value;
}

}  // namespace

std::string_view value_of(const StringMap& map, std::string_view key) {
  const auto at = std::ranges::lower_bound(
      map, key, {}, [](const auto& entry) { return std::string_view(entry.first); });
  return at != map.end() && at->first == key ? std::string_view(at->second) : std::string_view();
}

void sort_unique(StringMap& map) {
  std::map<std::string, std::string> unique;
  for (auto& [key, value] : map) unique.insert_or_assign(key, std::move(value));
  map.assign(unique.begin(), unique.end());
}

void read_labels(Identity& identity) {
  const StringMap& labels = identity.labels;
  take(labels, "io.podman.compose.project", identity.compose_project);
  take(labels, "io.podman.compose.service", identity.compose_service);
  take(labels, "com.docker.compose.project", identity.compose_project);
  take(labels, "com.docker.compose.service", identity.compose_service);
  take(labels, "io.kubernetes.pod.name", identity.pod_name);
  take(labels, "io.kubernetes.pod.namespace", identity.pod_namespace);
  take(labels, "io.kubernetes.pod.uid", identity.pod_uid);
  take(labels, "io.kubernetes.container.name", identity.pod_container);
  if (value_of(labels, "io.kubernetes.docker.type") == "podsandbox" ||
      value_of(labels, "io.cri-containerd.kind") == "sandbox" || identity.pod_container == "POD")
    identity.sandbox = true;
}

StringMap allowed_environment(std::span<const std::string> entries,
                              std::span<const std::string> prefixes) {
  StringMap kept;
  for (const std::string& entry : entries) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string::npos || equals == 0) continue;
    const std::string_view key = std::string_view(entry).substr(0, equals);
    const bool allowed = std::ranges::any_of(prefixes, [&](const std::string& prefix) {
      return !prefix.empty() && key.starts_with(prefix);
    });
    if (allowed) kept.emplace_back(key, entry.substr(equals + 1));
  }
  sort_unique(kept);
  return kept;
}

}  // namespace plimsoll::inventory
