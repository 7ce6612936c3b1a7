// An address and a port as socket calls take them.
#pragma once

#include <sys/socket.h>

#include <cstdint>

#include "runtime/net/address.h"

namespace plimsoll::net {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};
[[nodiscard]] SocketAddress socket_address(const Address& host, std::uint16_t port);

}  // namespace plimsoll::net
