// What watching costs, and how soon a breach is told.
//   plimsoll_bench_breaches [N] [KILLS]     (default 1000 groups, 200 kills; needs root: makes
//   cgroups of its own and removes them)
// Latency is from the victim's last touched page to the listener's call. The bars are the project's
// goals.
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "base/number.h"
#include "bench/row.h"
#include "control/breach/service.h"

namespace plimsoll::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

const std::string kTop = "/plimsoll-test-bench-breaches";
constexpr std::size_t kLimit = std::size_t{16} << 20;

std::int64_t now_ns() {
  return steady_clock::now().time_since_epoch().count();
}

double process_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

// As Docker's: so that each is a container to the monitor.
class Groups {
 public:
  Groups(const cgroupfs::Layout& layout, std::size_t count) : layout_(layout) {
    paths_ = {kTop, kTop + "/docker"};
    for (std::size_t i = 0; i < count; ++i) {
      std::string id = std::to_string(i);
      id.insert(0, 64 - id.size(), 'a');
      paths_.push_back(kTop + "/docker/" + id);
    }
    for (const std::string& path : paths_)
      for (const auto& hierarchy : layout.hierarchies)
        (void)::mkdir((hierarchy.mount_path + path).c_str(), 0755);
  }
  ~Groups() {
    for (auto path = paths_.rbegin(); path != paths_.rend(); ++path)
      for (const auto& hierarchy : layout_.hierarchies)
        for (int i = 0;
             i < 200 && ::rmdir((hierarchy.mount_path + *path).c_str()) != 0 && errno == EBUSY; ++i)
          std::this_thread::sleep_for(milliseconds(5));
  }
  Groups(const Groups&) = delete;
  Groups& operator=(const Groups&) = delete;
  [[nodiscard]] const std::string& container() const { return paths_.back(); }

 private:
  const cgroupfs::Layout& layout_;
  std::vector<std::string> paths_;
};

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
  std::ostringstream mountinfo;
  mountinfo << std::ifstream("/proc/self/mountinfo").rdbuf();
  const auto root = open_dir("/sys/fs/cgroup");
  const auto proc = open_dir("/proc");
  if (!root || !proc) return 1;
  const auto layout = cgroupfs::open_layout(mountinfo.str(), *root);
  if (!layout) {
    std::fprintf(stderr, "%s\n", layout.error().message().c_str());
    return 1;
  }
  const Groups groups(*layout, count);
  const RealClock clock;
  control::BreachService service(*layout, *proc, clock, {});
  if (const auto started = service.start(); !started) {
    std::fprintf(stderr, "%s\n", started.error().message().c_str());
    return 1;
  }
  std::this_thread::sleep_for(milliseconds(15'000));  // The first readings are behind it.
  const double before = process_seconds();
  constexpr int kSeconds = 30;
  std::this_thread::sleep_for(std::chrono::seconds(kSeconds));
  row(count, "watching idle groups, of a core", (process_seconds() - before) / kSeconds * 100, "%",
      0, 1);
  const auto stats = service.stats();
  row(count, "descriptors held for notifications", static_cast<double>(stats.watcher.descriptors),
      "");
  measure_kills(service, *layout, groups.container(), count, kills);
  service.stop();
  return 0;
}

}  // namespace
}  // namespace plimsoll::bench

int main(int argc, char** argv) {
  const auto count = argc > 1 ? plimsoll::to_number<std::size_t>(argv[1]) : 1000;
  const auto kills = argc > 2 ? plimsoll::to_number<std::size_t>(argv[2]) : 200;
  if (!count || !kills || ::geteuid() != 0) {
    std::fprintf(stderr, "plimsoll_bench_breaches [groups] [kills], as root\n");
    return 2;
  }
  return plimsoll::bench::run(*count, *kills);
}
