#include "cgroupfs/read/hold_policy.h"

#include <gtest/gtest.h>

namespace plimsoll::cgroupfs {
namespace {

ReaderOptions budget(std::size_t max_held, std::size_t kernel_bytes = 0) {
  ReaderOptions options;
  options.max_held = max_held;
  options.max_kernel_bytes = kernel_bytes;
  return options;
}

TEST(HoldPolicy, FewGroupsHoldAllTheirHotFiles) {
  EXPECT_EQ(allowed_per_cgroup(budget(10'000), 0), 5U);
  EXPECT_EQ(allowed_per_cgroup(budget(10'000), 2'000), 5U);
}

TEST(HoldPolicy, ManyShareTheDescriptors) {
  EXPECT_EQ(allowed_per_cgroup(budget(10'000), 2'001), 4U);
  EXPECT_EQ(allowed_per_cgroup(budget(16'000), 5'000), 3U);
  EXPECT_EQ(allowed_per_cgroup(budget(16'000), 16'001), 0U);
  EXPECT_EQ(allowed_per_cgroup(budget(0), 1), 0U);
}

TEST(HoldPolicy, KernelMemoryIsASecondBudget) {
  EXPECT_EQ(allowed_per_cgroup(budget(10'000, 1'000 * kKernelBytesPerHeldFile), 500), 2U);
  EXPECT_EQ(allowed_per_cgroup(budget(10'000, 1), 1), 0U);
}

TEST(HoldPolicy, FallsAtOnceAndRisesWithAMargin) {
  const ReaderOptions options = budget(10'000);
  EXPECT_EQ(next_per_cgroup(options, 2'001, 5), 4U);
  EXPECT_EQ(next_per_cgroup(options, 2'000, 4), 4U);
  EXPECT_EQ(next_per_cgroup(options, 1'777, 4), 5U);
  EXPECT_EQ(next_per_cgroup(options, 1'999, 3), 4U) << "as far as the margin allows";
}

}  // namespace
}  // namespace plimsoll::cgroupfs
