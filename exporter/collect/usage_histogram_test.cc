#include "exporter/collect/usage_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "exporter/collect/usage_histograms.h"

namespace plimsoll::exporter {
namespace {

std::uint64_t total(const UsageHistogram& histogram) {
  return std::accumulate(histogram.counts().begin(), histogram.counts().end(), histogram.zeros());
}

TEST(UsageHistogram, PutsABoundIntoTheBucketBelowIt) {
  for (const auto& [value, index] : std::initializer_list<std::pair<double, int>>{
           {1, 0}, {1.01, 1}, {2, 8}, {2.01, 9}, {0.5, -8}, {0.51, -7}, {4096, 96}}) {
    UsageHistogram histogram;
    histogram.observe(value, 0);
    EXPECT_EQ(histogram.first(), index) << value;
    ASSERT_EQ(histogram.counts().size(), 1U);
    EXPECT_GE(std::exp2(index / 8.0) * 1.000001, value);
    EXPECT_LT(std::exp2((index - 1) / 8.0), value);
  }
}

TEST(UsageHistogram, CountsWhatIsANumber) {
  UsageHistogram histogram;
  for (const double value : {0.0, 0.001, 0.25, -1.0, std::numeric_limits<double>::quiet_NaN(),
                             std::numeric_limits<double>::infinity()})
    histogram.observe(value, 0.001);
  EXPECT_EQ(histogram.count(), 3U);
  EXPECT_EQ(histogram.zeros(), 2U);
  EXPECT_EQ(histogram.sum(), 0.251);
  EXPECT_EQ(histogram.up_to_power_of_two(-3), 2U);
  EXPECT_EQ(histogram.up_to_power_of_two(-2), 3U);
}

TEST(UsageHistogram, StaysSmallWhateverItSees) {
  UsageHistogram histogram;
  for (int exponent = -300; exponent <= 300; ++exponent) histogram.observe(std::exp2(exponent), 0);
  EXPECT_LE(histogram.counts().size(), UsageHistogram::kMaxBuckets);
  EXPECT_LE(histogram.memory(), UsageHistogram::kMaxBuckets * 4);
  EXPECT_EQ(total(histogram), 601U);
  EXPECT_LT(histogram.schema(), 0);
}

TEST(UsageHistogram, HasExactPowersOfTwoAfterMerging) {
  std::mt19937 random(42);
  std::uniform_real_distribution<double> exponents(-12, 14);
  UsageHistogram histogram;
  std::vector<double> values;
  for (int i = 0; i < 5000; ++i) {
    // Now and then a power of two itself.
    const double exponent = exponents(random);
    values.push_back(std::exp2(i % 7 == 0 ? std::round(exponent) : exponent));
    histogram.observe(values.back(), 0);
  }
  EXPECT_EQ(histogram.schema(), 2);
  for (int exponent = -13; exponent <= 15; ++exponent) {
    const auto expected =
        std::ranges::count_if(values, [&](double v) { return v <= std::exp2(exponent); });
    EXPECT_EQ(histogram.up_to_power_of_two(exponent), static_cast<std::uint64_t>(expected))
        << exponent;
  }
  EXPECT_EQ(total(histogram), values.size());
}

Snapshot snapshot_of(std::uint64_t sequence, const std::vector<std::uint64_t>& serials) {
  Snapshot snapshot;
  snapshot.sequence = sequence;
  snapshot.reserve(serials.size());
  for (std::size_t row = 0; row < serials.size(); ++row) {
    auto identity = std::make_shared<inventory::Identity>();
    identity->runtime =
        serials[row] == 99 ? inventory::Runtime::kSystemd : inventory::Runtime::kDocker;
    Row of;
    of.serial = serials[row];
    of.identity = identity;
    snapshot.rows.push_back(of);
    snapshot.rates.push_back({.cpu_cores = static_cast<float>(sequence)});
    snapshot.set(cgroupfs::Field::kMemoryWorkingSet, row, 4096 * sequence);
  }
  return snapshot;
}

TEST(UsageHistograms, FollowTheContainersThatThereAre) {
  UsageHistograms histograms;
  histograms.append(snapshot_of(1, {1, 2, 99}));
  histograms.append(snapshot_of(2, {2, 3}));
  ContainerUsage usage;
  EXPECT_FALSE(histograms.copy(1, usage)) << "it is gone";
  EXPECT_FALSE(histograms.copy(99, usage)) << "a service";
  ASSERT_TRUE(histograms.copy(2, usage));
  EXPECT_EQ(usage.cpu_cores.count(), 2U);
  EXPECT_EQ(usage.cpu_cores.sum(), 3);
  EXPECT_EQ(usage.memory_bytes.sum(), 4096 * 3);
  ASSERT_TRUE(histograms.copy(3, usage));
  EXPECT_EQ(usage.cpu_cores.count(), 1U);
  EXPECT_GT(histograms.memory(), 2 * sizeof(ContainerUsage));
}

}  // namespace
}  // namespace plimsoll::exporter
