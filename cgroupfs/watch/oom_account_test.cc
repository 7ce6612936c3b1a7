#include "cgroupfs/watch/oom_account.h"

#include <gtest/gtest.h>

namespace plimsoll::cgroupfs {
namespace {

using enum OomAccount::Log;
using std::chrono::seconds;

constexpr MonoTime kNow{seconds(100)};

TEST(OomAccount, ALineAndTheCounterAreOneKill) {
  OomAccount account;
  EXPECT_EQ(account.counted(0, kUpToDate), 0U);
  EXPECT_TRUE(account.logged(kNow));
  EXPECT_EQ(account.total(), 1U) << "told by the log before the counter is read";
  EXPECT_EQ(account.open(), 1U);
  EXPECT_EQ(account.counted(1, kUpToDate), 0U);
  EXPECT_EQ(account.total(), 1U);
  EXPECT_EQ(account.open(), 0U);
}

TEST(OomAccount, KillsWithoutALineAreCountedAndTold) {
  OomAccount account;
  (void)account.counted(0, kUpToDate);
  (void)account.logged(kNow);
  EXPECT_EQ(account.counted(4, kUpToDate), 3U);
  EXPECT_EQ(account.total(), 4U);
  EXPECT_TRUE(account.logged(kNow)) << "a later kill";
  EXPECT_EQ(account.total(), 5U);
}

TEST(OomAccount, LinesThatComeLateAreNotCountedAgain) {
  OomAccount account;
  EXPECT_EQ(account.counted(2, kBehind), 2U);
  EXPECT_FALSE(account.logged(kNow));
  EXPECT_FALSE(account.logged(kNow));
  EXPECT_EQ(account.total(), 2U);
  EXPECT_TRUE(account.logged(kNow));
  EXPECT_EQ(account.total(), 3U);
}

TEST(OomAccount, AGroupThatEndedBeforeItsCounterWasReadIsCounted) {
  OomAccount account;
  (void)account.counted(1, kUpToDate);
  (void)account.logged(kNow);
  account.ended();
  EXPECT_EQ(account.total(), 2U);
  EXPECT_TRUE(account.logged(kNow)) << "the line came after the group was gone";
  EXPECT_EQ(account.total(), 3U);
}

TEST(OomAccount, AGroupOfTheSameNameGoesOn) {
  OomAccount account;
  (void)account.counted(2, kUpToDate);
  account.ended();
  EXPECT_EQ(account.counted(0, kUpToDate), 0U);
  EXPECT_EQ(account.total(), 2U);
  EXPECT_EQ(account.counted(1, kUpToDate), 1U);
  EXPECT_EQ(account.total(), 3U);
}

TEST(OomAccount, ALineOfAnEarlierGroupStaysWhenNoCounterConfirmsIt) {
  OomAccount account;
  (void)account.counted(0, kUpToDate);
  (void)account.logged(kNow);
  account.settle(kNow + seconds(59));
  EXPECT_EQ(account.open(), 1U);
  account.settle(kNow + seconds(60));
  EXPECT_EQ(account.open(), 0U);
  EXPECT_EQ(account.total(), 1U);
  (void)account.counted(1, kUpToDate);
  EXPECT_EQ(account.total(), 2U) << "now the counter speaks of another kill";
}

TEST(OomAccount, ANumberThatFellIsIgnored) {
  OomAccount account;
  (void)account.counted(5, kUpToDate);
  EXPECT_EQ(account.counted(3, kUpToDate), 0U);
  EXPECT_EQ(account.counted(5, kUpToDate), 0U);
  EXPECT_EQ(account.total(), 5U);
}

// Whatever comes in whatever order: the total never falls, and is the truth once all is read.
TEST(OomAccount, NeverFallsAndEndsAtTheTruth) {
  for (unsigned seed = 1; seed < 500; ++seed) {
    OomAccount account;
    unsigned state = seed;
    const auto chance = [&](unsigned of) {
      state = state * 1'103'515'245 + 12'345;
      return (state >> 16U) % of == 0;
    };
    std::uint64_t kills = 0;
    std::uint64_t lines = 0;
    std::uint64_t seen = 0;
    std::uint64_t total = 0;
    for (int tick = 0; tick < 50; ++tick) {
      std::optional<std::uint64_t> counter;
      if (chance(3)) counter = kills;  // Read ...
      if (chance(2)) {                 // ... before the log, in which some kills never appear.
        ++kills;
        if (!chance(4)) ++lines;
      }
      for (; seen < lines; ++seen) (void)account.logged(kNow);
      if (counter) (void)account.counted(*counter, kUpToDate);
      ASSERT_GE(account.total(), total);
      ASSERT_LE(account.total(), kills);
      total = account.total();
    }
    (void)account.counted(kills, kUpToDate);
    ASSERT_EQ(account.total(), kills) << seed;
  }
}

}  // namespace
}  // namespace plimsoll::cgroupfs
