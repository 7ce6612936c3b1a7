// Every conversion over its whole domain, against the formulas written another way and against
// values that other programs are known to produce.
#include "cgroupfs/limit/convert.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>
#include <utility>

namespace plimsoll::limit {
namespace {

using enum SharesFormula;
using Pair = std::pair<std::uint64_t, std::uint64_t>;

TEST(SharesToWeight, KnownValues) {
  for (const auto& [shares, weight] :
       {Pair{1024, 39}, {512, 20}, {102, 4}, {2, 1}, {262144, 10000}})
    EXPECT_EQ(weight_from_shares(shares, kLinear).value, weight) << shares;
  for (const auto& [shares, weight] : {Pair{1024, 100},
                                       {512, 59},
                                       {256, 35},
                                       {102, 17},
                                       {10, 4},
                                       {1000, 99},
                                       {2, 1},
                                       {262144, 10000}})
    EXPECT_EQ(weight_from_shares(shares, kQuadratic).value, weight) << shares;
  for (const auto& [shares, weight] :
       {Pair{1024, 100}, {512, 50}, {2048, 200}, {2, 1}, {262144, 10000}})
    EXPECT_EQ(weight_from_shares(shares, kSystemd).value, weight) << shares;
}

// With more digits than a double has. No result is so near to a whole number that rounding could
// decide, but for powers that are whole numbers: 1024 shares are exactly 10^2.
TEST(SharesToWeight, QuadraticIsTheCeilingForEveryInput) {
  for (std::uint64_t shares = 3; shares < 262'144; ++shares) {
    const long double l = std::log2(static_cast<long double>(shares));
    const long double exact = std::pow(10.0L, (l * l + 125.0L * l) / 612.0L - 7.0L / 34.0L);
    const auto nearest = std::round(exact);
    const auto want = std::abs(exact - nearest) < 1e-9L ? nearest : std::ceil(exact);
    ASSERT_EQ(weight_from_shares(shares, kQuadratic).value, static_cast<std::uint64_t>(want))
        << shares;
  }
}

TEST(SharesToWeight, LinearAndSystemdAreTheFormulaForEveryInput) {
  for (std::uint64_t shares = 2; shares <= 262'144; ++shares) {
    ASSERT_EQ(weight_from_shares(shares, kLinear).value, 1 + ((shares - 2) * 9999) / 262142);
    const std::uint64_t systemd = shares * 100 / 1024;
    ASSERT_EQ(weight_from_shares(shares, kSystemd).value,
              systemd < 1 ? 1 : (systemd > 10000 ? 10000 : systemd));
  }
}

TEST(SharesToWeight, IsMonotoneAndExactOnlyWhereTheWayBackLeadsHome) {
  for (const SharesFormula formula : {kLinear, kQuadratic, kSystemd}) {
    std::uint64_t last = 0;
    for (std::uint64_t shares = 2; shares <= 262'144; ++shares) {
      const Converted there = weight_from_shares(shares, formula);
      ASSERT_GE(there.value, last) << name_of(formula) << " " << shares;
      last = there.value;
      ASSERT_EQ(there.exact, shares_from_weight(there.value, formula).value == shares)
          << name_of(formula) << " " << shares;
    }
  }
}

TEST(WeightToShares, EveryWeightSurvivesThereAndBack) {
  for (const SharesFormula formula : {kLinear, kQuadratic, kSystemd})
    for (std::uint64_t weight = 1; weight <= 10'000; ++weight) {
      const Converted shares = shares_from_weight(weight, formula);
      ASSERT_TRUE(shares.exact) << name_of(formula) << " " << weight;
      ASSERT_EQ(weight_from_shares(shares.value, formula).value, weight) << name_of(formula);
    }
}

TEST(WeightToShares, NormalIsNormal) {
  EXPECT_EQ(shares_from_weight(100, kQuadratic).value, 1024U);
  EXPECT_EQ(shares_from_weight(100, kSystemd).value, 1024U);
  EXPECT_EQ(shares_from_weight(1, kQuadratic).value, 2U);
  EXPECT_EQ(shares_from_weight(10'000, kQuadratic).value, 262'144U);
  EXPECT_EQ(shares_from_weight(10'000, kLinear).value, 262'144U);
  EXPECT_TRUE(weight_from_shares(1024, kQuadratic).exact);
}

TEST(WeightToShares, SystemdsOwnWayBackSaysWhereItLosesOne) {
  EXPECT_EQ(systemd_shares_from_weight(100), (Converted{1024, true}));
  EXPECT_EQ(systemd_shares_from_weight(10'000), (Converted{102'400, true}));
  // 30 shares are weight 2.
  EXPECT_EQ(systemd_shares_from_weight(3), (Converted{30, false}));
  for (std::uint64_t weight = 1; weight <= 10'000; ++weight) {
    const Converted shares = systemd_shares_from_weight(weight);
    ASSERT_EQ(shares.value, std::max<std::uint64_t>(2, weight * 1024 / 100));
    ASSERT_EQ(shares.exact, weight_from_shares(shares.value, kSystemd).value == weight) << weight;
  }
}

TEST(SharesToWeight, OutsideIsTheNearerEndAndSaysSo) {
  EXPECT_EQ(weight_from_shares(0, kLinear), (Converted{1, false}));
  EXPECT_EQ(weight_from_shares(1, kQuadratic), (Converted{1, false}));
  EXPECT_EQ(weight_from_shares(262'145, kQuadratic), (Converted{10'000, false}));
  EXPECT_EQ(shares_from_weight(0, kQuadratic), (Converted{2, false}));
  EXPECT_EQ(shares_from_weight(10'001, kQuadratic).exact, false);
}

TEST(Formula, NamesGoBothWays) {
  for (const SharesFormula formula : {kLinear, kQuadratic, kSystemd})
    EXPECT_EQ(shares_formula_named(name_of(formula)), formula);
  EXPECT_EQ(shares_formula_named("cubic"), std::nullopt);
}

TEST(MilliCpus, AreSharesRoundedDown) {
  EXPECT_EQ(shares_from_milli_cpus(1000), (Converted{1024, true}));
  EXPECT_EQ(shares_from_milli_cpus(250), (Converted{256, true}));
  EXPECT_EQ(shares_from_milli_cpus(100), (Converted{102, false}));
  EXPECT_EQ(shares_from_milli_cpus(0), (Converted{2, false}));
  EXPECT_EQ(shares_from_milli_cpus(~0ULL), (Converted{262'144, false}));
}

TEST(Quota, NanoCpusAndBack) {
  EXPECT_EQ(*quota_from_nano_cpus(250'000'000, 100'000), (Converted{25'000, true}));
  EXPECT_EQ(*quota_from_nano_cpus(333'333'333, 100'000), (Converted{33'333, false}));
  EXPECT_EQ(nano_cpus_from_quota(25'000, 100'000), 250'000'000);
  EXPECT_EQ(nano_cpus_from_quota(1, 3), std::nullopt);
  EXPECT_EQ(nano_cpus_from_quota(1, 0), std::nullopt);
  EXPECT_FALSE(quota_from_nano_cpus(~0ULL, 100'000));
  std::mt19937_64 random(1);
  for (int i = 0; i < 1'000'000; ++i) {
    const std::uint64_t quota = 1000 + random() % 1'000'000'000;
    const auto nano = nano_cpus_from_quota(quota, 100'000);
    ASSERT_TRUE(nano);
    ASSERT_EQ(*quota_from_nano_cpus(*nano, 100'000), (Converted{quota, true}));
  }
}

using BytesLimit = Limit<Bytes>;
const BytesLimit kNone = BytesLimit::none();
BytesLimit bytes(std::uint64_t count) {
  return BytesLimit(Bytes{count});
}

TEST(Swap, IsWhatMemswHasBeyondMemory) {
  EXPECT_EQ(*swap_from_memsw(bytes(64), bytes(100)), bytes(36));
  EXPECT_EQ(*swap_from_memsw(bytes(64), bytes(64)), bytes(0));
  EXPECT_EQ(*swap_from_memsw(kNone, kNone), kNone);
  EXPECT_EQ(*swap_from_memsw(bytes(64), kNone), kNone);
  EXPECT_FALSE(swap_from_memsw(bytes(64), bytes(63)));
  EXPECT_FALSE(swap_from_memsw(kNone, bytes(63)));
  EXPECT_FALSE(memsw_from_swap(kNone, bytes(1)));
  EXPECT_EQ(*memsw_from_swap(kNone, kNone), kNone);
  EXPECT_FALSE(memsw_from_swap(bytes(~0ULL), bytes(1)));
}

TEST(Swap, AMillionPairsSurviveThereAndBack) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 1'000'000; ++i) {
    const BytesLimit memory = bytes(random() >> 1);
    const BytesLimit swap = bytes(random() >> 1);
    ASSERT_EQ(*swap_from_memsw(memory, *memsw_from_swap(memory, swap)), swap);
  }
}

TEST(BlkioWeight, All991SurviveAndNoOtherIsCalledExact) {
  std::uint64_t exact = 0;
  for (std::uint64_t blkio = 10; blkio <= 1000; ++blkio) {
    const Converted io = io_weight_from_blkio(blkio);
    ASSERT_EQ(io.value, 1 + (blkio - 10) * 9999 / 990);
    ASSERT_TRUE(io.exact);
    ASSERT_EQ(blkio_weight_from_io(io.value), blkio);
  }
  for (std::uint64_t io = 0; io <= 10'001; ++io) exact += blkio_weight_from_io(io) ? 1 : 0;
  EXPECT_EQ(exact, 991U);
  EXPECT_FALSE(io_weight_from_blkio(9).exact);
  EXPECT_FALSE(io_weight_from_blkio(1001).exact);
}

}  // namespace
}  // namespace plimsoll::limit
