// rtnetlink(7) messages about network interfaces, parsed: pure functions over bytes the kernel
// sent.
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <optional>
#include <string>

namespace plimsoll::exporter {

struct LinkCounters {
  std::uint64_t rx_bytes = 0, rx_packets = 0, tx_bytes = 0, tx_packets = 0;
  std::uint64_t rx_errors = 0, rx_dropped = 0, tx_errors = 0, tx_dropped = 0;
  bool operator==(const LinkCounters&) const = default;
};

struct HostLink {
  std::string name;
  // Set for a pair's host end (veth, netkit) whose other end is in another namespace: the kernel's
  // number for that namespace, as the host's namespace counts, and the other end's ifindex there.
  std::optional<std::int32_t> peer_nsid;
  std::int32_t peer_ifindex = 0;
  LinkCounters counters;
};

// RTM_NEWLINK, RTM_DELLINK; nothing if it is not about a device itself (bridge ports have messages
// of the same type).
struct LinkMessage {
  std::int32_t ifindex = 0;
  HostLink link;         // Without counters.
  bool is_pair = false;  // A veth or netkit, wherever its other end is.
};
[[nodiscard]] std::optional<LinkMessage> parse_link(const nlmsghdr& message);

// RTM_NEWSTATS with IFLA_STATS_LINK_64; nothing without it. The sums are /proc/net/dev's.
struct StatsMessage {
  std::int32_t ifindex = 0;
  LinkCounters counters;
};
[[nodiscard]] std::optional<StatsMessage> parse_stats(const nlmsghdr& message);

// The answer to RTM_GETNSID; nothing if the namespace has no number.
[[nodiscard]] std::optional<std::int32_t> parse_nsid(const nlmsghdr& message);

}  // namespace plimsoll::exporter
