#include "bench/sampler.h"

#include <chrono>
#include <cstdio>
#include <functional>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "bench/measure.h"
#include "bench/row.h"
#include "exporter/metrics/text.h"

namespace plimsoll::bench {

using exporter::Freshness;
using exporter::SnapshotPtr;

exporter::SamplerConfig config_for(const std::string& root) {
  exporter::SamplerConfig config;
  config.cgroup_root = root;
  config.nominal_cgroup_root = root;
  config.reader.max_held = 16'000;
  config.filesystem.layer_interval = std::chrono::hours(1);
  config.render_labels = [](const inventory::Identity& identity, std::uint64_t& collisions) {
    return exporter::render_labels(identity, {}, collisions);
  };
  return config;
}

void bench_ticks(const BenchHost& host, const std::string& root) {
  const std::size_t n = host.groups().size();
  const auto per_group = [&](double seconds) { return seconds * 1e6 / static_cast<double>(n); };
  const RealClock clock;
  // A tick is nobody's wait and stays on one thread; a scrape is asked only so that it reads what
  // rests.
  exporter::SamplerConfig config = config_for(root);
  config.reader.two_threads_from = 0;
  const auto sampler = exporter::Sampler::create(std::move(config), clock).value();
  SnapshotPtr snapshot = sampler->sample(Freshness::kTick);
  const std::size_t seconds =
      n >= 5000 ? 6 : 16;  // More than warm and slow intervals: tiers are paid for.
  Floor files(host, dynamic_files(host.v1()));
  files.read();
  double floor = 0;
  // What each collector takes of a tick; the rest is building the snapshot and the history.
  const auto collector_sums = [&] {
    std::vector<double> sums;
    for (const auto& collector : sampler->stats().collectors)
      sums.push_back(collector.duration.sum);
    return sums;
  };
  std::vector<double> before;
  cgroupfs::ReaderStats files_before;
  const auto start_counting = [&] {
    before = collector_sums();
    files_before = sampler->stats().reader;
  };
  // Between two halves of the floor, since the machine's mood changes within a minute; not in turns
  // with it, since warm and slow files are due by time and the floor's files would leave no cache.
  const auto mean_tick = [&](Freshness freshness) {
    std::vector<double> floors;
    const auto read_floor = [&] {
      for (std::size_t i = 0; i < 4; ++i) {
        one_second();
        floors.push_back(files.read());
      }
    };
    read_floor();
    // What idle ticks left for later is not for these to pay.
    if (freshness == Freshness::kScrape) (void)sampler->sample(Freshness::kFull);
    start_counting();
    double total = 0;
    auto next = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < seconds; ++i) {
      std::this_thread::sleep_until(next += std::chrono::seconds(1));
      const double begin = process_cpu();
      snapshot = sampler->sample(freshness);
      sampler->remember(*snapshot);
      total += process_cpu() - begin;
    }
    read_floor();
    floor = per_group(median(floors));
    row(n, "floor at 1 Hz: 10 files, held, pread, no parsing", floor, "us/group");
    return total / static_cast<double>(seconds);
  };
  const auto print_collectors = [&] {
    const cgroupfs::ReaderStats now = sampler->stats().reader;
    const auto per_tick = [&](const char* what, std::uint64_t count) {
      row(n, what, static_cast<double>(count) / static_cast<double>(n * seconds), "per tick");
    };
    per_tick("   files read of each group", now.reads - files_before.reads);
    per_tick("   of which opened", now.opens - files_before.opens);
    per_tick("   and directories", now.directory_opens - files_before.directory_opens);
    const std::vector<double> after = collector_sums();
    for (std::size_t i = 0; i < before.size(); ++i) {
      const std::string what = "   of which " + sampler->stats().collectors[i].name + " (wall)";
      row(n, what.c_str(), per_group((after[i] - before[i]) / static_cast<double>(seconds)),
          "us/group");
    }
  };
  const double idle = mean_tick(Freshness::kTick);
  row(n, "1 Hz tick, all idle: tiers, identities, snapshot, history", per_group(idle), "us/group",
      floor, 0.2);
  print_collectors();
  const double busy = mean_tick(Freshness::kScrape);
  row(n, "1 Hz tick, every group read in full", per_group(busy), "us/group", floor, 0.8);
  print_collectors();
  row(n, "share of a core at 1 Hz, every group read in full", busy * 100, "%", 0,
      n == 1000   ? 3
      : n == 5000 ? 15
                  : 0);
  host.set_quotas();
  row(n, "1 Hz tick, every group read in full, all with a CPU quota",
      per_group(mean_tick(Freshness::kScrape)), "us/group", floor);

  const auto stats = sampler->stats();
  row(n, "kernel memory of held files",
      static_cast<double>(stats.reader.kernel_bytes) / 1024 / static_cast<double>(n), "KiB/group",
      0, 25);
}

}  // namespace plimsoll::bench
