// Devices, network devices, and what of the processor and memory is partitioned by device-like
// names: resctrl and NUMA.
#include <algorithm>

#include "runtime/spec/parts.h"

namespace plimsoll::spec {

namespace {

constexpr Range<std::uint32_t> kIds = {.high = 4294967294U};

// The kernel's dev_t: 12 bits and 20 bits (linux/kdev_t.h).
constexpr Range<std::uint32_t> kMajors = {.high = (1U << 12) - 1};
constexpr Range<std::uint32_t> kMinors = {.high = (1U << 20) - 1};

Result<int> read_memory_policy_flag(const Node& node) {
  // linux/mempolicy.h: MPOL_F_*.
  static constexpr Word<int> kFlags[] = {{"MPOL_F_STATIC_NODES", 1 << 15},
                                         {"MPOL_F_RELATIVE_NODES", 1 << 14},
                                         {"MPOL_F_NUMA_BALANCING", 1 << 13}};
  return word(node, kFlags);
}

// A directory in resctrl's root.
Result<std::string> read_clos_id(const Node& node) {
  std::string id = PLIMSOLL_TRY(text(node));
  const bool in_place = id == "." || id == "..";
  if (in_place || id.find_first_of("/\n") != std::string::npos)
    return node.fails("must be the name of a directory");
  return id;
}

Result<std::string> read_line(const Node& node) {
  std::string line = PLIMSOLL_TRY(text(node));
  if (line.find('\n') != std::string::npos) return node.fails("must be one line");
  return line;
}

}  // namespace

bool is_interface_name(std::string_view name) {
  constexpr std::size_t kLongest = 15;  // IFNAMSIZ - 1
  if (name.empty() || name.size() > kLongest || name == "." || name == "..") return false;
  return std::ranges::none_of(name, [](char c) {
    return c == '/' || c == ':' || c == ' ' || (c >= '\t' && c <= '\r') || c == '\0';
  });
}

Result<Device> read_device(const Node& node) {
  static constexpr Word<DeviceType> kTypes[] = {{"c", DeviceType::kCharacter},
                                                {"u", DeviceType::kCharacter},
                                                {"b", DeviceType::kBlock},
                                                {"p", DeviceType::kFifo}};
  constexpr mode_t kPermissions = 07777;
  PLIMSOLL_TRY(node.must_be(json::Type::kObject));
  Device device;
  PLIMSOLL_TRY(required_text(node["path"]));
  device.path = PLIMSOLL_TRY(absolute_path(node["path"]));
  device.type = PLIMSOLL_TRY(word(node["type"], kTypes));
  if (device.type != DeviceType::kFifo) {
    device.major = PLIMSOLL_TRY(required_number<std::uint32_t>(node["major"], kMajors));
    device.minor = PLIMSOLL_TRY(required_number<std::uint32_t>(node["minor"], kMinors));
  }
  // Engines copy st_mode of the host's device: its type stands above the permissions.
  const auto mode =
      PLIMSOLL_TRY(number_or<std::uint32_t>(node["fileMode"], device.mode, {.high = 0177777}));
  device.mode = mode & kPermissions;
  device.uid = PLIMSOLL_TRY(number_or<std::uint32_t>(node["uid"], 0, kIds));
  device.gid = PLIMSOLL_TRY(number_or<std::uint32_t>(node["gid"], 0, kIds));
  return device;
}

Result<NetDevice> read_net_device(const Node& node) {
  PLIMSOLL_TRY(node.must_be(json::Type::kObject));
  NetDevice device;
  device.name = PLIMSOLL_TRY(text(node["name"]));
  if (!device.name.empty() && !is_interface_name(device.name))
    return node["name"].fails("is no name of a network interface");
  return device;
}

Result<IntelRdt> read_intel_rdt(const Node& node) {
  IntelRdt rdt;
  rdt.clos_id = PLIMSOLL_TRY(read_clos_id(node["closID"]));
  rdt.schemata = PLIMSOLL_TRY(list(node["schemata"], read_line));
  rdt.l3_cache_schema = PLIMSOLL_TRY(read_line(node["l3CacheSchema"]));
  rdt.mem_bw_schema = PLIMSOLL_TRY(read_line(node["memBwSchema"]));
  rdt.enable_monitoring = PLIMSOLL_TRY(flag(node["enableMonitoring"]));
  // Two switches of version 1.1, which 1.3 made one.
  const bool cache = PLIMSOLL_TRY(flag(node["enableCMT"]));
  const bool bandwidth = PLIMSOLL_TRY(flag(node["enableMBM"]));
  rdt.enable_monitoring = rdt.enable_monitoring || cache || bandwidth;
  return rdt;
}

Result<MemoryPolicy> read_memory_policy(const Node& node) {
  static constexpr int kDefault = 0;
  static constexpr int kLocal = 4;
  static constexpr Word<int> kModes[] = {
      {"MPOL_DEFAULT", kDefault},     {"MPOL_PREFERRED", 1},  {"MPOL_BIND", 2},
      {"MPOL_INTERLEAVE", 3},         {"MPOL_LOCAL", kLocal}, {"MPOL_PREFERRED_MANY", 5},
      {"MPOL_WEIGHTED_INTERLEAVE", 6}};
  MemoryPolicy policy;
  policy.mode = PLIMSOLL_TRY(word(node["mode"], kModes));
  policy.nodes = PLIMSOLL_TRY(cpu_list(node["nodes"]));
  const auto flags = PLIMSOLL_TRY(list(node["flags"], read_memory_policy_flag));
  for (const int flag : flags) policy.flags |= flag;
  // set_mempolicy(2): these two take no nodes, the others (but for "preferred") need some.
  const bool without_nodes = policy.mode == kDefault || policy.mode == kLocal;
  if (without_nodes && !policy.nodes.empty())
    return node["nodes"].fails("must be empty with this mode");
  if (!without_nodes && policy.mode != 1 && policy.nodes.empty())
    return node["nodes"].fails("is required by this mode");
  return policy;
}

}  // namespace plimsoll::spec
