#include "cgroupfs/limit/order.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/number.h"
#include "base/text.h"
#include "cgroupfs/limit/apply.h"
#include "cgroupfs/limit/rules.h"
#include "cgroupfs/limit/write_of.h"
#include "cgroupfs/tree/group_path.h"

namespace plimsoll::limit {
namespace {

constexpr std::string_view kQuota = "cpu.cfs_quota_us";
constexpr std::string_view kPeriod = "cpu.cfs_period_us";

// Children first when less is allowed, parents first when more is: then no group is for a moment
// allowed more than its parent will be, or less than it was and will be.
enum class Phase : std::uint8_t { kEnable, kShrink, kSwap, kGrow };

double height(std::string_view text) {
  const auto number = finite(text.substr(0, text.find(' ')));
  return number ? static_cast<double>(*number) : HUGE_VAL;
}

// CPU time per time of a cpu.max, a quota beside its period, or a period beside its quota.
double share(std::string_view quota, std::string_view period) {
  return height(quota) / std::max(1.0, height(period));
}

Phase phase_of(const KernelModel& model, const Change& change) {
  if (!change.knob) return Phase::kEnable;
  const std::string* now = model.text(change.group, change.file);
  if (now == nullptr) return Phase::kSwap;
  if (change.file == "cpuset.cpus" || change.file == "cpuset.mems") {
    const auto before = IdSet::parse(*now);
    const auto after = IdSet::parse(change.text);
    if (!before || !after) return Phase::kSwap;
    if (after->subset_of(*before)) return Phase::kShrink;
    return before->subset_of(*after) ? Phase::kGrow : Phase::kSwap;
  }
  double before = height(*now);
  double after = height(change.text);
  if (change.file == "cpu.max") {
    const auto ratio = [](std::string_view text) {
      const std::size_t blank = text.find(' ');
      return share(text.substr(0, blank), blank == text.npos ? "" : text.substr(blank + 1));
    };
    before = ratio(*now);
    after = ratio(change.text);
  }
  // A longer period is less per time.
  if (change.file == kPeriod) std::swap(before, after);
  if (!change.key.empty()) return Phase::kSwap;
  return after < before ? Phase::kShrink : after > before ? Phase::kGrow : Phase::kSwap;
}

using Spot = std::pair<std::size_t, std::string>;  // Group and file.

class Ordering {
 public:
  Ordering(KernelModel& model, std::vector<Change> changes, Plan& plan)
      : model_(model), plan_(plan), pending_(std::move(changes)) {}

  void run() {
    sort();
    while (!settle()) {
    }
    for (const Change& change : pending_) {
      Write write = describe(model_, change, change.text);
      write.expected = write.old_text;
      write.predicted_errno = model_.judge(change.group, change.file, change.text).os_error;
      write.reason += std::string("; the kernel will refuse: ") +
                      why_refused(model_, change, write.predicted_errno);
      plan_.writes.push_back(std::move(write));
    }
  }

 private:
  struct Ranked {
    Phase phase;
    std::size_t depth;
    std::size_t index;
  };

  struct Snapshot {
    KernelModel model;
    std::size_t writes;
    std::vector<Change> pending;
  };

  // Takes what can be taken. False: a detour led nowhere; all is as before it, and it will not be
  // tried again.
  bool settle() {
    std::optional<Snapshot> before;
    std::set<Spot> detours;
    for (;;) {
      while (!pending_.empty() && pass()) {
      }
      if (pending_.empty()) return true;
      if (!before) before = Snapshot{model_, plan_.writes.size(), pending_};
      const auto spot = step_aside(detours);
      if (!spot) break;
      detours.insert(*spot);
    }
    bool in_vain = false;
    for (const Change& change : pending_)
      if (detours.contains({change.group, change.file}))
        in_vain = useless_.insert({change.group, change.file}).second || in_vain;
    if (!in_vain) return true;
    model_ = std::move(before->model);
    plan_.writes.resize(before->writes);
    pending_ = std::move(before->pending);
    return false;
  }

  void sort() {
    std::vector<Ranked> ranks;
    ranks.reserve(pending_.size());
    for (std::size_t i = 0; i < pending_.size(); ++i)
      ranks.push_back({phase_of(model_, pending_[i]),
                       cgroupfs::depth_of(model_.view().groups[pending_[i].group].path), i});
    std::ranges::sort(ranks, [](const Ranked& a, const Ranked& b) {
      if (a.phase != b.phase) return a.phase < b.phase;
      if (a.depth != b.depth) return (a.depth > b.depth) == (a.phase == Phase::kShrink);
      return a.index < b.index;
    });
    std::vector<Change> sorted;
    sorted.reserve(pending_.size());
    for (const Ranked& rank : ranks) sorted.push_back(std::move(pending_[rank.index]));
    pending_ = std::move(sorted);
    prefer_periods();
  }

  // Quota and period cannot be written at once on v1. Of the two states in between the one that is
  // neither looser nor tighter than both ends is better, if there is one; else the tighter.
  void prefer_periods() {
    std::map<std::size_t, std::size_t> first;  // By group: the earlier of the two.
    for (std::size_t i = 0; i < pending_.size(); ++i) {
      if (pending_[i].file != kQuota && pending_[i].file != kPeriod) continue;
      const auto [earlier, alone] = first.try_emplace(pending_[i].group, i);
      if (alone) continue;
      Change& one = pending_[earlier->second];
      Change& other = pending_[i];
      const bool quota_first = one.file == kQuota;
      if (better_quota_first(quota_first ? one : other, quota_first ? other : one) != quota_first)
        std::swap(one, other);
    }
  }

  bool better_quota_first(const Change& quota, const Change& period) const {
    const std::string* quota_now = model_.text(quota.group, kQuota);
    const std::string* period_now = model_.text(quota.group, kPeriod);
    if (quota_now == nullptr || period_now == nullptr) return true;
    const auto [low, high] =
        std::minmax({share(*quota_now, *period_now), share(quota.text, period.text)});
    const double quota_first = share(quota.text, *period_now);
    const double period_first = share(*quota_now, period.text);
    const auto within = [&](double ratio) { return ratio >= low && ratio <= high; };
    if (within(quota_first) != within(period_first)) return within(quota_first);
    return quota_first <= period_first;
  }

  // Every pending change that the kernel takes now, in order. True if one was taken.
  bool pass() {
    std::vector<Change> left;
    bool any = false;
    for (Change& change : pending_) {
      if (take(change, change.text))
        any = true;
      else
        left.push_back(std::move(change));
    }
    pending_ = std::move(left);
    return any;
  }

  // True: done, or nothing to do.
  bool take(const Change& change, const std::string& text) {
    Verdict verdict = model_.judge(change.group, change.file, text);
    if (verdict.os_error != 0) return false;
    const std::string* now = model_.text(change.group, change.file);
    if (same_text(change.file, line_of(verdict.stored, change.key), line_of(*now, change.key)) &&
        !verdict.also_differs(model_, change.group))
      return true;
    Write write = describe(model_, change, text);
    model_.accept(change.group, change.file, text, std::move(verdict));
    write.expected = line_of(*model_.text(change.group, change.file), change.key);
    add_effective(model_, change, write);
    plan_.writes.push_back(std::move(write));
    return true;
  }

  // No change is taken as it is: one that is wider for the time being may open the way. Where it
  // was made.
  std::optional<Spot> step_aside(const std::set<Spot>& made) {
    for (const Change& change : pending_) {
      Spot spot{change.group, change.file};
      if (made.contains(spot) || useless_.contains(spot)) continue;
      Change detour = change;
      if (!widen(detour)) continue;
      const std::size_t writes = plan_.writes.size();
      if (take(detour, detour.text) && plan_.writes.size() > writes) return spot;
    }
    return std::nullopt;
  }

  bool widen(Change& change) const {
    const std::string* now = model_.text(change.group, change.file);
    if (now == nullptr) return false;
    if (change.file == "cpuset.cpus" || change.file == "cpuset.mems") {
      const auto before = IdSet::parse(*now);
      const auto after = IdSet::parse(change.text);
      if (!before || !after) return false;
      change.text = before->united(*after).text();
      change.reason += "; old and new together until its children have moved";
      return true;
    }
    const auto is_period = [&](const Change& other) {
      return other.group == change.group && other.file == kPeriod;
    };
    if (change.file != kQuota || *now == "-1" || std::ranges::none_of(pending_, is_period))
      return false;
    change.text = "-1";
    change.reason += "; its parent's bound alone until the period is set";
    return true;
  }

  KernelModel& model_;
  Plan& plan_;
  std::vector<Change> pending_;
  std::set<Spot> useless_;  // Detours that led nowhere.
};

}  // namespace

void order_changes(KernelModel& model, std::vector<Change> changes, Plan& plan) {
  Ordering(model, std::move(changes), plan).run();
}

}  // namespace plimsoll::limit
