// What the reader does when files are missing, strange or forbidden, when nothing moved, when
// groups vanish and when descriptors are short.
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>

#include "cgroupfs/read/reader_fixture.h"

namespace plimsoll::cgroupfs {
namespace {

using enum Field;

class Reader : public FixtureHost {
 protected:
  Reader() {
    make_v1_container(host_, "docker/a");
    open();
    group_ = group_at(layout_, "/docker/a");
  }
  void write(const std::string& file, const std::string& text) const { host_.write(file, text); }

  Cgroup group_;
};

TEST_F(Reader, AMissingFileIsAbsentNotZeroAndAskedForRarely) {
  host_.remove("memory/docker/a/memory.kmem.usage_in_bytes");
  start();
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  EXPECT_FALSE(value(kMemoryKernel));
  EXPECT_EQ(value(kMemoryFailcnt), 4U);
  const std::uint64_t opens = reader_->stats().opens;
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  const std::uint64_t opens_each_time = reader_->stats().opens - opens;

  write("memory/docker/a/memory.kmem.usage_in_bytes", "77\n");
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  EXPECT_FALSE(value(kMemoryKernel)) << "not asked for again so soon";
  EXPECT_EQ(reader_->stats().opens - opens, 2 * opens_each_time);
  clock_.advance(std::chrono::seconds(60));
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  EXPECT_EQ(value(kMemoryKernel), 77U);
}

TEST_F(Reader, AFileThatDisappearsTakesItsFieldsAlong) {
  start();
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  EXPECT_EQ(value(kMemoryFailcnt), 4U);
  host_.remove("memory/docker/a/memory.failcnt");
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  EXPECT_FALSE(value(kMemoryFailcnt));
}

TEST_F(Reader, MalformedTextIsCountedByFileAndTheFieldsAreAbsent) {
  start();
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  write("cpu/docker/a/cpu.stat", "nr_periods twelve\n");
  write("memory/docker/a/memory.failcnt", "4");
  write("pids/docker/a/pids.events", "something else\n");
  write("blkio/docker/a/blkio.throttle.io_service_bytes_recursive", "254:0 Read 1\nbroken\n");
  ASSERT_EQ(read(group_, TierSet::all(), true), ReadOutcome::kRead);
  EXPECT_FALSE(value(kCpuPeriods));
  EXPECT_FALSE(value(kMemoryFailcnt));
  EXPECT_FALSE(value(kPidsEventsMax)) << "text without a key that we know";
  EXPECT_FALSE(value(kIoReadBytes));
  EXPECT_EQ(value(kIoReads), 4U);
  EXPECT_EQ(value(kCpuUsage), 3000U) << "one bad file costs no other its fields";
  const ReaderStats stats = reader_->stats();
  EXPECT_EQ(stats.malformed.at("cpu.stat"), 1U);
  EXPECT_EQ(stats.malformed.at("memory.failcnt"), 1U);
  EXPECT_EQ(stats.malformed.at("pids.events"), 1U);
  EXPECT_EQ(stats.malformed.at("blkio.throttle.io_service_bytes_recursive"), 1U);
  EXPECT_EQ(stats.malformed.size(), 4U);

  write("cpu/docker/a/cpu.stat", "nr_periods 13\n");
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  EXPECT_EQ(value(kCpuPeriods), 13U);
}

TEST_F(Reader, AForbiddenFileIsCountedAndLeftAlone) {
  const std::string file = host_.path() + "/memory/docker/a/memory.failcnt";
  std::filesystem::permissions(host_.path(), std::filesystem::perms(0755));
  std::filesystem::permissions(file, std::filesystem::perms::none);
  start();
  const uid_t user = ::geteuid();
  ASSERT_EQ(::seteuid(user == 0 ? 65534 : user), 0);  // Root may read it all the same.
  const ReadOutcome first = read(group_);
  const ReadOutcome second = read(group_);
  ASSERT_EQ(::seteuid(user), 0);
  EXPECT_EQ(first, ReadOutcome::kRead);
  EXPECT_EQ(second, ReadOutcome::kRead);
  EXPECT_FALSE(value(kMemoryFailcnt));
  EXPECT_EQ(value(kMemoryKernel), 50U);
  EXPECT_EQ(reader_->stats().denied.at("memory.failcnt"), 1U);
}

TEST_F(Reader, OtherErrorsAreCounted) {
  host_.remove("pids/docker/a/pids.events");
  write("pids/docker/a/pids.events/", "");  // Reading a directory: EISDIR.
  start();
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  EXPECT_FALSE(value(kPidsEventsMax));
  EXPECT_EQ(reader_->stats().failed.at("pids.events"), 1U);
}

TEST_F(Reader, ReadsNoFileThatServesOnlyDisabledGroups) {
  GroupSet cpu_only;
  start(options_for(cpu_only.set(Group::kCpu)));
  ASSERT_EQ(read(group_, kHotOnly), ReadOutcome::kRead);
  EXPECT_EQ(reader_->stats().reads, 2U);  // cpuacct.usage, cpu.stat
  EXPECT_FALSE(value(kMemoryUsage));
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  EXPECT_EQ(sample_.limit(kMemoryLimit), Limit<std::uint64_t>(67108864)) << "no flag hides limits";
  EXPECT_FALSE(value(kMemoryFailcnt));
  EXPECT_TRUE(sample_.devices.empty());
}

TEST_F(Reader, StampsEachTierWithItsOwnTime) {
  start();
  ASSERT_EQ(read(group_, kHotOnly), ReadOutcome::kRead);
  const MonoTime first = clock_.now();
  EXPECT_EQ(sample_.read_at(Tier::kHot), first);
  EXPECT_FALSE(sample_.read_at(Tier::kWarm));
  EXPECT_FALSE(value(kPids));
  ASSERT_EQ(read(group_, TierSet().with(Tier::kWarm)), ReadOutcome::kRead);
  EXPECT_EQ(sample_.read_at(Tier::kHot), first);
  EXPECT_EQ(sample_.read_at(Tier::kWarm), clock_.now());
  EXPECT_EQ(value(kPids), 6U);
}

TEST_F(Reader, AnIdleGroupCostsOneFileAndKeepsItsStamps) {
  start();
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  const MonoTime full_at = clock_.now();
  write("cpu/docker/a/cpu.stat", "nr_periods 99\n");
  write("pids/docker/a/pids.current", "50\n");
  const std::uint64_t reads = reader_->stats().reads;
  ASSERT_EQ(read(group_, kHotOnly), ReadOutcome::kIdle);
  EXPECT_EQ(reader_->stats().reads, reads + 1);
  EXPECT_EQ(reader_->stats().idle, 1U);
  EXPECT_EQ(value(kCpuPeriods), 12U);
  EXPECT_EQ(sample_.read_at(Tier::kHot), full_at);
  EXPECT_EQ(sample_.usage_at(), clock_.now());
  ASSERT_EQ(read(group_, kHotOnly.with(Tier::kWarm)), ReadOutcome::kIdle);
  EXPECT_EQ(sample_.read_at(Tier::kWarm), full_at);
  EXPECT_EQ(value(kPids), 6U);

  ASSERT_EQ(read(group_, kHotOnly, true), ReadOutcome::kRead) << "a full read sees all";
  EXPECT_EQ(value(kCpuPeriods), 99U);
  EXPECT_EQ(sample_.read_at(Tier::kHot), clock_.now());
}

TEST_F(Reader, AnyMovementOrNeedEndsTheIdleShortcut) {
  start();
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  write("cpuacct/docker/a/cpuacct.usage_percpu", "1001 2000 \n");
  EXPECT_EQ(read(group_, kHotOnly), ReadOutcome::kRead);
  EXPECT_EQ(value(kCpuUsage), 3001U);
  EXPECT_EQ(read(group_, kHotOnly), ReadOutcome::kIdle);
  write("memory/docker/a/memory.usage_in_bytes", "900\n");
  int visits = 1;
  while (read(group_, kHotOnly) == ReadOutcome::kIdle && visits < 10) ++visits;
  EXPECT_LE(visits, 4) << "memory usage of an idle group is looked at every fourth time";
  EXPECT_EQ(value(kMemoryWorkingSet), 900U - 118);
  EXPECT_EQ(read(group_, TierSet::all()), ReadOutcome::kRead) << "limits may have been written";
  sample_ = CgroupSample();
  EXPECT_EQ(read(group_, kHotOnly), ReadOutcome::kRead) << "a sample that was never filled";
  EXPECT_EQ(read(group_, kHotOnly.with(Tier::kWarm)), ReadOutcome::kRead)
      << "warm files that were never read";
}

TEST_F(Reader, AnIdleGroupsMemoryUsageIsLookedAtEveryFourthVisit) {
  start();
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  const std::uint64_t reads = reader_->stats().reads;
  for (int i = 0; i < 8; ++i) ASSERT_EQ(read(group_, kHotOnly), ReadOutcome::kIdle);
  EXPECT_EQ(reader_->stats().reads, reads + 8 + 2);
}

TEST_F(Reader, ThrottlingIsNotReadWithoutAQuota) {
  start();
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  ASSERT_EQ(value(kCpuPeriods), 12U);
  const std::size_t held = reader_->stats().held;
  write("cpu/docker/a/cpu.cfs_quota_us", "-1\n");
  write("cpu/docker/a/cpu.stat", "nr_periods 13\n");
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  EXPECT_EQ(value(kCpuPeriods), 13U) << "what was counted until the quota went";
  const std::uint64_t reads = reader_->stats().reads;
  ASSERT_EQ(read(group_, kHotOnly, true), ReadOutcome::kRead);
  EXPECT_EQ(reader_->stats().reads, reads + 4);
  EXPECT_EQ(reader_->stats().held, held - 1) << "a file that is not read is not held";
  EXPECT_EQ(value(kCpuPeriods), 13U) << "still true";

  write("cpu/docker/a/cpu.cfs_quota_us", "50000\n");
  write("cpu/docker/a/cpu.stat", "nr_periods 14\n");
  ASSERT_EQ(read(group_), ReadOutcome::kRead) << "limits are due when somebody wrote one";
  EXPECT_EQ(value(kCpuPeriods), 14U);
  write("cpu/docker/a/cpu.stat", "nr_periods 15\n");
  ASSERT_EQ(read(group_, kHotOnly, true), ReadOutcome::kRead);
  EXPECT_EQ(value(kCpuPeriods), 15U);
}

// An alert waits for them, so they are not as slow as the limits themselves.
TEST_F(Reader, HitsOfALimitAreWarmWhereThereIsALimit) {
  write("pids/docker/a/pids.max", "100\n");
  write("pids/docker/a/pids.events", "max 1\n");
  start();
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  write("pids/docker/a/pids.events", "max 2\n");
  ASSERT_EQ(read(group_, kHotOnly.with(Tier::kWarm), true), ReadOutcome::kRead);
  EXPECT_EQ(value(kPidsEventsMax), 2U);

  write("pids/docker/a/pids.max", "max\n");
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  const std::uint64_t reads = reader_->stats().reads;
  ASSERT_EQ(read(group_, kHotOnly.with(Tier::kWarm), true), ReadOutcome::kRead);
  const std::uint64_t without = reader_->stats().reads - reads;
  write("pids/docker/a/pids.max", "100\n");
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  const std::uint64_t before = reader_->stats().reads;
  ASSERT_EQ(read(group_, kHotOnly.with(Tier::kWarm), true), ReadOutcome::kRead);
  EXPECT_EQ(reader_->stats().reads - before, without + 1);
}

TEST_F(Reader, BlockIoIsNotReadWhereTheRootListsNoDevice) {
  write("blkio/blkio.throttle.io_service_bytes_recursive", "");
  start();
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  EXPECT_FALSE(value(kIoReadBytes)) << "not counted is not zero";
  EXPECT_TRUE(sample_.devices.empty());
  const std::uint64_t reads = reader_->stats().reads;
  ASSERT_EQ(read(group_, kHotOnly, true), ReadOutcome::kRead);
  EXPECT_EQ(reader_->stats().reads, reads + 4);

  write("blkio/blkio.throttle.io_service_bytes_recursive", "254:0 Read 1\nTotal 1\n");
  clock_.advance(std::chrono::seconds(5));
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  EXPECT_TRUE(value(kIoReadBytes)) << "the first disk's numbers come within seconds";
}

TEST_F(Reader, NoIdleShortcutWhenSwitchedOffOrWithoutCpuUsage) {
  ReaderOptions options = options_for(GroupSet::all());
  options.skip_idle = false;
  start(options);
  EXPECT_EQ(read(group_), ReadOutcome::kRead);
  EXPECT_EQ(read(group_, kHotOnly), ReadOutcome::kRead);

  GroupSet memory;
  start(options_for(memory.set(Group::kMemory)));
  EXPECT_EQ(read(group_), ReadOutcome::kRead);
  EXPECT_EQ(read(group_, kHotOnly), ReadOutcome::kRead)
      << "a group may work without its memory usage changing";
}

TEST_F(Reader, ARemovedGroupIsGoneAndKeepsItsLastValues) {
  ReaderOptions options = options_for(GroupSet::all());
  options.max_held = 0;  // Held plain files would outlive their directory.
  start(options);
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  const CgroupSample last = sample_;
  for (const char* controller : {"cpu", "cpuacct", "memory", "blkio", "pids", "freezer", "cpuset"})
    host_.remove(std::string(controller) + "/docker/a");
  EXPECT_EQ(read(group_), ReadOutcome::kGone);
  EXPECT_TRUE(same_numbers(sample_, last));
  EXPECT_EQ(reader_->stats().gone, 1U);
  EXPECT_TRUE(reader_->stats().failed.empty());
}

TEST_F(Reader, AnotherGroupOfTheSameNameIsNotRead) {
  ReaderOptions options = options_for(GroupSet::all());
  options.max_held = 0;
  start(options);
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  Cgroup other = group_;
  for (std::uint64_t& inode : other.inode)
    if (inode != 0) inode += 1'000'000;  // What this path was before.
  other.serial = 2;
  sample_ = CgroupSample();
  EXPECT_EQ(read(other), ReadOutcome::kGone);
  EXPECT_TRUE(sample_.present().none());
}

TEST_F(Reader, AGroupThatLeftOneHierarchyLivesOn) {
  ReaderOptions options = options_for(GroupSet::all());
  options.max_held = 0;
  start(options);
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  // Plain file systems give the inode's number to the next directory at once, kernfs never does.
  const Result<DirFd> pinned = open_dir((host_.path() + "/memory/docker/a").c_str());
  host_.remove("memory/docker/a");
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  EXPECT_FALSE(value(kMemoryUsage));
  EXPECT_FALSE(value(kMemoryWorkingSet));
  EXPECT_FALSE(sample_.limit(kMemoryLimit));
  EXPECT_EQ(value(kCpuUsage), 3000U);
  // The tree notices, too; then the group comes back.
  make_v1_container(host_, "docker/a");
  const Cgroup again = group_at(layout_, "/docker/a");
  ASSERT_NE(again.inode, Cgroup{}.inode);
  ASSERT_EQ(read(again), ReadOutcome::kRead);
  EXPECT_EQ(value(kMemoryUsage), 1000U);
}

TEST_F(Reader, HoldsNoMoreThanAllowedAndReadsTheSameWhateverIsHeld) {
  std::optional<CgroupSample> expected;
  for (const std::size_t held : {5U, 4U, 3U, 2U, 1U, 0U}) {
    ReaderOptions options = options_for(GroupSet::all());
    options.held_per_cgroup = held;
    start(options);
    sample_ = CgroupSample();
    for (int i = 0; i < 3; ++i) ASSERT_EQ(read(group_, TierSet::all(), true), ReadOutcome::kRead);
    EXPECT_EQ(reader_->stats().held, held);
    EXPECT_EQ(reader_->stats().held_per_cgroup, held);
    EXPECT_EQ(reader_->stats().kernel_bytes, held * kKernelBytesPerHeldFile);
    if (!expected) expected = sample_;
    EXPECT_TRUE(same_numbers(sample_, *expected)) << held;
  }
}

TEST_F(Reader, HeldFilesAreReadWithoutOpening) {
  start();
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  const ReaderStats before = reader_->stats();
  ASSERT_EQ(read(group_, kHotOnly, true), ReadOutcome::kRead);
  const ReaderStats after = reader_->stats();
  EXPECT_EQ(after.opens, before.opens);
  EXPECT_EQ(after.directory_opens, before.directory_opens);
  EXPECT_EQ(after.reads, before.reads + 5);
}

TEST_F(Reader, OneDirectoryServesAllFilesOfAHierarchy) {
  ReaderOptions options = options_for(GroupSet::all());
  options.max_held = 0;
  start(options);
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  EXPECT_EQ(reader_->stats().directory_opens, layout_.hierarchies.size());
}

}  // namespace
}  // namespace plimsoll::cgroupfs
