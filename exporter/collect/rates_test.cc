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

RateBase base_of(const CgroupSample& sample) {
  return rate_base(sample, MonoTime{});
}

CgroupSample reading(std::chrono::nanoseconds at, std::uint64_t cpu_ns) {
  CgroupSample sample;
  sample.set(Field::kCpuUsage, cpu_ns);
  sample.set_read_at(Tier::kHot, MonoTime(at));
  return sample;
}

TEST(Rates, CpuCoresFromTheTrueReadTimes) {
  const auto rates =
      rates_between(base_of(reading(seconds(10), 1'000'000'000)),
                    base_of(reading(seconds(12), 2'000'000'000)), no_rates(), milliseconds(500));
  EXPECT_FLOAT_EQ(rates.cpu_cores, 0.5F);
  EXPECT_TRUE(std::isnan(rates.io_read_bytes)) << "absent is not zero";
}

TEST(Rates, FirstReadingHasNone) {
  const auto rates =
      rates_between(RateBase{}, base_of(reading(seconds(12), 5)), no_rates(), milliseconds(500));
  EXPECT_TRUE(std::isnan(rates.cpu_cores));
}

TEST(Rates, TooShortAnIntervalKeepsTheLast) {
  Rates last = no_rates();
  last.cpu_cores = 0.25F;
  const auto rates = rates_between(base_of(reading(seconds(10), 0)),
                                   base_of(reading(seconds(10) + milliseconds(10), 10'000'000)),
                                   last, milliseconds(500));
  EXPECT_FLOAT_EQ(rates.cpu_cores, 0.25F);
}

TEST(Rates, CounterThatWentBackwardsHasNone) {
  const auto rates = rates_between(base_of(reading(seconds(10), 9)),
                                   base_of(reading(seconds(11), 3)), no_rates(), milliseconds(1));
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
      rates_between(base_of(before), base_of(now), no_rates(), milliseconds(1)).throttled_ratio,
      0.5F);
  now.set(Field::kCpuPeriods, 100);
  now.set(Field::kCpuThrottledPeriods, 10);
  EXPECT_TRUE(std::isnan(
      rates_between(base_of(before), base_of(now), no_rates(), milliseconds(1)).throttled_ratio));
}

TEST(Rates, NetworkHasATimeOfItsOwn) {
  CgroupSample before = reading(seconds(10), 0);
  CgroupSample now = reading(seconds(10), 0);  // The group was idle: its files were not read again.
  before.set(Field::kNetRxBytes, 1000);
  now.set(Field::kNetRxBytes, 3000);
  const auto rates =
      rates_between(rate_base(before, MonoTime(seconds(10))), rate_base(now, MonoTime(seconds(12))),
                    no_rates(), milliseconds(1));
  EXPECT_FLOAT_EQ(rates.net_rx_bytes, 1000.0F);
}

TEST(Rates, BaseMovesOnTierByTier) {
  const RateBase before = base_of(reading(seconds(10), 5));
  EXPECT_EQ(advanced(before, base_of(reading(seconds(11), 9)), milliseconds(500)).cpu_usage, 9U);
  EXPECT_EQ(advanced(before, base_of(reading(seconds(10), 9)), milliseconds(500)).cpu_usage, 5U);
}

}  // namespace
}  // namespace plimsoll::exporter
