#include "runtime/net/names.h"

#include <algorithm>

namespace plimsoll::net {

namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

bool has_name(const Named& named, std::string_view name) {
  for (const std::string& own : named.names) {
    if (same_name(own, name)) return true;
    if (name.size() == own.size() + 1 + named.network_name.size() && name[own.size()] == '.' &&
        same_name(name.substr(0, own.size()), own) &&
        same_name(name.substr(own.size() + 1), named.network_name))
      return true;
  }
  return false;
}

}  // namespace

void Names::add(Named named) {
  const std::lock_guard lock(mutex_);
  networks_of_[named.container].push_back(named.network);
  by_network_.emplace(named.network, std::move(named));
}

void Names::remove(const std::string& container) {
  const std::lock_guard lock(mutex_);
  std::erase_if(by_network_, [&](const auto& pair) { return pair.second.container == container; });
  networks_of_.erase(container);
}

Names::Found Names::find(const std::string& container, std::string_view name, Family family) const {
  const std::lock_guard lock(mutex_);
  Found found;
  const auto networks = networks_of_.find(container);
  if (networks == networks_of_.end()) return found;
  for (const std::string& network : networks->second) {
    const auto [first, last] = by_network_.equal_range(network);
    for (auto entry = first; entry != last; ++entry) {
      if (!has_name(entry->second, name)) continue;
      found.known = true;
      for (const Address& address : entry->second.addresses)
        if (address.family == family) found.addresses.push_back(address);
    }
  }
  return found;
}

std::optional<std::string> Names::name_of(const std::string& container,
                                          const Address& address) const {
  const std::lock_guard lock(mutex_);
  const auto networks = networks_of_.find(container);
  if (networks == networks_of_.end()) return std::nullopt;
  for (const std::string& network : networks->second) {
    const auto [first, last] = by_network_.equal_range(network);
    for (auto entry = first; entry != last; ++entry) {
      const Named& named = entry->second;
      if (std::ranges::find(named.addresses, address) == named.addresses.end()) continue;
      return named.names.front() + "." + named.network_name;
    }
  }
  return std::nullopt;
}

}  // namespace plimsoll::net
