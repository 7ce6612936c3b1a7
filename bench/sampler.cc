#include "bench/sampler.h"

#include <cstdio>
#include <functional>
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

namespace {

// Median wall seconds of a scrape that takes its sample itself.
double scrape(exporter::Sampler& sampler) {
  std::vector<double> walls;
  std::string text;
  for (int i = 0; i < 9; ++i) {
    const double begin = wall_now();
    const SnapshotPtr snapshot = sampler.sample(Freshness::kScrape);
    text.clear();
    exporter::write_text(text, *snapshot, sampler.stats(), sampler.proc(), {});
    walls.push_back(wall_now() - begin);
  }
  return median(walls);
}

}  // namespace

void bench_start(const BenchHost& host, const std::string& root) {
  const std::size_t n = host.groups().size();
  const RealClock clock;
  const std::size_t rss_before = resident_bytes();
  const double start = wall_now();
  const auto sampler = exporter::Sampler::create(config_for(root), clock).value();
  const SnapshotPtr snapshot = sampler->sample(Freshness::kTick);
  row(n, "start to first complete sample", (wall_now() - start) * 1e3, "ms wall", 0,
      n == 5000 ? 1000 : 0);
  if (snapshot->rows.size() != n + 1)
    std::printf("!! %zu rows for %zu groups\n", snapshot->rows.size(), n);

  row(n, "fresh scrape: sample and format", scrape(*sampler) * 1e3, "ms wall", 0,
      n == 1000   ? 30
      : n == 5000 ? 80
                  : 0);
  {
    exporter::SamplerConfig busy = config_for(root);
    busy.warm_interval = std::chrono::nanoseconds(1);  // As if all had run since the last one.
    const auto other = exporter::Sampler::create(std::move(busy), clock).value();
    (void)other->sample(Freshness::kTick);
    row(n, "   where every group ran: warm files, too", scrape(*other) * 1e3, "ms wall");
  }
  row(n, "RSS before, base", static_cast<double>(rss_before) / 1048576, "MiB", 0, 8);
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
  double floor = 0;
  {
    Floor files(host, dynamic_files(host.v1()));
    std::vector<double> floors;
    for (std::size_t i = 0; i < 6; ++i) {
      one_second();
      floors.push_back(files.read());
    }
    floor = per_group(median(floors));
    row(n, "floor at 1 Hz: 10 files, held, pread, no parsing", floor, "us/group");
  }
  const auto mean_tick = [&](Freshness freshness) {
    double total = 0;
    for (std::size_t i = 0; i < seconds; ++i) {
      one_second();
      const double begin = process_cpu();
      snapshot = sampler->sample(freshness);
      sampler->remember(*snapshot);
      total += process_cpu() - begin;
    }
    return total / static_cast<double>(seconds);
  };
  // What each collector takes of a tick; the rest is building the snapshot and the history.
  const auto collector_sums = [&] {
    std::vector<double> sums;
    for (const auto& collector : sampler->stats().collectors)
      sums.push_back(collector.duration.sum);
    return sums;
  };
  std::vector<double> before;
  const auto print_collectors = [&] {
    const std::vector<double> after = collector_sums();
    for (std::size_t i = 0; i < before.size(); ++i) {
      const std::string what = "   of which " + sampler->stats().collectors[i].name + " (wall)";
      row(n, what.c_str(), per_group((after[i] - before[i]) / static_cast<double>(seconds)),
          "us/group");
    }
  };
  before = collector_sums();
  const double idle = mean_tick(Freshness::kTick);
  row(n, "1 Hz tick, all idle: tiers, identities, snapshot, history", per_group(idle), "us/group",
      floor, 0.2);
  print_collectors();
  before = collector_sums();
  const double busy = mean_tick(Freshness::kScrape);
  row(n, "1 Hz tick, every group read in full", per_group(busy), "us/group", floor, 0.8);
  print_collectors();
  row(n, "share of a core at 1 Hz, every group read in full", busy * 100, "%", 0,
      n == 1000   ? 3
      : n == 5000 ? 15
                  : 0);
  host.set_quotas();
  (void)sampler->sample(Freshness::kFull);
  row(n, "1 Hz tick, every group read in full, all with a CPU quota",
      per_group(mean_tick(Freshness::kScrape)), "us/group", floor);

  const auto stats = sampler->stats();
  row(n, "kernel memory of held files",
      static_cast<double>(stats.reader.kernel_bytes) / 1024 / static_cast<double>(n), "KiB/group",
      0, 25);
}

}  // namespace plimsoll::bench
