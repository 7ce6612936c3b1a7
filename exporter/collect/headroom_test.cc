#include "exporter/collect/headroom.h"

#include <gtest/gtest.h>

#include <cmath>

namespace plimsoll::exporter {
namespace {

using cgroupfs::CgroupSample;
using cgroupfs::Field;

class Headroom : public testing::Test {
 protected:
  explicit Headroom(std::vector<std::string> paths = {"/", "/a", "/a-b", "/a/c", "/a/c/d/e"}) {
    snapshot_.reserve(paths.size());
    samples_.resize(paths.size());
    for (std::string& path : paths) {
      auto identity = std::make_shared<inventory::Identity>();
      identity->cgroup = std::move(path);
      snapshot_.rows.push_back(Row{.identity = std::move(identity)});
      snapshot_.rates.push_back({});
    }
  }
  void fill() {
    for (std::size_t i = 0; i < samples_.size(); ++i) snapshot_.set_fields(i, samples_[i]);
    fill_headroom(snapshot_, parents_of(snapshot_.rows));
  }
  [[nodiscard]] std::optional<std::uint64_t> memory(std::size_t row) const {
    return snapshot_.value(Field::kMemoryHeadroom, row);
  }
  Snapshot snapshot_;
  std::vector<CgroupSample> samples_;
};

TEST_F(Headroom, KnowsTheNearestGroupAbove) {
  EXPECT_EQ(parents_of(snapshot_.rows), (std::vector<std::uint32_t>{kNoParent, 0, 0, 1, 3}))
      << "\"/a-b\" stands between \"/a\" and its child";
}

TEST_F(Headroom, TheTightestLimitOnTheWayUpCounts) {
  samples_[1].set(Field::kMemoryLimit, 1000);
  samples_[1].set(Field::kMemoryWorkingSet, 900);
  samples_[3].set(Field::kMemoryLimit, 500);
  samples_[3].set(Field::kMemoryWorkingSet, 100);
  samples_[4].set(Field::kMemoryLimit, Limit<std::uint64_t>::none());
  samples_[4].set(Field::kMemoryWorkingSet, 50);
  fill();
  EXPECT_FALSE(memory(0));
  EXPECT_EQ(memory(1), 100U);
  EXPECT_FALSE(memory(2));
  EXPECT_EQ(memory(3), 100U) << "its own would leave 400";
  EXPECT_EQ(memory(4), 100U);
}

TEST_F(Headroom, IsNeverNegativeAndFallsBackToUsage) {
  samples_[1].set(Field::kMemoryLimit, 1000);
  samples_[1].set(Field::kMemoryUsage, 1200);
  samples_[2].set(Field::kPidsLimit, 10);
  samples_[2].set(Field::kPids, 3);
  fill();
  EXPECT_EQ(memory(1), 0U);
  EXPECT_EQ(snapshot_.value(Field::kPidsHeadroom, 2), 7U);
  EXPECT_FALSE(snapshot_.value(Field::kPidsHeadroom, 1));
}

TEST_F(Headroom, CpuUseIsMeasuredByTheFullestQuota) {
  for (Rates& rates : snapshot_.rates) rates.cpu_cores = 0.5F;
  for (const std::size_t row : {1U, 3U}) samples_[row].set(Field::kCpuPeriod, 100'000'000);
  samples_[1].set(Field::kCpuQuota, 100'000'000);
  samples_[3].set(Field::kCpuQuota, 200'000'000);
  fill();
  EXPECT_TRUE(std::isnan(snapshot_.rates[0].cpu_limit_ratio));
  EXPECT_FLOAT_EQ(snapshot_.rates[1].cpu_limit_ratio, 0.5F);
  EXPECT_FLOAT_EQ(snapshot_.rates[3].cpu_limit_ratio, 0.5F) << "its own quota is half as full";
  EXPECT_TRUE(std::isnan(snapshot_.rates[2].cpu_limit_ratio));
}

}  // namespace
}  // namespace plimsoll::exporter
