// Whose network is it: the collector on a recorded /proc, where a hard link stands for a shared
// namespace (both are one inode).
#include "exporter/collect/network.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/fake_clock.h"
#include "base/temp_tree.h"

namespace plimsoll::exporter {
namespace {

using inventory::Identity;
using inventory::NetworkMode;
using inventory::Runtime;
using std::chrono::seconds;

std::string net_dev(const std::string& name, int rx) {
  return "Inter-| Receive | Transmit\n face |bytes\n    lo: 9 9 0 0 0 0 0 0 9 9 0 0 0 0 0 0\n" +
         name + ": " + std::to_string(rx) + " 1 2 3 0 0 0 0 40 4 5 6 0 0 0 0\n";
}

std::string stat_line(int start) {
  return "1 (x) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 " + std::to_string(start) + " 0\n";
}

class RecordedNetwork : public ::testing::Test {
 protected:
  RecordedNetwork() {
    add(1, net_dev("eth0", 1000));
    proc_ = open_dir(tree_.path().c_str()).value();
  }

  void add(int pid, const std::string& dev, int start = 100) const {
    tree_.write(std::to_string(pid) + "/net/dev", dev);
    tree_.write(std::to_string(pid) + "/stat", stat_line(start));
  }
  // A process in the namespace of `other`.
  void add_in(int pid, int other, int start = 100) const {
    const std::string dir = std::to_string(pid) + "/net/";
    tree_.write(dir + "x", "");
    const std::string path = tree_.path() + "/" + dir + "dev";
    ::unlink(path.c_str());
    ASSERT_EQ(
        ::link((tree_.path() + "/" + std::to_string(other) + "/net/dev").c_str(), path.c_str()), 0);
    tree_.write(std::to_string(pid) + "/stat", stat_line(start));
  }
  // Another process or namespace under the same pid. Made before the old one goes: the file system
  // would give it the same inode, which the kernel's namespaces do not do that soon.
  void replace(int pid, const std::string& dev, int start = 100) const {
    tree_.write("new/net/dev", dev);
    tree_.write("new/stat", stat_line(start));
    tree_.remove(std::to_string(pid));
    ASSERT_EQ(::rename((tree_.path() + "/new").c_str(),
                       (tree_.path() + "/" + std::to_string(pid)).c_str()),
              0);
  }
  std::vector<NetworkTarget> collect(std::vector<NetworkTarget> targets) {
    if (!collector_) collector_ = NetworkCollector::create(proc_, clock_);
    collector_->collect(targets);
    return targets;
  }
  NetworkTarget target(std::uint64_t serial, std::optional<std::int32_t> pid) const {
    NetworkTarget target;
    target.serial = serial;
    target.identity = &container_;
    target.pid = pid;
    return target;
  }

  TempTree tree_;
  DirFd proc_;
  FakeClock clock_;
  Identity container_;
  std::unique_ptr<NetworkCollector> collector_;
};

TEST_F(RecordedNetwork, OwnNamespaceIsReported) {
  add(20, net_dev("eth0", 30));
  const auto row = collect({target(1, 20)})[0];
  EXPECT_EQ(row.attribution, NetworkAttribution::kOwn);
  ASSERT_EQ(row.interfaces.size(), 1U) << "without lo";
  EXPECT_EQ(row.interfaces[0], (InterfaceCounters{"eth0", 30, 1, 40, 4, 2, 3, 5, 6}));
  EXPECT_EQ(collector_->stats().namespaces, 1U);
  EXPECT_EQ(collector_->stats().by_namespace, 1U);
  EXPECT_EQ(collector_->stats().by_host_end, 0U) << "a recorded tree has no netlink";
  EXPECT_EQ(collector_->stats().missing, "");
}

TEST_F(RecordedNetwork, HostNamespaceIsMarkedAndOnlyTheRootRowReportsIt) {
  add_in(20, 1);
  Identity root;
  root.runtime = Runtime::kRoot;
  NetworkTarget host;
  host.identity = &root;
  const auto rows = collect({host, target(1, 20)});
  EXPECT_EQ(rows[0].attribution, NetworkAttribution::kOwn);
  ASSERT_EQ(rows[0].interfaces.size(), 1U);
  EXPECT_EQ(rows[0].interfaces[0].rx_bytes, 1000U);
  EXPECT_EQ(rows[1].attribution, NetworkAttribution::kHost);
  EXPECT_TRUE(rows[1].interfaces.empty());
  EXPECT_EQ(collector_->stats().namespaces, 0U) << "the host's is not counted";
}

TEST_F(RecordedNetwork, RootRowLeavesOutWhatBelongsToContainers) {
  tree_.write("1/net/dev", net_dev("veth12", 1) + net_dev("docker0", 2) + net_dev("nerdctl0", 3) +
                               net_dev("wlan0", 4) + net_dev("br-1", 5));
  Identity root;
  root.runtime = Runtime::kRoot;
  NetworkTarget host;
  host.identity = &root;
  const auto rows = collect({host});
  ASSERT_EQ(rows[0].interfaces.size(), 2U);
  EXPECT_EQ(rows[0].interfaces[0].name, "br-1");
  EXPECT_EQ(rows[0].interfaces[1].name, "wlan0");
}

TEST_F(RecordedNetwork, ContainersInsideAContainerAreNotItsInterfaces) {
  add(20, net_dev("veth12", 1) + net_dev("docker0", 2) + net_dev("eth0", 3));
  add(21, net_dev("veth0", 4));
  const auto rows = collect({target(1, 20), target(2, 21)});
  ASSERT_EQ(rows[0].interfaces.size(), 1U);
  EXPECT_EQ(rows[0].interfaces[0].name, "eth0");
  ASSERT_EQ(rows[1].interfaces.size(), 1U) << "somebody's only interface may be called so";
  EXPECT_EQ(rows[1].interfaces[0].name, "veth0");
}

TEST_F(RecordedNetwork, SharedNamespaceIsReportedOnce) {
  add(20, net_dev("eth0", 30));
  add_in(21, 20);
  const auto rows = collect({target(1, 20), target(2, 21)});
  EXPECT_EQ(rows[0].attribution, NetworkAttribution::kOwn);
  EXPECT_EQ(rows[1].attribution, NetworkAttribution::kShared);
  EXPECT_TRUE(rows[1].interfaces.empty());
  EXPECT_EQ(collector_->stats().namespaces, 1U);
}

TEST_F(RecordedNetwork, SandboxReportsBeforeAllAndJoinersAfterAll) {
  add(20, net_dev("eth0", 30));
  add_in(21, 20);
  add_in(22, 20);
  Identity joiner;
  joiner.network = NetworkMode::kContainer;
  Identity sandbox;
  sandbox.sandbox = true;
  std::vector<NetworkTarget> targets = {target(1, 20), target(2, 21), target(3, 22)};
  targets[0].identity = &joiner;
  auto rows = collect(targets);
  EXPECT_EQ(rows[0].attribution, NetworkAttribution::kShared);
  EXPECT_EQ(rows[1].attribution, NetworkAttribution::kOwn);
  targets[2].identity = &sandbox;
  rows = collect(targets);
  EXPECT_EQ(rows[1].attribution, NetworkAttribution::kShared);
  EXPECT_EQ(rows[2].attribution, NetworkAttribution::kOwn);
  // The owner is gone: what it left is somebody's traffic all the same.
  rows = collect({targets[0]});
  EXPECT_EQ(rows[0].attribution, NetworkAttribution::kOwn);
}

TEST_F(RecordedNetwork, NoProcessAndNoInterfaceAreNone) {
  add(20, "    lo: 9 9 0 0 0 0 0 0 9 9 0 0 0 0 0 0\n");
  Identity host_mode;
  host_mode.network = NetworkMode::kHost;
  std::vector<NetworkTarget> targets = {target(1, std::nullopt), target(2, 999), target(3, 20),
                                        target(4, std::nullopt)};
  targets[3].identity = &host_mode;
  const auto rows = collect(targets);
  EXPECT_EQ(rows[0].attribution, NetworkAttribution::kNone);
  EXPECT_EQ(rows[1].attribution, NetworkAttribution::kNone);
  EXPECT_EQ(rows[2].attribution, NetworkAttribution::kNone);
  EXPECT_EQ(rows[3].attribution, NetworkAttribution::kHost);
  EXPECT_EQ(collector_->stats().errors, 0U) << "gone is not failed";
}

TEST_F(RecordedNetwork, MalformedTableIsAnErrorNotAZero) {
  add(20, "eth0: 1 2\n");
  const auto rows = collect({target(1, 20)});
  EXPECT_EQ(rows[0].attribution, NetworkAttribution::kNone);
  EXPECT_EQ(collector_->stats().errors, 1U);
}

TEST_F(RecordedNetwork, EndedProcessIsForgotten) {
  add(20, net_dev("eth0", 30));
  ASSERT_EQ(collect({target(1, 20)})[0].attribution, NetworkAttribution::kOwn);
  tree_.remove("20");
  EXPECT_EQ(collect({target(1, 20)})[0].attribution, NetworkAttribution::kNone);
  EXPECT_EQ(collector_->stats().namespaces, 0U);
  EXPECT_EQ(collector_->stats().errors, 0U);
}

TEST_F(RecordedNetwork, ForgetDropsTheNamespaceWithItsLastMember) {
  add(20, net_dev("eth0", 30));
  add_in(21, 20);
  collect({target(1, 20), target(2, 21)});
  collector_->forget(1);
  EXPECT_EQ(collector_->stats().namespaces, 1U);
  collector_->forget(2);
  collector_->forget(2);
  EXPECT_EQ(collector_->stats().namespaces, 0U);
}

TEST_F(RecordedNetwork, ProcessThatMovedIsFollowed) {
  add(20, net_dev("eth0", 30));
  collect({target(1, 20)});
  replace(20, net_dev("eth0", 70));  // Another inode, the same start time.
  const auto rows = collect({target(1, 20)});
  EXPECT_EQ(rows[0].attribution, NetworkAttribution::kOwn);
  EXPECT_EQ(rows[0].interfaces[0].rx_bytes, 70U);
  EXPECT_EQ(collector_->stats().namespaces, 1U);
}

TEST_F(RecordedNetwork, ReusedPidIsNotTheContainer) {
  add(20, net_dev("eth0", 30));
  collect({target(1, 20)});
  replace(20, net_dev("eth0", 70), 5000);
  for (int tick = 0; tick < 3; ++tick) {
    EXPECT_EQ(collect({target(1, 20)})[0].attribution, NetworkAttribution::kNone) << tick;
    clock_.advance(seconds(60));
  }
  EXPECT_EQ(collector_->stats().namespaces, 0U);
  add(21, net_dev("eth0", 80), 6000);
  EXPECT_EQ(collect({target(1, 21)})[0].interfaces[0].rx_bytes, 80U)
      << "a new pid from the caller is believed";
}

TEST_F(RecordedNetwork, HostMemberIsVerifiedOnItsSchedule) {
  add_in(20, 1);
  EXPECT_EQ(collect({target(1, 20)})[0].attribution, NetworkAttribution::kHost);
  replace(20, net_dev("eth0", 30));
  EXPECT_EQ(collect({target(1, 20)})[0].attribution, NetworkAttribution::kHost) << "not looked yet";
  clock_.advance(seconds(10));
  EXPECT_EQ(collect({target(1, 20)})[0].attribution, NetworkAttribution::kOwn);
}

TEST_F(RecordedNetwork, YoungProcessIsLookedAtEachTick) {
  // A runtime's set-up process is born in the host's namespace and unshares a little later.
  tree_.write("uptime", "105.00 1.00\n");  // Started at tick 100 * 100 = second 100.
  add_in(20, 1, 100 * static_cast<int>(::sysconf(_SC_CLK_TCK)));
  EXPECT_EQ(collect({target(1, 20)})[0].attribution, NetworkAttribution::kHost);
  replace(20, net_dev("eth0", 30), 100 * static_cast<int>(::sysconf(_SC_CLK_TCK)));
  EXPECT_EQ(collect({target(1, 20)})[0].attribution, NetworkAttribution::kOwn);
}

}  // namespace
}  // namespace plimsoll::exporter
