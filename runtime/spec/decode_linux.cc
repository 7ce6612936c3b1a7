#include "runtime/spec/parts.h"

namespace plimsoll::spec {

namespace {

Result<Namespace> read_namespace(const Node& node) {
  static constexpr Word<NamespaceType> kTypes[] = {
      {"pid", NamespaceType::kPid},       {"network", NamespaceType::kNetwork},
      {"mount", NamespaceType::kMount},   {"ipc", NamespaceType::kIpc},
      {"uts", NamespaceType::kUts},       {"user", NamespaceType::kUser},
      {"cgroup", NamespaceType::kCgroup}, {"time", NamespaceType::kTime}};
  PLIMSOLL_TRY(node.must_be(json::Type::kObject));
  Namespace result;
  result.type = PLIMSOLL_TRY(word(node["type"], kTypes));
  result.path = PLIMSOLL_TRY(absolute_path(node["path"]));
  return result;
}

Result<std::vector<Namespace>> read_namespaces(const Node& node) {
  std::vector<Namespace> all = PLIMSOLL_TRY(list(node, read_namespace));
  for (std::size_t i = 0; i < all.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (all[i].type == all[j].type)
        return Node(node, i, &node.value().members[i].value)["type"].fails("stands twice");
  return all;
}

Result<std::optional<RootfsPropagation>> read_propagation(const Node& node) {
  static constexpr Word<RootfsPropagation> kWords[] = {
      {"private", {.propagation = Propagation::kPrivate}},
      {"rprivate", {.propagation = Propagation::kPrivate, .recursive = true}},
      {"shared", {.propagation = Propagation::kShared}},
      {"rshared", {.propagation = Propagation::kShared, .recursive = true}},
      {"slave", {.propagation = Propagation::kSlave}},
      {"rslave", {.propagation = Propagation::kSlave, .recursive = true}},
      {"unbindable", {.propagation = Propagation::kUnbindable}},
      {"runbindable", {.propagation = Propagation::kUnbindable, .recursive = true}}};
  // An empty word is what an engine writes for "as always".
  const std::string spelt = PLIMSOLL_TRY(text(node));
  if (spelt.empty()) return std::optional<RootfsPropagation>();
  return std::optional(PLIMSOLL_TRY(word(node, kWords)));
}

Result<PersonalityDomain> read_personality(const Node& node) {
  static constexpr Word<PersonalityDomain> kDomains[] = {{"LINUX", PersonalityDomain::kLinux},
                                                         {"LINUX32", PersonalityDomain::kLinux32}};
  const std::vector<std::string> flags = PLIMSOLL_TRY(texts(node["flags"]));
  if (!flags.empty()) return node["flags"].fails("no flag is supported");
  return word(node["domain"], kDomains);
}

Result<TimeOffset> read_time_offset(const Node& node) {
  TimeOffset offset;
  offset.seconds = PLIMSOLL_TRY(number_or<std::int64_t>(node["secs"], 0));
  offset.nanoseconds =
      PLIMSOLL_TRY(number_or<std::uint32_t>(node["nanosecs"], 0, {.high = 999'999'999}));
  return offset;
}

Result<> read_time_offsets(const Node& node, Linux& result) {
  if (node.absent()) return {};
  PLIMSOLL_TRY(node.must_be(json::Type::kObject));
  for (const json::Member& member : node.value().members)
    if (member.key != "monotonic" && member.key != "boottime")
      return node[member.key].fails("only monotonic and boottime have offsets");
  result.monotonic_offset = PLIMSOLL_TRY(object(node["monotonic"], read_time_offset));
  result.boottime_offset = PLIMSOLL_TRY(object(node["boottime"], read_time_offset));
  return {};
}

Result<std::map<std::string, NetDevice>> read_net_devices(const Node& node) {
  auto all = PLIMSOLL_TRY(dictionary(node, read_net_device));
  std::map<std::string, NetDevice> result(all.begin(), all.end());
  std::map<std::string_view, std::string_view> taken;  // Name in the container, name on the host.
  for (const auto& [host_name, device] : result) {
    if (!is_interface_name(host_name))
      return node[host_name].fails("is no name of a network interface");
    const auto [other, fresh] =
        taken.emplace(device.name.empty() ? host_name : device.name, host_name);
    if (!fresh)
      return node[host_name].fails("has the name in the container that " +
                                   std::string(other->second) + " has");
  }
  return result;
}

}  // namespace

Result<Linux> read_linux(const Node& node) {
  Linux result;
  result.uid_mappings = PLIMSOLL_TRY(read_id_mappings(node["uidMappings"]));
  result.gid_mappings = PLIMSOLL_TRY(read_id_mappings(node["gidMappings"]));
  result.sysctl = PLIMSOLL_TRY(read_sysctl(node["sysctl"]));
  result.resources = PLIMSOLL_TRY(object(node["resources"], read_resources));
  result.cgroups_path = PLIMSOLL_TRY(text(node["cgroupsPath"]));
  result.namespaces = PLIMSOLL_TRY(read_namespaces(node["namespaces"]));
  result.devices = PLIMSOLL_TRY(list(node["devices"], read_device));
  result.net_devices = PLIMSOLL_TRY(read_net_devices(node["netDevices"]));
  result.seccomp = PLIMSOLL_TRY(object(node["seccomp"], read_seccomp));
  result.rootfs_propagation = PLIMSOLL_TRY(read_propagation(node["rootfsPropagation"]));
  result.masked_paths = PLIMSOLL_TRY(absolute_paths(node["maskedPaths"]));
  result.readonly_paths = PLIMSOLL_TRY(absolute_paths(node["readonlyPaths"]));
  result.mount_label = PLIMSOLL_TRY(text(node["mountLabel"]));
  result.intel_rdt = PLIMSOLL_TRY(object(node["intelRdt"], read_intel_rdt));
  result.personality = PLIMSOLL_TRY(object(node["personality"], read_personality));
  result.memory_policy = PLIMSOLL_TRY(object(node["memoryPolicy"], read_memory_policy));
  PLIMSOLL_TRY(read_time_offsets(node["timeOffsets"], result));
  return result;
}

}  // namespace plimsoll::spec
