// cpuacct.*, cpu.stat, cpu.max.
#include "cgroupfs/parse/cpu_max.h"
#include "cgroupfs/parse/cpu_stat.h"
#include "cgroupfs/parse/cpuacct.h"
#include "cgroupfs/parse/testing.h"

namespace plimsoll::cgroupfs {
namespace {

TEST(CpuacctStat, CountsTicks) {
  EXPECT_EQ(*parse_cpuacct_stat("user 531\nsystem 280\n"),
            (CpuacctStat{.user = 531, .system = 280}));
  EXPECT_EQ(*parse_cpuacct_stat(""), CpuacctStat{});
  EXPECT_EQ(*parse_cpuacct_stat("user 1\nnice 5\n"), (CpuacctStat{.user = 1, .system = {}}));
  expect_malformed(parse_cpuacct_stat, {{"Torn", "user 531\nsystem 28", "system 28"}});
}

TEST(TicksToNs, IsExactAndSaturates) {
  EXPECT_EQ(ticks_to_ns(1, 100), 10'000'000U);
  EXPECT_EQ(ticks_to_ns(1, 1024), 976'562U);
  EXPECT_EQ(ticks_to_ns(184'467'440'737, 100), 1'844'674'407'370'000'000U);  // 58 years.
  EXPECT_EQ(ticks_to_ns(~std::uint64_t{0}, 100), ~std::uint64_t{0});
}

using Percpu = std::vector<std::uint64_t>;
Result<Percpu> percpu(std::string_view text) {
  return drain(UsagePercpu(text));
}

TEST(UsagePercpu, HasANumberPerCpu) {
  EXPECT_EQ(*percpu("812045 90311 \n"), (Percpu{812045, 90311}));
  EXPECT_EQ(*percpu("7\n"), Percpu{7});
  EXPECT_EQ(*percpu("\n"), Percpu{});
}

TEST(UsagePercpu, NamesTheOffendingLine) {
  expect_malformed(percpu, {{"Empty", "", ""},
                            {"TornInNumber", "812045 903", "812045 903"},
                            {"TornAfterBlank", "812045 ", "812045 "},
                            {"Word", "1 x \n", "1 x "},
                            {"TwoBlanks", "1  2 \n", "1  2 "},
                            {"TwoLines", "1 \n2 \n", "1 "},
                            {"Overflow", "18446744073709551616 \n", "18446744073709551616 "}});
}

TEST(CpuStatV1, ReadsBandwidthCountersOfOldAndNewKernels) {
  EXPECT_EQ(*parse_cpu_stat_v1("nr_periods 12\nnr_throttled 3\nthrottled_time 40000\n"),
            (CpuStatV1{.nr_periods = 12,
                       .nr_throttled = 3,
                       .throttled_time = 40000,
                       .nr_bursts = {},
                       .burst_time = {}}));
  EXPECT_EQ(*parse_cpu_stat_v1("nr_periods 12\nnr_throttled 3\nthrottled_time 40000\n"
                               "nr_bursts 2\nburst_time 700\n"),
            (CpuStatV1{.nr_periods = 12,
                       .nr_throttled = 3,
                       .throttled_time = 40000,
                       .nr_bursts = 2,
                       .burst_time = 700}));
  EXPECT_EQ(*parse_cpu_stat_v1(""), CpuStatV1{});
  expect_malformed(parse_cpu_stat_v1, {{"NoValue", "nr_periods\n", "nr_periods"}});
}

TEST(CpuStatV2, ReadsUsageAlsoWithoutTheController) {
  const auto bare = parse_cpu_stat_v2(
      "usage_usec 8120\nuser_usec 5311\nsystem_usec 2809\n"
      "nice_usec 0\n");
  EXPECT_EQ(bare->usage_usec, 8120U);
  EXPECT_EQ(bare->user_usec, 5311U);
  EXPECT_EQ(bare->system_usec, 2809U);
  EXPECT_EQ(bare->nice_usec, 0U);
  EXPECT_FALSE(bare->core_sched_force_idle_usec);
  EXPECT_FALSE(bare->nr_periods);
  const auto full = parse_cpu_stat_v2(
      "usage_usec 8120\nuser_usec 5311\nsystem_usec 2809\ncore_sched.force_idle_usec 0\n"
      "nr_periods 4\nnr_throttled 1\nthrottled_usec 90\nnr_bursts 2\nburst_usec 30\n");
  EXPECT_EQ(full->nr_periods, 4U);
  EXPECT_EQ(full->throttled_usec, 90U);
  EXPECT_EQ(full->burst_usec, 30U);
  expect_malformed(parse_cpu_stat_v2, {{"Torn", "usage_usec 8120\nuser_usec 53", "user_usec 53"}});
}

TEST(CpuStatLocal, HasTheUnitOfItsVersion) {
  EXPECT_EQ(parse_cpu_stat_local("throttled_time 40000\n")->throttled_time, 40'000U);
  EXPECT_EQ(parse_cpu_stat_local("throttled_usec 40\n")->throttled_usec, 40U);
  EXPECT_EQ(*parse_cpu_stat_local(""), CpuStatLocal{});
  expect_malformed(parse_cpu_stat_local, {{"Torn", "throttled_usec 4", "throttled_usec 4"}});
}

TEST(UsecToNs, Saturates) {
  EXPECT_EQ(usec_to_ns(8120), 8'120'000U);
  EXPECT_EQ(usec_to_ns(~std::uint64_t{0} / 1000 + 1), ~std::uint64_t{0});
}

TEST(CpuMax, HasAQuotaOrNone) {
  EXPECT_EQ(*parse_cpu_max("max 100000\n"), (CpuMax{Limit<std::uint64_t>::none(), 100000}));
  EXPECT_EQ(*parse_cpu_max("50000 200000\n"), (CpuMax{Limit<std::uint64_t>(50000), 200000}));
  expect_malformed(parse_cpu_max,
                   {{"Empty", "", ""},
                    {"QuotaOnly", "50000\n", "50000"},
                    {"Torn", "50000 1000", "50000 1000"},
                    {"Word", "min 100000\n", "min 100000"},
                    {"Negative", "-1 100000\n", "-1 100000"},
                    {"PeriodMax", "max max\n", "max max"},
                    {"Overflow", "18446744073709551616 1\n", "18446744073709551616 1"}});
}

}  // namespace
}  // namespace plimsoll::cgroupfs
