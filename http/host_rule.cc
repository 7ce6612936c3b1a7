#include "http/host_rule.h"

#include <algorithm>

#include "http/address.h"

namespace plimsoll::http {

HostRule::HostRule(const std::vector<std::string>& allowed) {
  for (const std::string& name : allowed) allowed_.push_back(name_in_host(name));
}

std::string name_in_host(std::string_view host) {
  if (host.starts_with('[')) {
    host = host.substr(1, std::min(host.find(']'), host.size()) - 1);
  } else if (std::ranges::count(host, ':') <= 1) {
    host = host.substr(0, host.find(':'));
  }
  // The same name, as the root of all names is written.
  if (host.ends_with('.')) host.remove_suffix(1);
  std::string name(host);
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return name;
}

bool HostRule::accepts(std::string_view host, const Door& door) const {
  if (door.kind != Door::Kind::kLoopback) return true;
  const std::string name = name_in_host(host);
  if (is_loopback(name) || (!name.empty() && name == name_in_host(door.host))) return true;
  return std::ranges::any_of(allowed_, [&](const std::string& one) {
    return one == "*" || (!name.empty() && one == name);
  });
}

}  // namespace plimsoll::http
