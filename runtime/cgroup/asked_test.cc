#include "runtime/cgroup/asked.h"

#include <gtest/gtest.h>

#include <string>

namespace plimsoll::runtime {
namespace {

using cgroupfs::Controller;

cgroupfs::Hierarchy hierarchy(int version, std::initializer_list<Controller> controllers) {
  cgroupfs::Hierarchy one;
  one.version = version;
  for (const Controller controller : controllers)
    one.controllers.set(static_cast<std::size_t>(controller));
  return one;
}

cgroupfs::Layout v1_host() {
  cgroupfs::Layout layout;
  layout.mode = cgroupfs::Mode::kHybrid;
  layout.hierarchies.push_back(hierarchy(1, {Controller::kCpu}));
  layout.hierarchies.push_back(hierarchy(1, {Controller::kMemory}));
  layout.hierarchies.push_back(hierarchy(1, {Controller::kNetCls, Controller::kNetPrio}));
  layout.hierarchies.push_back(hierarchy(2, {}));
  return layout;
}

cgroupfs::Layout v2_host() {
  cgroupfs::Layout layout;
  layout.mode = cgroupfs::Mode::kV2;
  layout.hierarchies.push_back(
      hierarchy(2, {Controller::kCpu, Controller::kMemory, Controller::kIo, Controller::kRdma}));
  return layout;
}

Asked asked(const spec::Resources& resources, const cgroupfs::Layout& layout) {
  auto result = asked_of(resources, layout, {});
  EXPECT_TRUE(result) << result.error().message();
  return result ? *std::move(result) : Asked();
}

std::string why_not(const spec::Resources& resources, const cgroupfs::Layout& layout) {
  const auto result = asked_of(resources, layout, {});
  return result ? "accepted" : result.error().message();
}

TEST(Asked, NothingOfNothing) {
  const Asked none = asked({}, v1_host());
  EXPECT_EQ(none.limits, limit::Limits());
  EXPECT_TRUE(none.direct.empty());
}

TEST(Asked, ZeroIsNotSetButForProcesses) {
  spec::Resources resources;
  resources.memory = {.limit = 0,
                      .reservation = 0,
                      .swap = 0,
                      .kernel = 1 << 20,
                      .kernel_tcp = 0,
                      .disable_oom_killer = false};
  resources.cpu = {.shares = 0, .quota = 0, .period = 0, .realtime_runtime = 0};
  resources.block_io = {.weight = 0};
  resources.network = {.class_id = 0};
  resources.pids_limit = 0;
  const Asked result = asked(resources, v1_host());
  limit::Limits expected;
  expected.pids_max = Limit<std::uint64_t>(0);
  EXPECT_EQ(result.limits, expected);
  EXPECT_TRUE(result.direct.empty());
}

TEST(Asked, SwapIsWhatMemoryDoesNotTake) {
  spec::Resources resources;
  resources.memory = {.limit = 64 << 20, .swap = 96 << 20};
  EXPECT_EQ(asked(resources, v2_host()).limits.memory_swap.value().value().count, 32U << 20);
  resources.memory->swap = 32 << 20;
  EXPECT_NE(why_not(resources, v2_host()).find("memory.swap"), std::string::npos);
  resources.memory = {.limit = -1};
  EXPECT_TRUE(asked(resources, v1_host()).limits.memory_swap.value().is_none());
  // An update of swap alone is about the limit in force.
  resources.memory = {.swap = 96 << 20};
  EXPECT_NE(why_not(resources, v2_host()), "accepted");
  const auto now = asked_of(resources, v2_host(), {.memory = Limit(limit::Bytes{64 << 20})});
  ASSERT_TRUE(now);
  EXPECT_EQ(now->limits.memory_swap.value().value().count, 32U << 20);
}

TEST(Asked, SharesStayWithinTheKernelsBounds) {
  spec::Resources resources;
  resources.cpu = {.shares = 1, .quota = -1};
  EXPECT_EQ(asked(resources, v1_host()).limits.cpu_shares.value(), 2U);
  EXPECT_TRUE(asked(resources, v1_host()).limits.cpu_quota.value().is_none());
  resources.cpu->shares = 1'000'000;
  EXPECT_EQ(asked(resources, v1_host()).limits.cpu_shares.value(), 262'144U);
}

TEST(Asked, ThrottlesOfZeroAreNone) {
  spec::Resources resources;
  resources.block_io.emplace();
  resources.block_io->read_bps = {{8, 0, 1 << 20}, {8, 16, 0}};
  const limit::Limits limits = asked(resources, v2_host()).limits;
  EXPECT_EQ(limits.io_rbps.at({8, 0}).value().value().count, 1U << 20);
  EXPECT_TRUE(limits.io_rbps.at({8, 16}).value().is_none());
  resources.block_io->read_bps = {{-1, 0, 1}};
  EXPECT_NE(why_not(resources, v2_host()).find("-1:0"), std::string::npos);
}

TEST(Asked, WeightsGoToWhoKeepsThem) {
  spec::Resources resources;
  resources.block_io = {.weight = 500};
  EXPECT_EQ(asked(resources, v2_host()).limits.io_weight.value(), 4950U);
  const auto bfq = asked_of(resources, v2_host(), {.weights = AskedFacts::Weights::kBfq});
  ASSERT_TRUE(bfq);
  EXPECT_EQ(bfq->limits.io_bfq_weight.value(), 500U);
  EXPECT_FALSE(bfq->limits.io_weight.is_asked());
}

TEST(Asked, DirectWritesGoToTheirHierarchy) {
  spec::Resources resources;
  resources.cpu = {.realtime_runtime = 950'000, .realtime_period = 1'000'000};
  resources.network = {.class_id = 0x100001, .priorities = {{"eth0", 5}}};
  EXPECT_EQ(asked(resources, v1_host()).direct,
            (std::vector<DirectWrite>{{0, "cpu.rt_period_us", "1000000"},
                                      {0, "cpu.rt_runtime_us", "950000"},
                                      {2, "net_cls.classid", "1048577"},
                                      {2, "net_prio.ifpriomap", "eth0 5"}}));
  EXPECT_NE(why_not(resources, v2_host()).find("cpu.realtimePeriod: cgroup v2 has no such control"),
            std::string::npos);
  spec::Resources rdma;
  rdma.rdma["mlx5_0"] = {.hca_handles = 2, .hca_objects = 2000};
  EXPECT_EQ(asked(rdma, v2_host()).direct,
            (std::vector<DirectWrite>{{0, "rdma.max", "mlx5_0 hca_handle=2 hca_object=2000"}}));
  EXPECT_NE(why_not(rdma, v1_host()).find("no cgroup controller \"rdma\""), std::string::npos);
}

TEST(Asked, UnifiedNamesFilesOfVersionTwo) {
  spec::Resources resources;
  resources.unified = {{"memory.high", "1048576"}};
  EXPECT_EQ(asked(resources, v2_host()).direct,
            (std::vector<DirectWrite>{{0, "memory.high", "1048576"}}));
  EXPECT_NE(why_not(resources, v1_host()).find("no cgroup v2"), std::string::npos);
  for (const char* file : {"../memory.max", "", "/etc/passwd", "..", "sub/memory.max", "memory"}) {
    spec::Resources bad;
    bad.unified = {{file, "1"}};
    EXPECT_NE(why_not(bad, v2_host()), "accepted") << file;
  }
}

TEST(Asked, CpusThatAreNoListAreNamed) {
  spec::Resources resources;
  resources.cpu = {.cpus = "0-x"};
  EXPECT_NE(why_not(resources, v1_host()).find("cpu.cpus"), std::string::npos);
}

}  // namespace
}  // namespace plimsoll::runtime
