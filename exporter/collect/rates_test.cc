#include "exporter/collect/rates.h"

#include <gtest/gtest.h>

#include <cmath>

namespace plimsoll::exporter {
namespace {

using cgroupfs::CgroupSample;
using cgroupfs::Field;
using cgroupfs::Tier;
using std::chrono::milliseconds;
using std::chrono::seconds;

CgroupSample reading(std::chrono::nanoseconds at, std::uint64_t cpu_ns) {
  CgroupSample sample;
  sample.set(Field::kCpuUsage, cpu_ns);
  sample.set_read_at(Tier::kHot, MonoTime(at));
  return sample;
}

TEST(Rates, CpuCoresFromTheTrueReadTimes) {
  const auto rates =
      rates_between(rate_base(reading(seconds(10), 1'000'000'000)),
                    rate_base(reading(seconds(12), 2'000'000'000)), no_rates(), milliseconds(500));
  EXPECT_FLOAT_EQ(rates.cpu_cores, 0.5F);
  EXPECT_TRUE(std::isnan(rates.io_read_bytes)) << "absent is not zero";
}

TEST(Rates, FirstReadingHasNone) {
  const auto rates =
      rates_between(RateBase{}, rate_base(reading(seconds(12), 5)), no_rates(), milliseconds(500));
  EXPECT_TRUE(std::isnan(rates.cpu_cores));
}

TEST(Rates, TooShortAnIntervalKeepsTheLast) {
  Rates last = no_rates();
  last.cpu_cores = 0.25F;
  const auto rates = rates_between(rate_base(reading(seconds(10), 0)),
                                   rate_base(reading(seconds(10) + milliseconds(10), 10'000'000)),
                                   last, milliseconds(500));
  EXPECT_FLOAT_EQ(rates.cpu_cores, 0.25F);
}

TEST(Rates, CounterThatWentBackwardsHasNone) {
  const auto rates = rates_between(rate_base(reading(seconds(10), 9)),
                                   rate_base(reading(seconds(11), 3)), no_rates(), milliseconds(1));
  EXPECT_TRUE(std::isnan(rates.cpu_cores));
}

TEST(Rates, ThrottledRatioNeedsPeriods) {
  CgroupSample before = reading(seconds(10), 0);
  CgroupSample now = reading(seconds(11), 0);
  before.set(Field::kCpuPeriods, 100);
  before.set(Field::kCpuThrottledPeriods, 10);
  now.set(Field::kCpuPeriods, 110);
  now.set(Field::kCpuThrottledPeriods, 15);
  EXPECT_FLOAT_EQ(
      rates_between(rate_base(before), rate_base(now), no_rates(), milliseconds(1)).throttled_ratio,
      0.5F);
  now.set(Field::kCpuPeriods, 100);
  now.set(Field::kCpuThrottledPeriods, 10);
  EXPECT_TRUE(
      std::isnan(rates_between(rate_base(before), rate_base(now), no_rates(), milliseconds(1))
                     .throttled_ratio));
}

}  // namespace
}  // namespace plimsoll::exporter
