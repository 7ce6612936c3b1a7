// One table: what a sample, a scrape and a container cost, beside the bare floor measured in the
// same run.
//   plimsoll_bench_table [N ...] [part ...]   (default 10 100 1000 5000, every part; needs root:
//   makes cgroups of its own and removes them)
// Ratios hold on any machine; single figures are of this machine, now. CPU time of all threads,
// medians.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/fake_clock.h"
#include "base/number.h"
#include "base/read_file.h"
#include "bench/bench_host.h"
#include "bench/count_syscalls.h"
#include "bench/exporter.h"
#include "bench/formats.h"
#include "bench/measure.h"
#include "bench/network.h"
#include "bench/row.h"
#include "bench/sampler.h"
#include "bench/start.h"
#include "bench/streams.h"
#include "cgroupfs/read/reader.h"
#include "exporter/collect/sampler.h"
#include "exporter/metrics/text.h"

namespace {
thread_local std::size_t g_allocations = 0;  // Of the measuring thread.
}

void* operator new(std::size_t size) {
  ++g_allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace plimsoll::bench {

using exporter::Freshness;
using exporter::SnapshotPtr;

namespace {

void bench_reader(const BenchHost& host) {
  const std::size_t n = host.groups().size();
  const auto per_group = [&](double seconds) { return seconds * 1e6 / static_cast<double>(n); };
  const RealClock clock;
  const cgroupfs::Layout layout = host.layout();
  const auto tree = cgroupfs::CgroupTree::create(layout, clock).value();
  const cgroupfs::TreeChanges found = tree->update();
  std::vector<cgroupfs::CgroupSample> samples(found.added.size());
  std::vector<cgroupfs::ReadTarget> targets;
  for (std::size_t i = 0; i < found.added.size(); ++i) {
    if (found.added[i]->path == "/") continue;
    cgroupfs::ReadTarget target;
    target.cgroup = found.added[i];
    target.sample = &samples[i];
    targets.push_back(target);
  }
  cgroupfs::ReaderOptions options;
  options.max_held = 16'000;
  // The floor has one, and a traced child would wait for a second one that it does not have.
  options.two_threads_from = 0;
  const auto reader = cgroupfs::make_text_reader(layout, clock, options);
  const auto read = [&](cgroupfs::TierSet due, bool full) {
    for (auto& target : targets) {
      target.due = due;
      target.full = full;
    }
    reader->read(targets);
  };
  using cgroupfs::Tier;
  const auto hot = cgroupfs::TierSet().with(Tier::kHot);
  read(cgroupfs::TierSet::all(), true);

  const std::size_t rounds = n >= 5000 ? 9 : 15;
  const auto files = hot_files(host.v1(), Quota::kNone);
  Floor floor(host, files);
  floor.read();
  std::vector<double> floors;
  std::vector<double> ours;
  std::vector<double> idle;
  for (std::size_t i = 0; i < rounds; ++i) {  // Interleaved: the machine's mood hits all alike.
    floors.push_back(floor.read());
    ours.push_back(cpu_of(1, nothing, [&] { read(hot, true); }));
    idle.push_back(cpu_of(1, nothing, [&] { read(hot, false); }));
  }
  const double bare = per_group(median(floors));
  const std::string floor_row =
      "floor: " + std::to_string(files.size()) + " hot files, held, pread, no parsing";
  row(n, floor_row.c_str(), bare, "us/group");
  row(n, "hot sample, same files", per_group(median(ours)), "us/group", bare, 1.25);
  row(n, "hot sample of an idle group", per_group(median(idle)), "us/group");
  row(n, "every tier of every group",
      per_group(cpu_of(3, nothing, [&] { read(cgroupfs::TierSet::all(), true); })), "us/group");
  const auto syscalls = [&](const char* what, cgroupfs::TierSet due, bool full) {
    const auto before = reader->stats();
    read(due, full);
    const auto files_read = reader->stats().reads - before.reads;
    const auto calls = count_syscalls([&] { read(due, full); });
    if (!calls) return std::printf("%6zu  %s: cannot trace\n", n, what), void();
    const double groups = static_cast<double>(n);
    std::printf("%6zu  %-58s %10.3f %-9s (%.3f files)\n", n, what,
                static_cast<double>(*calls) / groups, "syscalls",
                static_cast<double>(files_read) / groups);
  };
  syscalls("system calls per hot sample", hot, true);
  syscalls("system calls per hot sample of an idle group", hot, false);
  syscalls("system calls per sample with warm files", hot.with(Tier::kWarm), true);
  syscalls("system calls per sample of all files", cgroupfs::TierSet::all(), true);
  row(n, "held files per group", static_cast<double>(reader->stats().held) / static_cast<double>(n),
      "files", 0, 5);
}

void bench_memory(const BenchHost& host, const std::string& root) {
  const std::size_t n = host.groups().size();
  FakeClock clock;
  const std::size_t before = resident_bytes();
  const auto sampler = exporter::Sampler::create(config_for(root), clock).value();
  SnapshotPtr snapshot;
  std::string text;
  for (int i = 0; i < 120; ++i) {
    clock.advance(std::chrono::seconds(1));
    snapshot = sampler->sample(Freshness::kScrape);
    sampler->remember(*snapshot);
  }
  const auto per_group = [&](std::size_t bytes) {
    return static_cast<double>(bytes - before) / 1024 / static_cast<double>(n);
  };
  row(n, "RSS per group with 2 min of 1 s history", per_group(resident_bytes()), "KiB/group", 0,
      n >= 1000 ? 12 : 0);
  exporter::write_text(text, *snapshot, sampler->stats(), sampler->proc(), {});
  row(n, "   and the body of a scrape", per_group(resident_bytes()), "KiB/group");
  row(n, "history",
      static_cast<double>(sampler->stats().history.bytes) / static_cast<double>(n) / 120,
      "B/group-sample");
}

void bench_text(const BenchHost& host, const std::string& root) {
  const std::size_t n = host.groups().size();
  const RealClock clock;
  const auto sampler = exporter::Sampler::create(config_for(root), clock).value();
  const SnapshotPtr snapshot = sampler->sample(Freshness::kFull);
  const auto self = sampler->stats();
  std::string text;
  exporter::TextOptions options;
  options.exporter_metrics = false;
  exporter::write_text(text, *snapshot, self, sampler->proc(), options);
  std::size_t series = 0;
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
    if (text[at] != '#') ++series;
  const std::size_t allocations = g_allocations;
  const double cpu = cpu_of(15, nothing, [&] {
    text.clear();
    exporter::write_text(text, *snapshot, self, sampler->proc(), options);
  });
  const std::size_t allocated = g_allocations - allocations;
  row(n, "/metrics: series", static_cast<double>(series), "series");
  row(n, "/metrics: CPU per series", cpu * 1e9 / static_cast<double>(series), "ns", 0,
      n >= 100 ? 60 : 0);
  row(n, "/metrics: bytes per series",
      static_cast<double>(text.size()) / static_cast<double>(series), "bytes");
  // 15 calls; the bench's own vector of times grows a few times.
  row(n, "/metrics: allocations per scrape", static_cast<double>(allocated) / 15, "allocs", 0, 1);
}

constexpr std::array kParts = {"reader",   "text",    "start",   "ticks",  "memory",
                               "exporter", "formats", "network", "streams"};

// Each measurement in a process of its own: no memory, descriptors or namespaces carried over.
void in_child(const std::function<void()>& work) {
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    work();
    std::fflush(stdout);
    ::_exit(0);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || status != 0)
    std::printf("!! a measurement failed (status %d)\n", status);
}

}  // namespace
}  // namespace plimsoll::bench

int main(int argc, char** argv) {
  using namespace plimsoll::bench;
  if (::geteuid() != 0) {
    std::fprintf(stderr, "plimsoll_bench_table: needs root, it makes cgroups of its own\n");
    return 1;
  }
  std::vector<std::size_t> sizes;
  std::vector<std::string_view> parts;
  for (const std::string_view word : std::span(argv, static_cast<std::size_t>(argc)).subspan(1)) {
    const auto size = plimsoll::to_number<std::size_t>(word);
    if (!size && std::ranges::find(kParts, word) != kParts.end()) {
      parts.push_back(word);
    } else if (!size || *size == 0 || *size > 20'000) {
      std::fprintf(stderr, "plimsoll_bench_table: '%.*s': give numbers of cgroups from 1 to 20000,",
                   static_cast<int>(word.size()), word.data());
      for (const char* part : kParts) std::fprintf(stderr, " %s", part);
      std::fprintf(stderr, "\n");
      return 2;
    } else {
      sizes.push_back(*size);
    }
  }
  if (sizes.empty()) sizes = {10, 100, 1000, 5000};
  const auto part = [&](std::string_view name, const std::function<void()>& work) {
    if (parts.empty() || std::ranges::find(parts, name) != parts.end()) in_child(work);
  };
  std::printf("%6s  %-58s %10s %-9s\n", "groups", "what", "value", "unit");
  for (const std::size_t n : sizes) {
    const BenchHost host(n);
    part("reader", [&] { bench_reader(host); });
    part("text", [&] { bench_text(host, private_root(host)); });
    part("start", [&] { bench_start(n); });
    part("ticks", [&] { bench_ticks(host, private_root(host)); });
    part("memory", [&] { bench_memory(host, private_root(host)); });
    part("exporter", [&] { bench_exporter(host, private_root(host)); });
    ::rmdir(("/tmp/" + host.name()).c_str());
  }
  part("formats", [] {
    const std::size_t containers = 0;  // Not of this host: a made-up one.
    bench_formats([](const char* what, double value, const char* unit, double floor,
                     double bar) { row(containers, what, value, unit, floor, bar); },
                  [] { return g_allocations; });
  });
  part("network", bench_network);
  part("streams", bench_streams);
  return 0;
}
