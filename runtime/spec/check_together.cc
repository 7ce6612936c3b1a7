// What needs a namespace has one. A value for the container must never land in the host, so "there"
// means new or joined by path; that a joined one is not the host's own, launch/ sees by its inode.
#include <algorithm>

#include "runtime/spec/parts.h"

namespace plimsoll::spec {

namespace {

const Namespace* find(const Config& config, NamespaceType type) {
  const auto found = std::ranges::find(config.linux_.namespaces, type, &Namespace::type);
  return found == config.linux_.namespaces.end() ? nullptr : &*found;
}

struct Owner {
  std::string_view sysctl;  // A path below /proc/sys; with '/' at the end all below it.
  NamespaceType type;
  const char* name;
};
// The sysctls that a namespace has its own copy of: what is not here is the host's.
constexpr Owner kOwners[] = {
    {"kernel/msgmax", NamespaceType::kIpc, "ipc"},
    {"kernel/msgmnb", NamespaceType::kIpc, "ipc"},
    {"kernel/msgmni", NamespaceType::kIpc, "ipc"},
    {"kernel/sem", NamespaceType::kIpc, "ipc"},
    {"kernel/shmall", NamespaceType::kIpc, "ipc"},
    {"kernel/shmmax", NamespaceType::kIpc, "ipc"},
    {"kernel/shmmni", NamespaceType::kIpc, "ipc"},
    {"kernel/shm_rmid_forced", NamespaceType::kIpc, "ipc"},
    {"fs/mqueue/", NamespaceType::kIpc, "ipc"},
    {"net/", NamespaceType::kNetwork, "network"},
    {"kernel/domainname", NamespaceType::kUts, "uts"},
    {"user/", NamespaceType::kUser, "user"},
};

const Owner* owner_of(std::string_view path) {
  const auto* const found = std::ranges::find_if(kOwners, [path](const Owner& owner) {
    return owner.sysctl.ends_with('/') ? path.starts_with(owner.sysctl) : path == owner.sysctl;
  });
  return found == std::end(kOwners) ? nullptr : found;
}

Result<> check_sysctl(const Node& node, const Config& config) {
  for (std::size_t i = 0; i < config.linux_.sysctl.size(); ++i) {
    const std::string& path = config.linux_.sysctl[i].first;
    const json::Member& member = node.value().members[i];
    const Node entry(node, member.key, &member.value);
    if (path == "kernel/hostname") return entry.fails("is what /hostname sets");
    if (path == "kernel/domainname" && !config.domainname.empty())
      return entry.fails("is what /domainname sets");
    const Owner* owner = owner_of(path);
    if (!owner) return entry.fails("belongs to no namespace: it would change the host");
    if (!find(config, owner->type))
      return entry.fails("needs a private " + std::string(owner->name) + " namespace");
  }
  return {};
}

bool wants_own_ids(const Mount& mount) {
  return std::ranges::any_of(mount.options,
                             [](const std::string& o) { return o == "idmap" || o == "ridmap"; });
}

Result<> check_mounts(const Node& root, const Config& config) {
  const Node mounts = root["mounts"];
  for (std::size_t i = 0; i < config.mounts.size(); ++i) {
    const Mount& mount = config.mounts[i];
    if (!wants_own_ids(mount) || !mount.uid_mappings.empty()) continue;
    if (!find(config, NamespaceType::kUser))
      return Node(mounts, i, &mounts.value().members[i].value)["options"].fails(
          "idmap without mappings of its own needs a user namespace");
  }
  return {};
}

Result<> check_user_namespace(const Node& linux_node, const Config& config) {
  const Namespace* user = find(config, NamespaceType::kUser);
  const bool uids = !config.linux_.uid_mappings.empty();
  const bool gids = !config.linux_.gid_mappings.empty();
  if (!user && (uids || gids))
    return linux_node[uids ? "uidMappings" : "gidMappings"].fails("needs a user namespace");
  if (user && user->path.empty() && !uids)
    return linux_node["uidMappings"].fails("is required by a new user namespace");
  if (user && user->path.empty() && !gids)
    return linux_node["gidMappings"].fails("is required by a new user namespace");
  return {};
}

}  // namespace

Result<> check_together(const Node& root, const Config& config) {
  const Node linux_node = root["linux"];
  const Linux& parts = config.linux_;
  const Namespace* uts = find(config, NamespaceType::kUts);
  if (!config.hostname.empty() && !uts) return root["hostname"].fails("needs a uts namespace");
  if (!config.domainname.empty() && !uts) return root["domainname"].fails("needs a uts namespace");
  if (!find(config, NamespaceType::kMount)) {
    if (!parts.masked_paths.empty())
      return linux_node["maskedPaths"].fails("needs a mount namespace");
    if (!parts.readonly_paths.empty())
      return linux_node["readonlyPaths"].fails("needs a mount namespace");
  }
  // Offsets can be set only until the first process is in.
  const Namespace* time = find(config, NamespaceType::kTime);
  if ((parts.monotonic_offset || parts.boottime_offset) && (!time || !time->path.empty()))
    return linux_node["timeOffsets"].fails("needs a new time namespace");
  if (!parts.net_devices.empty() && !find(config, NamespaceType::kNetwork))
    return linux_node["netDevices"].fails("needs a network namespace");
  PLIMSOLL_TRY(check_user_namespace(linux_node, config));
  PLIMSOLL_TRY(check_mounts(root, config));
  return check_sysctl(linux_node["sysctl"], config);
}

}  // namespace plimsoll::spec
