// The addresses of one subnet: which are taken, and which is next.
//
// The next is the one after the last that was given, not the lowest that is free: an address that
// was just given back is in other containers' caches and in connections that linger.
// Thread: no locking of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "runtime/net/address.h"

namespace plimsoll::net {

class Pool {
 public:
  // `range`: what is given without being asked for; the whole subnet, or a part of it.
  Pool(Subnet subnet, Subnet range) : subnet_(subnet), range_(range) {}

  [[nodiscard]] const Subnet& subnet() const { return subnet_; }
  // False: it is taken, or not of this subnet, or the subnet's own (network, broadcast).
  [[nodiscard]] bool take(const Address& address);
  // Nothing: all are taken.
  [[nodiscard]] std::optional<Address> take_next();
  void give_back(const Address& address) { taken_.erase(address); }

 private:
  [[nodiscard]] bool is_usable(const Address& address) const;

  Subnet subnet_;
  Subnet range_;
  std::set<Address> taken_;
  std::uint64_t last_ = 0;  // As an offset in the range.
};

// The first of Docker's default pools (172.18-31/16, then 192.168.0-240/20) that overlaps nothing.
[[nodiscard]] std::optional<Subnet> free_subnet(const std::vector<Subnet>& taken);

}  // namespace plimsoll::net
