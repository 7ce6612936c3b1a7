// Links, addresses and routes of the network namespace a RouteSocket belongs to.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "runtime/net/address.h"
#include "runtime/net/route_socket.h"

namespace plimsoll::net {

// An address of an interface, with its subnet's length.
struct OwnAddress {
  Address address;
  int prefix = 0;
};

struct Bridge {
  std::string name;
  std::vector<OwnAddress> addresses;  // Its gateways'.
  int mtu = 0;                        // 0: the kernel's.
};
// Postcondition: it is there, up, with these addresses. Done again, it is done.
[[nodiscard]] Result<int> make_bridge(RouteSocket& socket, const Bridge& bridge);

struct Veth {
  std::string outside;  // Up, a port of the bridge.
  int bridge = 0;
  std::string inside;  // In the namespace, down.
  Mac mac{};
  int mtu = 0;
  bool isolated = false;  // Its bridge carries nothing between it and other isolated ones.
};
// The inner end is born in the namespace: moving a link makes the kernel wait for its readers.
[[nodiscard]] Result<> make_veth(RouteSocket& socket, const Veth& veth, const Fd& netns);

// Its bridge may send back to it what came from it: where br_netfilter is loaded, a container's
// packets to its own published port are turned round by the bridge.
[[nodiscard]] Result<> turn_round(RouteSocket& socket, const std::string& outside);

// Brings up a link that is there, with addresses, and default routes through it. For a socket
// inside.
struct Inside {
  std::string link;
  std::vector<OwnAddress> addresses;
  std::vector<Address> gateways;  // Empty: no default route.
};
[[nodiscard]] Result<> configure(RouteSocket& socket, const Inside& inside);
[[nodiscard]] Result<> set_up(RouteSocket& socket, const std::string& link);
// Postcondition: there is none of this name.
[[nodiscard]] Result<> remove_link(RouteSocket& socket, const std::string& link);

// The subnets that routes of this host lead to, without the default route and those by the link
// `except` (an index; 0: by all): what a new network must not hide.
[[nodiscard]] Result<std::vector<Subnet>> routed_subnets(RouteSocket& socket, int except = 0);

}  // namespace plimsoll::net
