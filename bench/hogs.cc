// A service that answers in time beside hogs that take every processor: how late it is alone,
// beside them, and once they are limited; and how much of what it leaves the hogs still get.
//   plimsoll_bench_hogs     (needs root: makes cgroups of its own and removes them)
// The victim wakes every five milliseconds and works for about one. Nothing else should run.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/read_file.h"
#include "bench/bench_host.h"
#include "bench/measure.h"
#include "bench/row.h"
#include "cgroupfs/limit/apply.h"
#include "cgroupfs/limit/plan.h"
#include "cgroupfs/limit/port.h"
#include "cgroupfs/limit/read_view.h"
#include "cgroupfs/limit/value.h"

namespace plimsoll::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kPeriod = std::chrono::milliseconds(5);
constexpr auto kPhase = std::chrono::seconds(6);
constexpr auto kSettle = std::chrono::seconds(2);  // What a limit has to act.

volatile std::uint64_t g_sink = 0;

void work(std::uint64_t rounds) {
  for (std::uint64_t i = 0; i < rounds; ++i) g_sink = g_sink + i * i;
}

// Rounds that take a millisecond of an idle processor.
std::uint64_t a_millisecond() {
  std::uint64_t rounds = 100'000;
  const double begun = thread_cpu();
  work(rounds * 20);
  return static_cast<std::uint64_t>(static_cast<double>(rounds) * 20 / (thread_cpu() - begun) /
                                    1e3);
}

// This process goes into a group of the bench.
void enter(const BenchHost& host, const std::string& group) {
  const std::string file = host.path(group, "cpu", "cgroup.procs");
  const Fd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  if (fd && ::write(fd.get(), "0", 1) == 1) return;
  std::perror(file.c_str());
  ::_exit(1);
}

// Takes a processor until it is killed.
class Hog {
 public:
  Hog(const BenchHost& host, const std::string& group) : pid_(::fork()) {
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    enter(host, group);
    for (;;) work(1'000'000);
  }
  ~Hog() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Hog(const Hog&) = delete;
  Hog& operator=(const Hog&) = delete;
  [[nodiscard]] double cpu() const {
    clockid_t clock{};
    timespec time{};
    if (::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return 0;
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  }

 private:
  pid_t pid_;
};

// Milliseconds from when an answer was due to be begun until it was there; sorted.
struct Served {
  std::vector<double> late;
  double cpu = 0;
  [[nodiscard]] double p99() const { return late[late.size() * 99 / 100]; }
};

// By this process, which is the victim.
Served serve(std::uint64_t rounds) {
  Served served;
  const double before = thread_cpu();
  const auto begun = Clock::now();
  for (auto due = begun + kPeriod; due < begun + kPhase; due += kPeriod) {
    std::this_thread::sleep_until(due);
    work(rounds);
    served.late.push_back(std::chrono::duration<double, std::milli>(Clock::now() - due).count());
  }
  served.cpu = thread_cpu() - before;
  std::ranges::sort(served.late);
  return served;
}

bool limit_hogs(const cgroupfs::Layout& layout, const std::string& path) {
  const DirFd sys = open_dir("/sys").value();
  const std::vector<std::string> paths = {path};
  const auto view = limit::read_view(layout, sys, paths);
  const auto idle = limit::parse_setting(*limit::knob_named("cpu.idle"), "on");
  if (!view || !idle) return false;
  limit::CgroupPort port(layout);
  const limit::Plan plan =
      limit::make_plan(*view, std::vector<limit::Wanted>{{path, *limit::with({}, *idle)}});
  if (!plan.ok()) std::fprintf(stderr, "%s\n", limit::to_text(plan).c_str());
  return plan.ok() && limit::apply(plan, port).end == limit::Applied::End::kDone;
}

// The hogs and their victim are groups beside each other.
int run(const BenchHost& host) {
  const std::string& hogs = host.groups()[0];
  enter(host, host.groups()[1]);
  const cgroupfs::Layout layout = host.layout();
  const auto processors = std::thread::hardware_concurrency();
  const std::uint64_t rounds = a_millisecond();

  const Served alone = serve(rounds);
  row(0, "victim alone: p99 from due to done", alone.p99(), "ms");
  std::vector<std::unique_ptr<Hog>> children;
  // Two for each processor.
  for (unsigned i = 0; i < 2 * processors; ++i)
    children.push_back(std::make_unique<Hog>(host, hogs));
  std::this_thread::sleep_for(kSettle);
  row(0, "victim beside hogs", serve(rounds).p99(), "ms", alone.p99());

  const auto begun = Clock::now();
  if (!limit_hogs(layout, "/" + hogs)) return 1;
  row(0, "the hogs limited: plan, write, read back",
      std::chrono::duration<double, std::milli>(Clock::now() - begun).count(), "ms");
  std::this_thread::sleep_for(kSettle);
  const auto used = [&] {
    double sum = 0;
    for (const auto& child : children) sum += child->cpu();
    return sum;
  };
  const double before = used();
  const auto from = Clock::now();
  const Served limited = serve(rounds);
  const double wall = std::chrono::duration<double>(Clock::now() - from).count();
  row(0, "victim beside limited hogs", limited.p99(), "ms", alone.p99(), 1.5);
  const double spare = processors * wall - limited.cpu;
  row(0, "what the victim leaves unused, taken by the hogs", (used() - before) / spare * 100, "%");
  return 0;
}

}  // namespace
}  // namespace plimsoll::bench

int main() {
  if (::geteuid() != 0) {
    std::fprintf(stderr, "plimsoll_bench_hogs, as root\n");
    return 2;
  }
  const plimsoll::bench::BenchHost host(2);
  // The groups are removed when nobody is in them any more.
  const pid_t victim = ::fork();
  if (victim == 0) ::_exit(plimsoll::bench::run(host));
  int status = 1;
  ::waitpid(victim, &status, 0);
  return status == 0 ? 0 : 1;
}
