#include "bench/start.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "bench/bench_host.h"
#include "bench/measure.h"
#include "bench/row.h"
#include "bench/sampler.h"
#include "exporter/metrics/text.h"

namespace plimsoll::bench {

using exporter::Freshness;
using exporter::SnapshotPtr;

namespace {

struct Directory {
  const char* controller;
  std::vector<const char*> files;
};

// What a first sample reads of a group without limits, by directory.
std::vector<Directory> first_files(bool v1) {
  if (!v1)
    return {{"",
             {"cpu.stat",
              "memory.current",
              "memory.stat",
              "io.stat",
              "pids.current",
              "memory.swap.current",
              "memory.events",
              "memory.events.local",
              "cpu.pressure",
              "memory.pressure",
              "io.pressure",
              "cpu.stat.local",
              "cpu.max",
              "cpu.max.burst",
              "cpu.weight",
              "memory.peak",
              "memory.max",
              "memory.high",
              "memory.low",
              "memory.min",
              "memory.swap.max",
              "io.max",
              "pids.max",
              "pids.peak",
              "cgroup.events",
              "cgroup.stat",
              "cpuset.cpus.effective",
              "cpuset.mems.effective"}}};
  return {{"cpuacct", {"cpuacct.usage_percpu", "cpuacct.stat"}},
          {"memory",
           {"memory.usage_in_bytes", "memory.stat", "memory.failcnt", "memory.oom_control",
            "memory.limit_in_bytes", "memory.soft_limit_in_bytes", "memory.memsw.limit_in_bytes",
            "memory.max_usage_in_bytes", "memory.kmem.usage_in_bytes"}},
          {"cpu",
           {"cpu.stat", "cpu.stat.local", "cpu.cfs_quota_us", "cpu.cfs_period_us",
            "cpu.cfs_burst_us", "cpu.shares"}},
          {"pids", {"pids.current", "pids.events", "pids.max", "pids.peak"}},
          {"freezer", {"freezer.state"}},
          {"cpuset", {"cpuset.effective_cpus", "cpuset.effective_mems"}},
          {"blkio",
           {"blkio.throttle.read_bps_device", "blkio.throttle.write_bps_device",
            "blkio.throttle.read_iops_device", "blkio.throttle.write_iops_device"}}};
}

// Wall seconds of a program that opens, reads and closes these files of every group, on two
// threads. It does not look for the groups, prove that they are these, watch them or keep anything.
double bare_look(const BenchHost& host) {
  const std::vector<Directory> directories = first_files(host.v1());
  std::atomic<std::size_t> next = 0;
  const auto look = [&] {
    std::vector<char> buffer(std::size_t{64} * 1024);
    for (std::size_t i = next++; i < host.groups().size(); i = next++) {
      for (const Directory& directory : directories) {
        const std::string path = host.path(host.groups()[i], directory.controller, "");
        const Fd dir(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        for (const char* name : directory.files) {
          const Fd file(::openat(dir.get(), name, O_RDONLY | O_CLOEXEC));
          // What this kernel does not offer is asked for by the sampler as well.
          if (file && ::read(file.get(), buffer.data(), buffer.size()) < 0) std::perror(name);
        }
      }
    }
  };
  const double start = wall_now();
  {
    const std::jthread second(look);
    look();
  }
  return wall_now() - start;
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

}  // namespace

void bench_start(std::size_t n) {
  double bare = 0;
  {
    const BenchHost others(n);
    bare = bare_look(others);
  }
  row(n, "floor: the same files opened, read, closed, two threads", bare * 1e3, "ms wall");
  const BenchHost host(n);
  const std::string root = private_root(host);
  const RealClock clock;
  const std::size_t rss_before = resident_bytes();
  const double start = wall_now();
  const auto sampler = exporter::Sampler::create(config_for(root), clock).value();
  const SnapshotPtr snapshot = sampler->sample(Freshness::kTick);
  const double first = wall_now() - start;
  row(n, "start to first complete sample", first * 1e3, "ms wall", 0, n == 5000 ? 1000 : 0);
  row(n, "   beside the floor", first * 1e3, "ms wall", bare * 1e3);
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
  if (host.v1() && (::umount2(root.c_str(), MNT_DETACH) != 0 || ::rmdir(root.c_str()) != 0))
    std::perror(root.c_str());
}

}  // namespace plimsoll::bench
