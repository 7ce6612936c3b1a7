#include <algorithm>

#include "runtime/spec/parts.h"

namespace plimsoll::spec {

namespace {

bool is_bind(const Mount& mount) {
  return mount.type == "bind" || std::ranges::find(mount.options, "bind") != mount.options.end() ||
         std::ranges::find(mount.options, "rbind") != mount.options.end();
}

Result<std::uint32_t> read_id(const Node& node, Range<std::uint32_t> range = {}) {
  return required_number<std::uint32_t>(node, range);
}

Result<IdMapping> read_id_mapping(const Node& node) {
  constexpr std::uint64_t kIds = std::uint64_t{1} << 32;
  PLIMSOLL_TRY(node.must_be(json::Type::kObject));
  IdMapping mapping;
  mapping.container_id = PLIMSOLL_TRY(read_id(node["containerID"]));
  mapping.host_id = PLIMSOLL_TRY(read_id(node["hostID"]));
  mapping.size = PLIMSOLL_TRY(read_id(node["size"], {.low = 1}));
  if (std::uint64_t{mapping.container_id} + mapping.size > kIds ||
      std::uint64_t{mapping.host_id} + mapping.size > kIds)
    return node["size"].fails("the range ends behind the last id");
  return mapping;
}

bool overlap(std::uint32_t a, std::uint32_t a_size, std::uint32_t b, std::uint32_t b_size) {
  return a < std::uint64_t{b} + b_size && b < std::uint64_t{a} + a_size;
}

}  // namespace

// user_namespaces(7): at most 340 lines, which must not overlap on either side.
Result<std::vector<IdMapping>> read_id_mappings(const Node& node) {
  constexpr std::size_t kMost = 340;
  std::vector<IdMapping> all = PLIMSOLL_TRY(list(node, read_id_mapping));
  if (all.size() > kMost) return node.fails("has more than 340 ranges");
  for (std::size_t i = 0; i < all.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (overlap(all[i].container_id, all[i].size, all[j].container_id, all[j].size) ||
          overlap(all[i].host_id, all[i].size, all[j].host_id, all[j].size))
        return Node(node, i, &node.value().members[i].value)
            .fails("overlaps range " + std::to_string(j));
  return all;
}

Result<Mount> read_mount(const Node& node) {
  PLIMSOLL_TRY(node.must_be(json::Type::kObject));
  Mount mount;
  mount.destination = PLIMSOLL_TRY(required_text(node["destination"]));
  if (mount.destination.front() != '/') {
    // Version 1.0 took such a path as one below the root, and so do all runtimes still.
    node["destination"].warn("a relative path is taken as one below /");
    mount.destination.insert(0, "/");
  }
  mount.source = PLIMSOLL_TRY(text(node["source"]));
  mount.type = PLIMSOLL_TRY(text(node["type"]));
  mount.options = PLIMSOLL_TRY(texts(node["options"]));
  mount.uid_mappings = PLIMSOLL_TRY(read_id_mappings(node["uidMappings"]));
  mount.gid_mappings = PLIMSOLL_TRY(read_id_mappings(node["gidMappings"]));
  if (mount.uid_mappings.empty() != mount.gid_mappings.empty())
    return node[mount.uid_mappings.empty() ? "uidMappings" : "gidMappings"].fails(
        "uidMappings and gidMappings come together");
  if (is_bind(mount)) {
    if (mount.source.empty()) return node["source"].fails("is required by a bind mount");
  } else if (!mount.uid_mappings.empty()) {
    return node["uidMappings"].fails("only bind mounts have mappings of their own");
  }
  return mount;
}

}  // namespace plimsoll::spec
