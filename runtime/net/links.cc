#include "runtime/net/links.h"

#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <functional>

namespace plimsoll::net {

namespace {

constexpr std::uint16_t kMake = NLM_F_CREATE | NLM_F_EXCL;

std::uint8_t family_number(Family family) {
  return family == Family::kV4 ? AF_INET : AF_INET6;
}

ifinfomsg link_header(int index, bool up) {
  ifinfomsg header{};
  header.ifi_family = AF_UNSPEC;
  header.ifi_index = index;
  if (up) {
    header.ifi_flags = IFF_UP;
    header.ifi_change = IFF_UP;
  }
  return header;
}

void put_mtu(Batch& batch, int mtu) {
  if (mtu > 0) batch.put(IFLA_MTU, static_cast<std::uint32_t>(mtu));
}

void add_address(Batch& batch, int link, const OwnAddress& own) {
  batch.begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, "address " + to_text(own.address));
  ifaddrmsg header{};
  header.ifa_family = family_number(own.address.family);
  header.ifa_prefixlen = static_cast<std::uint8_t>(own.prefix);
  header.ifa_index = static_cast<std::uint32_t>(link);
  // Addresses are ours to give: nothing is gained by asking the others first, and two seconds lost.
  if (own.address.family == Family::kV6) header.ifa_flags = IFA_F_NODAD;
  batch.put_header(header);
  batch.put(IFA_LOCAL, own.address.used());
  batch.put(IFA_ADDRESS, own.address.used());
  if (own.address.family == Family::kV4 && own.prefix < 31) {
    const Subnet subnet{.base = masked(own.address, own.prefix), .prefix = own.prefix};
    batch.put(IFA_BROADCAST, last_of(subnet).used());
  }
}

void add_default_route(Batch& batch, int link, const Address& gateway) {
  batch.begin(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, "route by " + to_text(gateway));
  rtmsg header{};
  header.rtm_family = family_number(gateway.family);
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_protocol = RTPROT_BOOT;
  header.rtm_scope = RT_SCOPE_UNIVERSE;
  header.rtm_type = RTN_UNICAST;
  batch.put_header(header);
  batch.put(RTA_GATEWAY, gateway.used());
  batch.put(RTA_OIF, static_cast<std::uint32_t>(link));
}

// One of the switches of a bridge's port.
Result<> set_port(RouteSocket& socket, const std::string& link, std::uint16_t which) {
  const int index = PLIMSOLL_TRY(socket.index_of(link));
  if (index == 0) return os_failure("rtnetlink", "link " + link, ENODEV);
  Batch batch;
  batch.begin(RTM_SETLINK, 0, "link " + link);
  ifinfomsg header = link_header(index, false);
  header.ifi_family = PF_BRIDGE;
  batch.put_header(header);
  const std::size_t port = batch.begin_nest(IFLA_PROTINFO | NLA_F_NESTED);
  batch.put(which, std::uint8_t{1});
  batch.end_nest(port);
  return socket.run(batch);
}

// Of its own: a bridge without one takes the lowest of its ports', another with every container.
Result<Mac> random_mac() {
  Mac mac{};
  if (::getrandom(mac.data(), mac.size(), 0) != static_cast<ssize_t>(mac.size()))
    return os_failure("getrandom", "MAC address");
  mac[0] = 0x02;
  mac[1] = 0x42;
  return mac;
}

std::optional<Subnet> destination_of(const nlmsghdr& message, int except) {
  std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(&message), message.nlmsg_len);
  rtmsg header{};
  constexpr std::size_t kHead = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof header);
  if (message.nlmsg_type != RTM_NEWROUTE || bytes.size() < kHead) return std::nullopt;
  std::memcpy(&header, bytes.data() + NLMSG_HDRLEN, sizeof header);
  bytes = bytes.subspan(kHead);
  if (header.rtm_type != RTN_UNICAST || header.rtm_dst_len == 0) return std::nullopt;
  Subnet subnet{.base = {.family = header.rtm_family == AF_INET ? Family::kV4 : Family::kV6},
                .prefix = header.rtm_dst_len};
  bool found = false;
  int link = 0;
  for (Attribute attribute; next_attribute(bytes, attribute);) {
    const std::span<const std::byte> payload = attribute.payload;
    if (attribute.type == RTA_OIF && payload.size() == sizeof link)
      std::memcpy(&link, payload.data(), sizeof link);
    if (attribute.type != RTA_DST || payload.size() != subnet.base.size()) continue;
    std::memcpy(subnet.base.bytes.data(), payload.data(), payload.size());
    found = true;
  }
  const bool excepted = link != 0 && link == except;
  return found && !excepted ? std::optional(subnet) : std::nullopt;
}

}  // namespace

Result<int> make_bridge(RouteSocket& socket, const Bridge& bridge) {
  int index = PLIMSOLL_TRY(socket.index_of(bridge.name));
  if (index == 0) {
    const Mac mac = PLIMSOLL_TRY(random_mac());
    Batch make;
    make.begin(RTM_NEWLINK, kMake, "bridge " + bridge.name);
    make.put_header(link_header(0, false));
    make.put(IFLA_IFNAME, bridge.name);
    make.put(IFLA_ADDRESS, std::span<const std::uint8_t>(mac));
    put_mtu(make, bridge.mtu);
    const std::size_t info = make.begin_nest(IFLA_LINKINFO);
    make.put(IFLA_INFO_KIND, std::string("bridge"));
    make.end_nest(info);
    PLIMSOLL_TRY(socket.run(make));
    index = PLIMSOLL_TRY(socket.index_of(bridge.name));
  }
  Batch rest;
  for (const OwnAddress& own : bridge.addresses) add_address(rest, index, own);
  rest.begin(RTM_NEWLINK, 0, "bridge " + bridge.name);
  rest.put_header(link_header(index, true));
  PLIMSOLL_TRY(socket.run(rest));
  return index;
}

Result<> make_veth(RouteSocket& socket, const Veth& veth, const Fd& netns) {
  Batch batch;
  batch.begin(RTM_NEWLINK, kMake, "link " + veth.outside);
  batch.put_header(link_header(0, true));
  batch.put(IFLA_IFNAME, veth.outside);
  batch.put(IFLA_MASTER, static_cast<std::uint32_t>(veth.bridge));
  put_mtu(batch, veth.mtu);
  const std::size_t info = batch.begin_nest(IFLA_LINKINFO);
  batch.put(IFLA_INFO_KIND, std::string("veth"));
  const std::size_t data = batch.begin_nest(IFLA_INFO_DATA);
  const std::size_t peer = batch.begin_nest(VETH_INFO_PEER);
  // Down: it cannot be up before the kernel has made the other.
  batch.put_header(link_header(0, false));
  batch.put(IFLA_IFNAME, veth.inside);
  batch.put(IFLA_ADDRESS, std::span<const std::uint8_t>(veth.mac));
  put_mtu(batch, veth.mtu);
  batch.put(IFLA_NET_NS_FD, static_cast<std::uint32_t>(netns.get()));
  batch.end_nest(peer);
  batch.end_nest(data);
  batch.end_nest(info);
  PLIMSOLL_TRY(socket.run(batch));
  if (!veth.isolated) return {};
  return set_port(socket, veth.outside, IFLA_BRPORT_ISOLATED);
}

Result<> turn_round(RouteSocket& socket, const std::string& outside) {
  return set_port(socket, outside, IFLA_BRPORT_MODE);
}

Result<> configure(RouteSocket& socket, const Inside& inside) {
  const int index = PLIMSOLL_TRY(socket.index_of(inside.link));
  if (index == 0) return os_failure("rtnetlink", "link " + inside.link, ENODEV);
  Batch batch;
  batch.begin(RTM_NEWLINK, 0, "link " + inside.link);
  batch.put_header(link_header(index, true));
  for (const OwnAddress& own : inside.addresses) add_address(batch, index, own);
  for (const Address& gateway : inside.gateways) add_default_route(batch, index, gateway);
  return socket.run(batch);
}

Result<> set_up(RouteSocket& socket, const std::string& link) {
  Batch batch;
  batch.begin(RTM_NEWLINK, 0, "link " + link);
  batch.put_header(link_header(0, true));
  batch.put(IFLA_IFNAME, link);
  return socket.run(batch);
}

Result<> remove_link(RouteSocket& socket, const std::string& link) {
  Batch batch;
  batch.begin(RTM_DELLINK, 0, "link " + link);
  batch.put_header(link_header(0, false));
  batch.put(IFLA_IFNAME, link);
  const Result<> removed = socket.run(batch);
  if (!removed && removed.error().os_error != ENODEV) return removed;
  return {};
}

Result<std::vector<Subnet>> routed_subnets(RouteSocket& socket, int except) {
  std::vector<Subnet> subnets;
  for (const std::uint8_t family : {std::uint8_t{AF_INET}, std::uint8_t{AF_INET6}}) {
    Batch batch;
    batch.begin(RTM_GETROUTE, NLM_F_DUMP, "routes");
    rtmsg header{};
    header.rtm_family = family;
    batch.put_header(header);
    PLIMSOLL_TRY(socket.dump(batch, [&](const nlmsghdr& message) {
      if (const auto subnet = destination_of(message, except)) subnets.push_back(*subnet);
    }));
  }
  return subnets;
}

}  // namespace plimsoll::net
