#include "cgroupfs/read/text_reader.h"

#include <unistd.h>

#include <algorithm>

#include "cgroupfs/read/blkio_source.h"
#include "cgroupfs/read/hold_policy.h"

namespace plimsoll::cgroupfs {

namespace {

// How often choose_blkio() is asked again: sooner as long as no device is counted at all, since the
// first one's numbers are missing until then. And how long a shortage of descriptors is remembered.
constexpr std::chrono::seconds kReplanInterval(60);
constexpr std::chrono::seconds kNoDeviceInterval(5);
constexpr std::chrono::seconds kReliefTime(60);

PutContext context_of_this_kernel() {
  const long ticks = ::sysconf(_SC_CLK_TCK);
  const long page_size = ::sysconf(_SC_PAGESIZE);
  PutContext context;
  if (ticks > 0) context.ticks_per_second = static_cast<std::uint64_t>(ticks);
  if (page_size > 0) context.page_size = static_cast<std::uint64_t>(page_size);
  return context;
}

// Ticks are far apart, so nothing of a group is in the cache when its turn comes; but it can be
// fetched while the kernel prints the files of the groups before it.
constexpr std::size_t kAhead = 3;

void prefetch(const ReadTarget& target, const GroupState* state) {
  __builtin_prefetch(target.cgroup);
  __builtin_prefetch(target.sample);
  if (state == nullptr) return;
  __builtin_prefetch(state);
  __builtin_prefetch(reinterpret_cast<const char*>(state) + 64);
}

int hugetlb_version(const Layout& layout) {
  const auto hierarchy = layout.of(Controller::kHugetlb);
  return hierarchy ? layout.hierarchies[*hierarchy].version : 2;
}

}  // namespace

TextReader::TextReader(const Layout& layout, const Clock& clock, ReaderOptions options)
    : layout_(layout),
      clock_(clock),
      options_(options),
      context_(context_of_this_kernel()),
      plan_(make_plan(layout, options.groups, blkio_)),
      hugetlb_(hugetlb_version(layout)),
      max_held_(options.max_held) {}

void TextReader::read(std::span<ReadTarget> targets) {
  const MonoTime now = clock_.now();
  if (now >= replan_at_) replan(now);
  adjust_budget(std::max(groups_.size(), targets.size()), now);
  known_.resize(targets.size());
  for (std::size_t i = 0; i < targets.size(); ++i) {
    ReadTarget& target = targets[i];
    if (i + kAhead < targets.size()) prefetch(targets[i + kAhead], known_[i + kAhead].state);
    target.outcome = visit_group(target, state_of(*target.cgroup, i));
    if (target.outcome == ReadOutcome::kIdle) ++stats_.idle;
    if (target.outcome == ReadOutcome::kGone) {
      ++stats_.gone;
      forget(target.cgroup->serial);
    }
  }
}

void TextReader::forget(std::uint64_t serial) {
  const auto group = groups_.find(serial);
  if (group == groups_.end()) return;
  release(group->second);
  for (Known& known : known_)
    if (known.serial == serial) known = {};
  groups_.erase(group);
}

ReaderStats TextReader::stats() const {
  ReaderStats stats = stats_;
  stats.held = held_;
  stats.held_per_cgroup = per_cgroup_.value_or(0);
  stats.kernel_bytes = held_ * kKernelBytesPerHeldFile;
  return stats;
}

// A disk's first throttling rule, or another scheduler, moves the numbers to other files.
void TextReader::replan(MonoTime now) {
  replan_at_ = now + kReplanInterval;
  missing_v1_ = {};  // A module loaded since then may have brought them.
  if (!plan_.blkio) return;
  const std::optional<Blkio> source = choose_blkio(layout_.hierarchies[*plan_.blkio].dir);
  if (!source) replan_at_ = now + kNoDeviceInterval;
  if (source == blkio_) return;
  blkio_ = source;
  plan_ = make_plan(layout_, options_.groups, source);
  for (auto& [serial, state] : groups_) {
    release(state);
    state.absent = 0;
    state.io_source_changed = true;
  }
}

void TextReader::adjust_budget(std::size_t groups, MonoTime now) {
  if (now >= relieved_until_) max_held_ = options_.max_held;
  ReaderOptions options = options_;
  options.max_held = max_held_;
  const std::size_t next = per_cgroup_ ? next_per_cgroup(options, groups, *per_cgroup_)
                                       : allowed_per_cgroup(options, groups);
  if (per_cgroup_ && next < *per_cgroup_) hold_at_most(next);
  per_cgroup_ = next;
}

void TextReader::hold_at_most(std::size_t per_cgroup) {
  for (auto& [serial, state] : groups_) {
    for (std::size_t rank = per_cgroup; rank < kMaxHot; ++rank) let_go(state.held[rank]);
  }
}

// The process is out of descriptors, whoever has them: gives back the lowest rank of everybody's
// held files. False when there is nothing to give.
bool TextReader::relieve(MonoTime now) {
  while (per_cgroup_.value_or(0) > 0) {
    const std::size_t before = held_;
    hold_at_most(*per_cgroup_ - 1);
    --*per_cgroup_;
    if (held_ == before) continue;
    max_held_ = held_;
    relieved_until_ = now + kReliefTime;
    return true;
  }
  return false;
}

void TextReader::release(GroupState& state) {
  for (Fd& fd : state.held) let_go(fd);
}

void TextReader::let_go(Fd& held) {
  if (!held) return;
  held.reset();
  --held_;
}

// `place`: of its target in this read().
GroupState& TextReader::state_of(const Cgroup& cgroup, std::size_t place) {
  Known& known = known_[place];
  if (known.serial == cgroup.serial && known.state != nullptr) return *known.state;
  const auto [group, is_new] = groups_.try_emplace(cgroup.serial);
  GroupState& state = group->second;
  if (is_new) {
    state.absent = missing_v1_[cgroup.path == "/" ? 1 : 0];
    // So that groups found together are not all asked for their memory usage in one tick.
    state.visits = static_cast<std::uint32_t>(cgroup.serial % kIdleMemoryEvery);
  }
  known = {cgroup.serial, &state};
  return state;
}

std::unique_ptr<CgroupReader> make_text_reader(const Layout& layout, const Clock& clock,
                                               ReaderOptions options) {
  return std::make_unique<TextReader>(layout, clock, options);
}

}  // namespace plimsoll::cgroupfs
