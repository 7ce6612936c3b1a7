// Many changes of limits beside scrapes: 5 000 groups a second get another limit, each read,
// planned, journalled, written, read back and audited, while all groups are sampled and printed
// once a second.
//   plimsoll_bench_changes [N]     (default 1000 groups; needs root: makes cgroups of its own and
//   removes them)
// CPU time of the whole program, which is engine and exporter in one; state in memory.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "base/read_file.h"
#include "bench/bench_host.h"
#include "bench/measure.h"
#include "bench/row.h"
#include "bench/sampler.h"
#include "bench/trusted.h"
#include "cgroupfs/limit/plan.h"
#include "cgroupfs/limit/read_view.h"
#include "cgroupfs/limit/value.h"
#include "exporter/metrics/text.h"

namespace plimsoll::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kSeconds = std::chrono::seconds(10);
constexpr std::size_t kPerSecond = 5'000;
constexpr std::size_t kPerSlice = 25;  // As a client would send them: some at a time.

// Samples and prints all groups once a second until `ended`.
class Scrapes {
 public:
  explicit Scrapes(const std::string& root)
      : sampler_(exporter::Sampler::create(config_for(root), clock_).value()),
        proc_(open_dir("/proc/self").value()) {
    scrape();  // Finds the groups and opens their files.
    thread_ = std::jthread([this](const std::stop_token& ended) {
      for (auto next = Clock::now(); !ended.stop_requested(); ++count_) {
        scrape();
        std::this_thread::sleep_until(next += std::chrono::seconds(1));
      }
    });
  }
  [[nodiscard]] std::size_t count() const { return count_; }

 private:
  void scrape() {
    const exporter::SnapshotPtr snapshot = sampler_->sample(exporter::Freshness::kScrape);
    sampler_->remember(*snapshot);
    text_.clear();
    exporter::write_text(text_, *snapshot, sampler_->stats(), proc_, {});
  }

  const RealClock clock_;
  std::unique_ptr<exporter::Sampler> sampler_;
  const DirFd proc_;
  std::string text_;
  std::atomic<std::size_t> count_ = 0;
  std::jthread thread_;  // Last: ends first.
};

class Changes {
 public:
  explicit Changes(const cgroupfs::Layout& layout)
      : layout_(layout), port_(layout), trusted_(Trusted::make("/dev/shm").value()) {}

  // Another bound of processes for one group; nothing else of it is touched.
  bool change(const std::string& path, std::uint64_t pids) {
    const std::vector<std::string> paths = {path};
    const auto setting = limit::parse_setting(*limit::knob_named("pids"), std::to_string(pids));
    const auto view = limit::read_view(layout_, sys_, paths, limit::controllers_of({&*setting, 1}));
    if (!view || !setting) return false;
    const std::vector<limit::Wanted> wanted = {{path, *limit::with({}, *setting)}};
    return trusted_->run(limit::make_plan(*view, wanted), port_);
  }

 private:
  const cgroupfs::Layout& layout_;
  const DirFd sys_ = open_dir("/sys").value();
  limit::CgroupPort port_;
  std::unique_ptr<Trusted> trusted_;
};

int run(std::size_t count) {
  const BenchHost host(count);
  const cgroupfs::Layout layout = host.layout();
  const std::string root = private_root(host);
  Changes changes(layout);
  const Scrapes scrapes(root);
  const double before = process_cpu();
  const auto begun = Clock::now();
  std::size_t done = 0;
  for (auto now = begun; now < begun + kSeconds; now = Clock::now()) {
    for (std::size_t i = 0; i < kPerSlice; ++i, ++done)
      if (!changes.change("/" + host.groups()[done % count], 100 + done / count)) return 1;
    std::this_thread::sleep_until(begun + done * std::chrono::seconds(1) / kPerSecond);
  }
  const double took = std::chrono::duration<double>(Clock::now() - begun).count();
  const double share = (process_cpu() - before) / took;
  row(count, "changes, beside a scrape a second", static_cast<double>(done) / took, "per s");
  row(count, "   scrapes meanwhile", static_cast<double>(scrapes.count()) / took, "per s");
  row(count, "   share of a core", share * 100, "%", 0, 30);
  row(count, "   resident", static_cast<double>(resident_bytes()) / (1 << 20), "MiB", 0, 60);
  return 0;
}

}  // namespace
}  // namespace plimsoll::bench

int main(int argc, char** argv) {
  const auto count = plimsoll::bench::groups_asked({argv, static_cast<std::size_t>(argc)});
  return count ? plimsoll::bench::run(*count) : 2;
}
