// PROC/PID/net and rtnetlink messages, by tables.
#include "exporter/collect/net_dev.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libmnl/libmnl.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>

#include "exporter/collect/link_message.h"
#include "exporter/collect/netns.h"

namespace plimsoll::exporter {
namespace {

using ::testing::ElementsAre;

const std::string kHead =
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop "
    "fifo colls carrier compressed\n";

TEST(NetDev, TakesTheColumnsByPlace) {
  const auto interfaces =
      parse_net_dev(kHead + "  eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n").value();
  ASSERT_EQ(interfaces.size(), 1U);
  EXPECT_EQ(interfaces[0], (InterfaceCounters{"eth0", 1, 2, 9, 10, 3, 4, 11, 12}));
}

TEST(NetDev, TakesOddNames) {
  const std::string numbers = "1 0 0 0 0 0 0 0 2 0 0 0 0 0 0 0\n";
  const auto interfaces = parse_net_dev(kHead + "    lo:" + numbers + "br-1a.2@x:" + numbers +
                                        "eth0:1: " + numbers + "abcdefghijklmno: " + numbers)
                              .value();
  ASSERT_EQ(interfaces.size(), 4U);
  EXPECT_EQ(interfaces[0].name, "lo");
  EXPECT_EQ(interfaces[1].name, "br-1a.2@x");
  EXPECT_EQ(interfaces[2].name, "eth0:1");
  EXPECT_EQ(interfaces[3].name, "abcdefghijklmno");
  for (const InterfaceCounters& i : interfaces) EXPECT_EQ(i.rx_bytes, 1U) << i.name;
}

TEST(NetDev, EmptyTextAndHeadingsAloneAreNoInterfaces) {
  EXPECT_TRUE(parse_net_dev("").value().empty());
  EXPECT_TRUE(parse_net_dev(kHead).value().empty());
}

TEST(NetDev, NamesTheMalformedLine) {
  for (const std::string bad :
       {"eth0 1 2 3", "eth0: 1 2 3", "eth0: 1 2 3 4 5 6 7 8 9 10 11 -1",
        "eth0: 1 2 3 4 5 6 7 8 9 10 11 99999999999999999999", ": 1 2 3 4 5 6 7 8 9 10 11 12"}) {
    const auto interfaces = parse_net_dev(kHead + bad + "\n");
    ASSERT_FALSE(interfaces) << bad;
    EXPECT_EQ(interfaces.error().kind, ErrorKind::kMalformed);
    EXPECT_EQ(interfaces.error().subject, bad);
  }
}

TEST(DevMcast, NumbersEachInterfaceOnce) {
  EXPECT_THAT(parse_dev_mcast("2    eth0            1     0     01005e000001\n"
                              "2    eth0            1     0     333300000001\n"
                              "17   tunl0           2     0     01005e000001\n")
                  .value(),
              ElementsAre(NumberedInterface{2, "eth0"}, NumberedInterface{17, "tunl0"}));
  EXPECT_TRUE(parse_dev_mcast("").value().empty());
  EXPECT_EQ(parse_dev_mcast("x eth0 1\n").error().subject, "x eth0 1");
  EXPECT_EQ(parse_dev_mcast("2\n").error().subject, "2");
}

TEST(StartTime, IsFoundBehindAnyName) {
  const std::string tail = " S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 145727 3133440";
  EXPECT_EQ(parse_start_time("18370 (cat)" + tail).value(), 145727U);
  EXPECT_EQ(parse_start_time("18370 (a) b (c) S 1)" + tail).value(), 145727U);
  for (const std::string bad : {"", "18370 cat S 1", "18370 (cat) S 1 2"})
    EXPECT_FALSE(parse_start_time(bad)) << bad;
}

TEST(ForeignInterface, IsCadvisorsRule) {
  for (const char* name : {"lo", "veth1a2b", "docker0", "docker_gwbridge", "nerdctl0"})
    EXPECT_TRUE(is_foreign_interface(name)) << name;
  for (const char* name : {"eth0", "lo1", "br-12", "wlan0", "enp3s0", ""})
    EXPECT_FALSE(is_foreign_interface(name)) << name;
}

// A message as the kernel would send it.
struct Message {
  alignas(nlmsghdr) std::array<char, 1024> bytes{};
  nlmsghdr* header = mnl_nlmsg_put_header(bytes.data());
  template <class T>
  T& family() {
    return *static_cast<T*>(mnl_nlmsg_put_extra_header(header, sizeof(T)));
  }
};

struct VethMessage : Message {
  explicit VethMessage(const char* kind, unsigned char family_number = AF_UNSPEC) {
    auto& info = family<ifinfomsg>();
    info.ifi_family = family_number;
    info.ifi_index = 7;
    mnl_attr_put_strz(header, IFLA_IFNAME, "veth1");
    mnl_attr_put_u32(header, IFLA_LINK, 2);
    mnl_attr_put_u32(header, IFLA_LINK_NETNSID, 3);
    nlattr* linkinfo = mnl_attr_nest_start(header, IFLA_LINKINFO);
    mnl_attr_put_strz(header, IFLA_INFO_KIND, kind);
    mnl_attr_nest_end(header, linkinfo);
  }
};

TEST(LinkMessage, SaysWhereThePeerIs) {
  const VethMessage message("veth");
  const auto link = parse_link(*message.header);
  ASSERT_TRUE(link);
  EXPECT_EQ(link->ifindex, 7);
  EXPECT_TRUE(link->is_pair);
  EXPECT_EQ(link->link.name, "veth1");
  EXPECT_EQ(link->link.peer_nsid, 3);
  EXPECT_EQ(link->link.peer_ifindex, 2);
}

TEST(LinkMessage, TheDeviceBelowIsNoPeer) {
  const VethMessage message("macvlan");
  EXPECT_EQ(parse_link(*message.header)->link.peer_nsid, std::nullopt);
}

TEST(LinkMessage, BridgePortsAreNotDevices) {
  const VethMessage message("veth", AF_BRIDGE);
  EXPECT_FALSE(parse_link(*message.header));
}

TEST(LinkMessage, CutMessagesNeverReadBeyondTheirEnd) {
  for (std::uint32_t length = sizeof(nlmsghdr);; ++length) {
    const VethMessage whole("veth");
    if (length >= whole.header->nlmsg_len) break;
    // A copy of just that many bytes: the address sanitizer watches its end.
    std::vector<char> cut(whole.bytes.data(), whole.bytes.data() + length);
    auto* header = reinterpret_cast<nlmsghdr*>(cut.data());
    header->nlmsg_len = length;
    const auto link = parse_link(*header);
    if (length < NLMSG_LENGTH(sizeof(ifinfomsg)))
      EXPECT_FALSE(link) << length;
    else
      EXPECT_EQ(link->ifindex, 7) << length;
  }
}

TEST(StatsMessage, TakesShorterAndLongerStructs) {
  rtnl_link_stats64 stats{};
  stats.rx_bytes = 1;
  stats.tx_bytes = 2;
  stats.rx_dropped = 10;
  stats.rx_missed_errors = 5;
  std::array<char, sizeof stats + 16> newer{};
  std::memcpy(newer.data(), &stats, sizeof stats);
  for (const std::size_t size : {std::size_t{32}, sizeof stats, newer.size()}) {
    Message message;
    message.family<if_stats_msg>().ifindex = 9;
    mnl_attr_put(message.header, IFLA_STATS_LINK_64, size, newer.data());
    const auto parsed = parse_stats(*message.header);
    ASSERT_TRUE(parsed) << size;
    EXPECT_EQ(parsed->ifindex, 9);
    EXPECT_EQ(parsed->counters.rx_bytes, 1U);
    EXPECT_EQ(parsed->counters.tx_bytes, 2U);
    EXPECT_EQ(parsed->counters.rx_dropped, size == 32 ? 0U : 15U);
  }
  Message empty;
  empty.family<if_stats_msg>().ifindex = 9;
  EXPECT_FALSE(parse_stats(*empty.header));
}

TEST(NsidMessage, NotAssignedIsNothing) {
  for (const std::int32_t answer : {5, NETNSA_NSID_NOT_ASSIGNED}) {
    Message message;
    message.family<rtgenmsg>();
    mnl_attr_put_u32(message.header, NETNSA_NSID, static_cast<std::uint32_t>(answer));
    EXPECT_EQ(parse_nsid(*message.header),
              answer == 5 ? std::optional<std::int32_t>(5) : std::nullopt);
  }
}

}  // namespace
}  // namespace plimsoll::exporter
