// Processes, sockets, task states and performance events of groups and processes that this test
// makes.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/perf_event.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <functional>
#include <vector>

#include "cgroupfs/read/kernel_testing.h"
#include "exporter/collect/net_sockets.h"
#include "exporter/collect/perf.h"
#include "exporter/collect/processes.h"

namespace plimsoll::exporter {
namespace {

using cgroupfs::KernelGroup;

// A child that runs `work`, says so, and waits to be killed.
class Child {
 public:
  explicit Child(const std::function<void()>& work) {
    int pipe[2];
    EXPECT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      work();
      static_cast<void>(!::write(pipe[1], "x", 1));
      for (;;) ::pause();
    }
    ::close(pipe[1]);
    char byte = 0;
    EXPECT_EQ(::read(pipe[0], &byte, 1), 1);
    ::close(pipe[0]);
  }
  ~Child() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  [[nodiscard]] std::int32_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
};

class Tasks : public ::testing::Test {
 protected:
  DirFd proc_ = open_dir("/proc").value();
  TaskStats stats_;
  Processes processes_{proc_, stats_};
};

TEST_F(Tasks, DescriptorsAndSocketsAreThoseTheProcessOpened) {
  const Child child([] {
    for (int i = 0; i < 3; ++i) EXPECT_GE(::socket(AF_UNIX, SOCK_DGRAM, 0), 0);
    for (int i = 0; i < 2; ++i) EXPECT_GE(::dup(2), 0);
  });
  const Child other([] {});
  const std::array first{child.pid()};
  const std::array second{other.pid()};
  const OpenFiles with = processes_.open_files(first);
  const OpenFiles without = processes_.open_files(second);
  ASSERT_TRUE(with.sockets && without.sockets);
  EXPECT_EQ(*with.sockets - *without.sockets, 3U);
  EXPECT_EQ(*with.descriptors - *without.descriptors, 5U);
  EXPECT_EQ(stats_.denied, 0U);
}

TEST_F(Tasks, TheLimitIsTheProcesss) {
  const std::array self{static_cast<std::int32_t>(::getpid())};
  const auto limit = processes_.open_files_limit(self[0]);
  ASSERT_TRUE(limit);
  EXPECT_EQ(limit->soft.value(), static_cast<std::uint64_t>(::sysconf(_SC_OPEN_MAX)));
}

TEST_F(Tasks, ReferencedMemoryGrowsWithUseAndIsCleared) {
  constexpr std::size_t kBytes = std::size_t{32} << 20;
  const Child child([] {
    void* const memory =
        ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    std::memset(memory, 1, kBytes);
  });
  const std::array pids{child.pid()};
  const auto before = processes_.referenced(pids);
  ASSERT_TRUE(before);
  EXPECT_GE(*before, kBytes);
  processes_.clear_referenced(pids);
  EXPECT_EQ(stats_.denied, 0U);
  EXPECT_LT(processes_.referenced(pids).value(), kBytes / 2) << "the child sleeps meanwhile";
}

TEST_F(Tasks, SchedulerTimesAreTheThreads) {
  if (::access("/proc/self/schedstat", R_OK) != 0)
    GTEST_SKIP() << "this kernel has no scheduler statistics";
  const auto before = processes_.sched(::gettid());
  ASSERT_TRUE(before);
  volatile std::uint64_t sum = 0;
  for (int i = 0; i < 20'000'000; ++i) sum = sum + 1;
  EXPECT_GT(processes_.sched(::gettid())->run_ns, before->run_ns);
}

TEST_F(Tasks, StatesAreSleepingAndStopped) {
  const Child sleeper([] {});
  const Child stopped([] {});
  ASSERT_EQ(::kill(stopped.pid(), SIGSTOP), 0);
  const std::array pids{sleeper.pid(), stopped.pid()};
  TaskStates states;
  for (int i = 0; i < 500 && states != TaskStates{.sleeping = 1, .stopped = 1}; ++i) {
    states = processes_.states(pids);
    ::usleep(10'000);
  }
  EXPECT_EQ(states, (TaskStates{.sleeping = 1, .stopped = 1}));
}

TEST_F(Tasks, TaskstatsCountsTheTasksOfAV1Group) {
  if (const std::string why = cgroupfs::no_cgroups_because(); !why.empty()) GTEST_SKIP() << why;
  Result<CgroupStats> taskstats = CgroupStats::open();
  if (!taskstats) GTEST_SKIP() << "no taskstats: " << taskstats.error().message();
  const cgroupfs::Layout layout = cgroupfs::real_layout();
  const auto cpu = layout.of(cgroupfs::Controller::kCpuacct);
  if (!cpu || layout.hierarchies[*cpu].version != 1) GTEST_SKIP() << "no cgroup v1 here";
  const KernelGroup group(layout, "-states", {*cpu});
  const Child one([] {});
  const Child two([] {});
  group.add(one.pid());
  group.add(two.pid());
  const Fd dir = open_at(group.dir(*cpu), ".", O_RDONLY | O_DIRECTORY).value();
  std::uint64_t sleeping = 0;
  for (int i = 0; i < 500 && sleeping != 2; ++i) {
    const auto states = taskstats->ask(dir);
    ASSERT_TRUE(states) << states.error().message();
    EXPECT_TRUE(states->io_wait);
    sleeping = states->sleeping;
    ::usleep(10'000);
  }
  EXPECT_EQ(sleeping, 2U);
}

TEST_F(Tasks, SocketsOfOurNamespaceAreCounted) {
  NetSockets sockets(proc_);
  const auto read = [&] {
    return sockets.read(::getpid(), {.tcp = true, .udp = true, .advanced = true}).value();
  };
  const SocketStats before = read();
  const Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in loopback{};
  loopback.sin_family = AF_INET;
  loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&loopback), sizeof loopback), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  std::vector<Fd> datagrams;
  socklen_t size = sizeof loopback;
  for (int i = 0; i < 50; ++i) {
    const Fd& fd = datagrams.emplace_back(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    loopback.sin_port = 0;
    ASSERT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&loopback), sizeof loopback), 0);
  }
  // Something that waits to be read: the queue of the receiver, not of the sender.
  ASSERT_EQ(::getsockname(datagrams[0].get(), reinterpret_cast<sockaddr*>(&loopback), &size), 0);
  const std::string text(1000, 'x');
  ASSERT_EQ(::sendto(datagrams[1].get(), text.data(), text.size(), 0,
                     reinterpret_cast<sockaddr*>(&loopback), size),
            1000);
  const SocketStats after = read();
  ASSERT_TRUE(before.tcp && after.tcp && before.udp && after.udp);
  EXPECT_GT((*after.tcp)[9], 0U) << "listen";
  // Others come and go, but not fifty at once.
  EXPECT_GT(after.udp->sockets, before.udp->sockets + 25);
  EXPECT_GE(after.udp->rx_queued, 1000U);
  EXPECT_FALSE(after.advanced.empty());
}

TEST_F(Tasks, SoftwareEventsOfAGroupAreCounted) {
  if (const std::string why = cgroupfs::no_cgroups_because(); !why.empty()) GTEST_SKIP() << why;
  const cgroupfs::Layout layout = cgroupfs::real_layout();
  auto hierarchy = layout.of(cgroupfs::Controller::kPerfEvent);
  if (!hierarchy) hierarchy = layout.unified();
  if (!hierarchy) GTEST_SKIP() << "no hierarchy with perf_event";
  const DirFd sys = open_dir("/sys").value();
  const PerfConfig config{.core = {{{"page-faults", {}}, {"context-switches", {}}}}, .uncore = {}};
  PerfCollector perf(plan_perf(config, sys).value(), make_perf_kernel());
  const KernelGroup group(layout, "-perf", {*hierarchy});
  const cgroupfs::Cgroup cgroup = group.cgroup();
  const std::array targets{PerfCollector::Target{1, &cgroup}};
  perf.collect(targets, layout);
  if (perf.stats().refused > 0) GTEST_SKIP() << "no performance events: " << perf.stats().missing;
  ASSERT_GT(perf.stats().counters, 0U);
  EXPECT_EQ(perf.counts(1, false).at(0).value, 0U) << "an empty group";
  {
    const Child child([&] {
      group.add(::getpid());
      constexpr std::size_t kBytes = std::size_t{4} << 20;
      void* const memory =
          ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      ::madvise(memory, kBytes, MADV_NOHUGEPAGE);
      std::memset(memory, 1, kBytes);
    });
    perf.collect(targets, layout);
    const auto counts = perf.counts(1, false);
    ASSERT_EQ(counts.size(), 2U);
    EXPECT_GE(counts[0].value, 1024U) << "a fault for each page";
    EXPECT_DOUBLE_EQ(counts[0].scaling, 1);
  }
}

}  // namespace
}  // namespace plimsoll::exporter
