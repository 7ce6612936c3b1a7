// PROC/PID/net and rtnetlink messages, by tables.
#include "exporter/collect/net_dev.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "exporter/collect/link_message.h"
#include "exporter/collect/netlink_message.h"
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

// Messages as the kernel would send them.
struct VethMessage : NetlinkRequest {
  explicit VethMessage(const char* kind, unsigned char family = AF_UNSPEC)
      : NetlinkRequest(RTM_NEWLINK) {
    auto& info = put_header<ifinfomsg>();
    info.ifi_family = family;
    info.ifi_index = 7;
    put(IFLA_IFNAME, std::string("veth1"));
    put(IFLA_LINK, std::uint32_t{2});
    put(IFLA_LINK_NETNSID, std::uint32_t{3});
    const std::size_t linkinfo = begin_nest(IFLA_LINKINFO);
    put(IFLA_INFO_KIND, std::string(kind));
    end_nest(linkinfo);
  }
};

TEST(LinkMessage, SaysWhereThePeerIs) {
  const VethMessage message("veth");
  const auto link = parse_link(message.header());
  ASSERT_TRUE(link);
  EXPECT_EQ(link->ifindex, 7);
  EXPECT_TRUE(link->is_pair);
  EXPECT_EQ(link->link.name, "veth1");
  EXPECT_EQ(link->link.peer_nsid, 3);
  EXPECT_EQ(link->link.peer_ifindex, 2);
}

TEST(LinkMessage, TheDeviceBelowIsNoPeer) {
  const VethMessage message("macvlan");
  EXPECT_EQ(parse_link(message.header())->link.peer_nsid, std::nullopt);
}

TEST(LinkMessage, BridgePortsAreNotDevices) {
  const VethMessage message("veth", AF_BRIDGE);
  EXPECT_FALSE(parse_link(message.header()));
}

TEST(LinkMessage, CutMessagesNeverReadBeyondTheirEnd) {
  for (std::uint32_t length = sizeof(nlmsghdr);; ++length) {
    const VethMessage whole("veth");
    if (length >= whole.header().nlmsg_len) break;
    // A copy of just that many bytes: the address sanitizer watches its end.
    const auto* bytes = reinterpret_cast<const char*>(&whole.header());
    std::vector<char> cut(bytes, bytes + length);
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
  std::array<std::byte, sizeof stats + 16> newer{};
  std::memcpy(newer.data(), &stats, sizeof stats);
  for (const std::size_t size : {std::size_t{32}, sizeof stats, newer.size()}) {
    NetlinkRequest message(RTM_NEWSTATS);
    message.put_header<if_stats_msg>().ifindex = 9;
    message.put(IFLA_STATS_LINK_64, std::span(newer).first(size));
    const auto parsed = parse_stats(message.header());
    ASSERT_TRUE(parsed) << size;
    EXPECT_EQ(parsed->ifindex, 9);
    EXPECT_EQ(parsed->counters.rx_bytes, 1U);
    EXPECT_EQ(parsed->counters.tx_bytes, 2U);
    EXPECT_EQ(parsed->counters.rx_dropped, size == 32 ? 0U : 15U);
  }
  NetlinkRequest empty(RTM_NEWSTATS);
  empty.put_header<if_stats_msg>().ifindex = 9;
  EXPECT_FALSE(parse_stats(empty.header()));
}

TEST(NetlinkMessage, WalkStopsAtTheFirstThatIsNotOne) {
  const VethMessage message("veth");
  const std::uint32_t length = message.header().nlmsg_len;
  std::vector<std::byte> two(2 * std::size_t{length});
  std::memcpy(two.data(), &message.header(), length);
  std::memcpy(two.data() + length, &message.header(), length);
  std::span<const std::byte> bytes(two);
  EXPECT_NE(next_message(bytes), nullptr);
  EXPECT_NE(next_message(bytes), nullptr);
  EXPECT_EQ(next_message(bytes), nullptr);
  bytes = std::span(two).first(2 * std::size_t{length} - 1);
  EXPECT_NE(next_message(bytes), nullptr);
  EXPECT_EQ(next_message(bytes), nullptr) << "cut";
  reinterpret_cast<nlmsghdr*>(two.data())->nlmsg_len = 3;
  bytes = two;
  EXPECT_EQ(next_message(bytes), nullptr) << "a length below the header's would never end";
}

TEST(NsidMessage, NotAssignedIsNothing) {
  for (const std::int32_t answer : {5, NETNSA_NSID_NOT_ASSIGNED}) {
    NetlinkRequest message(RTM_NEWNSID);
    message.put_header<rtgenmsg>();
    message.put(NETNSA_NSID, static_cast<std::uint32_t>(answer));
    EXPECT_EQ(parse_nsid(message.header()),
              answer == 5 ? std::optional<std::int32_t>(5) : std::nullopt);
  }
}

}  // namespace
}  // namespace plimsoll::exporter
