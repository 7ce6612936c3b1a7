// What limits cost: reading what is there, planning, writing with read-back; one verified write
// after another; and the same with journal and audit log.
//   plimsoll_bench_limits [N]     (default 1000 groups; needs root: makes cgroups of its own and
//   removes them)
// CPU time of the one thread; medians of a few rounds. The bars are the project's goals.

#include <chrono>
#include <cstdio>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/read_file.h"
#include "bench/bench_host.h"
#include "bench/enforced.h"
#include "bench/measure.h"
#include "bench/row.h"
#include "cgroupfs/limit/apply.h"
#include "cgroupfs/limit/plan.h"
#include "cgroupfs/limit/port.h"
#include "cgroupfs/limit/read_view.h"
#include "cgroupfs/limit/value.h"
#include "control/policy/decide.h"
#include "control/policy/decode.h"

namespace plimsoll::bench {
namespace {

using limit::Limits;
using limit::Wanted;

double seconds(const std::function<void()>& work) {
  const double start = thread_cpu();
  work();
  return thread_cpu() - start;
}

Limits limits_of(std::initializer_list<std::pair<const char*, std::string>> texts) {
  Limits limits;
  for (const auto& [name, text] : texts)
    if (const auto setting = limit::parse_setting(*limit::knob_named(name), text))
      limits = *limit::with(limits, *setting);
  return limits;
}

// Twelve knobs of v1 or eleven and freeze of v2; `odd` makes two rounds differ in all of them.
Limits twelve(const limit::KernelView& view, bool odd) {
  const std::string n = odd ? "3" : "4";
  const bool v1 = view.of(cgroupfs::Controller::kMemory).version == 1;
  const std::string cpus = odd ? "0" : view.cpus.text();
  if (v1)
    return limits_of({{"cpu.shares", n + "00"},
                      {"cpus", "0." + n},
                      {"cpu.period", n + "0ms"},
                      {"cpu.burst", n + "ms"},
                      {"cpuset.cpus", cpus},
                      {"memory", n + "2M"},
                      {"memory.swap", n + "M"},
                      {"memory.low", n + "M"},
                      {"memory.swappiness", n},
                      {"pids", n + "0"},
                      {"memory.oom_kill_disable", odd ? "on" : "off"},
                      {"cpuset.mems", view.mems.text()}});
  return limits_of({{"cpu.weight", n + "00"},
                    {"cpus", "0." + n},
                    {"cpu.period", n + "0ms"},
                    {"cpu.burst", n + "ms"},
                    {"memory", n + "2M"},
                    {"memory.swap", n + "M"},
                    {"memory.low", n + "M"},
                    {"memory.min", n + "k"},
                    {"memory.high", n + "0M"},
                    {"pids", n + "0"},
                    {"memory.oom_group", odd ? "on" : "off"},
                    {"freeze", odd ? "on" : "off"}});
}

// Fifty rules of which each container is meant by two.
void bench_policies(std::size_t count) {
  std::string text =
      "rules:\n  - {name: all, match: {name: '*'}, limits: {pids.max: 10% of host}}\n";
  for (int i = 0; i < 49; ++i) {
    const std::string n = std::to_string(i);
    text += "  - {name: r" + n + ", priority: " + n + ", match: {image: app-" + n +
            "*}, limits: {memory.max: 150% of p95, cpus: 1.5, cpu.weight: 50, pids.max: 200}}\n";
  }
  const policy::Decoded decoded = policy::decode("bench", text);
  policy::Situation situation;
  situation.host = {.memory_bytes = std::uint64_t{1} << 34, .cpus = 8, .pids = 32768};
  situation.observed.span = std::chrono::hours(1);
  situation.observed.memory = policy::Use{std::uint64_t{1} << 26, std::uint64_t{1} << 27};
  const policy::HostZone zone;
  std::vector<inventory::Identity> containers(count);
  for (std::size_t i = 0; i < count; ++i) {
    containers[i].runtime = inventory::Runtime::kDocker;
    containers[i].name = containers[i].display = "web-" + std::to_string(i);
    containers[i].image = "app-" + std::to_string(i % 49) + ":1";
  }
  std::size_t knobs = 0;
  std::vector<double> times;
  for (int round = 0; round < 5; ++round)
    times.push_back(seconds([&] {
      for (const auto& one : containers)
        knobs += policy::decide(decoded.rules, one, situation, zone).knobs.size();
    }));
  if (!decoded.problems.empty() || knobs != 5 * 4 * count) std::printf("!! wrong decisions\n");
  row(count, "decide by 50 rules, explained", median(times) * 1e3, "ms");
}

int run(std::size_t count) {
  const BenchHost host(count);
  const cgroupfs::Layout layout = BenchHost::whole_layout();
  const DirFd sys = open_dir("/sys").value();
  limit::CgroupPort port(layout);
  const std::string top = host.top();
  const std::vector<std::string> tree = {top};
  std::vector<std::string> paths = {top};
  for (const std::string& group : host.groups()) paths.push_back(host.whole(group));
  std::vector<double> reads;
  std::vector<double> plans;
  std::vector<double> applies;
  std::size_t writes = 0;
  for (int round = 0; round < 6; ++round) {
    limit::KernelView view;
    reads.push_back(seconds([&] { view = *limit::read_view(layout, sys, tree); }));
    std::vector<Wanted> wanted;
    for (const std::string& path : paths)
      // The parent keeps all CPUs, so that its children can have any.
      wanted.push_back({path, twelve(view, path != top && round % 2 == 1)});
    limit::Plan plan;
    plans.push_back(seconds([&] { plan = limit::make_plan(view, wanted); }));
    if (!plan.ok()) {
      std::fprintf(stderr, "%s", limit::to_text(plan).substr(0, 2000).c_str());
      return 1;
    }
    limit::Applied applied;
    applies.push_back(seconds([&] { applied = limit::apply(plan, port); }));
    if (applied.end != limit::Applied::End::kDone) {
      std::fprintf(stderr, "%s\n", applied.error->message().c_str());
      return 1;
    }
    writes = plan.writes.size();
  }
  row(count, "read all groups' limits", median(reads) * 1e3, "ms");
  row(count, "plan 12 knobs of each", median(plans) * 1e3, "ms", 0, 50);
  row(count, "apply the plan, read back", median(applies) * 1e3, "ms", 0, 250);
  row(count, "writes in the plan", static_cast<double>(writes), "writes");

  const limit::KernelView view = *limit::read_view(layout, sys, tree);
  const limit::Plan up =
      limit::make_plan(view, std::vector<Wanted>{{top, limits_of({{"pids", "101"}})}});
  limit::Plan down = up;
  down.writes.at(0).new_text = down.writes.at(0).expected = "102";
  constexpr int kRounds = 20'000;
  const double took = seconds([&] {
    for (int i = 0; i < kRounds; ++i) (void)limit::apply(i % 2 == 0 ? up : down, port);
  });
  row(1, "one verified write after another", kRounds / took, "per s");

  const auto plan_of = [&](std::span<const std::string> of, bool odd) {
    const limit::KernelView now = *limit::read_view(layout, sys, tree);
    std::vector<Wanted> wanted;
    for (const std::string& path : of) wanted.push_back({path, twelve(now, path != top && odd)});
    return limit::make_plan(now, wanted);
  };
  const std::span<const std::string> all = paths;
  const Turns turns{.all = [&](bool odd) { return plan_of(all, odd); },
                    .one = [&](bool odd) { return plan_of(all.last(1), odd); }};
  // In memory it is what it costs the processor; on a disk most of a change is the disk's sync.
  if (!bench_enforced(count, "/dev/shm", "state in memory", turns, port)) return 1;
  if (!bench_enforced(count, "/var/tmp", "state on disk", turns, port)) return 1;
  bench_policies(count);
  return 0;
}

}  // namespace
}  // namespace plimsoll::bench

int main(int argc, char** argv) {
  const auto count = plimsoll::bench::groups_asked({argv, static_cast<std::size_t>(argc)});
  return count ? plimsoll::bench::run(*count) : 2;
}
