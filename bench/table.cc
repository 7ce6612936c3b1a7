// One table: what a sample, a scrape and a container cost, beside the bare floor measured in the
// same run.
//   plimsoll_bench_table [N ...]     (default 10 100 1000 5000; needs root: makes cgroups of its
//   own and removes them)
// Ratios hold on any machine; single figures are of this machine, now. CPU time of the measuring
// thread, medians.
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "base/fake_clock.h"
#include "base/number.h"
#include "base/read_file.h"
#include "bench/bench_host.h"
#include "bench/count_syscalls.h"
#include "bench/exporter.h"
#include "bench/formats.h"
#include "bench/network.h"
#include "bench/row.h"
#include "bench/streams.h"
#include "cgroupfs/read/reader.h"
#include "exporter/collect/sampler.h"
#include "exporter/metrics/text.h"

namespace {
std::size_t g_allocations = 0;  // Of this single-threaded measurement.
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

namespace {

using exporter::Freshness;
using exporter::SnapshotPtr;

double wall_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Median CPU seconds of `rounds` calls; `pause` is called before each (a real second, or nothing).
double cpu_of(std::size_t rounds, const std::function<void()>& pause,
              const std::function<void()>& work) {
  std::vector<double> times;
  for (std::size_t i = 0; i < rounds; ++i) {
    pause();
    const double start = thread_cpu();
    work();
    times.push_back(thread_cpu() - start);
  }
  return median(times);
}

void nothing() {}
void one_second() {
  std::this_thread::sleep_for(std::chrono::seconds(1));
}

// Gives the sampler a cgroup root where only our groups are: bind mounts in a mount namespace of
// our own.
std::string private_root(const BenchHost& host) {
  const std::string root = "/tmp/" + host.name();
  if (::unshare(CLONE_NEWNS) != 0 ||
      ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      (::mkdir(root.c_str(), 0700) != 0 && errno != EEXIST)) {
    std::perror("private cgroup root");
    std::exit(1);
  }
  if (!host.v1()) return "/sys/fs/cgroup/" + host.name();
  if (::mount("tmpfs", root.c_str(), "tmpfs", 0, nullptr) != 0) std::exit(1);
  for (const char* controller :
       {"cpu", "cpuacct", "cpuset", "memory", "blkio", "pids", "freezer"}) {
    const std::string from = std::string("/sys/fs/cgroup/") + controller + "/" + host.name();
    const std::string to = root + "/" + controller;
    if (::mkdir(to.c_str(), 0700) != 0 ||
        ::mount(from.c_str(), to.c_str(), nullptr, MS_BIND, nullptr) != 0) {
      std::perror(to.c_str());
      std::exit(1);
    }
  }
  return root;
}

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
    floors.push_back(cpu_of(1, nothing, [&] { floor.read(); }));
    ours.push_back(cpu_of(1, nothing, [&] { read(hot, true); }));
    idle.push_back(cpu_of(1, nothing, [&] { read(hot, false); }));
  }
  const double bare = median(floors) * 1e6 / static_cast<double>(floor.groups());
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

void bench_sampler(const BenchHost& host, const std::string& root) {
  const std::size_t n = host.groups().size();
  const auto per_group = [&](double seconds) { return seconds * 1e6 / static_cast<double>(n); };
  const RealClock clock;
  const std::size_t rss_before = resident_bytes();
  const double start = wall_now();
  const auto sampler = exporter::Sampler::create(config_for(root), clock).value();
  SnapshotPtr snapshot = sampler->sample(Freshness::kTick);
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
  const std::size_t seconds =
      n >= 5000 ? 6 : 16;  // More than warm and slow intervals: tiers are paid for.
  double floor = 0;
  {
    Floor files(host, dynamic_files(host.v1()));
    files.read();
    std::vector<double> floors;
    for (std::size_t i = 0; i < 6; ++i)
      floors.push_back(cpu_of(1, one_second, [&] { files.read(); }));
    floor = median(floors) * 1e6 / static_cast<double>(files.groups());
    row(n, "floor at 1 Hz: 10 files, held, pread, no parsing", floor, "us/group");
  }
  const auto mean_tick = [&](Freshness freshness) {
    double total = 0;
    for (std::size_t i = 0; i < seconds; ++i) {
      one_second();
      const double begin = thread_cpu();
      snapshot = sampler->sample(freshness);
      sampler->remember(*snapshot);
      total += thread_cpu() - begin;
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
  const std::vector<double> before = collector_sums();
  const double idle = mean_tick(Freshness::kTick);
  const std::vector<double> after = collector_sums();
  row(n, "1 Hz tick, all idle: tiers, identities, snapshot, history", per_group(idle), "us/group",
      floor, 0.2);
  for (std::size_t i = 0; i < before.size(); ++i) {
    const std::string what = "   of which " + sampler->stats().collectors[i].name + " (wall)";
    row(n, what.c_str(), per_group((after[i] - before[i]) / static_cast<double>(seconds)),
        "us/group");
  }
  const double busy = mean_tick(Freshness::kScrape);
  row(n, "1 Hz tick, every group read in full", per_group(busy), "us/group", floor, 0.8);
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
  row(n, "RSS before, base", static_cast<double>(rss_before) / 1048576, "MiB", 0, 8);
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
  for (int i = 1; i < argc; ++i) {
    const auto size = plimsoll::to_number<std::size_t>(argv[i]);
    if (!size || *size == 0 || *size > 20'000) {
      std::fprintf(stderr, "plimsoll_bench_table: '%s': give numbers of cgroups from 1 to 20000\n",
                   argv[i]);
      return 2;
    }
    sizes.push_back(*size);
  }
  if (sizes.empty()) sizes = {10, 100, 1000, 5000};
  std::printf("%6s  %-58s %10s %-9s\n", "groups", "what", "value", "unit");
  for (const std::size_t n : sizes) {
    const BenchHost host(n);
    in_child([&] { bench_reader(host); });
    in_child([&] { bench_text(host, private_root(host)); });
    in_child([&] { bench_sampler(host, private_root(host)); });
    in_child([&] { bench_memory(host, private_root(host)); });
    in_child([&] { bench_exporter(host, private_root(host)); });
    ::rmdir(("/tmp/" + host.name()).c_str());
  }
  in_child([] {
    const std::size_t containers = 0;  // Not of this host: a made-up one.
    bench_formats([](const char* what, double value, const char* unit, double floor,
                     double bar) { row(containers, what, value, unit, floor, bar); },
                  [] { return g_allocations; });
  });
  in_child(bench_network);
  in_child(bench_streams);
  return 0;
}
