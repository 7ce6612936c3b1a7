#include "exporter/collect/link_message.h"

#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "exporter/collect/netlink_message.h"

namespace plimsoll::exporter {

namespace {

bool is_pair_kind(std::span<const std::byte> linkinfo) {
  Attribute attribute;
  while (next_attribute(linkinfo, attribute))
    if (attribute.type == IFLA_INFO_KIND)
      return attribute.text() == "veth" || attribute.text() == "netkit";
  return false;
}

}  // namespace

std::optional<LinkMessage> parse_link(const nlmsghdr& message) {
  const auto info = family_of<ifinfomsg>(message);
  if (!info || info->ifi_family != AF_UNSPEC) return std::nullopt;
  LinkMessage out;
  out.ifindex = info->ifi_index;
  std::optional<std::int32_t> nsid;
  std::span<const std::byte> attributes = attributes_of<ifinfomsg>(message);
  Attribute attribute;
  while (next_attribute(attributes, attribute)) {
    switch (attribute.type) {
      case IFLA_IFNAME:
        out.link.name = attribute.text();
        break;
      case IFLA_LINK:
        out.link.peer_ifindex = attribute.number<std::int32_t>().value_or(0);
        break;
      case IFLA_LINK_NETNSID:
        nsid = attribute.number<std::int32_t>();
        break;
      case IFLA_LINKINFO:
        out.is_pair = is_pair_kind(attribute.payload);
        break;
      default:
        break;
    }
  }
  // For a VLAN or macvlan IFLA_LINK is the device below, not the other end of anything.
  if (out.is_pair && nsid && *nsid >= 0) out.link.peer_nsid = nsid;
  return out;
}

std::optional<StatsMessage> parse_stats(const nlmsghdr& message) {
  const auto head = family_of<if_stats_msg>(message);
  if (!head) return std::nullopt;
  std::span<const std::byte> attributes = attributes_of<if_stats_msg>(message);
  Attribute attribute;
  while (next_attribute(attributes, attribute)) {
    if (attribute.type != IFLA_STATS_LINK_64) continue;
    rtnl_link_stats64 stats{};  // Older and newer kernels have fewer and more fields.
    std::memcpy(&stats, attribute.payload.data(), std::min(sizeof stats, attribute.payload.size()));
    return StatsMessage{.ifindex = static_cast<std::int32_t>(head->ifindex),
                        .counters = {.rx_bytes = stats.rx_bytes,
                                     .rx_packets = stats.rx_packets,
                                     .tx_bytes = stats.tx_bytes,
                                     .tx_packets = stats.tx_packets,
                                     .rx_errors = stats.rx_errors,
                                     .rx_dropped = stats.rx_dropped + stats.rx_missed_errors,
                                     .tx_errors = stats.tx_errors,
                                     .tx_dropped = stats.tx_dropped}};
  }
  return std::nullopt;
}

std::optional<std::int32_t> parse_nsid(const nlmsghdr& message) {
  std::span<const std::byte> attributes = attributes_of<rtgenmsg>(message);
  std::optional<std::int32_t> nsid;
  Attribute attribute;
  while (next_attribute(attributes, attribute))
    if (attribute.type == NETNSA_NSID) nsid = attribute.number<std::int32_t>();
  if (nsid && *nsid < 0) nsid.reset();  // NETNSA_NSID_NOT_ASSIGNED
  return nsid;
}

}  // namespace plimsoll::exporter
