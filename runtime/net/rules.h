// Our nftables table as text: what every bridge and published port needs of the host's packets.
//
// Ports are elements of maps, so that a container's coming and going changes no rule.
// Thread: values, pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/net/address.h"

namespace plimsoll::net {

struct BridgeRule {
  std::string name;
  std::vector<Subnet> subnets;
  bool internal = false;
  bool masquerade = true;
  bool operator==(const BridgeRule&) const = default;
};

struct PortRule {
  std::string protocol;  // "tcp", "udp", "sctp"
  Address host;          // 0.0.0.0 or ::, or one of the host's.
  std::uint16_t host_port = 0;
  Address target;
  std::uint16_t target_port = 0;
  bool operator==(const PortRule&) const = default;
};

// One transaction that replaces whatever the table was.
[[nodiscard]] std::string table_text(const std::string& table,
                                     const std::vector<BridgeRule>& bridges,
                                     const std::vector<PortRule>& ports);
[[nodiscard]] std::string no_table_text(const std::string& table);
// One transaction. Done for ports that are there, it is done; "delete" of others fails.
[[nodiscard]] std::string add_ports_text(const std::string& table,
                                         const std::vector<PortRule>& ports);
[[nodiscard]] std::string delete_ports_text(const std::string& table,
                                            const std::vector<PortRule>& ports);

// Inside a container: what is for 127.0.0.11 port 53 goes to other ports there.
[[nodiscard]] std::string redirect_text(const std::string& table, std::uint16_t udp,
                                        std::uint16_t tcp);

}  // namespace plimsoll::net
