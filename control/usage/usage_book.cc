#include "control/usage/usage_book.h"

#include <algorithm>
#include <utility>

namespace plimsoll::control {
namespace {

using std::chrono::nanoseconds;

// Less than this apart is one look; more than this is a gap.
constexpr nanoseconds kLeast = std::chrono::milliseconds(500);
constexpr nanoseconds kMost = std::chrono::seconds(30);

// It may join hierarchies one after the other, but is in none of them twice.
bool is_same(const cgroupfs::Cgroup& one, const cgroupfs::Cgroup& other) {
  bool any = false;
  for (std::size_t h = 0; h < cgroupfs::kMaxHierarchies; ++h) {
    if (!one.in(h) || !other.in(h)) continue;
    if (one.inode[h] != other.inode[h]) return false;
    any = true;
  }
  return any;
}

std::optional<policy::Use> use_of(const Histogram& now, const Histogram& before) {
  if (now.empty() && before.empty()) return std::nullopt;
  return Histogram::use_of(now, before);
}

// Billionths of a CPU between two looks; a counter that went back is another group's.
std::optional<std::uint64_t> nano_cpus(const UsageSample& from, const UsageSample& to) {
  if (!from.cpu_ns || !to.cpu_ns || *to.cpu_ns < *from.cpu_ns) return std::nullopt;
  const auto seconds = std::chrono::duration<double>(to.at - from.at).count();
  return static_cast<std::uint64_t>(static_cast<double>(*to.cpu_ns - *from.cpu_ns) / seconds);
}

std::uint32_t seconds_in(nanoseconds time) {
  return static_cast<std::uint32_t>(
      std::max<std::int64_t>(std::chrono::round<std::chrono::seconds>(time).count(), 1));
}

}  // namespace

void UsageBook::note(const cgroupfs::Cgroup& group, const UsageSample& sample) {
  const std::scoped_lock guard(mutex_);
  Entry& entry = groups_[group.path];
  if (!is_same(entry.group, group)) entry = {};
  entry.group = group;
  const auto apart = entry.last ? sample.at - entry.last->at : nanoseconds(0);
  if (entry.last && apart < kLeast) return;
  if (entry.now.span >= part_) entry.before = std::exchange(entry.now, {});
  Part& part = entry.now;
  const bool follows = entry.last && apart <= kMost;
  const std::uint32_t times = follows ? seconds_in(apart) : 1;
  if (sample.memory) part.memory.add(*sample.memory, times);
  if (sample.pids) part.pids.add(*sample.pids, times);
  if (follows) {
    part.span += apart;
    if (const auto cpus = nano_cpus(*entry.last, sample)) part.nano_cpus.add(*cpus, times);
  }
  entry.last = sample;
}

void UsageBook::forget(const std::string& path) {
  const std::scoped_lock guard(mutex_);
  groups_.erase(path);
}

policy::Observed UsageBook::observed(const cgroupfs::Cgroup& group) const {
  const std::scoped_lock guard(mutex_);
  const auto known = groups_.find(group.path);
  if (known == groups_.end() || !is_same(known->second.group, group)) return {};
  return known->second.observed();
}

Seen UsageBook::seen(const std::string& path) const {
  const std::scoped_lock guard(mutex_);
  const auto known = groups_.find(path);
  if (known == groups_.end()) return {};
  const Entry& entry = known->second;
  Seen seen{.observed = entry.observed(),
            .last = entry.last,
            .memory = entry.now.memory,
            .nano_cpus = entry.now.nano_cpus,
            .pids = entry.now.pids};
  seen.memory.add(entry.before.memory);
  seen.nano_cpus.add(entry.before.nano_cpus);
  seen.pids.add(entry.before.pids);
  return seen;
}

policy::Observed UsageBook::Entry::observed() const {
  return {.span = now.span + before.span,
          .memory = use_of(now.memory, before.memory),
          .nano_cpus = use_of(now.nano_cpus, before.nano_cpus),
          .pids = use_of(now.pids, before.pids)};
}

}  // namespace plimsoll::control
