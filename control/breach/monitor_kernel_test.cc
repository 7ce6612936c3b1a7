// Real breaches of real groups, as the monitor tells them.
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>
#include <thread>

#include "cgroupfs/tree/test_kernel_groups.h"
#include "control/breach/encode.h"
#include "control/breach/monitor.h"

namespace plimsoll::control {
namespace {

using cgroupfs::Controller;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kLimit = std::size_t{16} << 20;

// Written by the victim until it is killed.
struct Shared {
  std::atomic<std::int64_t> last_ns{0};
};

std::int64_t now_ns() {
  return steady_clock::now().time_since_epoch().count();
}

class MonitorKernel : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root to make cgroups";
    if (!groups_.why_not().empty()) GTEST_SKIP() << groups_.why_not();
    const auto memory = layout().of(Controller::kMemory);
    if (!memory) GTEST_SKIP() << "no memory controller here";
    memory_ = *memory;
    v1_ = layout().hierarchies[memory_].version == 1;
    proc_ = std::move(*open_dir("/proc"));
    if (!v1_ && ::access((groups_.directory(memory_, "") + "/memory.max").c_str(), F_OK) != 0)
      GTEST_SKIP() << "no memory controller is handed on to groups of ours";
  }
  [[nodiscard]] const cgroupfs::Layout& layout() const { return groups_.layout(); }
  void start(MonitorOptions options = {}) {
    auto monitor = Monitor::create(layout(), proc_, clock_, ring_, reports_, std::move(options));
    ASSERT_TRUE(monitor) << monitor.error().message();
    monitor_ = *std::move(monitor);
    listener_ = ring_.listen([this](const BreachPtr& event) {
      if (event->cgroup.starts_with(groups_.top())) {
        events_.push_back(event);
        heard_ns_.push_back(now_ns());
      }
    });
    step(milliseconds(1));
  }
  void step(milliseconds most) { monitor_->step(most); }
  // Steps until an event of the kind was told of the group.
  BreachPtr until(BreachKind kind, const std::string& group,
                  milliseconds patience = milliseconds(8000)) {
    for (const auto end = steady_clock::now() + patience; steady_clock::now() < end;) {
      for (const BreachPtr& event : events_)
        if (event->kind == kind && event->cgroup == groups_.top() + group) return event;
      step(milliseconds(50));
    }
    return nullptr;
  }
  [[nodiscard]] std::uint64_t told(BreachKind kind, const std::string& group) const {
    std::uint64_t count = 0;
    for (const BreachPtr& event : events_)
      if (event->kind == kind && event->cgroup == groups_.top() + group) count += event->count;
    return count;
  }
  void write(Controller controller, const std::string& group, const std::string& file,
             const std::string& text) const {
    const std::string path = groups_.directory(*layout().of(controller), group) + "/" + file;
    std::ofstream out(path);
    out << text;
    out.flush();
    EXPECT_TRUE(out.good()) << path << " <- " << text;
  }
  void limit_memory(const std::string& group) const {
    write(Controller::kMemory, group, v1_ ? "memory.limit_in_bytes" : "memory.max",
          std::to_string(kLimit));
    if (!v1_) write(Controller::kMemory, group, "memory.swap.max", "0");
  }
  // A child in the group of one controller.
  template <class Job>
  pid_t run_in(Controller controller, const std::string& group, Job job) const {
    const std::string procs = groups_.directory(*layout().of(controller), group) + "/cgroup.procs";
    const pid_t pid = ::fork();
    if (pid == 0) {
      std::ofstream out(procs);
      out << ::getpid();
      out.flush();
      if (!out.good()) ::_exit(2);
      job();
      ::_exit(0);
    }
    return pid;
  }
  pid_t run_hog(const std::string& group, milliseconds pause = milliseconds(0)) {
    shared_ = static_cast<Shared*>(
        ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    Shared* shared = shared_;
    return run_in(Controller::kMemory, group, [shared, pause] {
      auto* memory = static_cast<char*>(
          ::mmap(nullptr, 8 * kLimit, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
      for (std::size_t at = 0; at < 8 * kLimit; at += 4096) {
        shared->last_ns.store(now_ns());
        memory[at] = 1;
        // Near the limit it stays a while: its command line is remembered then.
        if (at == kLimit / 4096 * 93 / 100 * 4096) std::this_thread::sleep_for(pause);
      }
    });
  }
  static void reap(pid_t pid, bool killed = true) {
    int status = 0;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_EQ(WIFSIGNALED(status), killed) << status;
  }
  void remove(const std::string& group) const {
    const std::string path = groups_.directory(memory_, group);
    for (int i = 0; i < 500 && ::rmdir(path.c_str()) != 0 && errno == EBUSY; ++i)
      std::this_thread::sleep_for(milliseconds(1));
  }

  cgroupfs::KernelGroups groups_;
  std::size_t memory_ = 0;
  bool v1_ = false;
  DirFd proc_;
  RealClock clock_;
  BreachRing ring_;
  ReportStore reports_;
  std::unique_ptr<Monitor> monitor_;
  std::uint64_t listener_ = 0;
  std::vector<BreachPtr> events_;
  std::vector<std::int64_t> heard_ns_;
  Shared* shared_ = nullptr;
};

TEST_F(MonitorKernel, AnOomKillIsToldOnceWithItsReport) {
  ASSERT_TRUE(groups_.make(memory_, "/kill"));
  limit_memory("/kill");
  start();
  const pid_t pid = run_hog("/kill", milliseconds(2500));
  const BreachPtr event = until(BreachKind::kOomKill, "/kill");
  reap(pid);
  ASSERT_TRUE(event);
  for (std::size_t i = 0; i < events_.size(); ++i)
    std::printf("%s after %.2f ms\n", std::string(name_of(events_[i]->kind)).c_str(),
                static_cast<double>(heard_ns_[i] - shared_->last_ns.load()) / 1e6);
  for (int i = 0; i < 30; ++i) step(milliseconds(50));
  EXPECT_EQ(told(BreachKind::kOomKill, "/kill"), 1U);
  EXPECT_GE(told(BreachKind::kOom, "/kill"), 1U);
  if (!monitor_->stats().log.readable) return;
  EXPECT_EQ(event->pid, pid);
  EXPECT_EQ(event->bound_by, groups_.top() + "/kill");
  EXPECT_EQ(event->limit_value, kLimit);
  const OomReportPtr report = reports_.find(event->id);
  ASSERT_TRUE(report);
  ASSERT_TRUE(report->victim);
  EXPECT_GT(report->victim->anon.value_or(0), kLimit / 2);
  EXPECT_FALSE(report->victim->command_line.empty());
  EXPECT_FALSE(report->processes.empty());
  EXPECT_FALSE(report->stat.empty());
  EXPECT_FALSE(report->remedies.empty());
  std::printf("%s", to_text(*report).c_str());
}

TEST_F(MonitorKernel, AGroupRemovedAtOnceIsStillTold) {
  ASSERT_TRUE(groups_.make(memory_, "/gone"));
  limit_memory("/gone");
  start();
  const pid_t pid = run_hog("/gone");
  reap(pid);
  remove("/gone");
  const BreachPtr event =
      until(monitor_->stats().log.readable ? BreachKind::kOomKill : BreachKind::kOom, "/gone");
  ASSERT_TRUE(event);
  for (int i = 0; i < 30; ++i) step(milliseconds(50));
  if (monitor_->stats().log.readable) {
    EXPECT_EQ(told(BreachKind::kOomKill, "/gone"), 1U);
  }
}

TEST_F(MonitorKernel, WithoutTheLogARemovedGroupsShortageIsTold) {
  if (!v1_) GTEST_SKIP() << "v2 has no descriptor that outlives the group";
  ASSERT_TRUE(groups_.make(memory_, "/blind"));
  limit_memory("/blind");
  start({.kernel_log = ""});
  reap(run_hog("/blind"));
  remove("/blind");
  EXPECT_TRUE(until(BreachKind::kOom, "/blind"));
}

TEST_F(MonitorKernel, ARemovalAloneIsNoShortage) {
  ASSERT_TRUE(groups_.make(memory_, "/calm"));
  limit_memory("/calm");
  start();
  remove("/calm");
  EXPECT_FALSE(until(BreachKind::kOom, "/calm", milliseconds(1500)));
}

TEST_F(MonitorKernel, WithoutTheLogTheCounterTells) {
  ASSERT_TRUE(groups_.make(memory_, "/count"));
  limit_memory("/count");
  start({.kernel_log = ""});
  const pid_t pid = run_hog("/count");
  const BreachPtr event = until(BreachKind::kOomKill, "/count");
  reap(pid);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->source, BreachSource::kCounter);
}

TEST_F(MonitorKernel, NearingALimitIsToldOnTheWay) {
  ASSERT_TRUE(groups_.make(memory_, "/near"));
  limit_memory("/near");
  start();
  const pid_t pid = run_in(Controller::kMemory, "/near", [] {
    const std::size_t size = kLimit / 100 * 92;
    void* memory =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    std::memset(memory, 1, size);
    std::this_thread::sleep_for(std::chrono::seconds(30));
  });
  const BreachPtr event = until(BreachKind::kNearLimit, "/near");
  ::kill(pid, SIGKILL);
  reap(pid);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->limit, "memory.max");
  EXPECT_GE(event->percent.value_or(0), 80U);
}

// The kernel takes its time for each.
TEST_F(MonitorKernel, ThresholdsOfManyAreMadeOneGroupAtATime) {
  if (!v1_) GTEST_SKIP() << "thresholds of memory are v1's";
  for (const char* group : {"/a", "/b", "/c"}) {
    ASSERT_TRUE(groups_.make(memory_, group));
    limit_memory(group);
  }
  start();
  const std::size_t before = monitor_->stats().watcher.descriptors;
  int rounds = 0;
  for (std::size_t held = before; rounds < 1000 && monitor_->rest() == milliseconds(0); ++rounds) {
    step(milliseconds(0));
    const std::size_t now = monitor_->stats().watcher.descriptors;
    EXPECT_LE(now, held + 1);
    held = now;
  }
  EXPECT_GE(rounds, 2);
  EXPECT_GE(monitor_->stats().watcher.descriptors, before + 2);
}

TEST_F(MonitorKernel, ThrottlingIsTold) {
  const auto cpu = layout().of(Controller::kCpu);
  if (!cpu) GTEST_SKIP() << "no cpu controller here";
  ASSERT_TRUE(groups_.make_everywhere("/throttle"));
  const std::string quota = v1_ ? "/cpu.cfs_quota_us" : "/cpu.max";
  if (::access((groups_.directory(*cpu, "/throttle") + quota).c_str(), F_OK) != 0)
    GTEST_SKIP() << "no cpu controller is handed on to groups of ours";
  write(Controller::kCpu, "/throttle", quota.substr(1), "10000");
  start();
  const pid_t pid = run_in(Controller::kCpu, "/throttle", [] {
    for (;;) (void)::getppid();
  });
  // v1: its CPU time is another hierarchy's.
  for (std::size_t h = 0; v1_ && h < layout().hierarchies.size(); ++h)
    if (layout().hierarchies[h].controllers.test(static_cast<std::size_t>(Controller::kCpuacct)))
      std::ofstream(groups_.directory(h, "/throttle") + "/cgroup.procs") << pid;
  const BreachPtr event = until(BreachKind::kCpuThrottled, "/throttle");
  ::kill(pid, SIGKILL);
  reap(pid);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->limit, "cpu.max");
  EXPECT_EQ(event->limit_value, 10'000U);
  EXPECT_GT(event->throttled_periods.value_or(0), 0U);
}

TEST_F(MonitorKernel, RefusedForksAreTold) {
  const auto pids = layout().of(Controller::kPids);
  if (!pids) GTEST_SKIP() << "no pids controller here";
  ASSERT_TRUE(groups_.make_everywhere("/forks"));
  write(Controller::kPids, "/forks", "pids.max", "3");
  start();
  const pid_t pid = run_in(Controller::kPids, "/forks", [] {
    for (int i = 0; i < 50; ++i)
      if (::fork() == 0) {
        std::this_thread::sleep_for(std::chrono::seconds(3));
        ::_exit(0);
      }
    while (::wait(nullptr) > 0) {
    }
  });
  for (std::size_t h = 0; v1_ && h < layout().hierarchies.size(); ++h)
    if (layout().hierarchies[h].controllers.test(static_cast<std::size_t>(Controller::kCpuacct)))
      std::ofstream(groups_.directory(h, "/forks") + "/cgroup.procs") << pid;
  const BreachPtr event = until(BreachKind::kPidsLimit, "/forks");
  reap(pid, false);
  ASSERT_TRUE(event);
  EXPECT_GE(event->count, 1U);
  EXPECT_EQ(event->limit_value, 3U);
}

}  // namespace
}  // namespace plimsoll::control
