// Policies over many groups, on the engine's own path: the keeper decides, one change for each
// group is journalled, written, read back and audited, and what others write is looked for.
//   plimsoll_bench_policies [N]     (default 1000 groups; needs root: makes cgroups of its own and
//   removes them)
// On the clock, with the CPU time of the whole engine beside it until it rests, and as a multiple
// of what the kernel takes for the same writes, read back, and nothing else. The bar is the
// project's goal.
#include "control/applier/policies.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/read_file.h"
#include "base/temp_tree.h"
#include "bench/bench_host.h"
#include "bench/measure.h"
#include "bench/row.h"
#include "bench/state_directory.h"
#include "cgroupfs/limit/apply.h"
#include "cgroupfs/limit/plan.h"
#include "cgroupfs/limit/port.h"
#include "cgroupfs/limit/read_view.h"
#include "cgroupfs/limit/value.h"
#include "control/enforcer/worker.h"
#include "control/policy/decode.h"
#include "control/service/keeper.h"
#include "control/store/dir_store.h"

namespace plimsoll::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 300s;
// What the engine sees of its own writes, it looks at after them.
constexpr auto kRest = 500ms;

// Twelve knobs of v1, or eleven of v2 and freeze; `n` makes any two differ in all of them.
std::string rule_of(const BenchHost& host, int n) {
  const std::string digit = std::to_string(n);
  std::string limits = "cpus: 0." + digit + ", cpu.period: " + digit + "0ms, cpu.burst: " + digit +
                       "ms, memory.max: " + digit + "2M, memory.swap: " + digit +
                       "M, memory.low: " + digit + "M, pids.max: " + digit + "0";
  const bool odd = n % 2 == 1;
  if (host.v1())
    limits += ", cpu.shares: " + digit + "00, memory.swappiness: " + digit +
              ", memory.oom_kill_disable: " + (odd ? "on" : "off") +
              ", cpuset.cpus: " + (odd ? "'0'" : "0-1") + ", cpuset.mems: '0'";
  else
    limits += ", cpu.weight: " + digit + "00, memory.min: " + digit + "k, memory.high: " + digit +
              "0M, memory.oom_group: " + (odd ? "on" : "off") + ", freeze: " + (odd ? "on" : "off");
  return "rules:\n  - name: bench\n    match: {runtime: cgroup, cgroup: /" + host.name() +
         "/*}\n    mode: enforce\n    limits: {" + limits + "}\n";
}

// The engine as far as limits go.
class Engine {
 public:
  Engine(const std::string& directory, const std::string& rules, const Clock& clock)
      : clock_(clock),
        store_(control::DirStore::open(directory).value()),
        machine_(control::HostMachine::open({}, clock, nullptr).value()),
        service_(control::Service::open(*store_, *machine_, clock).value()) {
    std::ignore = service_->start();
    control::PolicyOptions options;
    options.directory = rules;
    policies_ = std::make_unique<control::Policies>(
        *service_, *machine_,
        control::Policies::Lanes{
            [this](control::Worker::Job job) { return changes_.submit(std::move(job)); },
            [this](control::Worker::Job job) { return shrinks_.submit(std::move(job)); }},
        clock, zone_, std::move(options), [this] {
          if (control::Keeper* const keeper = waking_) keeper->wake();
        });
  }
  ~Engine() {
    changes_.stop();
    shrinks_.stop();
    waking_ = nullptr;
    keeper_.reset();
  }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  void find_groups() { std::ignore = machine_->targets(); }
  void reload() { std::ignore = policies_->reload(); }
  void begin() {
    keeper_ = control::Keeper::start(*service_, *machine_, {changes_, shrinks_}, clock_,
                                     [this](const control::GroupNews& news) {
                                       policies_->turn(news);
                                       return policies_->rest();
                                     })
                  .value();
    waking_ = keeper_.get();
  }
  [[nodiscard]] bool has_done(std::size_t changes) const {
    const control::ServiceCounts counts = service_->counts();
    return counts.changes.done >= changes && counts.under_way == 0;
  }

 private:
  const Clock& clock_;
  const policy::HostZone zone_;
  std::unique_ptr<control::DirStore> store_;
  std::unique_ptr<control::HostMachine> machine_;
  std::unique_ptr<control::Service> service_;
  std::unique_ptr<control::Policies> policies_;
  std::unique_ptr<control::Keeper> keeper_;
  std::atomic<control::Keeper*> waking_ = nullptr;
  control::Worker changes_;
  control::Worker shrinks_;
};

struct Cost {
  double wall = 0;  // Seconds, until the last change has ended.
  double cpu = 0;   // And of the time after it.
};

std::optional<Cost> cost_of(Engine& engine, std::size_t changes,
                            const std::function<void()>& work) {
  const double cpu = process_cpu();
  const auto begun = std::chrono::steady_clock::now();
  work();
  while (!engine.has_done(changes)) {
    if (std::chrono::steady_clock::now() - begun > kPatience) return std::nullopt;
    std::this_thread::sleep_for(1ms);
  }
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begun;
  std::this_thread::sleep_for(kRest);
  return Cost{wall.count(), process_cpu() - cpu};
}

void rows(std::size_t count, const std::string& what, const Cost& cost, double bare, double bar) {
  row(count, what.c_str(), cost.wall * 1e3, "ms", 0, bar);
  row(count, "   of a processor, with what follows", cost.cpu * 1e3, "ms", bare * 1e3);
}

// CPU seconds of the same values in one plan, applied and read back, without journal and audit log.
std::optional<double> bare_cost(const BenchHost& host, int n) {
  const policy::Decoded rules = policy::decode("bench", rule_of(host, n));
  const cgroupfs::Layout layout = BenchHost::whole_layout();
  const std::vector<std::string> top = {host.top()};
  const auto view = limit::read_view(layout, open_dir("/sys").value(), top);
  if (!view || rules.rules.empty()) return std::nullopt;
  limit::Limits limits;
  for (const policy::Amount& amount : rules.rules.front().limits)
    if (const auto setting = limit::parse_setting(amount.knob, amount.text))
      limits = limit::with(limits, *setting).value();
  std::vector<limit::Wanted> wanted;
  for (const std::string& group : host.groups()) wanted.push_back({host.whole(group), limits});
  const limit::Plan plan = limit::make_plan(*view, wanted);
  limit::CgroupPort port(layout);
  const double cpu = thread_cpu();
  const limit::Applied applied = limit::apply(plan, port);
  if (applied.end != limit::Applied::End::kDone) return std::nullopt;
  return thread_cpu() - cpu;
}

// A fresh v1 cpuset has no CPUs, and its children can have none then.
void open_cpusets(const BenchHost& host) {
  if (!host.v1()) return;
  for (const char* file : {"cpuset.cpus", "cpuset.mems"}) {
    const Fd from(::open((std::string("/sys/fs/cgroup/cpuset/") + file).c_str(), O_RDONLY));
    const Fd to(::open(host.path(".", "cpuset", file).c_str(), O_WRONLY));
    std::array<char, 4096> text{};
    const ssize_t size = ::read(from.get(), text.data(), text.size());
    if (size <= 0 || ::write(to.get(), text.data(), static_cast<std::size_t>(size)) != size)
      std::perror(file);
  }
}

void write_rules(const TempTree& tree, const std::string& text) {
  tree.write("policy.d/bench.yaml", text);
  ::chmod((tree.path() + "/policy.d/bench.yaml").c_str(), 0644);
}

bool bench(const BenchHost& host, const std::string& parent, const std::string& where,
           double bare) {
  const std::size_t count = host.groups().size();
  const TempTree tree{{"policy.d/", ""}};
  ::chmod((tree.path() + "/policy.d").c_str(), 0755);
  const auto state = StateDirectory::make(parent);
  if (!state) {
    std::fprintf(stderr, "%s\n", state.error().message().c_str());
    return false;
  }
  const RealClock clock;
  Engine engine(state->path(), tree.path() + "/policy.d", clock);
  engine.find_groups();
  write_rules(tree, rule_of(host, 3));
  engine.reload();
  const auto first = cost_of(engine, count, [&] { engine.begin(); });
  write_rules(tree, rule_of(host, 4));
  const auto other = first ? cost_of(engine, 2 * count, [&] { engine.reload(); }) : first;
  write_rules(tree, "rules: []\n");
  const auto back = other ? cost_of(engine, 3 * count, [&] { engine.reload(); }) : other;
  if (first) rows(count, "policy of 12 knobs on each, " + where, *first, bare, 250);
  if (other) rows(count, "another of 12 knobs, " + where, *other, bare, 250);
  if (back) rows(count, "and given back, " + where, *back, bare, 0);
  return back.has_value();
}

int run(std::size_t count) {
  log::start(log::Level::kError);
  bool done = false;
  {
    const BenchHost host(count);
    open_cpusets(host);
    // Every knob changes with the second of them.
    std::optional<double> bare = bare_cost(host, 6);
    if (bare) bare = bare_cost(host, 7);
    if (bare) row(count, "12 knobs of each in one plan, bare", *bare * 1e3, "ms", 0, 250);
    done = bare && bench(host, "/dev/shm", "state in memory", *bare) &&
           bench(host, "/var/tmp", "state on disk", *bare);
  }
  log::stop();
  if (!done) std::fprintf(stderr, "plimsoll_bench_policies: not everything was set\n");
  return done ? 0 : 1;
}

}  // namespace
}  // namespace plimsoll::bench

int main(int argc, char** argv) {
  const auto count = plimsoll::bench::groups_asked({argv, static_cast<std::size_t>(argc)});
  return count ? plimsoll::bench::run(*count) : 2;
}
