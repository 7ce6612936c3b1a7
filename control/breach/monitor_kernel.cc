// The monitor's half that the kernel wakes: signals, counters, the log.
#include <algorithm>
#include <utility>

#include "base/number.h"
#include "base/text.h"
#include "cgroupfs/tree/group_path.h"
#include "cgroupfs/watch/counters.h"
#include "control/breach/watched_group.h"

namespace plimsoll::control {

using cgroupfs::OomAccount;
using cgroupfs::Signal;
using cgroupfs::SignalKind;
using std::chrono::milliseconds;

namespace {

// A signal comes before the counter moves, and before the line is in the log where a console is
// slow: looked at again after these.
constexpr std::array kRecheckAfter = {milliseconds(2), milliseconds(10), milliseconds(50),
                                      milliseconds(250), milliseconds(1000)};
// The end of a report is written right after the kill; longer is a console's doing.
constexpr milliseconds kReportEnd(20);

bool is_within(std::string_view path, std::string_view above) {
  return path.size() > above.size() && path.starts_with(above) &&
         (above == "/" || path[above.size()] == '/');
}

std::optional<std::uint64_t> number_of(const DirFd& proc, const char* file, std::string_view key) {
  const Result<std::string> text = read_file_at(proc, file);
  if (!text) return std::nullopt;
  std::string_view rest = *text;
  for (std::string_view line; next_line(rest, line);) {
    if (!line.starts_with(key)) continue;
    line.remove_prefix(key.size());
    std::string_view word;
    return next_word(line, word) ? to_number<std::uint64_t>(word) : std::nullopt;
  }
  return std::nullopt;
}

BreachKind stall_kind(cgroupfs::StallResource resource) {
  switch (resource) {
    case cgroupfs::StallResource::kCpu:
      return BreachKind::kCpuStall;
    case cgroupfs::StallResource::kMemory:
      return BreachKind::kMemoryStall;
    case cgroupfs::StallResource::kIo:
      break;
  }
  return BreachKind::kIoStall;
}

}  // namespace

void Monitor::take_signals(const std::vector<Signal>& signals) {
  if (signals.empty()) return;
  const MonoTime now = clock_.now();
  // A shortage first: a look at the others may have to wait for the victim's memory.
  Touched oom;
  for (const Signal& signal : signals) {
    const bool all = signal.kind == SignalKind::kShared || signal.kind == SignalKind::kLost;
    if (all)
      for (const auto& [path, each] : groups_)
        if (signal.kind == SignalKind::kLost || watcher_->shares(each->cgroup->serial))
          oom.push_back(each.get());
    if (signal.kind != SignalKind::kOom && signal.kind != SignalKind::kMemoryEvents) continue;
    const auto at = by_serial_.find(signal.serial);
    if (at == by_serial_.end()) continue;
    if (signal.kind == SignalKind::kOom) at->second->unresolved += signal.count;
    oom.push_back(at->second);
  }
  if (!oom.empty()) take_oom(oom, now);
  const auto log = std::ranges::find(signals, SignalKind::kKernelLog, &Signal::kind);
  // After the counters: see OomAccount.
  if (log != signals.end() || !oom.empty()) drain_log();
  tell_logged_kills(now);
  for (const Signal& signal : signals) take_other(signal, now);
}

void Monitor::take_other(const Signal& signal, MonoTime now) {
  if (signal.kind == SignalKind::kTree) return follow_tree();
  const auto at = by_serial_.find(signal.serial);
  if (at == by_serial_.end() || at->second->owned) return;
  Group& group = *at->second;
  if (signal.kind == SignalKind::kMemoryUsage) take_usage(group, now);
  if (signal.kind == SignalKind::kMemoryPressure || signal.kind == SignalKind::kPidsEvents)
    look_at(group, now);
  if (signal.kind == SignalKind::kStall) take_stall(group, signal.resource);
}

// A group that goes up and down around a threshold tells of it thousands of times a second.
void Monitor::take_usage(Group& group, MonoTime now) {
  const auto read_at = group.sample.read_at(cgroupfs::Tier::kHot);
  if (!read_at || now - *read_at >= options_.fast_tick / 2) return look_at(group, now);
  const std::uint64_t serial = group.cgroup->serial;
  if (fast_.size() < options_.max_fast && std::ranges::find(fast_, serial) == fast_.end())
    fast_.push_back(serial);
}

void Monitor::take_oom(const Touched& signalled, MonoTime now) {
  const bool v2 = layout_.mode == cgroupfs::Mode::kV2;
  std::vector<std::pair<Group*, std::uint64_t>> ooms;
  for (Group* group : signalled) {
    if (group->owned) continue;  // settle_ended() reckons.
    const auto counters = cgroupfs::read_own_memory_counters(layout_, *group->cgroup, buffer_);
    if (!counters) continue;  // Gone: as above, once the tree says so.
    if (v2 && counters->oom && *counters->oom > group->ooms.value_or(0)) {
      ooms.emplace_back(group, *counters->oom - group->ooms.value_or(0));
      group->ooms = counters->oom;
    }
    if (const std::uint64_t count = std::exchange(group->unresolved, 0); count > 0)
      ooms.emplace_back(group, count);
    group->rechecked = 0;
    group->recheck_at = now + kRecheckAfter[0];
    if (std::ranges::find(rechecks_, group->cgroup->serial) == rechecks_.end())
      rechecks_.push_back(group->cgroup->serial);
  }
  for (const auto& [group, count] : ooms) {
    // v1 tells every group below the one that ran out: the topmost is that one.
    const std::string& path = group->cgroup->path;
    const bool below = !v2 && std::ranges::any_of(ooms, [&](const auto& other) {
      return is_within(path, other.first->cgroup->path);
    });
    if (below) continue;
    BreachEvent event;
    event.kind = BreachKind::kOom;
    event.source = BreachSource::kNotification;
    event.count = count;
    event.limit = "memory.max";
    event.limit_value = group->sample.value(cgroupfs::Field::kMemoryLimit);
    event.current = group->sample.value(cgroupfs::Field::kMemoryUsage);
    event.bound_by = path;
    tell(std::move(event), group, now);
  }
  // v2's high and max, and how near it is: after what cannot wait.
  for (Group* group : signalled)
    if (v2 && !group->owned) look_at(*group, now);
}

void Monitor::take_stall(Group& group, cgroupfs::StallResource resource) {
  const MonoTime now = clock_.now();
  const auto pressure = cgroupfs::read_pressure(layout_, *group.cgroup, resource, buffer_);
  if (!pressure || !pressure->some) return;
  const auto index = static_cast<std::size_t>(resource);
  const std::uint64_t total = pressure->some->total_usec;
  const std::uint64_t before = std::exchange(group.stalled_usec[index], total);
  const MonoTime since = std::exchange(group.stalled_at[index], now);
  BreachEvent event;
  event.kind = stall_kind(resource);
  event.source = BreachSource::kPressure;
  event.percent = static_cast<std::uint64_t>(std::clamp(pressure->some->avg10, 0.0, 100.0));
  // Of a stall that goes on; of the first one nobody knows when it began.
  if (since != MonoTime{} && now - since < std::chrono::seconds(10) && total >= before)
    event.lost = std::chrono::microseconds(total - before);
  tell(std::move(event), &group, now);
}

void Monitor::read_counters(Group& group, MonoTime now) {
  const auto counters = cgroupfs::read_own_memory_counters(layout_, *group.cgroup, buffer_);
  if (!counters || !counters->oom_kill) return;
  const std::uint64_t counter = *counters->oom_kill;
  if (counter == group.account.counter() && group.account.open() == 0) return;
  drain_log();
  const std::uint64_t unlogged = group.account.counted(counter, log_state_);
  if (unlogged == 0) return;
  BreachEvent event;
  event.kind = BreachKind::kOomKill;
  event.source = BreachSource::kCounter;
  event.count = unlogged;
  event.limit = "memory.max";
  tell(std::move(event), &group, now);
}

void Monitor::recheck(MonoTime now) {
  if (rechecks_.empty()) return;
  std::erase_if(rechecks_, [&](std::uint64_t serial) {
    const auto at = by_serial_.find(serial);
    if (at == by_serial_.end() || at->second->owned) return true;
    Group& group = *at->second;
    if (now < group.recheck_at) return false;
    read_counters(group, now);
    if (++group.rechecked >= kRecheckAfter.size()) return true;
    group.recheck_at = now + kRecheckAfter[group.rechecked];
    return false;
  });
}

// By an id that is nobody else's.
bool Monitor::is_our_container(std::string_view path) {
  constexpr std::size_t kUniqueId = 32;
  const Group* group = find(path);
  return group != nullptr && group->container &&
         inventory::classify(group->cgroup->path).id.size() >= kUniqueId;
}

// Some group of ours has the end of this path of the log's.
bool Monitor::may_be_ours(std::string_view logged) {
  for (std::size_t at = 0; at < logged.size(); at = logged.find('/', at + 1))
    if (find(logged.substr(at)) != nullptr) return true;
  return false;
}

void Monitor::take_logged(cgroupfs::LoggedKill kill, MonoTime now) {
  const auto is_ours = [this](std::string_view path) { return is_our_container(path); };
  const auto cgroup = paths_.ours(kill.cgroup, is_ours);
  // Not in our tree. Where nobody can tell that yet, a group of ours has its counter; what none of
  // ours can be is told as it stands, rather than not at all.
  if (!cgroup && (paths_.knows_root() || may_be_ours(kill.cgroup))) return;
  if (cgroup) {
    kill.cgroup = *cgroup;
    kill.limited = paths_.ours(kill.limited, is_ours).value_or("");
  }
  Group* group = find(kill.cgroup);
  // Told already, from the counter, when the log was behind it.
  if (group != nullptr && !group->account.logged(now)) return;
  // The victim has a moment left: later there is no command line any more.
  std::string command = command_line(kill.pid);
  kills_.push_back({std::move(kill), std::nullopt, std::move(command), now + kReportEnd});
}

void Monitor::drain_log() {
  const MonoTime now = clock_.now();
  const auto drained = log_.drain(now, [&](const cgroupfs::KmsgRecord& record) {
    const auto kill = lines_.feed(record);
    auto dump = dumps_.feed(record, kill);
    if (kill) take_logged(*kill, now);
    if (!dump) return;
    const std::int32_t pid = dump->victim ? dump->victim->pid : dump->kill ? dump->kill->pid : 0;
    const auto waiting = std::ranges::find_if(
        kills_, [&](const LoggedKill& logged) { return logged.kill.pid == pid && !logged.dump; });
    if (waiting != kills_.end()) waiting->dump = std::move(dump);
  });
  log_state_ = drained == cgroupfs::KernelLog::Drained::kPart ? OomAccount::Log::kBehind
                                                              : OomAccount::Log::kUpToDate;
}

void Monitor::tell_logged_kills(MonoTime now) {
  while (!kills_.empty()) {
    LoggedKill& first = kills_.front();
    if (!first.dump && now < first.until) return;
    if (!first.dump) first.dump = dumps_.give_up();
    LoggedKill logged = std::move(first);
    kills_.pop_front();
    tell_kill(std::move(logged), now);
  }
}

void Monitor::tell_kill(LoggedKill logged, MonoTime now) {
  Group* group = find(logged.kill.cgroup);
  BreachEvent event;
  event.kind = BreachKind::kOomKill;
  event.source = BreachSource::kKernelLog;
  event.cgroup = logged.kill.cgroup;
  event.pid = logged.kill.pid;
  event.process = logged.kill.process;
  event.constraint = logged.kill.constraint;
  event.bound_by = logged.kill.limited;
  if (!logged.kill.limited.empty()) event.limit = "memory.max";
  if (logged.dump && logged.dump->memory) {
    event.limit_value = logged.dump->memory->limit;
    event.current = logged.dump->memory->usage;
  } else if (Group* limited = find(logged.kill.limited)) {
    event.limit_value = limited->sample.value(cgroupfs::Field::kMemoryLimit);
  }
  event.has_report = true;
  event.at = clock_.wall();
  event.identity = identity_of(event.cgroup);
  event.bound_by_name = name_of_group(event.bound_by);
  ++stats_.by_kind[event.kind];
  const BreachEvent copy = event;
  auto passed = coalescer_.offer(std::move(event), now);
  if (!passed) return;
  // The report first: whoever reads the event may ask for it at once.
  const std::uint64_t id = ring_.last_id() + 1;
  make_report_of(copy, id, std::move(logged), group, now);
  publish(*std::move(passed));
}

BoundBy Monitor::bound_of(const cgroupfs::LoggedKill& kill, const BreachEvent& event) {
  BoundBy bound{.cgroup = kill.limited, .name = name_of_group(kill.limited)};
  bound.limit = event.limit_value;
  bound.usage = event.current;
  if (Group* group = find(kill.limited)) {
    const auto swap = group->sample.limit(cgroupfs::Field::kMemorySwapLimit);
    if (swap && !swap->is_none()) bound.swap_limit = swap->value();
  }
  const std::string container = event.identity ? event.identity->cgroup : event.cgroup;
  bound.is_ancestor = !kill.limited.empty() && is_within(container, kill.limited);
  return bound;
}

void Monitor::make_report_of(const BreachEvent& event, std::uint64_t id, LoggedKill logged,
                             Group* group, MonoTime now) {
  ReportInput input{.event = event, .now = now};
  input.event.id = id;
  input.bound = bound_of(logged.kill, event);
  input.dump = std::move(logged.dump);
  input.command_line = std::move(logged.command_line);
  Group* limited = find(logged.kill.limited);
  for (const Group* each : {limited, group})
    if (each != nullptr) input.commands.insert(each->commands.begin(), each->commands.end());
  if (input.command_line.empty() && event.pid) input.command_line = input.commands[*event.pid];
  if (input.dump)
    for (std::size_t i = 0; i < std::min<std::size_t>(input.dump->tasks.size(), 64); ++i) {
      const std::int32_t pid = input.dump->tasks[i].pid;
      std::string& command = input.commands[pid];
      if (command.empty()) command = command_line(pid);
    }
  Group* shown = group != nullptr ? group : limited;
  if (shown != nullptr) {
    input.sample = &shown->sample;
    input.curve = shown->curve.points(now);
  }
  input.host_swap_free = number_of(proc_, "meminfo", "SwapFree:");
  reports_.put(id, std::make_shared<const OomReport>(make_report(std::move(input))));
}

}  // namespace plimsoll::control
