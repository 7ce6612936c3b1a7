#include "agent/stats/filter.h"

#include <algorithm>
#include <array>

#include "exporter/stream/select.h"

namespace plimsoll::agent {

namespace {

using exporter::glob_match;

constexpr auto kKeys =
    std::to_array<std::string_view>({"name", "id", "runtime", "image", "label", "project",
                                     "service", "pod", "namespace", "cgroup", "host"});

std::string key_list() {
  std::string list;
  for (const std::string_view key : kKeys) list += (list.empty() ? "" : " ") + std::string(key);
  return list;
}

bool is_glob(std::string_view text) {
  return text.find_first_of("*?") != std::string_view::npos;
}

bool equal_or_glob(const std::string& wanted, const std::string& text) {
  return is_glob(wanted) ? glob_match(wanted, text) : wanted == text;
}

// "nginx" means every tag of nginx, as docker's ancestor filter does.
bool image_matches(const std::string& wanted, const std::string& image) {
  if (equal_or_glob(wanted, image)) return true;
  return !is_glob(wanted) && image.size() > wanted.size() && image.starts_with(wanted) &&
         (image[wanted.size()] == ':' || image[wanted.size()] == '@');
}

bool label_matches(const std::string& wanted, const StatsRow& row) {
  const std::size_t equals = wanted.find('=');
  const std::string key = wanted.substr(0, equals);
  return std::any_of(row.labels.begin(), row.labels.end(), [&](const auto& label) {
    return label.first == key &&
           (equals == std::string::npos || equal_or_glob(wanted.substr(equals + 1), label.second));
  });
}

// "pod" or "namespace/pod".
bool pod_matches(const std::string& wanted, const StatsRow& row) {
  if (row.pod_name.empty()) return false;
  return equal_or_glob(wanted, row.pod_name) ||
         equal_or_glob(wanted, row.pod_namespace + "/" + row.pod_name);
}

// "web-1" also means "web-1:7546".
bool host_matches(const std::string& wanted, const std::string& host) {
  return equal_or_glob(wanted, host) || wanted == host.substr(0, host.rfind(':'));
}

}  // namespace

Result<Filters> Filters::parse(std::span<const std::string> words) {
  Filters result;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    std::string key = word.substr(0, equals);
    if (key == "compose" || key == "compose_project") key = "project";
    if (equals == std::string::npos || equals + 1 == word.size())
      return invalid_input("--filter",
                           "'" + word + "' is not key=value (keys: " + key_list() + ")");
    if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end())
      return invalid_input("--filter", "unknown key '" + key + "' (keys: " + key_list() + ")");
    result.filters_.push_back({std::move(key), word.substr(equals + 1)});
  }
  std::stable_sort(result.filters_.begin(), result.filters_.end(),
                   [](const Filter& a, const Filter& b) { return a.key < b.key; });
  return result;
}

bool Filters::matches(const Filter& filter, const StatsRow& row) {
  const std::string& wanted = filter.value;
  if (filter.key == "name")  // A part of the name is enough, as docker's filter has it.
    return is_glob(wanted) ? glob_match(wanted, row.name)
                           : row.name.find(wanted) != std::string::npos;
  if (filter.key == "id") return row.id.starts_with(wanted);
  if (filter.key == "runtime") return row.runtime == wanted;
  if (filter.key == "image") return image_matches(wanted, row.image);
  if (filter.key == "label") return label_matches(wanted, row);
  if (filter.key == "project") return equal_or_glob(wanted, row.compose_project);
  if (filter.key == "service") return equal_or_glob(wanted, row.compose_service);
  if (filter.key == "pod") return pod_matches(wanted, row);
  if (filter.key == "namespace") return equal_or_glob(wanted, row.pod_namespace);
  if (filter.key == "host") return host_matches(wanted, row.host);
  return equal_or_glob(wanted, row.cgroup);
}

bool Filters::match(const StatsRow& row) const {
  for (std::size_t i = 0; i < filters_.size();) {
    const std::string& key = filters_[i].key;
    std::size_t wanted = 0;
    std::size_t found = 0;
    for (; i < filters_.size() && filters_[i].key == key; ++i) {
      ++wanted;
      found += matches(filters_[i], row) ? 1 : 0;
    }
    if (key == "label" ? found < wanted : found == 0) return false;
  }
  return true;
}

bool Filters::asks_beyond_containers() const {
  return std::any_of(filters_.begin(), filters_.end(), [](const Filter& filter) {
    return filter.key == "cgroup" ||
           (filter.key == "runtime" && (filter.value == "systemd" || filter.value == "cgroup" ||
                                        filter.value == "root" || filter.value == "kubernetes"));
  });
}

bool visible(const StatsRow& row, Visibility visibility) {
  if (visibility == Visibility::kAllCgroups) return true;
  return row.is_container && (visibility == Visibility::kAllContainers || !row.sandbox);
}

}  // namespace plimsoll::agent
