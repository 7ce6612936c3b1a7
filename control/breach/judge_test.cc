#include "control/breach/judge.h"

#include <gtest/gtest.h>

namespace plimsoll::control {
namespace {

using std::chrono::seconds;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kSecond = 1'000'000'000;

GroupNumbers at_second(int second) {
  return {.at = MonoTime(seconds(second))};
}

TEST(NearLimit, TellsEachThresholdOnceOnTheWayUp) {
  const JudgeOptions options;
  NearLimit near;
  EXPECT_EQ(near.passed(79, 100, options), std::nullopt);
  EXPECT_EQ(near.passed(80, 100, options), 80U);
  EXPECT_EQ(near.passed(85, 100, options), std::nullopt);
  EXPECT_EQ(near.passed(99, 100, options), 95U) << "the highest of several";
  EXPECT_EQ(near.passed(200, 100, options), std::nullopt);
}

TEST(NearLimit, IsQuietAroundAThreshold) {
  const JudgeOptions options;
  NearLimit near;
  EXPECT_EQ(near.passed(91, 100, options), 90U);
  for (const std::uint64_t used : {89U, 90U, 86U, 91U})
    EXPECT_EQ(near.passed(used, 100, options), std::nullopt) << used;
  EXPECT_EQ(near.passed(84, 100, options), std::nullopt) << "5 below it: armed again";
  EXPECT_EQ(near.passed(90, 100, options), 90U);
}

TEST(NearLimit, ALimitOfNothingHasNoShares) {
  NearLimit near;
  EXPECT_EQ(near.passed(5, 0, {}), std::nullopt);
}

TEST(Judge, ReclaimableCacheIsNotNearness) {
  const JudgeOptions options;
  Judge judge(options);
  GroupNumbers numbers = at_second(1);
  numbers.memory = 100 * kMiB;
  numbers.working_set = 10 * kMiB;
  numbers.memory_limit = 100 * kMiB;
  EXPECT_TRUE(judge.look(numbers).empty());
  numbers.at += seconds(1);
  numbers.working_set = 96 * kMiB;
  const auto events = judge.look(numbers);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind, BreachKind::kNearLimit);
  EXPECT_EQ(events[0].percent, 95U);
  EXPECT_EQ(events[0].limit, "memory.max");
  EXPECT_EQ(events[0].limit_value, 100 * kMiB);
  EXPECT_TRUE(judge.is_close());
}

TEST(Judge, TellsOfThrottlingFromAShareOn) {
  const JudgeOptions options;
  Judge judge(options);
  GroupNumbers numbers = at_second(1);
  numbers.periods = 100;
  numbers.throttled_periods = 5;
  numbers.throttled_ns = 0;
  numbers.quota_ns = 25'000'000;
  EXPECT_TRUE(judge.look(numbers).empty()) << "nothing to compare with";
  numbers.at += seconds(1);
  numbers.periods = 200;
  numbers.throttled_periods = 14;
  EXPECT_TRUE(judge.look(numbers).empty()) << "9 of 100 periods";
  numbers.at += seconds(1);
  numbers.periods = 210;
  numbers.throttled_periods = 24;
  numbers.throttled_ns = 70'000'000;
  const auto events = judge.look(numbers);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind, BreachKind::kCpuThrottled);
  EXPECT_EQ(events[0].throttled_periods, 10U);
  EXPECT_EQ(events[0].periods, 10U);
  EXPECT_EQ(events[0].limit_value, 25'000U) << "microseconds";
  EXPECT_EQ(events[0].lost, std::chrono::milliseconds(70));
}

struct CounterRow {
  const char* name;
  std::optional<std::uint64_t> GroupNumbers::* counter;
  BreachKind kind;
  const char* limit;
};
class JudgeCounters : public testing::TestWithParam<CounterRow> {};

TEST_P(JudgeCounters, TellsHowFarTheCounterMoved) {
  const JudgeOptions options;
  Judge judge(options);
  GroupNumbers numbers = at_second(1);
  EXPECT_TRUE(judge.look(numbers).empty());
  numbers.at += seconds(1);
  numbers.*GetParam().counter = 40;
  EXPECT_TRUE(judge.look(numbers).empty()) << "absent before: nobody knows how far";
  numbers.at += seconds(1);
  numbers.*GetParam().counter = 47;
  const auto events = judge.look(numbers);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind, GetParam().kind);
  EXPECT_EQ(events[0].limit, GetParam().limit);
  EXPECT_EQ(events[0].count, 7U);
  numbers.at += seconds(1);
  EXPECT_TRUE(judge.look(numbers).empty());
  numbers.at += seconds(1);
  numbers.*GetParam().counter = 1;
  EXPECT_TRUE(judge.look(numbers).empty()) << "a counter that fell";
}

INSTANTIATE_TEST_SUITE_P(, JudgeCounters,
                         testing::Values(CounterRow{"High", &GroupNumbers::high_events,
                                                    BreachKind::kMemoryHigh, "memory.high"},
                                         CounterRow{"Max", &GroupNumbers::max_events,
                                                    BreachKind::kMemoryMax, "memory.max"},
                                         CounterRow{"Pids", &GroupNumbers::refused_forks,
                                                    BreachKind::kPidsLimit, "pids.max"}),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Judge, TellsOfStallsByTheirShareOfTheTime) {
  const JudgeOptions options;
  Judge judge(options);
  GroupNumbers numbers = at_second(1);
  numbers.cpu_stall_ns = 0;
  numbers.memory_stall_ns = 0;
  numbers.io_stall_ns = 0;
  (void)judge.look(numbers);
  numbers.at += seconds(2);
  numbers.cpu_stall_ns = kSecond * 9 / 10;     // 45 %
  numbers.memory_stall_ns = kSecond * 3 / 10;  // 15 %
  numbers.io_stall_ns = kSecond * 2 / 5;       // 20 %
  const auto events = judge.look(numbers);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].kind, BreachKind::kMemoryStall);
  EXPECT_EQ(events[0].percent, 15U);
  EXPECT_EQ(events[1].kind, BreachKind::kIoStall);
}

TEST(Percent, DoesNotOverflow) {
  EXPECT_EQ(percent_of(1, 3), 33U);
  EXPECT_EQ(percent_of(5, 0), 0U);
  EXPECT_LE(percent_of(~std::uint64_t{0}, ~std::uint64_t{0}), 100U);
  EXPECT_GE(percent_of(~std::uint64_t{0}, ~std::uint64_t{0}), 99U);
}

TEST(GroupNumbers, AreTheSamples) {
  cgroupfs::CgroupSample sample;
  sample.set(cgroupfs::Field::kMemoryWorkingSet, 7);
  sample.set(cgroupfs::Field::kMemoryLimit, Limit<std::uint64_t>::none());
  sample.set(cgroupfs::Field::kCpuThrottledPeriods, 3);
  const GroupNumbers numbers = numbers_of(sample, MonoTime(seconds(4)));
  EXPECT_EQ(numbers.working_set, 7U);
  EXPECT_EQ(numbers.memory_limit, std::nullopt) << "no limit is no number";
  EXPECT_EQ(numbers.throttled_periods, 3U);
  EXPECT_EQ(numbers.memory, std::nullopt);
}

}  // namespace
}  // namespace plimsoll::control
