#include "control/breach/pace.h"

#include <gtest/gtest.h>

namespace plimsoll::control {
namespace {

using std::chrono::seconds;

TEST(Pace, RestsGrowWhileNothingRunsAndBeginAnewWhenSomethingDoes) {
  Pace pace(seconds(1), seconds(8));
  EXPECT_EQ(pace.next(false), seconds(1));  // Nothing to compare with yet.
  EXPECT_EQ(pace.next(false), seconds(2));
  EXPECT_EQ(pace.next(false), seconds(4));
  EXPECT_EQ(pace.next(false), seconds(8));
  EXPECT_EQ(pace.next(false), seconds(8));
  EXPECT_EQ(pace.next(true), seconds(1));
  EXPECT_EQ(pace.next(false), seconds(2));
}

TEST(Pace, WhatTheKernelTellsBeginsAnewAsWell) {
  Pace pace(seconds(1), seconds(8));
  for (int i = 0; i < 5; ++i) (void)pace.next(false);
  pace.stir();
  EXPECT_EQ(pace.next(false), seconds(1));
  EXPECT_EQ(pace.next(false), seconds(2));
}

TEST(Pace, NeverRestsShorterThanATick) {
  Pace pace(seconds(5), seconds(2));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(pace.next(false), seconds(5));
}

}  // namespace
}  // namespace plimsoll::control
