#include "runtime/net/pool.h"

#include <algorithm>

namespace plimsoll::net {

bool Pool::is_usable(const Address& address) const {
  if (!contains(subnet_, address)) return false;
  // RFC 3021 and 6164: with one bit or none, every address is a host's.
  if (subnet_.host_bits() < 2) return true;
  if (address == subnet_.base) return false;
  return subnet_.base.family == Family::kV6 || address != last_of(subnet_);
}

bool Pool::take(const Address& address) {
  if (!is_usable(address) || !taken_.insert(address).second) return false;
  if (contains(range_, address)) last_ = std::max(last_, offset_of(range_, address));
  return true;
}

std::optional<Address> Pool::take_next() {
  const std::uint64_t size = size_of(range_);
  // One more than is taken is enough to find one, or to know that there is none: of the others at
  // most the network's own two cannot be used.
  const std::uint64_t tries = std::min<std::uint64_t>(size, taken_.size() + 3);
  std::uint64_t offset = last_;
  for (std::uint64_t i = 0; i < tries; ++i) {
    offset = (offset + 1) % size;
    const Address address = at(range_, offset);
    if (!is_usable(address) || !taken_.insert(address).second) continue;
    last_ = offset;
    return address;
  }
  return std::nullopt;
}

std::optional<Subnet> free_subnet(const std::vector<Subnet>& taken) {
  const auto is_free = [&taken](const Subnet& subnet) {
    return std::ranges::none_of(taken, [&](const Subnet& other) { return overlap(subnet, other); });
  };
  for (std::uint8_t second = 18; second < 32; ++second) {
    const Subnet subnet{.base = {.bytes = {172, second}}, .prefix = 16};
    if (is_free(subnet)) return subnet;
  }
  for (unsigned third = 0; third < 256; third += 16) {
    const Subnet subnet{.base = {.bytes = {192, 168, static_cast<std::uint8_t>(third)}},
                        .prefix = 20};
    if (is_free(subnet)) return subnet;
  }
  return std::nullopt;
}

}  // namespace plimsoll::net
