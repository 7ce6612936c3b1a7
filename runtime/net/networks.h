// The networks of this host's containers: bridges, addresses, published ports, names.
//
// Each container that has a network of its own has a network namespace with a path
// (RUN_DIR/netns/<container>), which outlives its processes and this program. What exists in the
// kernel is written down before it is made, so that restore() finds or removes it. Our nftables
// rules are one table of our own; other people's are not touched.
// Thread: all methods from any thread; one change at a time inside.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "runtime/model/refusal.h"

namespace plimsoll::net {

struct IpamConfig {
  std::string subnet;
  std::string gateway;
  std::string ip_range;
  std::map<std::string, std::string> auxiliary;
};

struct Network {
  std::string id;  // 64 hex digits.
  std::string name;
  std::string driver;   // "bridge", "host", "null"
  std::string created;  // RFC 3339.
  bool ipv6 = false;
  bool internal = false;
  bool attachable = false;
  std::vector<IpamConfig> ipam;
  std::map<std::string, std::string> ipam_options;
  std::map<std::string, std::string> options;
  std::map<std::string, std::string> labels;
  std::string bridge;  // "plimsoll0", "pl-1a2b3c4d5e6f"
};

struct Endpoint {
  std::string network_id;
  std::string network_name;
  std::string endpoint_id;
  std::string container_id;
  std::string container_name;
  std::string mac;
  std::string gateway;
  std::string address;  // "172.18.0.2"; empty: not up.
  int prefix = 0;
  std::string gateway6;
  std::string address6;
  int prefix6 = 0;
  std::string interface;  // "eth0" inside.
  std::vector<std::string> aliases;
  std::vector<std::string> links;
};

struct EndpointRequest {
  std::string container_id;
  std::string container_name;
  std::string address;  // Empty: any.
  std::string address6;
  std::string mac;
  std::vector<std::string> aliases;  // Further names; name and short id are always there.
  std::vector<std::string> links;
  std::vector<std::string> servers;  // Name servers asked instead of the host's (--dns).
};

struct PortRequest {
  std::uint16_t container_port = 0;
  std::string protocol = "tcp";  // "tcp", "udp", "sctp"
  std::string host_ip;           // Empty: 0.0.0.0 and ::
  std::uint16_t first = 0;       // Of the host's; 0: any free one.
  std::uint16_t last = 0;
};
struct Published {
  std::uint16_t container_port = 0;
  std::string protocol;
  std::string host_ip;
  std::uint16_t host_port = 0;
};

// What stands in a container's /etc/resolv.conf.
struct Resolving {
  std::vector<std::string> servers;
  std::vector<std::string> search;
  std::vector<std::string> options;
};

struct Options {
  std::string state_dir;  // Networks are kept here.
  std::string run_dir;    // Namespaces are pinned here.
  std::string bridge = "plimsoll0";
  // Of the default bridge. Empty: what it has had since the first start, when it was the first of
  // 172.27.0.0/16, 172.18.0.0/16 ... 172.31.0.0/16, 192.168.0.0/20 ... that no route of this host
  // led to (docker0 may be on it, too).
  std::string subnet;
  std::string subnet6;             // Empty: no IPv6 on the default bridge.
  std::string table = "plimsoll";  // nftables.
  std::string proc = "/proc";      // Of the network namespace this program is in.
  std::string resolv_conf = "/etc/resolv.conf";
  std::string resolved_conf = "/run/systemd/resolve/resolv.conf";
};

class Networks {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Networks>> open(Options options);
  virtual ~Networks() = default;

  [[nodiscard]] virtual std::vector<Network> list() const = 0;  // bridge, host, none and others.
  // By name, id, or a unique beginning of the id. "network x not found".
  [[nodiscard]] virtual model::Answer<Network> find(std::string_view reference) const = 0;
  [[nodiscard]] virtual model::Answer<Network> create(Network asked) = 0;
  [[nodiscard]] virtual model::Answer<Network> remove(std::string_view reference) = 0;
  [[nodiscard]] virtual std::vector<Endpoint> endpoints(const std::string& network_id) const = 0;
  [[nodiscard]] virtual std::vector<Endpoint> endpoints_of(const std::string& container) const = 0;

  // A namespace with a loopback that is up. The answer is its path. Done again, it is done.
  [[nodiscard]] virtual Result<std::string> make_namespace(const std::string& container) = 0;
  // Postcondition: the container has an interface, address and route in this network, and its names
  // resolve there. Its namespace must exist, except for `host` and `none`.
  [[nodiscard]] virtual model::Answer<Endpoint> connect(const std::string& network_id,
                                                        const EndpointRequest& request) = 0;
  [[nodiscard]] virtual model::Answer<> disconnect(const std::string& network_id,
                                                   const std::string& container) = 0;
  // On the container's first bridge. kFailed: "... port is already allocated".
  [[nodiscard]] virtual model::Answer<std::vector<Published>> publish(
      const std::string& container, const std::vector<PortRequest>& ports) = 0;
  [[nodiscard]] virtual std::vector<Published> published(const std::string& container) const = 0;
  // Other names from now on (docker rename).
  virtual void rename(const std::string& container, const std::string& name) = 0;
  [[nodiscard]] virtual Resolving resolving(const std::string& container) const = 0;
  // Ports, rules, interfaces, addresses, namespace: all gone. Done again, it is done.
  [[nodiscard]] virtual Result<> release(const std::string& container) = 0;

  // After a start of this program: what belongs to these running containers is taken up again (the
  // rules written anew, the resolvers started), all else of ours is removed.
  [[nodiscard]] virtual Result<> restore(const std::vector<std::string>& running) = 0;
};

}  // namespace plimsoll::net
