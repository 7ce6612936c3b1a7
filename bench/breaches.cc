// What watching costs, and how soon a breach is told.
//   plimsoll_bench_breaches [N] [KILLS]     (default 1000 groups, 200 kills; needs root: makes
//   cgroups of its own and removes them)
// Latency is from the victim's last touched page to the listener's call. The bars are the project's
// goals.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "base/number.h"
#include "base/read_file.h"
#include "bench/bench_host.h"
#include "bench/measure.h"
#include "bench/row.h"
#include "control/breach/service.h"

namespace plimsoll::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kLimit = std::size_t{16} << 20;

std::int64_t now_ns() {
  return steady_clock::now().time_since_epoch().count();
}

void write(const std::string& path, const std::string& text) {
  std::ofstream out(path);
  out << text;
  out.flush();
  if (!out.good()) std::perror(path.c_str());
}

void kill_one(const std::string& group, std::atomic<std::int64_t>& last) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    write(group + "/cgroup.procs", std::to_string(::getpid()));
    auto* memory = static_cast<char*>(
        ::mmap(nullptr, 4 * kLimit, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    for (std::size_t at = 0; at < 4 * kLimit; at += 4096) {
      last.store(now_ns());
      memory[at] = 1;
    }
    ::_exit(0);
  }
  ::waitpid(pid, nullptr, 0);
}

void measure_kills(control::BreachService& service, const cgroupfs::Layout& layout,
                   const std::string& container, std::size_t groups, std::size_t kills) {
  const auto memory = layout.of(cgroupfs::Controller::kMemory);
  if (!memory) return;
  const auto& hierarchy = layout.hierarchies[*memory];
  const std::string group = hierarchy.mount_path + container;
  write(group + (hierarchy.version == 1 ? "/memory.limit_in_bytes" : "/memory.max"),
        std::to_string(kLimit));
  std::this_thread::sleep_for(milliseconds(1500));
  auto* last = static_cast<std::atomic<std::int64_t>*>(
      ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  std::vector<double> ooms;
  std::vector<double> told_kills;
  std::atomic<std::size_t> told = 0;
  const auto listener = service.ring().listen([&](const control::BreachPtr& event) {
    if (event->cgroup != container) return;
    const double ms = static_cast<double>(now_ns() - last->load()) * 1e-6;
    if (event->kind == control::BreachKind::kOom && event->count == 1) ooms.push_back(ms);
    if (event->kind != control::BreachKind::kOomKill) return;
    told_kills.push_back(ms);
    told += event->count;
  });
  for (std::size_t i = 0; i < kills; ++i) {
    kill_one(group, *last);
    // Each alone: the first event of its kind in a second is the one that passes at once.
    std::this_thread::sleep_for(milliseconds(1300));
  }
  service.ring().unlisten(listener);
  row(groups, "OOM to subscriber, p50", percentile(ooms, 0.5), "ms");
  row(groups, "OOM to subscriber, p99", percentile(ooms, 0.99), "ms", 0, 5);
  row(groups, "OOM kill with its report to subscriber, p50", percentile(told_kills, 0.5), "ms");
  row(groups, "OOM kill with its report to subscriber, p99", percentile(told_kills, 0.99), "ms");
  row(groups, "OOM kills that were not told",
      static_cast<double>(kills) - static_cast<double>(told), "kills");
}

int run(std::size_t count, std::size_t kills) {
  const BenchHost host(count, Names::kDocker);
  const cgroupfs::Layout layout = BenchHost::whole_layout();
  const DirFd proc = open_dir("/proc").value();
  const RealClock clock;
  control::BreachService service(layout, proc, clock, {});
  if (const auto started = service.start(); !started) {
    std::fprintf(stderr, "%s\n", started.error().message().c_str());
    return 1;
  }
  std::this_thread::sleep_for(milliseconds(15'000));  // The first readings are behind it.
  const double before = process_cpu();
  constexpr int kSeconds = 30;
  std::this_thread::sleep_for(std::chrono::seconds(kSeconds));
  row(count, "watching idle groups, of a core", (process_cpu() - before) / kSeconds * 100, "%", 0,
      1);
  const auto stats = service.stats();
  row(count, "descriptors held for notifications", static_cast<double>(stats.watcher.descriptors),
      "");
  measure_kills(service, layout, host.whole(host.groups().back()), count, kills);
  service.stop();
  return 0;
}

}  // namespace
}  // namespace plimsoll::bench

int main(int argc, char** argv) {
  const auto count = plimsoll::bench::groups_asked({argv, static_cast<std::size_t>(argc)});
  const auto kills = argc > 2 ? plimsoll::to_number<std::size_t>(argv[2]) : 200;
  if (count && !kills) std::fprintf(stderr, "%s: \"%s\" is no number of kills\n", argv[0], argv[2]);
  return count && kills ? plimsoll::bench::run(*count, *kills) : 2;
}
