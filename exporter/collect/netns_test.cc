// Which interface is read where, with a table of links and a recorded /proc in place of the kernel.
#include "exporter/collect/netns.h"

#include <gtest/gtest.h>

#include "base/temp_tree.h"

namespace plimsoll::exporter {
namespace {

using std::chrono::seconds;

constexpr std::int32_t kNsid = 4;
constexpr std::int32_t kHostEnd = 31;

class OneNamespace : public ::testing::Test, protected NsidFinder {
 protected:
  OneNamespace() : proc_(open_dir(tree_.path().c_str()).value()), process_(proc_) {
    write_inside(0);
    tree_.write("7/net/dev_mcast", "2 eth0 1 0 01005e000001\n");
    link(kHostEnd, 2, kNsid);
    set_host_end(0);
  }

  std::optional<std::int32_t> find(std::string_view) override { return nsid_; }

  // `packets` received and twice as many sent by the container, of 100 bytes.
  [[nodiscard]] static std::string line(const std::string& name, int packets, int dropped = 0) {
    return name + ": " + std::to_string(packets * 100) + " " + std::to_string(packets) + " 0 " +
           std::to_string(dropped) + " 0 0 0 0 " + std::to_string(packets * 200) + " " +
           std::to_string(packets * 2) + " 0 0 0 0 0 0\n";
  }
  void write_inside(int packets, int dropped = 0) const {
    tree_.write("7/net/dev", line("lo", 1) + line("eth0", packets, dropped));
  }
  void link(std::int32_t ifindex, std::int32_t peer, std::optional<std::int32_t> nsid) {
    LinkMessage message;
    message.ifindex = ifindex;
    message.is_pair = true;
    message.link.name = "veth" + std::to_string(ifindex);
    message.link.peer_ifindex = peer;
    message.link.peer_nsid = nsid;
    table_.put(message);
  }
  void set_host_end(std::uint64_t packets) {
    table_.set_counters({kHostEnd,
                         {.rx_bytes = packets * 200,
                          .rx_packets = packets * 2,
                          .tx_bytes = packets * 100,
                          .tx_packets = packets}});
  }
  Netns::Update update() {
    now_ += seconds(1);
    return netns_
        .update({.process = &process_,
                 .links = &table_,
                 .nsids = this,
                 .now = now_,
                 .inside_interval = seconds(10)},
                "7")
        .value();
  }
  const InterfaceCounters& eth0() { return netns_.interfaces().at(0); }

  TempTree tree_{{"7/net/dev", ""}};
  DirFd proc_;
  ProcessNet process_;
  LinkTable table_;
  std::optional<std::int32_t> nsid_ = kNsid;
  MonoTime now_{seconds(1000)};
  Netns netns_{process_.key("7").value()};
};

TEST_F(OneNamespace, IsReadInsideOnceThenFromTheHostEnd) {
  write_inside(5, 3);
  set_host_end(5);
  EXPECT_EQ(update(), Netns::Update::kFromInside);
  set_host_end(8);
  EXPECT_EQ(update(), Netns::Update::kFromHostEnds);
  EXPECT_EQ(eth0(), (InterfaceCounters{"eth0", 800, 8, 1600, 16, 0, 3, 0, 0}))
      << "sides exchanged, drops as read inside";
}

TEST_F(OneNamespace, InsideIsReadAgainOnScheduleAndMoreRarelyWhenIdle) {
  int inside = 0;
  for (int tick = 0; tick < 120; ++tick) inside += update() == Netns::Update::kFromInside ? 1 : 0;
  EXPECT_LE(inside, 5) << "idle";
  EXPECT_GE(inside, 2);
  inside = 0;
  for (int tick = 0; tick < 120; ++tick) {
    write_inside(tick + 1);
    set_host_end(static_cast<std::uint64_t>(tick) + 1);
    inside += update() == Netns::Update::kFromInside ? 1 : 0;
  }
  EXPECT_GE(inside, 6) << "busy";
  EXPECT_LE(inside, 13);
}

TEST_F(OneNamespace, HostEndThatFallsBehindIsNotTrustedAgain) {
  // As with a BPF program that hands packets to the container past the host end.
  write_inside(10);
  set_host_end(10);
  ASSERT_EQ(update(), Netns::Update::kFromInside);
  write_inside(12);
  set_host_end(9);
  EXPECT_EQ(update(), Netns::Update::kFromInside);
  EXPECT_EQ(eth0().rx_packets, 12U) << "never backwards";
  set_host_end(50);
  for (int tick = 0; tick < 20; ++tick) EXPECT_EQ(update(), Netns::Update::kFromInside);
  EXPECT_EQ(eth0().rx_packets, 12U);
}

TEST_F(OneNamespace, HostEndThatRunsAheadIsNotTrusted) {
  write_inside(10);
  set_host_end(11);
  EXPECT_EQ(update(), Netns::Update::kFromInside);
  EXPECT_EQ(update(), Netns::Update::kFromInside);
  EXPECT_EQ(eth0().rx_packets, 10U);
}

TEST_F(OneNamespace, HostEndThatIsGoneSendsUsInside) {
  ASSERT_EQ(update(), Netns::Update::kFromInside);
  ASSERT_EQ(update(), Netns::Update::kFromHostEnds);
  static_cast<void>(table_.erase(kHostEnd));
  EXPECT_EQ(update(), Netns::Update::kFromInside);
}

TEST_F(OneNamespace, AnotherNamespacesLinkIsNotOurs) {
  static_cast<void>(table_.erase(kHostEnd));
  link(kHostEnd, 2, kNsid + 1);
  write_inside(1);
  for (int tick = 0; tick < 20; ++tick) EXPECT_EQ(update(), Netns::Update::kFromInside);
}

TEST_F(OneNamespace, InterfaceThatNeverCountedWaitsForTheSlowReading) {
  tree_.write("7/net/dev", line("eth0", 1) + line("tunl0", 0));
  set_host_end(1);
  for (int tick = 0; tick < 8; ++tick) update();  // Settling.
  int inside = 0;
  for (int tick = 0; tick < 30; ++tick) inside += update() == Netns::Update::kFromInside ? 1 : 0;
  EXPECT_LE(inside, 3);
  EXPECT_EQ(netns_.interfaces().size(), 2U);
  tree_.write("7/net/dev", line("eth0", 1) + line("tunl0", 1));
  for (int tick = 0; tick < 60; ++tick) update();
  EXPECT_EQ(netns_.interfaces().at(1).rx_packets, 1U);
  EXPECT_EQ(update(), Netns::Update::kFromInside) << "it counts now: each tick";
}

TEST_F(OneNamespace, WithoutNetlinkEveryTickReadsInside) {
  for (int tick = 0; tick < 3; ++tick) {
    write_inside(tick);
    now_ += seconds(1);
    const auto done = netns_.update({.process = &process_,
                                     .links = nullptr,
                                     .nsids = this,
                                     .now = now_,
                                     .inside_interval = seconds(10)},
                                    "7");
    EXPECT_EQ(done.value(), Netns::Update::kFromInside);
    EXPECT_EQ(eth0().rx_packets, static_cast<std::uint64_t>(tick));
  }
}

TEST_F(OneNamespace, RenameIsSeenWhenTheLinkIsHeardOf) {
  update();
  ASSERT_EQ(update(), Netns::Update::kFromHostEnds);
  tree_.write("7/net/dev", line("net0", 3));
  tree_.write("7/net/dev_mcast", "2 net0 1 0 01005e000001\n");
  set_host_end(3);
  EXPECT_EQ(update(), Netns::Update::kFromHostEnds);
  EXPECT_EQ(eth0().name, "eth0");
  netns_.mark_changed();
  EXPECT_EQ(update(), Netns::Update::kFromInside);
  EXPECT_EQ(eth0().name, "net0");
  EXPECT_EQ(update(), Netns::Update::kFromHostEnds);
}

TEST(LinkTable, EndThatStaysIsDoubtfulWhenItsOtherEndLeaves) {
  LinkTable table;
  LinkMessage a;
  a.ifindex = 5;
  a.is_pair = true;
  a.link.name = "a";
  a.link.peer_ifindex = 6;
  LinkMessage b = a;
  b.ifindex = 6;
  b.link.name = "b";
  b.link.peer_ifindex = 5;
  table.put(a);
  table.put(b);
  EXPECT_EQ(table.erase(6), 5) << "b moved to a container: a must be asked where its peer is";
  EXPECT_EQ(table.erase(6), 0);
  a.link.peer_nsid = 2;
  a.link.peer_ifindex = 9;
  table.put(a);
  EXPECT_EQ(table.host_end(2, 9), 5);
  EXPECT_TRUE(table.changed().contains(2));
  EXPECT_EQ(table.erase(5), 0);
  EXPECT_EQ(table.host_end(2, 9), 0);
}

TEST(LinkTable, NewsOfAPairConcernItsNamespaceEvenIfNothingChangedHere) {
  LinkTable table;
  LinkMessage a;
  a.ifindex = 5;
  a.is_pair = true;
  a.link.peer_ifindex = 9;
  a.link.peer_nsid = 2;
  table.put(a);
  table.clear_changed();
  const std::uint64_t version = table.version();
  table.put(a);
  EXPECT_TRUE(table.changed().empty());
  table.put_news(a);
  EXPECT_TRUE(table.changed().contains(2));
  EXPECT_EQ(table.version(), version);
}

}  // namespace
}  // namespace plimsoll::exporter
