// What the sampler makes of groups that need a collector of their own, and of a scope, on a made-up
// host.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/fake_clock.h"
#include "base/temp_tree.h"
#include "exporter/collect/sampler.h"

namespace plimsoll::exporter {
namespace {

using cgroupfs::Field;
using cgroupfs::Group;
using ::testing::ElementsAre;

const std::string kId = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

class SamplerGroups : public ::testing::Test {
 protected:
  SamplerGroups() {
    host_.write("proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    host_.write("proc/meminfo", "MemTotal:        8000000 kB\n");
    host_.write("proc/stat", "btime 1600000000\n");
    host_.write("proc/77/schedstat", "1000 200 3\n");
    host_.write("proc/77/limits",
                "Max open files            unlimited            4096                 files     \n");
    host_.write("proc/77/fd/0", "");
    host_.write("sys/devices/system/cpu/online", "0-1\n");
    host_.write("cgroup/cgroup.controllers", "cpu\n");
    for (const std::string& group : {std::string(), std::string("docker/"),
                                     std::string("system.slice/"), "docker/" + kId + "/"}) {
      host_.write("cgroup/" + group + "cgroup.procs", group.size() > 30 ? "77\n" : "");
      host_.write("cgroup/" + group + "cgroup.threads", group.size() > 30 ? "77\n" : "");
      host_.write("cgroup/" + group + "cpu.stat", "usage_usec 5\nuser_usec 3\nsystem_usec 2\n");
    }
    config_.cgroup_root = host_.path() + "/cgroup";
    config_.proc_root = host_.path() + "/proc";
    config_.sys_root = host_.path() + "/sys";
    config_.host_root = host_.path();
    config_.inventory.docker_root = host_.path() + "/docker";
    config_.inventory.docker_sockets = {};
    config_.reader.groups.set(Group::kNetwork, false).set(Group::kDisk, false);
    config_.render_labels = [](const inventory::Identity& identity, std::uint64_t&) {
      return "id=\"" + identity.cgroup + "\"";
    };
  }
  std::vector<std::string> paths() {
    const auto sampler = Sampler::create(config_, clock_).value();
    std::vector<std::string> paths;
    for (const Row& row : sampler->sample(Freshness::kFull)->rows)
      paths.push_back(row.identity->cgroup);
    return paths;
  }

  TempTree host_;
  FakeClock clock_;
  SamplerConfig config_;
};

TEST_F(SamplerGroups, ProcessesShowUpInTheContainersRow) {
  config_.reader.groups.set(Group::kProcess).set(Group::kSched);
  const auto sampler = Sampler::create(config_, clock_).value();
  SnapshotPtr snapshot = sampler->sample(Freshness::kTick);
  const std::size_t row = 2;  // "/", "/docker", "/docker/ID", "/system.slice"
  ASSERT_EQ(snapshot->rows.size(), 4U);
  // The worker is a thread; five seconds are for a machine that does something else.
  for (int i = 0; i < 500 && !snapshot->value(Field::kFileDescriptors, row); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    snapshot = sampler->sample(Freshness::kTick);
  }
  EXPECT_EQ(snapshot->value(Field::kFileDescriptors, row), 1U);
  EXPECT_EQ(snapshot->value(Field::kSockets, row), 0U);
  ASSERT_TRUE(snapshot->limit(Field::kOpenFilesLimit, row));
  EXPECT_TRUE(snapshot->limit(Field::kOpenFilesLimit, row)->is_none());
  EXPECT_EQ(snapshot->value(Field::kSchedRun, row), 1000U);
  EXPECT_EQ(snapshot->value(Field::kSchedRun, 0), 1000U) << "the root's, with everything below it";
  EXPECT_EQ(snapshot->value(Field::kReferencedBytes, row), std::nullopt) << "not asked for";
  EXPECT_TRUE(snapshot->sockets.empty());
  // A group is known to be idle by its second reading; the worker may be faster than that.
  for (int i = 0; i < 2; ++i) snapshot = sampler->sample(Freshness::kTick);
  const SnapshotPtr next = sampler->sample(Freshness::kTick);
  EXPECT_EQ(next->value(Field::kSchedRun, row), 1000U) << "kept until the next look";
  EXPECT_FALSE(next->changed_after(snapshot->sequence, row)) << "and no reason to write it again";
}

TEST_F(SamplerGroups, NothingOfItRunsWhileTheGroupsAreOff) {
  const auto sampler = Sampler::create(config_, clock_).value();
  const SnapshotPtr snapshot = sampler->sample(Freshness::kFull);
  EXPECT_EQ(sampler->stats().tasks.cgroups, 0U);
  EXPECT_FALSE(snapshot->any(Field::kFileDescriptors));
  EXPECT_FALSE(snapshot->machine->topology);
}

TEST_F(SamplerGroups, AnUnknownPerformanceEventIsAnErrorAtTheStart) {
  config_.perf.core = {{{"no-such-event", {}}}};
  const auto sampler = Sampler::create(config_, clock_);
  ASSERT_FALSE(sampler);
  EXPECT_THAT(sampler.error().subject, ::testing::HasSubstr("'no-such-event'"));
}

TEST_F(SamplerGroups, TheScopeChoosesRows) {
  EXPECT_THAT(paths(), ElementsAre("/", "/docker", "/docker/" + kId, "/system.slice"));
  config_.scope.containers_only = true;
  EXPECT_THAT(paths(), ElementsAre("/", "/docker/" + kId));
  config_.scope.prefixes = {"/system"};
  EXPECT_THAT(paths(), ElementsAre("/", "/docker/" + kId, "/system.slice"));
  config_.scope.without_root = true;
  EXPECT_THAT(paths(), ElementsAre("/docker/" + kId, "/system.slice"));
}

}  // namespace
}  // namespace plimsoll::exporter
