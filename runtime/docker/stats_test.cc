#include "runtime/docker/stats.h"

#include <gmock/gmock.h>

#include "base/fake_clock.h"
#include "base/temp_tree.h"
#include "runtime/docker/stats_service.h"

namespace plimsoll::docker {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kNetDev =
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop "
    "fifo colls carrier compressed\n"
    "    lo:     500       5    0    0    0     0          0         0      500       5    0    0  "
    " "
    " 0     0       0          0\n"
    "  eth0:    1296      16    1    2    0     0          0         0       42       1    3    4  "
    " "
    " 0     0       0          0\n";

TEST(NetDev, TellsInterfacesWithoutTheLoopback) {
  const auto parsed = parse_net_dev(kNetDev);
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->size(), 1U);
  EXPECT_EQ(parsed->at("eth0"), (InterfaceCounters{1296, 16, 1, 2, 42, 1, 3, 4}));
  EXPECT_EQ(parse_net_dev("  eth0: 1 2 3\n").error().subject, "  eth0: 1 2 3");
  EXPECT_EQ(parse_net_dev("  eth0: 1 2 x 4 5 6 7 8 9 10 11 12 13 14 15 16\n").error().kind,
            ErrorKind::kMalformed);
  EXPECT_EQ(parse_net_dev("eth0\n").error().subject, "eth0");
  EXPECT_TRUE(parse_net_dev("")->empty());
}

TEST(Keyed, NamesTheLineThatIsNone) {
  const auto parsed = parse_keyed("cache 4096\ntotal_rss 7\n");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->at("cache"), 4096U);
  EXPECT_EQ(parsed->at("total_rss"), 7U);
  EXPECT_EQ(parse_keyed("a 1\nb\n").error().subject, "b");
  EXPECT_EQ(parse_keyed("a -1\n").error().subject, "a -1");
}

TEST(BlockIoText, IsReadOfBothVersions) {
  const auto v1 = parse_blkio("254:0 Read 4096\n254:0 Write 1\n254:0 Total 4097\nTotal 4097\n");
  ASSERT_TRUE(v1);
  ASSERT_EQ(v1->size(), 3U);
  EXPECT_EQ((*v1)[0].major, 254U);
  EXPECT_EQ((*v1)[0].op, "Read");
  EXPECT_EQ((*v1)[1].value, 1U);
  const auto v2 = parse_io_stat("254:0 rbytes=5 wbytes=6 rios=1 wios=1 dbytes=0 dios=0\n7:0 \n");
  ASSERT_TRUE(v2);
  ASSERT_EQ(v2->size(), 2U);
  EXPECT_EQ((*v2)[0].op, "read");
  EXPECT_EQ((*v2)[1].value, 6U);
  EXPECT_FALSE(parse_io_stat("254:0 rbytes=x\n"));
}

TEST(StatsJson, OfAStoppedContainerIsZero) {
  const std::string text = stats_json({.id = "0123456789abcdef", .name = "a"}, {}, {});
  EXPECT_THAT(text, HasSubstr(R"("read":"0001-01-01T00:00:00Z","preread":"0001-01-01T00:00:00Z")"));
  EXPECT_THAT(text, HasSubstr(R"("memory_stats":{})"));
  EXPECT_THAT(text, HasSubstr(R"("total_usage":0)"));
  EXPECT_THAT(text, Not(HasSubstr("system_cpu_usage")));
  EXPECT_THAT(text, HasSubstr(R"("name":"/a","id":"0123456789abcdef"})"));
}

// A host with v2 groups, as files.
class StatsOfGroups : public ::testing::Test {
 protected:
  StatsOfGroups() {
    container_.id = "0123456789abcdef";
    container_.name = "box";
    container_.cgroup = "/plimsoll/0123456789abcdef";
    container_.state.status = engine::Status::kRunning;
    container_.state.pid = 42;
    const auto root = open_dir((tree_.path() + "/cgroup").c_str());
    layout_ = *cgroupfs::open_layout("", *root);
  }
  UsageReader reader() {
    return *UsageReader::open(layout_, *open_dir((tree_.path() + "/proc").c_str()), clock_);
  }
  void use_cpu(std::uint64_t microseconds) {
    tree_.write("cgroup/plimsoll/0123456789abcdef/cpu.stat",
                "usage_usec " + std::to_string(microseconds) +
                    "\nuser_usec 30\nsystem_usec 20\nnr_periods 4\nnr_throttled 2\n"
                    "throttled_usec 9\n");
  }

  TempTree tree_{
      {"cgroup/cgroup.controllers", "cpu io memory pids\n"},
      {"cgroup/cgroup.procs", ""},
      {"cgroup/plimsoll/0123456789abcdef/cpu.stat",
       "usage_usec 50\nuser_usec 30\nsystem_usec 20\n"},
      {"cgroup/plimsoll/0123456789abcdef/memory.current", "8192\n"},
      {"cgroup/plimsoll/0123456789abcdef/memory.max", "max\n"},
      {"cgroup/plimsoll/0123456789abcdef/memory.stat", "anon 4096\ninactive_file 100\n"},
      {"cgroup/plimsoll/0123456789abcdef/memory.events", "low 0\noom 3\noom_kill 1\n"},
      {"cgroup/plimsoll/0123456789abcdef/io.stat", "8:0 rbytes=5 wbytes=6 rios=1 wios=1\n"},
      {"cgroup/plimsoll/0123456789abcdef/pids.current", "2\n"},
      {"cgroup/plimsoll/0123456789abcdef/pids.max", "max\n"},
      {"proc/meminfo", "MemTotal:        1000 kB\nMemFree: 1 kB\n"},
      {"proc/42/net/dev", kNetDev}};
  cgroupfs::Layout layout_;
  FakeClock clock_;
  engine::Container container_;
};

TEST_F(StatsOfGroups, AreReadWhole) {
  use_cpu(50);
  const Usage usage = reader().read(container_);
  EXPECT_TRUE(usage.read);
  EXPECT_EQ(usage.cpu.total_ns, 50000U);
  EXPECT_EQ(usage.cpu.user_ns, 30000U);
  EXPECT_EQ(usage.cpu.throttled_ns, 9000U);
  EXPECT_GE(usage.cpu.online, 1U);
  EXPECT_EQ(usage.memory.usage, 8192U);
  EXPECT_EQ(usage.memory.limit, 1024000U);
  EXPECT_EQ(usage.memory.failcnt, 3U);
  EXPECT_EQ(usage.memory.stats.at("inactive_file"), 100U);
  EXPECT_EQ(usage.io_bytes.size(), 2U);
  EXPECT_EQ(usage.pids, 2U);
  EXPECT_FALSE(usage.pids_limit);
  EXPECT_EQ(usage.networks.at("eth0").rx_bytes, 1296U);
}

TEST_F(StatsOfGroups, AGroupThatIsGoneIsZero) {
  tree_.remove("cgroup/plimsoll/0123456789abcdef");
  EXPECT_FALSE(reader().read(container_).read);
}

TEST_F(StatsOfGroups, TheLastSampleIsTheNextOnesBefore) {
  StatsService service(reader(), clock_);
  EXPECT_FALSE(service.once(container_).before);
  clock_.advance(std::chrono::seconds(5));
  use_cpu(150);
  // Old enough, and not too old: no waiting.
  const UsagePair pair = service.twice(container_);
  ASSERT_TRUE(pair.before);
  EXPECT_EQ(pair.before->cpu.total_ns, 50000U);
  EXPECT_EQ(pair.now.cpu.total_ns, 150000U);
  EXPECT_EQ(pair.now.cpu.host_ns - pair.before->cpu.host_ns, 5000000000U * pair.now.cpu.online);
}

TEST_F(StatsOfGroups, ATimeLongAgoIsNoBefore) {
  StatsService service(reader(), clock_);
  (void)service.once(container_);
  clock_.advance(std::chrono::hours(1));
  use_cpu(150);
  EXPECT_EQ(service.twice(container_).before->cpu.total_ns, 150000U);
}

TEST_F(StatsOfGroups, CountersOfAnEarlierLifeAreNoBefore) {
  StatsService service(reader(), clock_);
  (void)service.once(container_);
  use_cpu(1);
  EXPECT_FALSE(service.once(container_).before);
}

TEST_F(StatsOfGroups, WhatDoesNotRunIsAnsweredWithZeros) {
  StatsService service(reader(), clock_);
  (void)service.once(container_);
  container_.state.status = engine::Status::kExited;
  EXPECT_FALSE(service.twice(container_).now.read);
}

}  // namespace
}  // namespace plimsoll::docker
