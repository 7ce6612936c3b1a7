// The monitor's half that goes by the clock, and how an event gets its names.
#include <algorithm>
#include <utility>

#include "base/number.h"
#include "base/text.h"
#include "cgroupfs/tree/group_path.h"
#include "cgroupfs/watch/counters.h"
#include "control/breach/watched_group.h"

namespace plimsoll::control {

using cgroupfs::Field;
using cgroupfs::ReadOutcome;
using cgroupfs::Tier;
using cgroupfs::TierSet;
using std::chrono::seconds;

namespace {

constexpr std::uint64_t kWarmEvery = 5;  // Ticks.
constexpr std::size_t kMostCommands = 64;
constexpr std::size_t kLongestCommand = 1024;

bool is_stall(BreachKind kind) {
  return kind == BreachKind::kCpuStall || kind == BreachKind::kMemoryStall ||
         kind == BreachKind::kIoStall;
}

}  // namespace

// Since the last tick. System services are many, and always run a little: they count if they have a
// limit of memory or of CPU time. So do not we ourselves.
bool Monitor::has_run(Group& group) {
  const auto usage = group.sample.value(Field::kCpuUsage);
  const auto before = std::exchange(group.cpu_usage, usage);
  if (group.own || (usage && before == usage)) return false;
  return group.container || group.sample.value(Field::kMemoryLimit) ||
         group.sample.value(Field::kCpuQuota);
}

bool Monitor::sample(MonoTime now) {
  ++ticks_;
  bool ran = false;
  const auto limits_every = options_.limits_every * (may_miss() ? 1 : 5);
  targets_.clear();
  targets_.reserve(groups_.size());
  for (const auto& [path, group] : groups_) {
    TierSet due = TierSet().with(Tier::kHot);
    if ((ticks_ + group->cgroup->serial) % kWarmEvery == 0) due = due.with(Tier::kWarm);
    group->account.settle(now);
    if (group->stalls_at && now >= *group->stalls_at) {
      group->stalls_at.reset();
      watcher_->add_stalls(*group->cgroup);
    }
    ran = ran || group->stalls_at;  // To be armed by the next tick.
    // Limits are read when somebody wrote one, and rarely all the same: not every file tells.
    if (group->limits_due || now - group->limits_at >= limits_every) {
      due = TierSet::all();
      group->limits_due = false;
      // Not all groups at once, also when all came at once.
      group->limits_at = now - seconds(static_cast<std::int64_t>(group->cgroup->serial % 60));
    }
    targets_.push_back({.cgroup = group->cgroup, .sample = &group->sample, .due = due});
  }
  reader_->read(targets_);
  stats_.samples += targets_.size();
  fast_.clear();
  for (const cgroupfs::ReadTarget& target : targets_) {
    if (target.outcome == ReadOutcome::kGone) continue;
    Group& group = *by_serial_.find(target.cgroup->serial)->second;
    note_usage(group, now);
    if (target.outcome != ReadOutcome::kRead) continue;
    ran = has_run(group) || ran;
    look_at(group, now);
    if (target.due.has(Tier::kSlow)) want_thresholds(group);
    if (group.judge.is_close() && fast_.size() < options_.max_fast)
      fast_.push_back(target.cgroup->serial);
  }
  return ran;
}

// Of idle groups as well: what they use is what it was.
void Monitor::note_usage(const Group& group, MonoTime now) {
  if (options_.usage == nullptr) return;
  options_.usage->note(*group.cgroup, {.at = now,
                                       .memory = group.sample.value(Field::kMemoryWorkingSet),
                                       .cpu_ns = group.sample.value(Field::kCpuUsage),
                                       .pids = group.sample.value(Field::kPids)});
}

void Monitor::sample_fast(MonoTime now) {
  for (const std::uint64_t serial : std::vector(fast_))
    if (const auto at = by_serial_.find(serial); at != by_serial_.end() && !at->second->owned) {
      cgroupfs::ReadTarget target{.cgroup = at->second->cgroup,
                                  .sample = &at->second->sample,
                                  .due = TierSet().with(Tier::kHot).with(Tier::kWarm),
                                  .full = true};
      reader_->read({&target, 1});
      ++stats_.samples;
      if (target.outcome == ReadOutcome::kRead) look_at(*at->second, now);
    }
}

// What the sample says, and the counters that are read by themselves.
void Monitor::look_at(Group& group, MonoTime now) {
  const auto hot_at = group.sample.read_at(Tier::kHot);
  // A signal between the ticks: the sample is old.
  if (!hot_at || now - *hot_at > options_.fast_tick / 2) {
    cgroupfs::ReadTarget target{.cgroup = group.cgroup,
                                .sample = &group.sample,
                                .due = TierSet().with(Tier::kHot),
                                .full = true};
    reader_->read({&target, 1});
    ++stats_.samples;
    if (target.outcome == ReadOutcome::kGone) return;
  }
  GroupNumbers numbers = numbers_of(group.sample, now);
  if (numbers.pids_limit)
    if (const auto forks = cgroupfs::read_refused_forks(layout_, *group.cgroup, buffer_); forks)
      group.refused_forks = *forks;
  numbers.refused_forks = group.refused_forks;
  if (layout_.mode == cgroupfs::Mode::kV2)
    if (const auto counters = cgroupfs::read_own_memory_counters(layout_, *group.cgroup, buffer_);
        counters) {
      numbers.high_events = counters->high;
      numbers.max_events = counters->max;
    }
  if (numbers.memory)
    group.curve.add({now, *numbers.memory, numbers.working_set.value_or(*numbers.memory)});
  const bool told_by_kernel = watcher_->watches_stalls(group.cgroup->serial);
  for (BreachEvent& event : group.judge.look(numbers)) {
    if (told_by_kernel && is_stall(event.kind)) continue;
    if (!event.limit.empty()) event.bound_by = group.cgroup->path;
    const bool near = event.kind == BreachKind::kNearLimit && event.percent >= 90U;
    tell(std::move(event), &group, now);
    // Who is in it may not be there to ask any more when it comes to a kill.
    if (near) remember_commands(group, now);
  }
}

void Monitor::want_thresholds(Group& group) {
  if (layout_.mode == cgroupfs::Mode::kV2 || group.wants_thresholds ||
      group.sample.value(Field::kMemoryLimit) == group.threshold_limit)
    return;
  group.wants_thresholds = true;
  unarmed_.push_back(group.cgroup->serial);
}

// One group each time. For each threshold the kernel waits until nobody has the old list any more,
// 8 to 16 ms (synchronize_rcu() in mm/memcontrol-v1.c, Linux 6.18), and what came meanwhile is
// told in between: of a thousand groups with limits that are there at the start, or get theirs at
// once, it would wait for half a minute.
void Monitor::arm_next() {
  if (unarmed_.empty()) return;
  const auto found = by_serial_.find(unarmed_.front());
  unarmed_.pop_front();
  if (found == by_serial_.end() || found->second->owned) return;
  Group& group = *found->second;
  group.wants_thresholds = false;
  const auto limit = group.sample.value(Field::kMemoryLimit);
  group.threshold_limit = limit;
  std::vector<std::uint64_t> bytes;
  if (limit)
    for (const std::uint64_t percent : options_.judge.near_limit)
      if (const std::uint64_t at = *limit / 100 * percent; at > 0) bytes.push_back(at);
  watcher_->set_thresholds(*group.cgroup, bytes);
}

void Monitor::remember_commands(Group& group, MonoTime now) {
  if (group.commands_at != MonoTime{} && now - group.commands_at < seconds(5)) return;
  const auto memory = layout_.of(cgroupfs::Controller::kMemory);
  if (!memory || !group.cgroup->in(*memory)) return;
  const auto dir = cgroupfs::open_cgroup(layout_, *group.cgroup, *memory);
  if (!dir) return;
  const auto procs = buffer_.read_at(*dir, "cgroup.procs");
  if (!procs) return;
  group.commands_at = now;
  group.commands.clear();
  std::vector<std::int32_t> pids;
  std::string_view rest = *procs;
  for (std::string_view line; pids.size() < kMostCommands && next_line(rest, line);)
    if (const auto pid = to_number<std::int32_t>(line); pid && *pid > 0) pids.push_back(*pid);
  for (const std::int32_t pid : pids)
    if (std::string command = command_line(pid); !command.empty())
      group.commands.emplace(pid, std::move(command));
}

// Arguments end with a NUL each; "" for a process without memory, or none.
std::string Monitor::command_line(std::int32_t pid) {
  const std::string name = std::to_string(pid) + "/cmdline";
  const auto text = buffer_.read_at(proc_, name.c_str());
  if (!text) return {};
  std::string command(text->substr(0, kLongestCommand));
  while (!command.empty() && command.back() == '\0') command.pop_back();
  std::ranges::replace(command, '\0', ' ');
  return command;
}

// A group that is gone keeps what was known of it: end() has asked.
void Monitor::identify(Group& group) {
  if (!group.owned) group.identity = inventory_->identify(*group.cgroup);
  if (!group.identity)
    group.identity =
        std::make_shared<const inventory::Identity>(inventory::classify(group.cgroup->path));
}

// The container that the group is, or the one it lies in; else itself.
inventory::IdentityPtr Monitor::identity_of(std::string_view path) {
  inventory::IdentityPtr nearest;
  for (std::string at(path); at.size() > 1; at = cgroupfs::parent_path(at)) {
    Group* group = find(at);
    if (group == nullptr) {
      if (inventory::Identity seen = inventory::classify(at); seen.is_container())
        return std::make_shared<const inventory::Identity>(std::move(seen));
      continue;
    }
    identify(*group);
    if (!nearest) nearest = group->identity;
    if (group->identity->is_container()) return group->identity;
  }
  return nearest;
}

std::string Monitor::name_of_group(std::string_view path) {
  if (path.empty()) return {};
  Group* group = find(path);
  if (group == nullptr) return inventory::classify(path).display;
  identify(*group);
  return group->identity->display;
}

void Monitor::tell(BreachEvent event, Group* group, MonoTime now) {
  if (group != nullptr && event.cgroup.empty()) event.cgroup = group->cgroup->path;
  event.at = clock_.wall();
  if (!event.identity) event.identity = identity_of(event.cgroup);
  if (event.bound_by_name.empty()) event.bound_by_name = name_of_group(event.bound_by);
  stats_.by_kind[event.kind] += event.count;
  if (auto passed = coalescer_.offer(std::move(event), now)) publish(*std::move(passed));
}

std::uint64_t Monitor::publish(BreachEvent event) {
  ++stats_.published;
  return ring_.publish(std::move(event))->id;
}

}  // namespace plimsoll::control
