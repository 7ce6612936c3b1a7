#include "exporter/collect/reading.h"

#include <gtest/gtest.h>

namespace plimsoll::exporter {
namespace {

using cgroupfs::Field;
using cgroupfs::Tier;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr MonoTime kBegin{seconds(1000)};

class ReadingOfAGroup : public ::testing::Test {
 protected:
  // What a tick or scrape at `now` reads, and then has read, with the CPU usage it finds.
  cgroupfs::TierSet read(Freshness freshness, MonoTime now, std::uint64_t usage) {
    Reading reading{.now = now, .freshness = freshness};
    reading.slow_interval = reading.idle_slow_interval = config_.slow_interval;
    cgroupfs::ReadTarget target = target_for(entry_, reading, config_);
    const bool idle = !target.full && !target.due.has(Tier::kSlow) &&
                      entry_.sample.value(Field::kCpuUsage) == usage;
    target.outcome = idle ? cgroupfs::ReadOutcome::kIdle : cgroupfs::ReadOutcome::kRead;
    entry_.sample.set(Field::kCpuUsage, usage);
    entry_.sample.set_usage_at(now);
    if (!idle)
      for (const Tier tier : {Tier::kHot, Tier::kWarm, Tier::kSlow})
        if (target.due.has(tier)) entry_.sample.set_read_at(tier, now);
    EXPECT_TRUE(note_outcome(entry_, target, now, ++sequence_));
    return idle ? cgroupfs::TierSet() : target.due;
  }

  SamplerConfig config_;
  cgroupfs::Cgroup group_{.serial = 5, .path = "/a", .created = {}};
  Entry entry_{group_, kBegin};
  std::uint64_t sequence_ = 0;
};

TEST_F(ReadingOfAGroup, AScrapeHasTheWarmValuesOfAGroupThatRan) {
  read(Freshness::kTick, kBegin, 100);
  EXPECT_FALSE(read(Freshness::kTick, kBegin + seconds(1), 150).has(Tier::kWarm));
  EXPECT_TRUE(read(Freshness::kScrape, kBegin + milliseconds(1500), 170).has(Tier::kWarm));
  // They are new enough for a second scraper.
  EXPECT_FALSE(read(Freshness::kScrape, kBegin + milliseconds(1900), 190).has(Tier::kWarm));
  EXPECT_TRUE(read(Freshness::kScrape, kBegin + milliseconds(2600), 200).has(Tier::kWarm));
}

TEST_F(ReadingOfAGroup, AScrapeLeavesTheWarmFilesOfARestingGroupAlone) {
  read(Freshness::kTick, kBegin, 100);
  for (int second = 1; second < 5; ++second) {
    read(Freshness::kTick, kBegin + seconds(second), 100);
    const auto due = read(Freshness::kScrape, kBegin + seconds(second) + milliseconds(500), 100);
    EXPECT_TRUE(due.has(Tier::kHot));
    EXPECT_FALSE(due.has(Tier::kWarm));
  }
}

TEST_F(ReadingOfAGroup, WhoeverWatchesLiveSeesWarmValuesOfEachTickThatFoundItRunning) {
  read(Freshness::kTick, kBegin, 100);
  entry_.followed = true;
  for (int second = 1; second < 20; ++second) {
    // A tick may come a little early.
    const MonoTime now = kBegin + seconds(second) - milliseconds(second % 2);
    const auto usage = static_cast<std::uint64_t>(100 + second);
    EXPECT_TRUE(read(Freshness::kTick, now, usage).has(Tier::kWarm)) << second;
  }
  EXPECT_TRUE(read(Freshness::kTick, kBegin + seconds(20), 119).empty()) << "it did not run";
}

TEST_F(ReadingOfAGroup, WarmValuesFromBeforeAnybodyWatchedAreCaughtUpWith) {
  read(Freshness::kTick, kBegin, 100);
  EXPECT_FALSE(read(Freshness::kTick, kBegin + seconds(1), 150).has(Tier::kWarm));
  entry_.followed = true;
  EXPECT_TRUE(read(Freshness::kTick, kBegin + seconds(2), 150).has(Tier::kWarm))
      << "it rests by now, but they are of before it ran";
  EXPECT_TRUE(read(Freshness::kTick, kBegin + seconds(3), 150).empty());
}

TEST_F(ReadingOfAGroup, ShortTicksReadWarmFilesNoMoreOftenForThat) {
  config_.interval = milliseconds(100);
  read(Freshness::kTick, kBegin, 100);
  entry_.followed = true;
  EXPECT_TRUE(read(Freshness::kTick, kBegin + milliseconds(100), 101).has(Tier::kWarm));
  EXPECT_FALSE(read(Freshness::kTick, kBegin + milliseconds(150), 102).has(Tier::kWarm));
}

TEST_F(ReadingOfAGroup, WhereNobodyLookedForLongAScrapeReadsWarmFiles) {
  config_.interval = std::chrono::hours(1);  // A sample is taken when somebody asks.
  read(Freshness::kTick, kBegin, 100);
  EXPECT_TRUE(read(Freshness::kScrape, kBegin + seconds(3), 100).has(Tier::kWarm));
}

TEST_F(ReadingOfAGroup, WarmFilesComeAtTheirIntervalAndAFewTicksEarlier) {
  read(Freshness::kTick, kBegin, 0);
  std::vector<int> at;
  for (int second = 1; second <= 60; ++second)
    if (read(Freshness::kTick, kBegin + seconds(second), static_cast<std::uint64_t>(second))
            .has(Tier::kWarm))
      at.push_back(second);
  ASSERT_GE(at.size(), 6U);
  for (std::size_t i = 1; i < at.size(); ++i) {
    EXPECT_LE(at[i] - at[i - 1], 10);
    EXPECT_GE(at[i] - at[i - 1], 6);
  }
}

}  // namespace
}  // namespace plimsoll::exporter
