#include "exporter/collect/socket_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temp_tree.h"
#include "exporter/collect/net_sockets.h"

namespace plimsoll::exporter {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

constexpr const char* kTcp =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode\n"
    "   0: 0100007F:0277 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "
    "4711 1 0 100\n"
    "   1: 0100007F:A3C4 0100007F:0277 01 00000000:00000000 02:000000D9 00000000     0        0 "
    "4712 2 0 20\n"
    "   2: 0100007F:0277 0100007F:A3C4 0B 00000000:00000000 00:00000000 00000000     0        0 "
    "4713 1 0 20\n";
constexpr const char* kUdp =
    "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode ref pointer drops\n"
    "  271: 00000000:0044 00000000:0000 07 00000010:0000001F 00:00000000 00000000     0        0 9 "
    "2 0000000000000000 3\n"
    "  290: 00000000:0045 00000000:0000 07 00000001:00000000 00:00000000 00000000     0        0 9 "
    "2 0000000000000000 4\n";
constexpr const char* kSnmp =
    "Ip: Forwarding DefaultTTL\nIp: 1 64\n"
    "Tcp: RtoAlgorithm RtoMin MaxConn ActiveOpens FromTheFuture\nTcp: 1 200 -1 17 9\n";
constexpr const char* kNetstat =
    "TcpExt: SyncookiesSent TW TCPFastOpenCookieReqd\nTcpExt: 4 5 6\nIpExt: InNoRoutes\nIpExt: 1\n";

TEST(TcpTable, CountsStates) {
  const TcpStates states = count_tcp(kTcp).value();
  EXPECT_EQ(states[0], 1U) << "established";
  EXPECT_EQ(states[9], 1U) << "listen";
  EXPECT_EQ(states[10], 1U) << "closing";
  EXPECT_EQ(states[5], 0U);
  EXPECT_EQ(count_tcp("").value(), TcpStates{});
  EXPECT_EQ(count_tcp("0: a b 0D c\n").value(), TcpStates{}) << "a state of a newer kernel";
  for (const char* bad : {"0: a b", "0: a b xx c", "0: a b 00 c"})
    EXPECT_EQ(count_tcp(bad).error().subject, bad);
}

TEST(UdpTable, SumsQueuesAndDrops) {
  EXPECT_EQ(count_udp(kUdp).value(),
            (UdpSockets{.sockets = 2, .dropped = 7, .rx_queued = 0x1F, .tx_queued = 0x11}));
  EXPECT_EQ(count_udp("").value(), UdpSockets{});
  for (const char* bad : {"1: a b 07 1 0 0 0 0 9 2 0 3", "1: a b 07 1:x 0 0 0 0 9 2 0 3",
                          "1: a b 07 1:2 0 0 0 0 9 2 0 d", "1: a b"})
    EXPECT_EQ(count_udp(bad).error().subject, bad);
}

TEST(TcpCounters, AreCadvisorsInItsOrder) {
  EXPECT_THAT(parse_tcp_counters(kSnmp, "Tcp").value(),
              ElementsAre(Pair("rtoalgorithm", 1), Pair("rtomin", 200), Pair("maxconn", -1),
                          Pair("activeopens", 17)));
  TcpCounters all = parse_tcp_counters(kNetstat, "TcpExt").value();
  all.emplace_back("maxconn", 8);
  EXPECT_THAT(in_order(all), ElementsAre(Pair("maxconn", 8), Pair("syncookiessent", 4),
                                         Pair("tw", 5), Pair("tcpfastopencookiereqd", 6)));
  EXPECT_EQ(tcp_counter_names().size(), 99U);
}

TEST(TcpCounters, NamesTheMalformedLine) {
  EXPECT_EQ(parse_tcp_counters("Tcp: A B\nTcp: 1\n", "Tcp").error().kind, ErrorKind::kMalformed);
  EXPECT_FALSE(parse_tcp_counters("Tcp: MaxConn\nUdp: 1\n", "Tcp"));
  EXPECT_FALSE(parse_tcp_counters("Tcp A\nTcp 1\n", "Tcp"));
  EXPECT_EQ(parse_tcp_counters("Tcp: MaxConn\nTcp: x\n", "Tcp").error().subject, "x");
}

struct FakeProc {
  TempTree tree{{"7/net/dev", ""},   {"7/net/tcp", kTcp},   {"7/net/tcp6", ""},
                {"7/net/udp", kUdp}, {"7/net/snmp", kSnmp}, {"7/net/netstat", kNetstat}};
  DirFd proc = open_dir(tree.path().c_str()).value();
};

TEST(NetSockets, ReadsWhatIsAskedFor) {
  const FakeProc fake;
  NetSockets sockets(fake.proc);
  const SocketStats tcp = sockets.read(7, {.tcp = true}).value();
  EXPECT_EQ(tcp.tcp.value()[9], 1U);
  EXPECT_EQ(tcp.tcp6.value(), TcpStates{}) << "no socket is not no protocol";
  EXPECT_FALSE(tcp.udp);
  const SocketStats rest = sockets.read(7, {.udp = true, .advanced = true}).value();
  EXPECT_FALSE(rest.tcp);
  EXPECT_EQ(rest.udp.value().sockets, 2U);
  EXPECT_FALSE(rest.udp6) << "this kernel has no IPv6";
  EXPECT_EQ(rest.advanced.size(), 7U);
}

TEST(NetSockets, AProcessThatEndedIsGone) {
  const FakeProc fake;
  EXPECT_EQ(NetSockets(fake.proc).read(8, {.tcp = true}).error().kind, ErrorKind::kGone);
}

TEST(NetSockets, TablesLargerThanItsBufferAreReadWhole) {
  const FakeProc fake;
  std::string text(kTcp);
  const std::string line = text.substr(text.find("   1:"), text.find("   2:") - text.find("   1:"));
  for (int i = 0; i < 5000; ++i) text += line;
  ASSERT_GT(text.size(), 4U * 64 * 1024);
  fake.tree.write("7/net/tcp", text);
  EXPECT_EQ(NetSockets(fake.proc).read(7, {.tcp = true}).value().tcp.value()[0], 5001U);
}

TEST(NetSockets, NamesTheFileOfAMalformedLine) {
  const FakeProc fake;
  fake.tree.write("7/net/tcp", "nonsense\n");
  EXPECT_EQ(NetSockets(fake.proc).read(7, {.tcp = true}).error().subject, "7/net/tcp: nonsense");
}

}  // namespace
}  // namespace plimsoll::exporter
