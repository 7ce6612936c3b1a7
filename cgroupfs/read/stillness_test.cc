// A group above another tells that nothing ran in either.
#include <array>
#include <vector>

#include "cgroupfs/read/reader_fixture.h"

namespace plimsoll::cgroupfs {
namespace {

constexpr std::array<const char*, 3> kPaths = {"/pods", "/pods/a", "/pods/a/web"};

class Stillness : public FixtureHost {
 protected:
  Stillness() {
    for (const char* path : kPaths) make_v1_container(host_, path + 1);
    open();
    for (std::size_t i = 0; i < kPaths.size(); ++i)
      groups_.push_back(group_at(layout_, kPaths[i], i + 1));
    samples_.resize(groups_.size());
    start();
    tick({0, 1, 2}, TierSet::all());
  }

  // Reads these, a second after the last time.
  std::vector<ReadOutcome> tick(const std::vector<std::size_t>& which, TierSet due = kHotOnly,
                                bool full = false) {
    clock_.advance(std::chrono::seconds(1));
    std::vector<ReadTarget> targets;
    for (const std::size_t i : which)
      targets.push_back({.cgroup = &groups_[i], .sample = &samples_[i], .due = due, .full = full});
    const std::uint64_t before = reader_->stats().reads;
    reader_->read(targets);
    reads_ = reader_->stats().reads - before;
    std::vector<ReadOutcome> outcomes;
    for (const ReadTarget& target : targets) outcomes.push_back(target.outcome);
    return outcomes;
  }
  void run(std::size_t which, const std::string& usage) const {
    host_.write(std::string("cpuacct") + kPaths[which] + "/cpuacct.usage_percpu", usage + " 0 \n");
  }
  std::vector<Cgroup> groups_;
  std::vector<CgroupSample> samples_;
  std::uint64_t reads_ = 0;
};

const std::vector<ReadOutcome> kAllIdle(3, ReadOutcome::kIdle);

TEST_F(Stillness, AllBelowAGroupThatDidNotRunCostOneFile) {
  std::uint64_t reads = 0;
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(tick({0, 1, 2}), kAllIdle);
    reads += reads_;
    for (const CgroupSample& sample : samples_) EXPECT_EQ(sample.usage_at(), clock_.now());
  }
  // Four times the CPU file of the highest, and of each of the three once what tells of memory: two
  // files, one of which is read anyway for the highest.
  EXPECT_EQ(reads, 4U + 1U + 2U + 2U);
  EXPECT_EQ(reader_->stats().idle, 12U);
}

TEST_F(Stillness, WhatRanIsFoundFromAbove) {
  ASSERT_EQ(tick({0, 1, 2}), kAllIdle);
  for (const std::size_t i : {0U, 1U, 2U}) run(i, "4000");
  EXPECT_EQ(tick({0, 1, 2}), std::vector<ReadOutcome>(3, ReadOutcome::kRead));
  for (const CgroupSample& sample : samples_) EXPECT_EQ(sample.value(Field::kCpuUsage), 4000U);
  EXPECT_EQ(tick({0, 1, 2}), kAllIdle);
}

TEST_F(Stillness, OnlyWhatRanIsReadBelowAGroupThatDid) {
  run(0, "5000");
  using enum ReadOutcome;
  EXPECT_EQ(tick({0, 1, 2}), (std::vector{kRead, kIdle, kIdle}));
}

TEST_F(Stillness, CoversNobodyWhoWasNotLookedAtSinceItBegan) {
  for (const std::size_t i : {0U, 1U, 2U}) run(i, "6000");
  using enum ReadOutcome;
  ASSERT_EQ(tick({0, 1}), (std::vector{kRead, kRead}));  // Some are read more often than others.
  ASSERT_EQ(tick({0, 1}), (std::vector{kIdle, kIdle}));
  EXPECT_EQ(tick({0, 1, 2}), (std::vector{kIdle, kIdle, kRead}));
  EXPECT_EQ(samples_[2].value(Field::kCpuUsage), 6000U);
}

TEST_F(Stillness, CoversNobodyWhoIsToBeReadInFull) {
  EXPECT_EQ(tick({0, 1, 2}, TierSet::all(), true), std::vector<ReadOutcome>(3, ReadOutcome::kRead));
}

TEST_F(Stillness, AGroupWithoutCpuNumbersCoversNobody) {
  ASSERT_EQ(tick({0, 1, 2}), kAllIdle);
  host_.remove("cpuacct/pods/cpuacct.usage_percpu");
  groups_[0].revision += 1;  // What is held is opened anew.
  run(1, "7000");
  run(2, "7000");
  using enum ReadOutcome;
  EXPECT_EQ(tick({0, 1, 2}), std::vector<ReadOutcome>(3, kRead));
  EXPECT_EQ(samples_[2].value(Field::kCpuUsage), 7000U);
}

TEST_F(Stillness, TheNearestGroupThatIsReadCounts) {
  ASSERT_EQ(tick({0, 2}), std::vector<ReadOutcome>(2, ReadOutcome::kIdle));
  run(0, "8000");
  run(2, "8000");
  EXPECT_EQ(tick({0, 2}), std::vector<ReadOutcome>(2, ReadOutcome::kRead));
}

TEST_F(Stillness, AnotherGroupOfTheSameNameIsReadItself) {
  ASSERT_EQ(tick({0, 1, 2}), kAllIdle);
  reader_->forget(3);
  groups_[2].serial = 9;
  samples_[2] = CgroupSample();
  run(2, "1");
  using enum ReadOutcome;
  EXPECT_EQ(tick({0, 1, 2}), (std::vector{kIdle, kIdle, kRead}));
  EXPECT_EQ(samples_[2].value(Field::kCpuUsage), 1U);
}

}  // namespace
}  // namespace plimsoll::cgroupfs
