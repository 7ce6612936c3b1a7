#include "exporter/metrics/shares.h"

#include <gtest/gtest.h>

#include <vector>

namespace plimsoll::exporter {
namespace {

TEST(Shares, ForwardIsWhatRuncWrites) {
  EXPECT_EQ(weight_of_shares(2), 1U);
  EXPECT_EQ(weight_of_shares(10), 4U);
  EXPECT_EQ(weight_of_shares(102), 17U);
  EXPECT_EQ(weight_of_shares(256), 35U);
  EXPECT_EQ(weight_of_shares(512), 59U);
  EXPECT_EQ(weight_of_shares(1000), 99U);
  EXPECT_EQ(weight_of_shares(1024), 100U);
  EXPECT_EQ(weight_of_shares(262'144), 10'000U);
}

TEST(Shares, PowersOfTwoComeBack) {
  for (std::uint64_t shares = 2; shares <= 262'144; shares *= 2)
    EXPECT_EQ(shares_of_weight(weight_of_shares(shares)), shares);
}

TEST(Shares, EveryAnswerHasTheWeightAskedFor) {
  std::vector<bool> reachable(10'001, false);
  for (std::uint64_t shares = 2; shares <= 262'144; ++shares)
    reachable[weight_of_shares(shares)] = true;
  std::uint64_t last = 0;
  for (std::uint64_t weight = 1; weight <= 10'000; ++weight) {
    const std::uint64_t shares = shares_of_weight(weight);
    EXPECT_GE(shares, last) << weight;
    last = shares;
    if (reachable[weight]) {
      EXPECT_EQ(weight_of_shares(shares), weight) << shares;
    } else {
      EXPECT_LT(weight_of_shares(shares), weight) << shares;
      EXPECT_GT(weight_of_shares(shares + 1), weight) << shares;
    }
  }
}

TEST(Shares, OutOfRangeWeightsAreClamped) {
  EXPECT_EQ(shares_of_weight(0), 2U);
  EXPECT_EQ(shares_of_weight(1'000'000), 262'144U);
}

}  // namespace
}  // namespace plimsoll::exporter
