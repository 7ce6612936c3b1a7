// How fast a foreign write to a held limit is found, and what waiting for one costs.
//   plimsoll_bench_drift [N]     (default 1000 groups; needs root: makes cgroups of its own and
//   removes them)
// One thread watches as the engine's loop does, another one writes. The bars are the project's
// goals.
#include <poll.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/read_file.h"
#include "bench/bench_host.h"
#include "bench/measure.h"
#include "bench/row.h"
#include "cgroupfs/limit/port.h"
#include "cgroupfs/tree/tree.h"
#include "control/drift/check.h"

namespace plimsoll::bench {
namespace {

using namespace std::chrono_literals;

// The engine's loop, as far as drift goes.
class Watcher {
 public:
  Watcher(const cgroupfs::Layout& layout, const Clock& clock)
      : layout_(layout), clock_(clock), port_(layout), checker_(book_, port_) {
    tree_ = cgroupfs::CgroupTree::create(layout, clock).value();
    pids_ = layout.of(cgroupfs::Controller::kPids).value_or(0);
    for (const cgroupfs::Cgroup* group : tree_->update().added) {
      if (group->path == "/") continue;
      const control::Spot spot{{group->path, pids_, group->inode[pids_]}, "pids.max", ""};
      book_.hold(spot, {"100", "bench", drift::OnDrift::kReport});
      spots_.push_back(spot);
    }
  }

  // One turn; the findings of it.
  std::vector<drift::Finding> turn(int timeout) {
    pollfd wait{tree_->notification_fd(), POLLIN, 0};
    ::poll(&wait, 1, timeout);
    auto findings = checker_.check(tree_->update()).findings;
    port_.forget();
    return findings;
  }

  [[nodiscard]] const std::vector<control::Spot>& spots() const { return spots_; }
  [[nodiscard]] bool can_watch() const {
    return tree_->notification_fd() >= 0 && tree_->stats().watches_refused == 0;
  }

 private:
  const cgroupfs::Layout& layout_;
  const Clock& clock_;
  // Every write is answered at once: the bench is a fight, and not about damping.
  drift::DriftBook book_{clock_, {.burst = 1'000'000'000}};
  limit::CgroupPort port_;
  drift::DriftChecker checker_;
  std::unique_ptr<cgroupfs::CgroupTree> tree_;
  std::size_t pids_ = 0;
  std::vector<control::Spot> spots_;
};

int run(std::size_t count) {
  const BenchHost host(count);
  const cgroupfs::Layout layout = host.layout();
  const RealClock clock;
  Watcher watcher(layout, clock);
  if (!watcher.can_watch() || watcher.spots().size() < count) {
    std::fprintf(stderr, "plimsoll_bench_drift: no inotify watches for so many groups\n");
    return 1;
  }

  constexpr int kWrites = 2000;
  std::atomic<std::int64_t> written{0};  // When, in nanoseconds; 0: nothing is under way.
  std::atomic<bool> done{false};
  std::vector<double> latencies;
  std::jthread writer([&](const std::stop_token& stop) {
    limit::CgroupPort port(layout);
    for (int i = 0; i < kWrites && !stop.stop_requested(); ++i) {
      const control::Spot& spot =
          watcher.spots()[static_cast<std::size_t>(i) * 7919 % watcher.spots().size()];
      std::this_thread::sleep_for(2ms);  // The watcher is asleep again.
      written = clock.now().time_since_epoch().count();
      // Another value each time, so that each is news.
      if (!port.write(spot.at, spot.file, std::to_string(200 + i))) break;
      for (int wait = 0; written != 0 && wait < 10'000; ++wait) std::this_thread::sleep_for(1ms);
      if (written != 0) break;
    }
    done = true;
  });
  while (!done)
    if (!watcher.turn(100).empty()) {
      const auto start = written.exchange(0);
      latencies.push_back(static_cast<double>(clock.now().time_since_epoch().count() - start) /
                          1e6);
    }
  writer.join();
  if (latencies.size() != kWrites)
    std::printf("!! %zu of %d writes found\n", latencies.size(), kWrites);
  row(count, "foreign write to finding, median", percentile(latencies, 0.5), "ms");
  row(count, "foreign write to finding, p99", percentile(latencies, 0.99), "ms", 0, 5);
  row(count, "foreign write to finding, worst", percentile(latencies, 1), "ms");

  // A minute, so that every hierarchy is walked once.
  constexpr auto kIdle = 60s;
  const double before = thread_cpu();
  for (const MonoTime end = clock.now() + kIdle; clock.now() < end;) (void)watcher.turn(1000);
  row(count, "share of a core at rest, rescans included",
      (thread_cpu() - before) / std::chrono::duration<double>(kIdle).count() * 100, "%", 0, 1);
  return 0;
}

}  // namespace
}  // namespace plimsoll::bench

int main(int argc, char** argv) {
  const auto count = plimsoll::bench::groups_asked({argv, static_cast<std::size_t>(argc)});
  return count ? plimsoll::bench::run(*count) : 2;
}
