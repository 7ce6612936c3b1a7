#include "runtime/lifecycle/proc.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace plimsoll::runtime {
namespace {

TEST(ProcessStat, TheNameMayContainAnything) {
  const auto state =
      parse_process_stat("7 (a) Z (b) S 1 7 7 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 98765 1 1");
  ASSERT_TRUE(state);
  EXPECT_EQ(state->state, 'S');
  EXPECT_EQ(state->start_ticks, 98765U);
  EXPECT_FALSE(state->has_ended());
  EXPECT_FALSE(state->is_ending());
  EXPECT_FALSE(parse_process_stat("7 (a) S 1"));
  EXPECT_FALSE(parse_process_stat(""));
}

TEST(ProcessStat, WhoEndsIsKnownBeforeItHas) {
  const auto state =
      parse_process_stat("7 (a) R 1 7 7 0 -1 4228356 1 0 0 0 0 0 0 0 20 0 1 0 98765 1 1");
  ASSERT_TRUE(state);
  EXPECT_FALSE(state->has_ended());
  EXPECT_TRUE(state->is_ending());
  EXPECT_FALSE(parse_process_stat("7 (a) R 1 7 7 0 -1 x 1 0 0 0 0 0 0 0 20 0 1 0 98765 1 1"));
}

TEST(ProcessStat, OursIsThereAndNobodysIsNot) {
  EXPECT_TRUE(look_at_process(::getpid()));
  EXPECT_FALSE(look_at_process(0x7ffffff0));
}

}  // namespace
}  // namespace plimsoll::runtime
