#include "inventory/oci_spec.h"

#include "base/number.h"
#include "inventory/json_value.h"

namespace plimsoll::inventory {

Result<OciSpec> parse_oci_spec(std::string_view text) {
  const JsonValue json = PLIMSOLL_TRY(parse_json(text));
  if (!json.is_object()) return malformed("OCI config that is no object");
  OciSpec spec;
  spec.annotations = json.string_map({"annotations"});
  if (const JsonValue* env = json.find({"process", "env"}))
    for (const JsonValue& entry : env->items()) spec.environment.emplace_back(entry.text({}));
  spec.cgroups_path = json.text({"linux", "cgroupsPath"});
  if (const JsonValue* namespaces = json.find({"linux", "namespaces"})) {
    spec.network = NetworkMode::kHost;
    for (const JsonValue& entry : namespaces->items()) {
      if (entry.text({"type"}) != "network") continue;
      spec.network = NetworkMode::kOwn;
      spec.network_path = entry.text({"path"});
    }
  }
  return spec;
}

std::optional<std::int32_t> process_of_namespace(std::string_view path) {
  constexpr std::string_view kBefore = "/proc/";
  constexpr std::string_view kAfter = "/ns/net";
  if (!path.starts_with(kBefore) || !path.ends_with(kAfter)) return std::nullopt;
  path.remove_prefix(kBefore.size());
  path.remove_suffix(std::min(path.size(), kAfter.size()));
  const auto pid = to_number<std::int32_t>(path);
  return pid && *pid > 0 ? pid : std::nullopt;
}

bool matches_cgroups_path(std::string_view cgroups_path, std::string_view cgroup) {
  if (cgroups_path.starts_with('/')) return cgroups_path == cgroup;
  const std::size_t first = cgroups_path.find(':');
  if (first == std::string_view::npos) return false;
  const std::size_t second = cgroups_path.find(':', first + 1);
  if (second == std::string_view::npos) return false;
  const std::string_view slice = cgroups_path.substr(0, first);
  const std::string unit = std::string(cgroups_path.substr(first + 1, second - first - 1)) + "-" +
                           std::string(cgroups_path.substr(second + 1)) + ".scope";
  if (!cgroup.ends_with(unit)) return false;
  cgroup.remove_suffix(unit.size());
  // A slice contains its parents' names, so its last component places it exactly.
  const std::string end = "/" + std::string(slice) + "/";
  return cgroup.ends_with(end) || (slice.empty() && cgroup.ends_with('/'));
}

}  // namespace plimsoll::inventory
