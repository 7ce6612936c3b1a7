#include "cgroupfs/read/text_reader.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <string_view>
#include <utility>

#include "cgroupfs/read/blkio_source.h"
#include "cgroupfs/read/hold_policy.h"

namespace plimsoll::cgroupfs {

namespace {

// How often choose_blkio() is asked again: sooner as long as no device is counted at all, since the
// first one's numbers are missing until then. And how long a shortage of descriptors is remembered.
constexpr std::chrono::seconds kReplanInterval(60);
constexpr std::chrono::seconds kNoDeviceInterval(5);
constexpr std::chrono::seconds kReliefTime(60);

// Ticks are far apart, so nothing of a group is in the cache when its turn comes; but it can be
// fetched while the kernel prints the files of the groups before it.
constexpr std::size_t kAhead = 3;

// What a thread takes at a time: little enough that the two end together.
constexpr std::size_t kShare = 32;

void prefetch(const ReadTarget& target, const GroupState* state) {
  __builtin_prefetch(target.cgroup);
  __builtin_prefetch(target.sample);
  if (state == nullptr) return;
  __builtin_prefetch(state);
  __builtin_prefetch(reinterpret_cast<const char*>(state) + 64);
}

void add(std::map<std::string, std::uint64_t, std::less<>>& to,
         const std::map<std::string, std::uint64_t, std::less<>>& more) {
  for (const auto& [file, count] : more) to[file] += count;
}

void add(ReaderStats& to, const ReaderStats& more) {
  to.reads += more.reads;
  to.opens += more.opens;
  to.directory_opens += more.directory_opens;
  to.idle += more.idle;
  add(to.malformed, more.malformed);
  add(to.denied, more.denied);
  add(to.failed, more.failed);
}

}  // namespace

TextReader::TextReader(const Layout& layout, const Clock& clock, ReaderOptions options)
    : rules_(layout, clock, options), first_(rules_), second_(rules_) {
  rules_.plan = make_plan(layout, options.groups, blkio_);
  rules_.max_held = options.max_held;
}

void TextReader::read(std::span<ReadTarget> targets) {
  const MonoTime now = rules_.clock.now();
  if (now >= replan_at_) replan(now);
  adjust_budget(std::max(groups_.size(), targets.size()), now);
  known_.resize(targets.size());
  if (!are_worth_two(targets) || !read_by_two(targets)) read_alone(targets);
  settle(targets);
}

void TextReader::settle(std::span<const ReadTarget> targets) {
  bool moved = std::exchange(arranged_, false);
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const ReadTarget& target = targets[i];
    if (target.outcome == ReadOutcome::kGone) {
      ++gone_;
      forget(target.cgroup->serial);
    } else if (target.outcome == ReadOutcome::kRead && target.due.has(Tier::kSlow)) {
      const auto limit = target.sample->limit(Field::kCpuQuota);
      const bool quota = limit && !limit->is_none();
      if (std::exchange(known_[i].state->quota, quota) != quota) moved = true;
    }
  }
  if (moved) pass_quotas_down();
}

// A parent stands before its children. Where it is not among them, nobody knows.
void TextReader::pass_quotas_down() {
  for (const Known& known : known_) {
    if (known.state == nullptr) continue;
    const GroupState* above = known.above == kNowhere ? nullptr : known_[known.above].state;
    const bool none_above =
        known.above == kNowhere || (above != nullptr && !above->quota && !above->quota_above);
    known.state->quota_above = !(known.parent_known && none_above);
  }
}

// Somebody waits for a reading of them all: a scrape, or the first one. Not worth a thread that is
// woken up and a cache that is shared when only a few are read, or only looked at.
bool TextReader::are_worth_two(std::span<const ReadTarget> targets) const {
  if (rules_.options.two_threads_from == 0 || targets.size() < rules_.options.two_threads_from)
    return false;
  const auto is_read = [](const ReadTarget& target) {
    return target.full || target.due == TierSet::all();
  };
  // The first half tells: all are read, or hardly any is.
  return std::ranges::all_of(targets.first(targets.size() / 2), is_read);
}

void TextReader::read_alone(std::span<ReadTarget> targets) {
  for (std::size_t i = 0; i < targets.size(); ++i) {
    ReadTarget& target = targets[i];
    if (i + kAhead < targets.size()) prefetch(targets[i + kAhead], known_[i + kAhead].state);
    if (!is_known(target, i)) arrange(targets);
    if (!rests(targets, i))
      target.outcome = read_one(target, *known_[i].state, GroupReader::Attempt::kFirst);
  }
}

// A pod or a slice where nothing runs costs one file, however many groups are below it. Not by the
// root, where something always runs.
bool TextReader::rests(std::span<ReadTarget> targets, std::size_t place) {
  const Known& known = known_[place];
  if (known.above == kNowhere || targets[known.above].outcome == ReadOutcome::kGone) return false;
  return first_.rests_under(targets[known.above], *known_[known.above].state, targets[place],
                            *known.state);
}

ReadOutcome TextReader::read_one(ReadTarget& target, GroupState& state,
                                 GroupReader::Attempt attempt) {
  using enum GroupReader::Shortage;
  for (;; attempt = GroupReader::Attempt::kAgain) {
    if (const auto outcome = first_.visit(target, state, kStop, attempt)) return *outcome;
    if (relieve(rules_.clock.now())) continue;
    return *first_.visit(target, state, kGoOn, GroupReader::Attempt::kAgain);
  }
}

// False: there is no second thread.
bool TextReader::read_by_two(std::span<ReadTarget> targets) {
  for (std::size_t i = 0; i < targets.size(); ++i)
    if (!is_known(targets[i], i)) arrange(targets);
  // The root stands first. Its memory.stat makes the kernel flush everybody's counters, once.
  targets[0].outcome = read_one(targets[0], *known_[0].state, GroupReader::Attempt::kFirst);
  std::atomic<std::size_t> next = 1;
  // Whoever finds the process short of descriptors leaves the group to be visited by one thread
  // alone, which may take them away from others.
  std::array<std::vector<std::size_t>, 2> left;
  const auto work = [&](GroupReader& reader, std::vector<std::size_t>& again) {
    for (std::size_t i = next.fetch_add(kShare); i < targets.size(); i = next.fetch_add(kShare)) {
      for (const std::size_t end = std::min(i + kShare, targets.size()); i < end; ++i) {
        if (i + kAhead < end) prefetch(targets[i + kAhead], known_[i + kAhead].state);
        const auto outcome =
            reader.visit(targets[i], *known_[i].state, GroupReader::Shortage::kStop,
                         GroupReader::Attempt::kFirst);
        if (outcome)
          targets[i].outcome = *outcome;
        else
          again.push_back(i);
      }
    }
  };
  if (!thread_.run([&] { work(first_, left[0]); }, [&] { work(second_, left[1]); })) return false;
  for (const auto& again : left)
    for (const std::size_t i : again)
      targets[i].outcome = read_one(targets[i], *known_[i].state, GroupReader::Attempt::kAgain);
  return true;
}

void TextReader::forget(std::uint64_t serial) {
  const auto group = groups_.find(serial);
  if (group == groups_.end()) return;
  first_.release(group->second);
  for (Known& known : known_)
    if (known.serial == serial) known = {};
  groups_.erase(group);
}

ReaderStats TextReader::stats() const {
  ReaderStats stats = first_.stats();
  add(stats, second_.stats());
  stats.gone = gone_;
  stats.held = rules_.held;
  stats.held_per_cgroup = rules_.per_cgroup;
  stats.kernel_bytes = stats.held * kKernelBytesPerHeldFile;
  return stats;
}

// A disk's first throttling rule, or another scheduler, moves the numbers to other files.
void TextReader::replan(MonoTime now) {
  replan_at_ = now + kReplanInterval;
  first_.forget_missing();  // A module loaded since then may have brought them.
  second_.forget_missing();
  if (!rules_.plan.blkio) return;
  const std::optional<Blkio> source =
      choose_blkio(rules_.layout.hierarchies[*rules_.plan.blkio].dir);
  if (!source) replan_at_ = now + kNoDeviceInterval;
  if (source == blkio_) return;
  blkio_ = source;
  rules_.plan = make_plan(rules_.layout, rules_.options.groups, source);
  for (auto& [serial, state] : groups_) {
    first_.release(state);
    state.absent = 0;
    state.io_source_changed = true;
  }
}

void TextReader::adjust_budget(std::size_t groups, MonoTime now) {
  if (now >= relieved_until_) rules_.max_held = rules_.options.max_held;
  ReaderOptions options = rules_.options;
  options.max_held = rules_.max_held;
  const std::size_t next = budgeted_ ? next_per_cgroup(options, groups, rules_.per_cgroup)
                                     : allowed_per_cgroup(options, groups);
  if (next < rules_.per_cgroup) hold_at_most(next);
  rules_.per_cgroup = next;
  budgeted_ = true;
}

void TextReader::hold_at_most(std::size_t per_cgroup) {
  for (auto& [serial, state] : groups_) first_.hold_at_most(state, per_cgroup);
}

// The process is out of descriptors, whoever has them: gives back the lowest rank of everybody's
// held files. False when there is nothing to give.
bool TextReader::relieve(MonoTime now) {
  while (rules_.per_cgroup > 0) {
    const std::size_t before = rules_.held;
    hold_at_most(rules_.per_cgroup - 1);
    --rules_.per_cgroup;
    if (rules_.held == before) continue;
    rules_.max_held = rules_.held;
    relieved_until_ = now + kReliefTime;
    return true;
  }
  return false;
}

bool TextReader::is_known(const ReadTarget& target, std::size_t place) const {
  return known_[place].serial == target.cgroup->serial && known_[place].state != nullptr;
}

// The list is another one than at the last read().
void TextReader::arrange(std::span<const ReadTarget> targets) {
  arranged_ = true;
  std::unordered_map<std::string_view, std::uint32_t> places;
  places.reserve(targets.size());
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const Cgroup& cgroup = *targets[i].cgroup;
    Known& known = known_[i] = {cgroup.serial, &state_of(cgroup)};
    std::string_view above = cgroup.path;
    while (known.above == kNowhere && above.rfind('/') != 0 && !above.empty()) {
      above = above.substr(0, above.rfind('/'));
      if (const auto place = places.find(above); place != places.end()) known.above = place->second;
    }
    const std::size_t parent =
        known.above == kNowhere ? 0 : targets[known.above].cgroup->path.size();
    known.parent_known = cgroup.path.rfind('/') == parent || cgroup.path == "/";
    places.emplace(cgroup.path, static_cast<std::uint32_t>(i));
  }
}

GroupState& TextReader::state_of(const Cgroup& cgroup) {
  const auto [group, is_new] = groups_.try_emplace(cgroup.serial);
  GroupState& state = group->second;
  // So that groups found together are not all asked for their memory usage in one tick.
  if (is_new) state.visits = static_cast<std::uint32_t>(cgroup.serial % kIdleMemoryEvery);
  return state;
}

std::unique_ptr<CgroupReader> make_text_reader(const Layout& layout, const Clock& clock,
                                               ReaderOptions options) {
  return std::make_unique<TextReader>(layout, clock, options);
}

}  // namespace plimsoll::cgroupfs
