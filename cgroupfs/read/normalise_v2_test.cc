// Every file of v2 ends up in the right field, in the right unit, and so do those of both on a
// hybrid host.
#include "cgroupfs/read/reader_fixture.h"

namespace plimsoll::cgroupfs {
namespace {

using enum Field;
using L = Limit<std::uint64_t>;
using Io = DeviceIo;

class V2 : public FixtureHost {
 protected:
  V2() {
    host_.write("cgroup.controllers", kV2Controllers);
    make_v2_container(host_, "system.slice/a.service");
    open();
    start();
    group_ = group_at(layout_, "/system.slice/a.service");
  }
  Cgroup group_;
};

TEST_F(V2, Cpu) {
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  EXPECT_EQ(value(kCpuUsage), 3'000'000U);
  EXPECT_EQ(value(kCpuUser), 2'000'000U);
  EXPECT_EQ(value(kCpuSystem), 1'000'000U);
  EXPECT_EQ(value(kCpuPeriods), 12U);
  EXPECT_EQ(value(kCpuThrottledPeriods), 3U);
  EXPECT_EQ(value(kCpuThrottled), 40'000U);
  EXPECT_EQ(value(kCpuBursts), 2U);
  EXPECT_EQ(value(kCpuBurst), 7'000U);
  EXPECT_EQ(sample_.limit(kCpuQuota), L(50'000'000));
  EXPECT_EQ(value(kCpuPeriod), 100'000'000U);
  EXPECT_EQ(value(kCpuBurstLimit), 9'000U);
  EXPECT_EQ(value(kCpuWeight), 100U);
  EXPECT_FALSE(value(kCpuShares));
  EXPECT_EQ(value(kCpuNice), 8'000U);
  EXPECT_EQ(value(kCpuForcedIdle), 9'000U);
  EXPECT_EQ(value(kCpuLocalThrottled), 30'000U);
  EXPECT_EQ(value(kCpusetCpus), 2U);
  EXPECT_TRUE(sample_.per_cpu_ns.empty());
}

TEST_F(V2, IoLimitsOfDevicesThatHaveOne) {
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  EXPECT_EQ(sample_.io_limits,
            (std::vector{IoLimit{.major = 8, .read_bytes = 1000, .writes = 20}}));
  EXPECT_EQ(value(kIoWeight), 100U);
}

TEST_F(V2, PressureAveragesAreShares) {
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  const PressureAverages& averages = sample_.pressure_averages;
  EXPECT_EQ(averages.some[static_cast<int>(PressureResource::kCpu)],
            (std::array{0.015F, 0.0025F, 0.0F}));
  EXPECT_FALSE(averages.full[static_cast<int>(PressureResource::kCpu)]) << "an old kernel";
  EXPECT_FALSE(averages.some[static_cast<int>(PressureResource::kIrq)]);
  EXPECT_TRUE(averages.full[static_cast<int>(PressureResource::kIrq)]);
}

TEST_F(V2, Memory) {
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  EXPECT_EQ(value(kMemoryUsage), 1000U);
  EXPECT_EQ(value(kMemoryWorkingSet), 1000U - 211);
  EXPECT_EQ(value(kMemoryPeak), 2000U);
  EXPECT_EQ(value(kMemoryRss), 201U);
  EXPECT_EQ(value(kMemoryCache), 202U);
  EXPECT_EQ(value(kMemoryKernel), 203U);
  EXPECT_EQ(value(kMemorySock), 204U);
  EXPECT_EQ(value(kMemoryShmem), 205U);
  EXPECT_EQ(value(kMemoryMappedFile), 206U);
  EXPECT_EQ(value(kMemoryFileDirty), 207U);
  EXPECT_EQ(value(kMemoryFileWriteback), 208U);
  EXPECT_EQ(value(kMemorySlab), 214U);
  EXPECT_EQ(value(kMemoryRefaultAnon), 215U);
  EXPECT_EQ(value(kMemoryRefaultFile), 216U);
  EXPECT_EQ(value(kMemoryPgscan), 217U);
  EXPECT_EQ(value(kMemoryPgsteal), 218U);
  EXPECT_EQ(value(kMemoryPgfault), 219U);
  EXPECT_EQ(value(kMemoryPgfaultTotal), 219U);
  EXPECT_EQ(value(kMemoryPgmajfault), 220U);
  EXPECT_EQ(value(kMemorySwap), 30U);
  EXPECT_EQ(value(kMemoryEventsLow), 1U);
  EXPECT_EQ(value(kMemoryEventsHigh), 2U);
  EXPECT_EQ(value(kMemoryEventsMax), 3U);
  EXPECT_EQ(value(kMemoryEventsOom), 4U);
  EXPECT_EQ(value(kMemoryEventsOomKill), 5U);
  EXPECT_EQ(value(kMemoryEventsOomGroupKill), 6U);
  EXPECT_EQ(value(kMemoryEventsLocalHigh), 8U);
  EXPECT_EQ(value(kMemoryEventsLocalMax), 9U);
  EXPECT_EQ(value(kMemoryEventsLocalOom), 10U);
  EXPECT_EQ(value(kMemoryEventsLocalLow), 7U);
  EXPECT_EQ(value(kMemoryEventsLocalOomKill), 11U);
  EXPECT_EQ(value(kMemoryEventsLocalOomGroupKill), 12U);
  EXPECT_EQ(value(kMemorySwapEventsHigh), 1U);
  EXPECT_EQ(value(kMemorySwapEventsMax), 2U);
  EXPECT_EQ(value(kMemorySwapEventsFail), 3U);
  EXPECT_EQ(value(kMemorySwapPeak), 31U);
  EXPECT_EQ(value(kMemoryOomGroup), 1U);
  EXPECT_FALSE(value(kMemoryUnderOom));
  EXPECT_EQ(sample_.limit(kMemorySwapHigh), L::none());
  EXPECT_EQ(sample_.limit(kMemoryZswapLimit), L(4096));
  EXPECT_EQ(sample_.memory_detail.value(MemoryKey::kernel_stack), 221U);
  EXPECT_EQ(sample_.memory_detail.value(MemoryKey::thp_fault_alloc), 225U);
  EXPECT_FALSE(sample_.memory_detail.value(MemoryKey::rss_huge));
  EXPECT_EQ(sample_.limit(kMemoryLimit), L(67108864));
  EXPECT_EQ(sample_.limit(kMemoryHigh), L::none());
  EXPECT_EQ(sample_.limit(kMemoryLow), L(1));
  EXPECT_EQ(sample_.limit(kMemoryMin), L(0));
  EXPECT_EQ(sample_.limit(kMemorySwapLimit), L::none());
  EXPECT_FALSE(value(kMemoryFailcnt)) << "v2 does not offer it";
  NumaUsage node;
  node.anon_total = 4096;
  node.file_total = 8192;
  node.unevictable_total = 0;
  EXPECT_EQ(sample_.numa, std::vector{node});
}

TEST_F(V2, TheRootsMemoryIsWhatItsStatAccounts) {
  host_.write("memory.stat", "anon 40\nfile 60\ninactive_file 25\n");
  host_.write("cpu.stat", "usage_usec 5\nuser_usec 3\nsystem_usec 2\n");
  const Cgroup root = group_at(layout_, "/");
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(read(root, TierSet::all(), true), ReadOutcome::kRead);
    EXPECT_EQ(value(kMemoryUsage), 100U);
    EXPECT_EQ(value(kMemoryWorkingSet), 75U);
    EXPECT_EQ(value(kCpuUsage), 5000U);
    EXPECT_FALSE(sample_.limit(kMemoryLimit));
    EXPECT_FALSE(sample_.limit(kCpuQuota));
    EXPECT_FALSE(value(kPids));
  }
  host_.remove("system.slice/a.service/memory.current");
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  EXPECT_FALSE(value(kMemoryUsage)) << "only the root's usage may be made up";
  EXPECT_FALSE(value(kMemoryWorkingSet));
}

TEST_F(V2, Io) {
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  Io loop;
  loop.major = 7;
  loop.minor = 6;
  loop.read_bytes = 10;
  loop.write_bytes = 0;
  loop.discard_bytes = 0;
  loop.reads = 1;
  loop.writes = 0;
  loop.discards = 0;
  Io disk;
  disk.major = 8;
  disk.read_bytes = 1;
  disk.write_bytes = 2;
  disk.reads = 3;
  disk.writes = 4;
  disk.discard_bytes = 5;
  disk.discards = 6;
  disk.cost_usage_ns = 7000;
  EXPECT_EQ(sample_.devices, (std::vector{loop, disk}));
  EXPECT_EQ(value(kIoReadBytes), 11U);
  EXPECT_EQ(value(kIoWriteBytes), 2U);
  EXPECT_EQ(value(kIoReads), 4U);
  EXPECT_EQ(value(kIoWrites), 4U);
  EXPECT_EQ(value(kIoDiscardBytes), 5U);
}

TEST_F(V2, AnEmptyIoStatMeansNoIo) {
  host_.write("system.slice/a.service/io.stat", "");
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  EXPECT_EQ(value(kIoReadBytes), 0U);
  EXPECT_EQ(value(kIoWrites), 0U);
  EXPECT_TRUE(sample_.devices.empty());
}

TEST_F(V2, PressurePidsStateAndNamedResources) {
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  EXPECT_EQ(value(kPsiCpuSome), 11'000U);
  EXPECT_FALSE(value(kPsiCpuFull)) << "a line that the kernel does not print";
  EXPECT_EQ(value(kPsiMemorySome), 12'000U);
  EXPECT_EQ(value(kPsiMemoryFull), 13'000U);
  EXPECT_EQ(value(kPsiIoSome), 14'000U);
  EXPECT_EQ(value(kPsiIoFull), 15'000U);
  EXPECT_EQ(value(kPsiIrqFull), 16'000U);
  EXPECT_EQ(value(kPids), 6U);
  EXPECT_EQ(value(kPidsPeak), 9U);
  EXPECT_EQ(sample_.limit(kPidsLimit), L(100));
  EXPECT_EQ(value(kPidsEventsMax), 1U);
  EXPECT_EQ(value(kProcesses), 2U);
  EXPECT_EQ(value(kCgroupPopulated), 1U);
  EXPECT_EQ(value(kCgroupFrozen), 1U);
  EXPECT_EQ(value(kCgroupDescendants), 3U);
  EXPECT_EQ(value(kCgroupDying), 12U);
  EXPECT_EQ(sample_.cpuset_cpus, "0-1");
  EXPECT_EQ(sample_.misc, (std::vector<NamedUsage>{{"sev", 2, L(5)}}));
  EXPECT_EQ(sample_.rdma, (std::vector<NamedUsage>{{"mlx4_0.hca_handle", 2, L::none()},
                                                   {"mlx4_0.hca_object", 3, L(20)}}));
}

TEST_F(V2, Hugetlb) {
  const auto write = [&](const std::string& file, const std::string& text) {
    host_.write("system.slice/a.service/hugetlb." + file, text);
  };
  write("2MB.current", "1\n");
  write("2MB.rsvd.current", "2\n");
  write("2MB.rsvd.max", "4194304\n");
  write("2MB.max", "max\n");
  write("2MB.events", "max 7\n");
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  EXPECT_EQ(sample_.hugetlb, (std::vector<HugetlbUsage>{{"2MB", 2, {}, 7, L(4194304)}}));
}

TEST(Hybrid, TheUnifiedGroupAddsWhatV1DoesNotHave) {
  class Host : public FixtureHost {
   public:
    void TestBody() override {
      make_v1_container(host_, "docker/a");
      host_.write("unified/cgroup.controllers", "");
      make_v2_container(host_, "unified/docker/a");
      open();
      start();
      ASSERT_EQ(layout_.mode, Mode::kHybrid);
      Cgroup group = group_at(layout_, "/docker/a");
      ASSERT_EQ(read(group), ReadOutcome::kRead);
      EXPECT_EQ(value(kCpuUsage), 3000U) << "v1 speaks for CPU";
      EXPECT_EQ(value(kMemoryUsage), 1000U);
      EXPECT_EQ(value(kMemoryRss), 102U);
      EXPECT_EQ(value(kPsiMemoryFull), 13'000U);
      EXPECT_EQ(value(kCgroupDescendants), 3U);
      EXPECT_EQ(value(kCgroupPopulated), 1U);
      EXPECT_EQ(value(kCgroupFrozen), 1U) << "frozen by v2, thawed for v1";
      EXPECT_EQ(value(kProcesses), 2U);
      // A group that is in the v1 hierarchies only.
      group.inode[*layout_.unified()] = 0;
      ++group.revision;
      ASSERT_EQ(read(group), ReadOutcome::kRead);
      EXPECT_EQ(value(kCpuUsage), 3000U);
      EXPECT_FALSE(value(kPsiMemoryFull));
      EXPECT_FALSE(value(kCgroupPopulated));
      EXPECT_EQ(value(kCgroupFrozen), 0U);
    }
  };
  Host().TestBody();
}

}  // namespace
}  // namespace plimsoll::cgroupfs
