// Health checks: a process in the container every so often, and what its ends say.
#include <signal.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "runtime/engine/engine_impl.h"
#include "runtime/engine/exec_entry.h"
#include "runtime/engine/names.h"

namespace plimsoll::engine {

// Of one run. The loop's and the pool's, by way of `change`.
struct Prober {
  std::optional<Loop::Timer> next;
  std::shared_ptr<ExecEntry> running;
  bool over = false;
};

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostOutput = 4096;
constexpr std::size_t kMostProbes = 5;

std::chrono::nanoseconds or_default(std::chrono::nanoseconds value,
                                    std::chrono::nanoseconds otherwise) {
  return value == 0ns ? otherwise : value;
}

std::vector<std::string> command_of(const model::Config& config) {
  const std::vector<std::string>& test = config.healthcheck->test;
  if (test.front() == "CMD") return {test.begin() + 1, test.end()};
  std::vector<std::string> words = config.shell && !config.shell->empty()
                                       ? *config.shell
                                       : std::vector<std::string>{"/bin/sh", "-c"};
  for (auto word = test.begin() + 1; word != test.end(); ++word) words.push_back(*word);
  return words;
}

// What a probe says, collected from the loop's thread.
struct Collected {
  std::mutex mutex;
  std::string text;
  bool timed_out = false;
};

}  // namespace

void EngineImpl::begin_health(const EntryPtr& entry) {
  Container& container = entry->stored.container;
  const auto& check = container.definition.config.healthcheck;
  if (!check || check->test.size() < 2 || check->test.front() == "NONE") return;
  container.state.health = Health{.status = "starting", .failing_streak = 0, .log = {}};
  entry->prober = std::make_shared<Prober>();
  publish(*entry);
  probe_later(entry, entry->prober);
}

void EngineImpl::end_health(Entry& entry) {
  if (!entry.prober) return;
  entry.prober->over = true;
  if (entry.prober->next) loop_->cancel(*entry.prober->next);
  entry.prober.reset();
}

// Under `change`.
void EngineImpl::probe_later(const EntryPtr& entry, const std::shared_ptr<Prober>& prober) {
  const Container& container = entry->stored.container;
  const model::Healthcheck& check = *container.definition.config.healthcheck;
  auto time = or_default(check.interval, 30s);
  const WallTime started = container.state.started.value_or(WallTime{});
  if (container.state.health->status == "starting" && check.start_period > 0ns &&
      RealClock().wall() - started < check.start_period)
    time = or_default(check.start_interval, 5s);
  prober->next = loop_->after(time, [this, entry, prober] {
    pool_->post([this, entry, prober] { probe(entry, prober); });
  });
}

void EngineImpl::probe(const EntryPtr& entry, const std::shared_ptr<Prober>& prober) {
  auto exec = std::make_shared<ExecEntry>();
  const ContainerPtr container = seen_of(*entry);
  const model::Healthcheck check = *container->definition.config.healthcheck;
  {
    const Lock held(entry->change);
    if (prober->over) return;
    if (container->state.status != Status::kRunning) return probe_later(entry, prober);
    exec->id = make_id();
    exec->container = entry;
    exec->definition.cmd = command_of(container->definition.config);
    exec->is_probe = exec->started = true;
    prober->running = exec;
  }
  auto collected = std::make_shared<Collected>();
  Output output;
  output.write = [collected](Output::Stream, std::string_view bytes) {
    const std::lock_guard lock(collected->mutex);
    collected->text += bytes.substr(0, kMostOutput - std::min(kMostOutput, collected->text.size()));
    return true;
  };
  const auto begun = RealClock().wall();
  const auto finished = [this, entry, prober, collected, begun](int exit_code) {
    HealthProbe result{begun, RealClock().wall(), exit_code, {}};
    {
      const std::lock_guard lock(collected->mutex);
      result.output = collected->text;
      if (collected->timed_out) {
        result.exit_code = -1;
        result.output = "Health check exceeded timeout";
      }
    }
    probed(entry, prober, std::move(result));
  };
  const auto timer = loop_->after(or_default(check.timeout, 30s), [this, exec, collected] {
    {
      const std::lock_guard lock(collected->mutex);
      collected->timed_out = true;
    }
    // Its keeper takes it for ended when it is: the process itself has to go.
    pool_->post([exec] {
      const std::lock_guard lock(exec->look);
      if (exec->running && exec->pid > 0) ::kill(exec->pid, SIGKILL);
    });
  });
  exec->told = [this, timer, finished](int exit_code) {
    loop_->cancel(timer);
    finished(exit_code);
  };
  const Attachment::Wishes wishes;
  auto attachment = std::make_shared<Attachment>(*loop_, wishes, std::move(output));
  if (const auto started = run_exec(exec, attachment); !started) {
    loop_->cancel(timer);
    const std::string why = started.error().message;
    probed(entry, prober, {begun, RealClock().wall(), -1, why.substr(0, kMostOutput)});
  }
}

void EngineImpl::probed(const EntryPtr& entry, const std::shared_ptr<Prober>& prober,
                        HealthProbe result) {
  const Lock held(entry->change);
  prober->running.reset();
  if (prober->over || entry->prober != prober) return;
  Container& container = entry->stored.container;
  const model::Healthcheck& check = *container.definition.config.healthcheck;
  Health& health = *container.state.health;
  const std::string before = health.status;
  const bool in_start_period =
      health.status == "starting" && check.start_period > 0ns &&
      result.start - container.state.started.value_or(WallTime{}) < check.start_period;
  constexpr int kRetries = 3;
  if (result.exit_code == 0) {
    health.failing_streak = 0;
    health.status = "healthy";
  } else if (!in_start_period) {
    ++health.failing_streak;
    if (health.failing_streak >= (check.retries == 0 ? kRetries : check.retries))
      health.status = "unhealthy";
  }
  health.log.push_back(std::move(result));
  if (health.log.size() > kMostProbes) health.log.erase(health.log.begin());
  save_state(*entry);
  publish(*entry);
  if (health.status != before) tell_about(container, "health_status: " + health.status);
  probe_later(entry, prober);
}

}  // namespace plimsoll::engine
