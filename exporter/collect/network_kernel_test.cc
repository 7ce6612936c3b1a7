// The collector on real namespaces and links: what it says is what PROC/PID/net/dev says, wherever
// it read it.
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "base/fake_clock.h"
#include "exporter/collect/net_dev.h"
#include "exporter/collect/net_lab.h"
#include "exporter/collect/network.h"

namespace plimsoll::exporter {
namespace {

using inventory::Identity;
using inventory::Runtime;
using std::chrono::seconds;

class RealNetwork : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!lab_.why_not().empty()) GTEST_SKIP() << lab_.why_not();
  }

  std::unique_ptr<NetworkCollector> make() {
    return NetworkCollector::create(proc_, clock_, {.host_pid = lab_.hub()});
  }
  void collect(std::span<NetworkTarget> targets) {
    if (!collector_) collector_ = make();
    clock_.advance(seconds(1));
    collector_->collect(targets);
  }
  NetworkTarget collect_one(pid_t pid) {
    NetworkTarget one = target(pid);
    collect({&one, 1});
    return one;
  }
  NetworkTarget target(pid_t pid) const {
    NetworkTarget target;
    target.serial = static_cast<std::uint64_t>(pid);
    target.identity = &container_;
    target.pid = pid;
    return target;
  }
  InterfaceCounters inside(pid_t pid, const std::string& name) {
    const auto all = parse_net_dev(lab_.settled_net_dev(pid)).value();
    const auto found = std::ranges::find(all, name, &InterfaceCounters::name);
    return found == all.end() ? InterfaceCounters{} : *found;
  }
  // A row that came from the host end: a notification still on its way has a tick look inside.
  NetworkTarget from_host_end(pid_t pid) {
    NetworkTarget row = target(pid);
    for (int attempt = 0; attempt < 300; ++attempt) {
      collect({&row, 1});
      if (collector_->stats().by_host_end == 1) return row;
      ::usleep(10'000);
    }
    ADD_FAILURE() << "never read from the host end";
    return row;
  }
  // Past the time in which a new namespace is looked into at each tick.
  void let_it_settle(pid_t pid) {
    for (int tick = 0; tick < 8; ++tick) collect_one(pid);
  }

  NetLab lab_;
  DirFd proc_ = open_dir("/proc").value();
  FakeClock clock_;
  Identity container_;
  std::unique_ptr<NetworkCollector> collector_;
};

// Bytes and packets; errors and drops are older.
void expect_same_traffic(const InterfaceCounters& a, const InterfaceCounters& b) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.rx_bytes, b.rx_bytes) << a.name;
  EXPECT_EQ(a.rx_packets, b.rx_packets) << a.name;
  EXPECT_EQ(a.tx_bytes, b.tx_bytes) << a.name;
  EXPECT_EQ(a.tx_packets, b.tx_packets) << a.name;
}

TEST_F(RealNetwork, HostEndGivesWhatTheContainerSees) {
  const pid_t pid = lab_.add();
  lab_.connect(pid, "eth0", "plt0", 1);
  let_it_settle(pid);
  lab_.send(pid, 1, 1, 50, 1000);
  const InterfaceCounters truth = inside(pid, "eth0");
  ASSERT_GE(truth.tx_bytes, 50'000U);
  ASSERT_NE(truth.rx_bytes, truth.tx_bytes) << "or the exchange of sides would not show";
  const NetworkTarget row = from_host_end(pid);
  EXPECT_EQ(collector_->stats().missing, "");
  EXPECT_EQ(collector_->stats().errors, 0U);
  EXPECT_EQ(row.attribution, NetworkAttribution::kOwn);
  ASSERT_EQ(row.interfaces.size(), 1U);
  expect_same_traffic(row.interfaces[0], truth);
}

TEST_F(RealNetwork, DropsComeFromInsideOnTheirOwnSchedule) {
  const pid_t pid = lab_.add();
  lab_.connect(pid, "eth0", "plt0", 1);
  let_it_settle(pid);
  const std::uint64_t before = collect_one(pid).interfaces[0].rx_dropped.value();
  lab_.send_unknown_protocol(lab_.hub(), "plt0", 7);
  ASSERT_EQ(inside(pid, "eth0").rx_dropped, before + 7);
  clock_.advance(seconds(60));
  EXPECT_EQ(collect_one(pid).interfaces[0].rx_dropped, before + 7);
  EXPECT_EQ(collector_->stats().errors, 0U);
}

TEST_F(RealNetwork, InterfaceWithoutHostEndIsReadInsideEachTick) {
  const pid_t pid = lab_.add();
  lab_.connect(pid, "eth0", "plt0", 1);
  lab_.add_pair_inside(pid, "dummy0", "veth9");
  // The first frames may be dropped before the kernel has noticed that the link is up.
  for (int attempt = 0; attempt < 100 && inside(pid, "dummy0").tx_packets == 0; ++attempt)
    lab_.send_unknown_protocol(pid, "dummy0", 1);
  let_it_settle(pid);
  lab_.send_unknown_protocol(pid, "dummy0", 5);
  lab_.send(pid, 1, 1, 5, 100);
  const InterfaceCounters dummy = inside(pid, "dummy0");
  const InterfaceCounters veth = inside(pid, "eth0");
  ASSERT_GE(dummy.tx_packets, 6U);
  const NetworkTarget row = collect_one(pid);
  EXPECT_EQ(collector_->stats().by_namespace, 1U);
  ASSERT_EQ(row.interfaces.size(), 2U);
  expect_same_traffic(row.interfaces[0], dummy);
  expect_same_traffic(row.interfaces[1], veth);
}

TEST_F(RealNetwork, InterfaceThatNeverCountedDoesNotCostATick) {
  const pid_t pid = lab_.add();
  lab_.connect(pid, "eth0", "plt0", 1);
  lab_.add_pair_inside(pid, "dummy0", "veth9");
  let_it_settle(pid);
  const NetworkTarget row = collect_one(pid);
  EXPECT_EQ(row.interfaces.size(), 2U);
  EXPECT_EQ(collector_->stats().by_host_end, 1U);
}

TEST_F(RealNetwork, LaterInterfaceAppearsAtOnce) {
  const pid_t pid = lab_.add();
  lab_.connect(pid, "eth0", "plt0", 1);
  let_it_settle(pid);
  lab_.connect(pid, "eth1", "plt1", 2);
  lab_.send(pid, 2, 1, 3, 100);
  const InterfaceCounters truth = inside(pid, "eth1");
  NetworkTarget row = collect_one(pid);
  ASSERT_EQ(row.interfaces.size(), 2U) << "told by the kernel's notification";
  expect_same_traffic(row.interfaces[1], truth);
  from_host_end(pid);
  lab_.disconnect("plt1");
  row = collect_one(pid);
  ASSERT_EQ(row.interfaces.size(), 1U);
  EXPECT_EQ(row.interfaces[0].name, "eth0");
}

TEST_F(RealNetwork, FirstLinkOfALonelyNamespaceIsFound) {
  const pid_t pid = lab_.add();
  let_it_settle(pid);
  EXPECT_EQ(collect_one(pid).attribution, NetworkAttribution::kNone);
  lab_.connect(pid, "eth0", "plt0", 1);
  EXPECT_EQ(collect_one(pid).attribution, NetworkAttribution::kOwn);
  from_host_end(pid);
}

TEST_F(RealNetwork, RenamedInterfaceIsFollowed) {
  const pid_t pid = lab_.add();
  lab_.connect(pid, "eth0", "plt0", 1);
  let_it_settle(pid);
  lab_.rename(pid, "eth0", "net0");
  // Its host end went down and up, of which the kernel tells within a second. Time stands still for
  // the collector: no slow reading finds it.
  NetworkTarget row = target(pid);
  for (int attempt = 0; attempt < 300; ++attempt) {
    collector_->collect({&row, 1});
    if (row.interfaces.at(0).name == "net0") break;
    ::usleep(10'000);
  }
  ASSERT_EQ(row.interfaces.size(), 1U);
  EXPECT_EQ(row.interfaces[0].name, "net0");
  expect_same_traffic(row.interfaces[0], inside(pid, "net0"));
}

TEST_F(RealNetwork, SharedHostAndEndedNamespaces) {
  const pid_t pid = lab_.add();
  const pid_t sharer = lab_.add_in(pid);
  const pid_t on_host = lab_.add_in(lab_.hub());
  lab_.connect(pid, "eth0", "plt0", 1);
  std::vector<NetworkTarget> targets = {target(pid), target(sharer), target(on_host)};
  collect(targets);
  EXPECT_EQ(targets[0].attribution, NetworkAttribution::kOwn);
  EXPECT_EQ(targets[1].attribution, NetworkAttribution::kShared);
  EXPECT_EQ(targets[2].attribution, NetworkAttribution::kHost);
  EXPECT_EQ(collector_->stats().namespaces, 1U);
  // The owner's process ends; the other keeps the namespace and takes the report over.
  lab_.end(pid);
  clock_.advance(seconds(60));
  collect(targets);
  EXPECT_EQ(targets[0].attribution, NetworkAttribution::kNone);
  EXPECT_EQ(targets[1].attribution, NetworkAttribution::kOwn);
  lab_.end(sharer);
  clock_.advance(seconds(60));
  collect(targets);
  EXPECT_EQ(targets[1].attribution, NetworkAttribution::kNone);
  EXPECT_EQ(collector_->stats().namespaces, 0U);
  EXPECT_EQ(collector_->stats().errors, 0U);
}

TEST_F(RealNetwork, DeadNamespaceIsNotPinned) {
  const pid_t pid = lab_.add();
  lab_.connect(pid, "eth0", "plt0", 1);
  let_it_settle(pid);
  lab_.end(pid);
  // The kernel takes a namespace without users down and its links with it, host ends included.
  const auto host_end_exists = [&] {
    return lab_.settled_net_dev(lab_.hub()).find("plt0:") != std::string::npos;
  };
  for (int attempt = 0; attempt < 200 && host_end_exists(); ++attempt) ::usleep(10'000);
  EXPECT_FALSE(host_end_exists());
  EXPECT_EQ(collect_one(pid).attribution, NetworkAttribution::kNone);
}

TEST_F(RealNetwork, HostRowHasTheHostsOwnInterfaces) {
  const pid_t pid = lab_.add();
  lab_.connect(pid, "eth0", "plt0", 1);
  lab_.connect(pid, "eth1", "veth7", 2);
  lab_.send(pid, 1, 1, 5, 100);
  const InterfaceCounters truth = inside(lab_.hub(), "plt0");
  Identity root;
  root.runtime = Runtime::kRoot;
  NetworkTarget host;
  host.identity = &root;
  collect({&host, 1});
  EXPECT_EQ(host.attribution, NetworkAttribution::kOwn);
  ASSERT_EQ(host.interfaces.size(), 1U) << "without lo and veth7";
  EXPECT_EQ(host.interfaces[0], truth) << "errors and drops too: they are the host's own";
}

// The calling thread's only: identity and capabilities are per thread below glibc.
void become_nobody() {
  constexpr int kNobody = 65534;
  PLIMSOLL_CHECK(::syscall(SYS_setresgid, kNobody, kNobody, kNobody) == 0);
  PLIMSOLL_CHECK(::syscall(SYS_setresuid, kNobody, kNobody, kNobody) == 0);
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct none[2]{};
  PLIMSOLL_CHECK(::syscall(SYS_capset, &header, none) == 0);
}

TEST_F(RealNetwork, NobodyCanMapHostEndsInTheHostsNamespace) {
  const pid_t pid = lab_.add();
  lab_.connect(pid, "eth0", "plt0", 1);
  lab_.in(lab_.hub(), [&] {
    become_nobody();
    let_it_settle(pid);
    EXPECT_EQ(from_host_end(pid).attribution, NetworkAttribution::kOwn);
    EXPECT_EQ(collector_->stats().missing, "");
  });
  lab_.send(pid, 1, 1, 5, 100);
  const InterfaceCounters truth = inside(pid, "eth0");
  expect_same_traffic(collect_one(pid).interfaces.at(0), truth);
  ::prctl(PR_SET_DUMPABLE, 1);  // Changing the user cleared it for the whole process.
}

TEST_F(RealNetwork, NobodyElsewhereReadsInsideAndSaysWhatIsMissing) {
  const pid_t pid = lab_.add();
  lab_.connect(pid, "eth0", "plt0", 1);
  // Not in the hub: our own namespace is not the host's, and may not enter it.
  lab_.in(lab_.add(), [&] {
    become_nobody();
    let_it_settle(pid);
  });
  lab_.send(pid, 1, 1, 5, 100);
  const InterfaceCounters truth = inside(pid, "eth0");
  const NetworkTarget row = collect_one(pid);
  ASSERT_EQ(row.interfaces.size(), 1U);
  EXPECT_EQ(row.interfaces[0], truth);
  EXPECT_EQ(collector_->stats().by_namespace, 1U);
  EXPECT_EQ(collector_->stats().missing, "CAP_SYS_PTRACE");
  ::prctl(PR_SET_DUMPABLE, 1);
}

}  // namespace
}  // namespace plimsoll::exporter
