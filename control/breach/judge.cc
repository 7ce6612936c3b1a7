#include "control/breach/judge.h"

#include <algorithm>

namespace plimsoll::control {

using cgroupfs::Field;

namespace {

// A counter that fell belongs to another group of the same name: it says nothing.
std::optional<std::uint64_t> moved(const std::optional<std::uint64_t>& before,
                                   const std::optional<std::uint64_t>& now) {
  if (!before || !now || *now <= *before) return std::nullopt;
  return *now - *before;
}

BreachEvent counted(BreachKind kind, std::uint64_t count, const char* limit,
                    const std::optional<std::uint64_t>& value,
                    const std::optional<std::uint64_t>& current) {
  BreachEvent event;
  event.kind = kind;
  event.source = BreachSource::kCounter;
  event.count = count;
  event.limit = limit;
  event.limit_value = value;
  event.current = current;
  return event;
}

}  // namespace

std::uint64_t percent_of(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return 0;
  return part > ~std::uint64_t{0} / 100 ? part / (whole / 100 + 1) : part * 100 / whole;
}

GroupNumbers numbers_of(const cgroupfs::CgroupSample& sample, MonoTime at) {
  GroupNumbers numbers{.at = at};
  const auto value = [&](Field field) { return sample.value(field); };
  numbers.memory = value(Field::kMemoryUsage);
  numbers.working_set = value(Field::kMemoryWorkingSet);
  numbers.memory_limit = value(Field::kMemoryLimit);  // Nothing when there is none.
  numbers.memory_high = value(Field::kMemoryHigh);
  // The group's own where the kernel has them: v2's others have what happened below as well.
  numbers.high_events = value(Field::kMemoryEventsLocalHigh);
  numbers.max_events = value(Field::kMemoryEventsLocalMax);
  numbers.pids = value(Field::kPids);
  numbers.pids_limit = value(Field::kPidsLimit);
  numbers.periods = value(Field::kCpuPeriods);
  numbers.throttled_periods = value(Field::kCpuThrottledPeriods);
  numbers.throttled_ns = value(Field::kCpuThrottled);
  numbers.quota_ns = value(Field::kCpuQuota);
  numbers.cpu_stall_ns = value(Field::kPsiCpuSome);
  numbers.memory_stall_ns = value(Field::kPsiMemorySome);
  numbers.io_stall_ns = value(Field::kPsiIoSome);
  return numbers;
}

std::optional<std::uint64_t> NearLimit::passed(std::uint64_t used, std::uint64_t limit,
                                               const JudgeOptions& options) {
  // A limit of nothing is no share of anything.
  if (limit == 0) return std::nullopt;
  const std::uint64_t percent = percent_of(used, limit);
  std::uint64_t reached = 0;
  std::uint64_t kept = 0;
  for (const std::uint64_t threshold : options.near_limit) {
    if (percent >= threshold) reached = threshold;
    if (percent + options.hysteresis >= threshold) kept = threshold;
  }
  const bool rose = reached > level_;
  level_ = rose ? reached : std::min(level_, std::max(reached, kept));
  return rose ? std::optional(reached) : std::nullopt;
}

std::vector<BreachEvent> Judge::look(const GroupNumbers& now) {
  std::vector<BreachEvent> events;
  const auto near = [&](NearLimit& state, const std::optional<std::uint64_t>& used,
                        const std::optional<std::uint64_t>& limit, const char* name) {
    if (!used || !limit) return;
    const auto threshold = state.passed(*used, *limit, *options_);
    if (!threshold) return;
    BreachEvent event = counted(BreachKind::kNearLimit, 1, name, limit, used);
    event.source = BreachSource::kSample;
    event.percent = threshold;
    events.push_back(std::move(event));
  };
  // Cache that nobody used lately is given back before anybody is hurt: it is no nearness.
  near(memory_, now.working_set, now.memory_limit, "memory.max");
  near(pids_, now.pids, now.pids_limit, "pids.max");

  const std::optional<GroupNumbers> last = std::exchange(last_, now);
  if (!last || now.at <= last->at) return events;
  if (const auto count = moved(last->high_events, now.high_events))
    events.push_back(
        counted(BreachKind::kMemoryHigh, *count, "memory.high", now.memory_high, now.memory));
  if (const auto count = moved(last->max_events, now.max_events))
    events.push_back(
        counted(BreachKind::kMemoryMax, *count, "memory.max", now.memory_limit, now.memory));
  if (const auto count = moved(last->refused_forks, now.refused_forks))
    events.push_back(counted(BreachKind::kPidsLimit, *count, "pids.max", now.pids_limit, now.pids));

  const auto throttled = moved(last->throttled_periods, now.throttled_periods);
  const auto periods = moved(last->periods, now.periods);
  if (throttled && periods && percent_of(*throttled, *periods) >= options_->throttled) {
    BreachEvent event =
        counted(BreachKind::kCpuThrottled, 1, "cpu.max", std::nullopt, std::nullopt);
    if (now.quota_ns) event.limit_value = *now.quota_ns / 1000;
    event.periods = periods;
    event.throttled_periods = throttled;
    if (const auto ns = moved(last->throttled_ns, now.throttled_ns))
      event.lost = std::chrono::nanoseconds(*ns);
    events.push_back(std::move(event));
  }

  const auto elapsed = static_cast<std::uint64_t>((now.at - last->at).count());
  const auto stalled = [&](BreachKind kind, const std::optional<std::uint64_t>& before,
                           const std::optional<std::uint64_t>& after, std::uint64_t threshold) {
    const auto ns = moved(before, after);
    if (!ns || percent_of(*ns, elapsed) < threshold) return;
    BreachEvent event;
    event.kind = kind;
    event.source = BreachSource::kSample;
    event.percent = std::min<std::uint64_t>(percent_of(*ns, elapsed), 100);
    event.lost = std::chrono::nanoseconds(*ns);
    events.push_back(std::move(event));
  };
  stalled(BreachKind::kCpuStall, last->cpu_stall_ns, now.cpu_stall_ns, options_->cpu_stall);
  stalled(BreachKind::kMemoryStall, last->memory_stall_ns, now.memory_stall_ns,
          options_->memory_stall);
  stalled(BreachKind::kIoStall, last->io_stall_ns, now.io_stall_ns, options_->io_stall);
  return events;
}

}  // namespace plimsoll::control
