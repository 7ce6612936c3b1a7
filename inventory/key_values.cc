#include "inventory/key_values.h"

#include "base/number.h"
#include "base/text.h"

namespace plimsoll::inventory {

std::vector<std::pair<std::string, std::string>> parse_key_values(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> pairs;
  std::string_view line;
  while (next_line(text, line)) {
    line = trim(line);
    const std::size_t equals = line.find('=');
    if (line.starts_with('#') || equals == std::string_view::npos) continue;
    pairs.emplace_back(trim(line.substr(0, equals)), trim(line.substr(equals + 1)));
  }
  return pairs;
}

Identity read_machine(std::string_view text, Identity identity) {
  for (const auto& [key, value] : parse_key_values(text)) {
    if (key == "NAME") identity.name = value;
    if (key == "ROOT" && value != "/") identity.upper_dir = value;
    if (key == "LEADER") identity.pid = to_number<std::int32_t>(value);
    if (key == "NETIF" && !value.empty()) identity.network = NetworkMode::kOwn;
    if (key == "REALTIME")
      if (const auto us = to_number<std::int64_t>(value); us && *us < 9'000'000'000'000'000)
        identity.created = identity.started = WallTime(std::chrono::microseconds(*us));
  }
  return identity;
}

LxcConfig read_lxc_config(std::string_view text, Identity identity) {
  LxcConfig config{std::move(identity), {}};
  for (const auto& [key, value] : parse_key_values(text)) {
    if (key == "lxc.environment") config.environment.push_back(value);
    if (key == "lxc.uts.name" || key == "lxc.utsname") config.identity.name = value;
    // "dir:/path", "overlayfs:/lower:/upper", "btrfs:/path", or only the path (before LXC 2.1).
    if (key == "lxc.rootfs.path" || key == "lxc.rootfs")
      config.identity.upper_dir = value.substr(value.rfind(':') + 1);
    if ((key.starts_with("lxc.net.") && key.ends_with(".type")) || key == "lxc.network.type") {
      if (value == "none") config.identity.network = NetworkMode::kHost;
      if (value == "empty") config.identity.network = NetworkMode::kNone;
      if (value != "none" && value != "empty") config.identity.network = NetworkMode::kOwn;
    }
  }
  return config;
}

}  // namespace plimsoll::inventory
