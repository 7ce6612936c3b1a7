#include "exporter/collect/sampler_loop.h"

#include <gtest/gtest.h>

#include <future>

#include "base/temp_tree.h"

namespace plimsoll::exporter {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

// A host with one group; the loop runs in real time, nothing is asserted about how long anything
// takes.
class LoopOnFakeHost : public ::testing::Test {
 protected:
  LoopOnFakeHost() {
    host_.write("proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    host_.write("proc/meminfo", "MemTotal: 8000000 kB\n");
    host_.write("proc/stat", "btime 1600000000\n");
    host_.write("cgroup/cgroup.controllers", "cpu memory\n");
    host_.write("cgroup/cgroup.procs", "");
    host_.write("cgroup/a/cgroup.procs", "");
    host_.write("cgroup/a/memory.current", "4096\n");
    config_.cgroup_root = host_.path() + "/cgroup";
    config_.proc_root = host_.path() + "/proc";
    config_.sys_root = host_.path();
    config_.host_root = host_.path();
    config_.reader.groups.set(cgroupfs::Group::kNetwork, false).set(cgroupfs::Group::kDisk, false);
    config_.render_labels = [](const inventory::Identity&, std::uint64_t&) {
      return std::string();
    };
  }

  TempTree host_;
  SamplerConfig config_;
  RealClock clock_;
};

SnapshotPtr asked(SamplerLoop& loop, std::chrono::nanoseconds max_age,
                  Freshness freshness = Freshness::kScrape) {
  auto promise = std::make_shared<std::promise<SnapshotPtr>>();
  auto future = promise->get_future();
  loop.request(max_age, freshness,
               [promise](SnapshotPtr snapshot) { promise->set_value(snapshot); });
  return future.get();
}

TEST_F(LoopOnFakeHost, RequestGetsAFreshSnapshotWithoutWaitingForTheInterval) {
  config_.interval = hours(1);
  const auto loop = SamplerLoop::create(config_, clock_, {}, {}).value();
  EXPECT_EQ(loop->current(), nullptr);
  loop->start();
  const SnapshotPtr first = asked(*loop, hours(1));
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(asked(*loop, hours(1)), first) << "young enough: no new tick";
  const SnapshotPtr second = asked(*loop, seconds(0));
  EXPECT_GT(second->sequence, first->sequence);
  EXPECT_EQ(loop->current(), second);
}

TEST_F(LoopOnFakeHost, PublishesEveryRegularTickInOrder) {
  config_.interval = milliseconds(5);
  std::promise<void> five;
  std::uint64_t count = 0;
  std::uint64_t last = 0;
  bool ordered = true;
  const auto loop = SamplerLoop::create(config_, clock_,
                                        [&](const SnapshotPtr& snapshot) {
                                          ordered = ordered && snapshot->sequence > last;
                                          last = snapshot->sequence;
                                          if (++count == 5) five.set_value();
                                        },
                                        {})
                        .value();
  loop->start();
  five.get_future().wait();
  EXPECT_TRUE(ordered);
}

TEST_F(LoopOnFakeHost, StoppingAnswersWhoeverWaits) {
  config_.interval = hours(1);
  bool answered = false;
  {
    const auto loop = SamplerLoop::create(config_, clock_, {}, {}).value();
    loop->request(seconds(0), Freshness::kScrape, [&](const SnapshotPtr&) { answered = true; });
  }  // Never started.
  EXPECT_TRUE(answered);
}

TEST_F(LoopOnFakeHost, ManyRequestsShareTicks) {
  config_.interval = hours(1);
  const auto loop = SamplerLoop::create(config_, clock_, {}, {}).value();
  std::atomic<int> answered = 0;
  for (int i = 0; i < 100; ++i)
    loop->request(seconds(0), Freshness::kScrape, [&](const SnapshotPtr&) { ++answered; });
  loop->start();
  const SnapshotPtr snapshot = asked(*loop, seconds(0));
  EXPECT_EQ(answered, 100);
  EXPECT_LE(snapshot->sequence, 3U);
}

}  // namespace
}  // namespace plimsoll::exporter
