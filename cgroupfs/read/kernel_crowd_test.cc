// Thousands of groups under the limits of this machine.
#include <sys/resource.h>

#include <filesystem>
#include <list>

#include "cgroupfs/read/kernel_testing.h"

namespace plimsoll::cgroupfs {
namespace {

constexpr std::size_t kGroups = 5'000;

TEST(KernelCrowd, FiveThousandGroupsUnderTwentyThousandDescriptors) {
  if (const std::string reason = no_cgroups_because(); !reason.empty()) GTEST_SKIP() << reason;
  const Layout layout = real_layout();
  std::vector<std::size_t> hierarchies;
  for (const Controller controller : {Controller::kCpu, Controller::kCpuacct, Controller::kMemory})
    if (const auto hierarchy = layout.of(controller))
      if (std::ranges::find(hierarchies, *hierarchy) == hierarchies.end())
        hierarchies.push_back(*hierarchy);
  if (hierarchies.empty()) GTEST_SKIP() << "neither cpu nor memory controller is mounted";
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit old = limit;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 20'000);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  if (limit.rlim_cur < 12'000) GTEST_SKIP() << "RLIMIT_NOFILE is only " << limit.rlim_cur;

  std::list<KernelGroup> groups;
  std::vector<Cgroup> cgroups;
  for (std::size_t i = 0; i < kGroups; ++i) {
    groups.emplace_back(layout, "-c" + std::to_string(i), hierarchies);
    cgroups.push_back(groups.back().cgroup(i + 1));
  }
  RealClock clock;
  std::vector<CgroupSample> samples(kGroups);
  for (const std::size_t max_held : {limit.rlim_cur - 4'000, rlim_t{0}}) {
    ReaderOptions options;
    options.max_held = max_held;
    const auto reader = make_text_reader(layout, clock, options);
    for (int round = 0; round < 2; ++round) {
      std::vector<ReadTarget> targets(kGroups);
      for (std::size_t i = 0; i < kGroups; ++i) {
        targets[i].cgroup = &cgroups[i];
        targets[i].sample = &samples[i];
        targets[i].due = kHotOnly;
        targets[i].full = true;
      }
      reader->read(targets);
      for (std::size_t i = 0; i < kGroups; ++i) {
        ASSERT_EQ(targets[i].outcome, ReadOutcome::kRead) << i;
        ASSERT_EQ(samples[i].value(Field::kCpuUsage), 0U) << i;
      }
    }
    const ReaderStats stats = reader->stats();
    EXPECT_LE(stats.held, max_held);
    EXPECT_EQ(stats.held_per_cgroup, std::min<std::size_t>(5, max_held / kGroups));
    EXPECT_TRUE(stats.failed.empty()) << stats.failed.begin()->first;
  }
  groups.clear();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &old), 0);
}

}  // namespace
}  // namespace plimsoll::cgroupfs
