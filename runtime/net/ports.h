// Ports of the host, held by being bound: whoever else wants one is told so by the kernel, and
// nobody else can be sent what is meant for a container.
//
// Bound and not listening: packets for it are turned round to the container before a socket is
// looked for; were our rules gone, a client would be refused and not left waiting.
// Thread: any.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "base/fd.h"
#include "runtime/net/address.h"

namespace plimsoll::net {

// kBusy with EADDRINUSE: somebody has it. An empty Fd: this kernel has no such protocol; its rule
// works all the same.
[[nodiscard]] Result<Fd> hold_port(const std::string& protocol, const Address& host,
                                   std::uint16_t port);

struct PortRange {
  std::uint16_t first = 32768;
  std::uint16_t last = 60999;
};
// net.ipv4.ip_local_port_range.
[[nodiscard]] PortRange local_ports(const std::string& proc);

}  // namespace plimsoll::net
