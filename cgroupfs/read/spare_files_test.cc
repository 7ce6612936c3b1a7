// Warm files that take the descriptors which hot ones leave, and those that are not read at all
// while nobody limits anything.
#include <array>
#include <string>
#include <vector>

#include "cgroupfs/read/reader_fixture.h"

namespace plimsoll::cgroupfs {
namespace {

using enum Field;

constexpr TierSet kHotAndWarm = kHotOnly.with(Tier::kWarm);

class Spares : public FixtureHost {
 protected:
  Spares() {
    for (const char* path : {"docker", "docker/a"}) {
      make_v1_container(host_, path);
      set(path, "cpu/", "cpu.cfs_quota_us", "-1\n");
      set(path, "memory/", "memory.limit_in_bytes", "9223372036854771712\n");
    }
    host_.write("blkio/blkio.throttle.io_service_bytes_recursive", "");  // No disk is counted.
    open();
    groups_ = {group_at(layout_, "/docker", 1), group_at(layout_, "/docker/a", 2)};
    start();
    settle();
  }
  // Limits are known after the first visit, what they make unnecessary is let go at the next.
  void settle() {
    tick(TierSet::all());
    tick(kHotAndWarm);
    tick(kHotAndWarm);
  }
  void set(const std::string& path, const std::string& controller, const std::string& file,
           const std::string& text) const {
    host_.write(controller + path + "/" + file, text);
  }
  // Reads both groups in full. What of it was opened, of both.
  std::uint64_t tick(TierSet due) {
    clock_.advance(std::chrono::seconds(1));
    std::array<ReadTarget, 2> targets;
    for (std::size_t i = 0; i < targets.size(); ++i)
      targets[i] = {.cgroup = &groups_[i], .sample = &samples_[i], .due = due, .full = true};
    const std::uint64_t before = reader_->stats().opens;
    reader_->read(targets);
    for (const ReadTarget& target : targets) EXPECT_EQ(target.outcome, ReadOutcome::kRead);
    return reader_->stats().opens - before;
  }
  [[nodiscard]] std::uint64_t throttled() const {
    return samples_[1].value(kCpuLocalThrottled).value_or(0);
  }

  std::vector<Cgroup> groups_;
  std::array<CgroupSample, 2> samples_;
};

TEST_F(Spares, AreHeldWhereHotFilesLeaveADescriptor) {
  EXPECT_EQ(reader_->stats().held, 10U);
  EXPECT_EQ(tick(kHotAndWarm), 2U) << "the sixth, memory.oom_control";
  set("docker/a", "pids/", "pids.current", "17\n");
  set("docker/a", "cpuacct/", "cpuacct.stat", "user 70\nsystem 3\n");
  tick(kHotAndWarm);
  EXPECT_EQ(samples_[1].value(kPids), 17U);
  EXPECT_EQ(samples_[1].value(kCpuUser), 700'000'000U);
}

TEST_F(Spares, GiveWayToHotFiles) {
  set("docker/a", "cpu/", "cpu.cfs_quota_us", "50000\n");
  tick(TierSet::all());
  EXPECT_EQ(reader_->stats().held, 10U);
  EXPECT_EQ(tick(kHotOnly), 1U) << "cpu.stat, held from now on";
  EXPECT_EQ(tick(kHotOnly), 0U);
  EXPECT_EQ(reader_->stats().held, 10U);
  // Of the one without a quota memory.oom_control, of the other pids.current and cpu.stat.local,
  // too.
  EXPECT_EQ(tick(kHotAndWarm), 1U + 3U);
  set("docker/a", "cpu/", "cpu.cfs_quota_us", "-1\n");
  tick(TierSet::all());
  tick(kHotAndWarm);
  tick(kHotAndWarm);
  EXPECT_EQ(tick(kHotAndWarm), 2U) << "and come back";
}

TEST_F(Spares, AreTheFirstToGoWhenDescriptorsAreShort) {
  ReaderOptions options = options_for(GroupSet::all());
  options.held_per_cgroup = 3;
  start(options);
  samples_ = {};
  settle();
  EXPECT_EQ(reader_->stats().held, 6U);
  EXPECT_EQ(tick(kHotOnly), 0U);
  EXPECT_EQ(tick(kHotAndWarm), 6U);
}

TEST_F(Spares, ArePassedOverWhereTheGroupDoesNotOfferThem) {
  for (const char* file : {"memory/docker/a/memory.oom_control", "pids/docker/a/pids.current"})
    host_.remove(file);
  start();
  samples_ = {};
  settle();
  EXPECT_EQ(reader_->stats().held, 5U + 4U);
  EXPECT_FALSE(samples_[1].value(kPids));
}

TEST_F(Spares, ThrottlingByAGroupAboveIsReadUnderItsQuota) {
  const std::uint64_t before = throttled();
  ASSERT_GT(before, 0U);
  set("docker/a", "cpu/", "cpu.stat.local", "throttled_time 70000\n");
  tick(kHotAndWarm);
  EXPECT_EQ(throttled(), before) << "nobody throttles: it cannot have moved";
  set("docker", "cpu/", "cpu.cfs_quota_us", "50000\n");
  tick(TierSet::all());
  set("docker/a", "cpu/", "cpu.stat.local", "throttled_time 80000\n");
  tick(kHotAndWarm);
  EXPECT_EQ(throttled(), 80'000U);
  set("docker", "cpu/", "cpu.cfs_quota_us", "-1\n");
  tick(TierSet::all());
  const std::uint64_t reads = reader_->stats().reads;
  tick(kHotAndWarm);
  EXPECT_EQ(reader_->stats().reads, reads + 12U) << "of each three hot files, three warm ones";
}

TEST_F(Spares, ThrottlingIsReadWhereNobodyLookedAtTheGroupAbove) {
  start();
  sample_ = {};
  ASSERT_EQ(read(groups_[1]), ReadOutcome::kRead);
  set("docker/a", "cpu/", "cpu.stat.local", "throttled_time 90000\n");
  ASSERT_EQ(read(groups_[1], kHotAndWarm, true), ReadOutcome::kRead);
  EXPECT_EQ(value(kCpuLocalThrottled), 90'000U);
}

}  // namespace
}  // namespace plimsoll::cgroupfs
