#include "runtime/lifecycle/net_devices.h"

#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>

#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "base/fill_in.h"
#include "runtime/net/route_socket.h"

namespace plimsoll::runtime {

namespace {

struct KeptAddress {
  ifaddrmsg header{};
  std::vector<std::pair<std::uint16_t, std::vector<std::byte>>> attributes;
};

std::optional<KeptAddress> address_of(const nlmsghdr& message, int link) {
  if (message.nlmsg_type != RTM_NEWADDR || message.nlmsg_len < NLMSG_LENGTH(sizeof(ifaddrmsg)))
    return std::nullopt;
  KeptAddress address;
  const auto* const data = reinterpret_cast<const std::byte*>(&message) + NLMSG_HDRLEN;
  std::memcpy(&address.header, data, sizeof address.header);
  const ifaddrmsg& header = address.header;
  if (static_cast<int>(header.ifa_index) != link || header.ifa_scope != RT_SCOPE_UNIVERSE ||
      (header.ifa_flags & IFA_F_PERMANENT) == 0)
    return std::nullopt;
  constexpr std::size_t kBegin = NLMSG_ALIGN(sizeof(ifaddrmsg));
  std::span<const std::byte> rest(data + kBegin, message.nlmsg_len - NLMSG_HDRLEN - kBegin);
  for (net::Attribute attribute; net::next_attribute(rest, attribute);) {
    if (attribute.type == IFA_ADDRESS || attribute.type == IFA_LOCAL ||
        attribute.type == IFA_BROADCAST)
      address.attributes.emplace_back(
          attribute.type,
          std::vector<std::byte>(attribute.payload.begin(), attribute.payload.end()));
  }
  return address;
}

Result<std::vector<KeptAddress>> addresses_of(net::RouteSocket& socket, int link) {
  std::vector<KeptAddress> kept;
  net::Batch batch;
  batch.begin(RTM_GETADDR, NLM_F_DUMP, "addresses");
  batch.put_header(ifaddrmsg{});
  PLIMSOLL_TRY(socket.dump(batch, [&](const nlmsghdr& message) {
    if (auto address = address_of(message, link)) kept.push_back(*std::move(address));
  }));
  return kept;
}

// Down first: only then may it be renamed.
Result<> move(net::RouteSocket& socket, int link, const std::string& name, const Fd& netns) {
  net::Batch batch;
  ifinfomsg header{};
  header.ifi_index = link;
  header.ifi_change = IFF_UP;
  batch.begin(RTM_NEWLINK, 0, "taking down " + name);
  batch.put_header(header);
  PLIMSOLL_TRY(socket.run(batch));
  net::Batch moving;
  header.ifi_change = 0;
  moving.begin(RTM_NEWLINK, 0, "moving " + name);
  moving.put_header(header);
  moving.put(IFLA_NET_NS_FD, static_cast<std::uint32_t>(netns.get()));
  moving.put(IFLA_IFNAME, name);
  return socket.run(moving);
}

Result<> set_up(net::RouteSocket& socket, const std::string& name,
                const std::vector<KeptAddress>& addresses) {
  const int link = PLIMSOLL_TRY(socket.index_of(name));
  net::Batch batch;
  for (const KeptAddress& address : addresses) {
    ifaddrmsg header = address.header;
    header.ifa_index = static_cast<unsigned>(link);
    batch.begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, "an address of " + name);
    batch.put_header(header);
    for (const auto& [type, payload] : address.attributes)
      batch.put(type, std::span<const std::byte>(payload));
  }
  ifinfomsg header{};
  header.ifi_index = link;
  header.ifi_flags = IFF_UP;
  header.ifi_change = IFF_UP;
  batch.begin(RTM_NEWLINK, 0, "bringing up " + name);
  batch.put_header(header);
  return socket.run(batch);
}

// A socket belongs to the namespace in which it was made, for good.
Result<net::RouteSocket> socket_in(const Fd& netns) {
  const Fd back(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!back) return os_failure("open", "/proc/self/ns/net");
  if (::setns(netns.get(), CLONE_NEWNET) != 0) return os_failure("setns", "network namespace");
  Result<net::RouteSocket> socket = net::RouteSocket::open();
  if (::setns(back.get(), CLONE_NEWNET) != 0) return os_failure("setns", "network namespace");
  return socket;
}

}  // namespace

Result<> move_net_devices(const std::map<std::string, spec::NetDevice>& devices, const Fd& netns) {
  net::RouteSocket here = PLIMSOLL_TRY(net::RouteSocket::open());
  net::RouteSocket there = PLIMSOLL_TRY(socket_in(netns));
  for (const auto& [name, device] : devices) {
    const std::string field = "/linux/netDevices/" + name;
    const int link = PLIMSOLL_TRY(in(field, here.index_of(name)));
    if (link == 0)
      return invalid_input("launch", fill_in("{}: there is no such network device", field));
    const auto addresses = PLIMSOLL_TRY(in(field, addresses_of(here, link)));
    const std::string& inside = device.name.empty() ? name : device.name;
    PLIMSOLL_TRY(in(field, move(here, link, inside, netns)));
    PLIMSOLL_TRY(in(field, set_up(there, inside, addresses)));
  }
  return {};
}

}  // namespace plimsoll::runtime
