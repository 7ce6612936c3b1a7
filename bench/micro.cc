// Google Benchmark of the pure functions on the hot paths: parsers, writers, history. Ratios within
// one run only.
#include <benchmark/benchmark.h>

#include <numeric>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/read_file.h"
#include "cgroupfs/parse/cpu_stat.h"
#include "cgroupfs/parse/memory_stat.h"
#include "cgroupfs/parse/pressure.h"
#include "exporter/collect/history.h"
#include "exporter/metrics/test_snapshot.h"
#include "exporter/metrics/text.h"
#include "exporter/stream/json.h"

namespace plimsoll {
namespace {

// This machine's own file, so that the text has its kernel's keys.
std::string kernel_text(const char* directory, const char* name) {
  const auto dir = open_dir(directory);
  if (!dir) return {};
  auto text = read_file_at(*dir, name);
  return text ? *std::move(text) : std::string();
}

void parse_memory_stat(benchmark::State& state) {
  const std::string v1 = kernel_text("/sys/fs/cgroup/memory", "memory.stat");
  const std::string v2 = kernel_text("/sys/fs/cgroup", "memory.stat");
  if (v1.empty() && v2.empty()) return state.SkipWithError("no memory.stat on this machine");
  for (auto _ : state) {
    if (v1.empty())
      benchmark::DoNotOptimize(cgroupfs::parse_memory_stat_v2(v2));
    else
      benchmark::DoNotOptimize(cgroupfs::parse_memory_stat_v1(v1));
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(v1.empty() ? v2.size() : v1.size()));
}
BENCHMARK(parse_memory_stat);

void parse_cpu_stat(benchmark::State& state) {
  constexpr std::string_view kText =
      "usage_usec 8120331\nuser_usec 5311002\nsystem_usec 2809329\nnr_periods 100\nnr_throttled 3\n"
      "throttled_usec 4411\nnr_bursts 0\nburst_usec 0\n";
  for (auto _ : state) benchmark::DoNotOptimize(cgroupfs::parse_cpu_stat_v2(kText));
}
BENCHMARK(parse_cpu_stat);

void parse_pressure(benchmark::State& state) {
  constexpr std::string_view kText =
      "some avg10=0.12 avg60=1.50 avg300=0.00 total=123456789\n"
      "full avg10=0.00 avg60=0.00 avg300=0.00 total=98765\n";
  for (auto _ : state) benchmark::DoNotOptimize(cgroupfs::parse_pressure(kText));
}
BENCHMARK(parse_pressure);

void write_text(benchmark::State& state) {
  const auto host = exporter::busy_host(static_cast<std::size_t>(state.range(0)), 2);
  const exporter::Snapshot& snapshot = *host;
  const DirFd proc = open_dir("/proc").value();
  exporter::TextOptions options;
  options.exporter_metrics = false;
  std::string out;
  for (auto _ : state) {
    out.clear();
    exporter::write_text(out, snapshot, {}, proc, options);
    benchmark::DoNotOptimize(out.data());
  }
  std::int64_t series = 0;
  for (std::size_t at = 0; at < out.size(); at = out.find('\n', at) + 1)
    series += out[at] != '#' ? 1 : 0;
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * series);
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(out.size()));
}
BENCHMARK(write_text)->Arg(10)->Arg(1000);

void write_json(benchmark::State& state) {
  const auto host = exporter::busy_host(static_cast<std::size_t>(state.range(0)), 2);
  const exporter::Snapshot& snapshot = *host;
  std::vector<std::size_t> rows(snapshot.rows.size());
  std::iota(rows.begin(), rows.end(), 0);
  std::string out;
  for (auto _ : state) {
    out.clear();
    exporter::append_snapshot(out, snapshot, rows);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(out.size()));
}
BENCHMARK(write_json)->Arg(10)->Arg(1000);

void append_history(benchmark::State& state) {
  const auto host = exporter::busy_host(1000, 2);
  exporter::Snapshot& snapshot = *host;
  const auto history = exporter::History::create({});
  for (auto _ : state) {
    ++snapshot.sequence;
    snapshot.wall += std::chrono::seconds(1);
    for (std::size_t row = 1; row <= 1000; ++row)
      snapshot.set(cgroupfs::Field::kCpuUsage, row, snapshot.sequence * 250'000'000);
    history->append(snapshot);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * 1000);
}
BENCHMARK(append_history);

}  // namespace
}  // namespace plimsoll

BENCHMARK_MAIN();
