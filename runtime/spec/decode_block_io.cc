// Device rules and block I/O: what is said per device number.
#include "runtime/spec/parts.h"

namespace plimsoll::spec {

namespace {

constexpr Range<std::int64_t> kMajors = {.low = 0, .high = (1 << 12) - 1};
constexpr Range<std::int64_t> kMinors = {.low = 0, .high = (1 << 20) - 1};

// -1, too, says "every one", as engines write it since cgroup v1's "*".
Result<std::optional<std::uint32_t>> read_rule_number(const Node& node, Range<std::int64_t> range) {
  const auto value = PLIMSOLL_TRY(number<std::int64_t>(node, {.low = -1, .high = range.high}));
  if (!value || *value < 0) return std::optional<std::uint32_t>();
  return std::optional(static_cast<std::uint32_t>(*value));
}

// Engines write 0 for "not given"; the kernel takes 10 to 1000 on v1.
Result<std::optional<std::uint16_t>> read_weight(const Node& node) {
  constexpr std::uint16_t kLeast = 10;
  const auto weight = PLIMSOLL_TRY(number<std::uint16_t>(node, {.low = 0, .high = 1000}));
  if (!weight || *weight == 0) return std::optional<std::uint16_t>();
  if (*weight < kLeast) return node.fails("must be from 10 to 1000");
  return weight;
}

Result<BlockWeight> read_block_weight(const Node& node) {
  PLIMSOLL_TRY(node.must_be(json::Type::kObject));
  BlockWeight weight;
  weight.major = PLIMSOLL_TRY(required_number<std::int64_t>(node["major"], kMajors));
  weight.minor = PLIMSOLL_TRY(required_number<std::int64_t>(node["minor"], kMinors));
  weight.weight = PLIMSOLL_TRY(read_weight(node["weight"]));
  weight.leaf_weight = PLIMSOLL_TRY(read_weight(node["leafWeight"]));
  if (!weight.weight && !weight.leaf_weight)
    return node["weight"].fails("weight or leafWeight is required");
  return weight;
}

Result<BlockThrottle> read_throttle(const Node& node) {
  PLIMSOLL_TRY(node.must_be(json::Type::kObject));
  BlockThrottle throttle;
  throttle.major = PLIMSOLL_TRY(required_number<std::int64_t>(node["major"], kMajors));
  throttle.minor = PLIMSOLL_TRY(required_number<std::int64_t>(node["minor"], kMinors));
  throttle.rate = PLIMSOLL_TRY(required_number<std::uint64_t>(node["rate"]));
  return throttle;
}

}  // namespace

Result<DeviceRule> read_device_rule(const Node& node) {
  static constexpr Word<DeviceRule::Type> kTypes[] = {{"a", DeviceRule::Type::kAll},
                                                      {"c", DeviceRule::Type::kCharacter},
                                                      {"b", DeviceRule::Type::kBlock}};
  PLIMSOLL_TRY(node.must_be(json::Type::kObject));
  DeviceRule rule;
  PLIMSOLL_TRY(node["allow"].must_be(json::Type::kBoolean));
  rule.allow = PLIMSOLL_TRY(flag(node["allow"]));
  const std::string type = PLIMSOLL_TRY(text(node["type"]));
  if (!type.empty()) rule.type = PLIMSOLL_TRY(word(node["type"], kTypes));
  rule.major = PLIMSOLL_TRY(read_rule_number(node["major"], kMajors));
  rule.minor = PLIMSOLL_TRY(read_rule_number(node["minor"], kMinors));
  std::string access = PLIMSOLL_TRY(text(node["access"]));
  if (access.empty()) access = "rwm";
  for (const char c : access) {
    if (c != 'r' && c != 'w' && c != 'm') return node["access"].fails("must be of r, w and m");
    rule.read = rule.read || c == 'r';
    rule.write = rule.write || c == 'w';
    rule.mknod = rule.mknod || c == 'm';
  }
  return rule;
}

Result<BlockIoResources> read_block_io(const Node& node) {
  BlockIoResources io;
  io.weight = PLIMSOLL_TRY(read_weight(node["weight"]));
  io.leaf_weight = PLIMSOLL_TRY(read_weight(node["leafWeight"]));
  io.weight_device = PLIMSOLL_TRY(list(node["weightDevice"], read_block_weight));
  io.read_bps = PLIMSOLL_TRY(list(node["throttleReadBpsDevice"], read_throttle));
  io.write_bps = PLIMSOLL_TRY(list(node["throttleWriteBpsDevice"], read_throttle));
  io.read_iops = PLIMSOLL_TRY(list(node["throttleReadIOPSDevice"], read_throttle));
  io.write_iops = PLIMSOLL_TRY(list(node["throttleWriteIOPSDevice"], read_throttle));
  return io;
}

}  // namespace plimsoll::spec
