// Real notifications of this kernel, in groups of the test's own.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <thread>

#include "cgroupfs/read/kernel_testing.h"
#include "cgroupfs/watch/counters.h"
#include "cgroupfs/watch/watcher.h"

namespace plimsoll::cgroupfs {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kLimit = std::size_t{16} << 20;

// In the group: touches `size` bytes, page after page. Gives how the process ended.
int use_memory(const DirFd& group, std::size_t size) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (!write_at(group, "cgroup.procs", std::to_string(::getpid()))) ::_exit(2);
    void* memory =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) ::_exit(3);
    std::memset(memory, 1, size);
    ::_exit(0);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  return status;
}

class WatcherKernel : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = no_cgroups_because(); !why.empty()) GTEST_SKIP() << why;
    layout_ = real_layout();
    memory_ = layout_.of(Controller::kMemory);
    if (!memory_) GTEST_SKIP() << "no memory controller here";
    v1_ = layout_.hierarchies[*memory_].version == 1;
  }
  void watch(WatchOptions options = {}) {
    auto watcher = Watcher::create(layout_, std::move(options));
    ASSERT_TRUE(watcher) << watcher.error().message();
    watcher_.emplace(*std::move(watcher));
  }
  // Everything that comes until one of the kind did, or the time is over.
  std::vector<Signal> until(SignalKind kind, milliseconds patience = milliseconds(5000)) {
    std::vector<Signal> all;
    for (const auto end = steady_clock::now() + patience; steady_clock::now() < end;) {
      for (const Signal& signal : watcher_->wait(milliseconds(50))) all.push_back(signal);
      if (std::ranges::find(all, kind, &Signal::kind) != all.end()) break;
    }
    return all;
  }
  static std::uint64_t counted(const std::vector<Signal>& signals, SignalKind kind,
                               std::uint64_t serial) {
    std::uint64_t count = 0;
    for (const Signal& signal : signals)
      if (signal.kind == kind && signal.serial == serial) count += signal.count;
    return count;
  }

  Layout layout_;
  std::optional<std::size_t> memory_;
  bool v1_ = false;
  std::optional<Watcher> watcher_;
  ReadBuffer buffer_;
};

TEST_F(WatcherKernel, TellsOfAnOomKill) {
  const KernelGroup group(layout_, "-oom", {*memory_});
  const char* limit = v1_ ? "memory.limit_in_bytes" : "memory.max";
  ASSERT_TRUE(write_at(group.dir(*memory_), limit, std::to_string(kLimit)));
  if (!v1_) (void)write_at(group.dir(*memory_), "memory.swap.max", "0");
  watch();
  const Cgroup cgroup = group.cgroup(7);
  watcher_->add(cgroup, Watcher::Stalls::kNone);
  EXPECT_TRUE(watcher_->wait(milliseconds(0)).empty());
  const int status = use_memory(group.dir(*memory_), 8 * kLimit);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
  const SignalKind kind = v1_ ? SignalKind::kOom : SignalKind::kMemoryEvents;
  EXPECT_GE(counted(until(kind), kind, 7), 1U) << watcher_->stats().last_refusal;
  const auto counters = read_own_memory_counters(layout_, cgroup, buffer_);
  ASSERT_TRUE(counters) << counters.error().message();
  EXPECT_EQ(counters->oom_kill, 1U);
}

TEST_F(WatcherKernel, ARemovalAddsOneForEachWish) {
  if (!v1_) GTEST_SKIP() << "eventfds are v1's";
  std::optional<KernelGroup> group(std::in_place, layout_, "-gone", std::vector{*memory_});
  ASSERT_TRUE(write_at(group->dir(*memory_), "memory.limit_in_bytes", std::to_string(kLimit)));
  watch();
  const Cgroup cgroup = group->cgroup(8);
  watcher_->add(cgroup, Watcher::Stalls::kNone);
  const int status = use_memory(group->dir(*memory_), 8 * kLimit);
  EXPECT_TRUE(WIFSIGNALED(status)) << status;
  group.reset();
  // The removal is told by a worker of the kernel's, soon.
  std::uint64_t count = 0;
  for (int i = 0; i < 100 && count < 2; ++i)
    count += counted(watcher_->wait(milliseconds(50)), SignalKind::kOom, 8);
  EXPECT_GE(count, 2U) << "one for the shortage, one for the removal";
  EXPECT_EQ(read_own_memory_counters(layout_, cgroup, buffer_).error().kind, ErrorKind::kGone);
}

TEST_F(WatcherKernel, TellsOfThresholdsCrossed) {
  if (!v1_) GTEST_SKIP() << "thresholds are v1's";
  const KernelGroup group(layout_, "-near", {*memory_});
  watch();
  const Cgroup cgroup = group.cgroup(9);
  watcher_->add(cgroup, Watcher::Stalls::kNone);
  watcher_->set_thresholds(cgroup, std::vector<std::uint64_t>{kLimit / 2, kLimit});
  EXPECT_EQ(watcher_->stats().descriptors, 3U) << watcher_->stats().last_refusal;
  EXPECT_EQ(use_memory(group.dir(*memory_), 2 * kLimit), 0);
  EXPECT_GE(counted(until(SignalKind::kMemoryUsage), SignalKind::kMemoryUsage, 9), 2U);
  watcher_->set_thresholds(cgroup, {});
  EXPECT_EQ(watcher_->stats().descriptors, 2U);
}

TEST_F(WatcherKernel, BeyondTheBudgetGroupsShareOneDescriptor) {
  if (!v1_) GTEST_SKIP() << "eventfds are v1's";
  const KernelGroup group(layout_, "-budget", {*memory_});
  ASSERT_TRUE(write_at(group.dir(*memory_), "memory.limit_in_bytes", std::to_string(kLimit)));
  watch({.max_descriptors = 1});
  const Cgroup cgroup = group.cgroup(10);
  watcher_->add(cgroup, Watcher::Stalls::kNone);
  EXPECT_TRUE(watcher_->shares(10));
  EXPECT_EQ(watcher_->stats().descriptors, 0U);
  (void)use_memory(group.dir(*memory_), 8 * kLimit);
  EXPECT_GE(counted(until(SignalKind::kShared), SignalKind::kShared, 0), 1U);
}

TEST_F(WatcherKernel, TellsOfStallsAlsoBesideV1) {
  const auto unified = layout_.unified();
  if (!unified) GTEST_SKIP() << "no cgroup2 mount here";
  const auto cpu = layout_.of(Controller::kCpu);
  if (!cpu) GTEST_SKIP() << "no cpu controller here";
  std::vector<std::size_t> in = {*unified};
  if (*cpu != *unified) in.push_back(*cpu);
  const KernelGroup group(layout_, "-stall", in);
  if (!open_at(group.dir(*unified), "cpu.pressure", O_RDONLY)) GTEST_SKIP() << "no PSI here";
  if (!v1_ && !open_at(group.dir(*cpu), "cpu.max", O_RDONLY))
    GTEST_SKIP() << "no cpu controller is handed on to groups of ours";
  const bool quota = v1_ ? write_at(group.dir(*cpu), "cpu.cfs_quota_us", "10000")
                         : write_at(group.dir(*cpu), "cpu.max", "10000 100000");
  ASSERT_TRUE(quota);
  watch({.stalls = {{StallResource::kCpu, milliseconds(50), milliseconds(500)}}});
  watcher_->add(group.cgroup(11), Watcher::Stalls::kNone);
  EXPECT_FALSE(watcher_->watches_stalls(11));
  const std::size_t before = watcher_->stats().descriptors;
  for (int i = 0; i < 2; ++i) watcher_->add_stalls(group.cgroup(11));  // Armed once.
  EXPECT_TRUE(watcher_->watches_stalls(11));
  EXPECT_EQ(watcher_->stats().stall_groups, 1U) << watcher_->stats().last_refusal;
  EXPECT_EQ(watcher_->stats().descriptors, before + 1);
  const pid_t pid = ::fork();
  if (pid == 0) {
    for (;;) (void)::getppid();
  }
  group.add(pid);
  const auto begin = steady_clock::now();
  const auto signals = until(SignalKind::kStall, milliseconds(10'000));
  std::printf("a CPU stall was told after %lld ms\n",
              static_cast<long long>(
                  std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin).count()));
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  ASSERT_FALSE(signals.empty()) << watcher_->stats().last_refusal;
  EXPECT_EQ(signals[0].serial, 11U);
  EXPECT_EQ(signals[0].resource, StallResource::kCpu);
}

TEST_F(WatcherKernel, KeepsNoDescriptorOfWhatItNoLongerWatches) {
  const KernelGroup group(layout_, "-left", {*memory_});
  watch();
  for (std::uint64_t serial = 1; serial <= 20; ++serial)
    watcher_->add(group.cgroup(serial), Watcher::Stalls::kWatch);
  for (std::uint64_t serial = 1; serial <= 20; ++serial) watcher_->remove(serial);
  EXPECT_EQ(watcher_->stats().descriptors, 0U);
  EXPECT_EQ(watcher_->stats().groups, 0U);
  EXPECT_EQ(watcher_->stats().directories, 0U);
}

}  // namespace
}  // namespace plimsoll::cgroupfs
