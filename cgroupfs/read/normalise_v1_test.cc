// Every file of v1 ends up in the right field, in the right unit.
#include "cgroupfs/read/reader_fixture.h"

namespace plimsoll::cgroupfs {
namespace {

using enum Field;
using L = Limit<std::uint64_t>;
using Io = DeviceIo;

class V1 : public FixtureHost {
 protected:
  V1() {
    make_v1_container(host_, "docker/a");
    open();
    start();
    group_ = group_at(layout_, "/docker/a");
  }
  Cgroup group_;
};

TEST_F(V1, Cpu) {
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  EXPECT_EQ(value(kCpuUsage), 3000U);
  EXPECT_EQ(sample_.per_cpu_ns, (std::vector<std::uint64_t>{1000, 2000}));
  EXPECT_EQ(value(kCpuUser), 70'000'000U);  // 7 ticks of 10 ms.
  EXPECT_EQ(value(kCpuSystem), 30'000'000U);
  EXPECT_EQ(value(kCpuPeriods), 12U);
  EXPECT_EQ(value(kCpuThrottledPeriods), 3U);
  EXPECT_EQ(value(kCpuThrottled), 40'000U);
  EXPECT_EQ(value(kCpuBursts), 2U);
  EXPECT_EQ(value(kCpuBurst), 700U);
  EXPECT_EQ(sample_.limit(kCpuQuota), L(50'000'000));
  EXPECT_EQ(value(kCpuPeriod), 100'000'000U);
  EXPECT_EQ(value(kCpuBurstLimit), 0U);
  EXPECT_EQ(value(kCpuShares), 1024U);
  EXPECT_FALSE(value(kCpuWeight));
  EXPECT_EQ(value(kCpuLocalThrottled), 30'000U);
  EXPECT_EQ(value(kCpusetCpus), 2U);
  EXPECT_EQ(value(kCpusetMems), 1U);
}

TEST_F(V1, IoLimitsFromFourFiles) {
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  const IoLimit loop{.major = 7, .read_bytes = 5};
  IoLimit disk{.major = 254, .read_bytes = 1'048'576, .writes = 120};
  EXPECT_EQ(sample_.io_limits, (std::vector{loop, disk}));
  host_.write("blkio/docker/a/blkio.throttle.read_bps_device", "");
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  disk.read_bytes.reset();
  EXPECT_EQ(sample_.io_limits, std::vector{disk});
}

TEST_F(V1, UnlimitedQuota) {
  host_.write("cpu/docker/a/cpu.cfs_quota_us", "-1\n");
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  EXPECT_EQ(sample_.limit(kCpuQuota), L::none());
  EXPECT_FALSE(value(kCpuQuota));
}

TEST_F(V1, UsageWithoutThePercpuGroup) {
  host_.write("cpuacct/docker/a/cpuacct.usage_percpu", "not read\n");
  start(options_for(GroupSet::defaults().set(Group::kPercpu, false)));
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  EXPECT_EQ(value(kCpuUsage), 3000U);
  EXPECT_TRUE(sample_.per_cpu_ns.empty());
}

TEST_F(V1, MemoryWithItsDescendants) {
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  EXPECT_EQ(value(kMemoryUsage), 1000U);
  EXPECT_EQ(value(kMemoryWorkingSet), 1000U - 118);
  EXPECT_EQ(value(kMemoryPeak), 2000U);
  EXPECT_EQ(value(kMemoryFailcnt), 4U);
  EXPECT_EQ(value(kMemoryKernel), 50U);
  EXPECT_EQ(value(kMemoryCache), 101U);
  EXPECT_EQ(value(kMemoryRss), 102U);
  EXPECT_EQ(value(kMemoryShmem), 104U);
  EXPECT_EQ(value(kMemoryMappedFile), 105U);
  EXPECT_EQ(value(kMemoryFileDirty), 106U);
  EXPECT_EQ(value(kMemoryFileWriteback), 107U);
  EXPECT_EQ(value(kMemoryRefaultAnon), 108U);
  EXPECT_EQ(value(kMemoryRefaultFile), 109U);
  EXPECT_EQ(value(kMemorySwap), 110U);
  EXPECT_EQ(value(kMemoryPgfault), 14U);
  EXPECT_EQ(value(kMemoryPgmajfault), 15U);
  EXPECT_EQ(value(kMemoryPgfaultTotal), 114U);
  EXPECT_EQ(value(kMemoryPgmajfaultTotal), 115U);
  EXPECT_EQ(value(kMemoryInactiveAnon), 116U);
  EXPECT_EQ(value(kMemoryActiveAnon), 117U);
  EXPECT_EQ(value(kMemoryInactiveFile), 118U);
  EXPECT_EQ(value(kMemoryActiveFile), 119U);
  EXPECT_EQ(value(kMemoryUnevictable), 120U);
  EXPECT_FALSE(value(kMemoryEventsOomKill)) << "v1 counts the group's own kills only";
  EXPECT_EQ(value(kMemoryEventsLocalOomKill), 2U);
  EXPECT_EQ(value(kMemoryUnderOom), 0U);
  EXPECT_EQ(value(kMemoryOomKillDisabled), 0U);
  EXPECT_EQ(sample_.memory_detail.value(MemoryKey::rss_huge), 121U);
  EXPECT_EQ(sample_.memory_detail.value(MemoryKey::pgpgin), 122U);
  EXPECT_FALSE(sample_.memory_detail.value(MemoryKey::slab_reclaimable));
  EXPECT_EQ(sample_.limit(kMemoryLimit), L(67108864));
  EXPECT_EQ(sample_.limit(kMemoryReservation), L::none());
  EXPECT_EQ(sample_.limit(kMemoryMemswLimit), L::none());
  EXPECT_FALSE(value(kMemoryPgscan)) << "v1 does not offer it";
  EXPECT_FALSE(sample_.limit(kMemoryHigh));
}

TEST_F(V1, WithoutTotalKeysTheGroupsOwnCount) {
  host_.write("memory/docker/a/memory.stat", "cache 1\nrss 2\ninactive_file 90\npgfault 3\n");
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  EXPECT_EQ(value(kMemoryRss), 2U);
  EXPECT_EQ(value(kMemoryWorkingSet), 1000U - 90);
  EXPECT_FALSE(value(kMemoryPgfaultTotal));
}

TEST_F(V1, WorkingSetIsNeverNegative) {
  host_.write("memory/docker/a/memory.usage_in_bytes", "100\n");
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  EXPECT_EQ(value(kMemoryWorkingSet), 0U);
}

TEST_F(V1, NumaPagesBecomeBytes) {
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  NumaUsage node;
  node.file = page;
  node.anon_total = 2 * page;
  EXPECT_EQ(sample_.numa, std::vector{node});
}

TEST_F(V1, IoByDeviceAndInSum) {
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  Io loop;
  loop.major = 7;
  loop.read_bytes = 1;
  Io disk;
  disk.major = 254;
  disk.read_bytes = 4096;
  disk.write_bytes = 8192;
  disk.discard_bytes = 5;
  disk.sync_bytes = 12000;
  disk.async_bytes = 288;
  disk.total_bytes = 12293;
  disk.reads = 4;
  disk.writes = 8;
  disk.discards = 1;
  EXPECT_EQ(sample_.devices, (std::vector{loop, disk}));
  EXPECT_EQ(value(kIoReadBytes), 4097U);
  EXPECT_EQ(value(kIoWriteBytes), 8192U);
  EXPECT_EQ(value(kIoDiscardBytes), 5U);
  EXPECT_EQ(value(kIoReads), 4U);
  EXPECT_EQ(value(kIoWrites), 8U);
  EXPECT_EQ(value(kIoDiscards), 1U);
}

TEST_F(V1, AnIoFileWithoutDevicesSaysNothing) {
  host_.write("blkio/docker/a/blkio.throttle.io_service_bytes_recursive", "Total 0\n");
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  EXPECT_FALSE(value(kIoReadBytes));
  EXPECT_EQ(value(kIoReads), 4U) << "the other file still speaks";
}

TEST_F(V1, ADeviceThatIsNoLongerListedLeaves) {
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  host_.write("blkio/docker/a/blkio.throttle.io_service_bytes_recursive",
              "254:0 Read 4096\nTotal 4096\n");
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  ASSERT_EQ(sample_.devices.size(), 1U);
  EXPECT_EQ(sample_.devices[0].major, 254U);
  EXPECT_FALSE(sample_.devices[0].write_bytes);
  EXPECT_FALSE(value(kIoWriteBytes));
}

TEST_F(V1, PidsCpusetAndFreezer) {
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  EXPECT_EQ(value(kPids), 6U);
  EXPECT_EQ(value(kPidsPeak), 9U);
  EXPECT_EQ(sample_.limit(kPidsLimit), L::none());
  EXPECT_EQ(value(kPidsEventsMax), 1U);
  EXPECT_EQ(value(kProcesses), 2U);
  EXPECT_EQ(sample_.cpuset_cpus, "0-1");
  EXPECT_EQ(sample_.cpuset_mems, "0");
  EXPECT_EQ(value(kCpusetMemoryMigrate), 1U);
  EXPECT_EQ(value(kCgroupFrozen), 0U);
}

TEST_F(V1, ThawsAgain) {
  host_.write("freezer/docker/a/freezer.state", "FROZEN\n");
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  EXPECT_EQ(value(kCgroupFrozen), 1U);
  host_.write("freezer/docker/a/freezer.state", "FREEZING\n");
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  EXPECT_EQ(value(kCgroupFrozen), 0U) << "not all of it stands still yet";
}

TEST_F(V1, HugetlbPrefersReservations) {
  const auto write = [&](const std::string& file, const std::string& text) {
    host_.write("hugetlb/docker/a/hugetlb." + file, text);
  };
  write("2MB.usage_in_bytes", "1\n");
  write("2MB.rsvd.usage_in_bytes", "2\n");
  write("2MB.rsvd.max_usage_in_bytes", "3\n");
  write("2MB.rsvd.failcnt", "4\n");
  write("2MB.rsvd.limit_in_bytes", "9223372036852678656\n");
  write("1GB.usage_in_bytes", "5\n");
  write("1GB.limit_in_bytes", "1073741824\n");
  open();
  start();
  const Cgroup group = group_at(layout_, "/docker/a");
  ASSERT_EQ(read(group), ReadOutcome::kRead);
  EXPECT_EQ(sample_.hugetlb, (std::vector<HugetlbUsage>{{"1GB", 5, {}, {}, L(1073741824)},
                                                        {"2MB", 2, 3, 4, L::none()}}));
}

}  // namespace
}  // namespace plimsoll::cgroupfs
