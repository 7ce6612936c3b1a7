// Which name means which address, on which network.
//
// Thread: any; it has a lock of its own, so that a question never waits for the kernel's answer to
// somebody else's request.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/net/address.h"

namespace plimsoll::net {

// What one container is called on one network.
struct Named {
  std::string network;
  std::string network_name;
  std::string container;
  std::vector<std::string> names;  // The first is the one that addresses are turned back into.
  std::vector<Address> addresses;
};

class Names {
 public:
  void add(Named named);
  void remove(const std::string& container);

  struct Found {
    bool known = false;  // Of some family, on one of the networks.
    std::vector<Address> addresses;
  };
  // Of all that have the name on one of the networks of `container`, or "name.network". Names do
  // not depend on case (RFC 4343).
  [[nodiscard]] Found find(const std::string& container, std::string_view name,
                           Family family) const;
  // "web.front", for an address on one of the networks of `container`.
  [[nodiscard]] std::optional<std::string> name_of(const std::string& container,
                                                   const Address& address) const;

 private:
  mutable std::mutex mutex_;
  std::multimap<std::string, Named> by_network_;
  std::map<std::string, std::vector<std::string>> networks_of_;  // By container.
};

}  // namespace plimsoll::net
