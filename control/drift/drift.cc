#include "control/drift/drift.h"

#include <algorithm>

#include "cgroupfs/limit/apply.h"

namespace plimsoll::drift {

std::string_view name_of(Calm calm) {
  switch (calm) {
    case Calm::kHeld:
      return "held";
    case Calm::kAdopted:
      return "adopted";
    case Calm::kForeign:
      return "foreign";
    case Calm::kFight:
      break;
  }
  return "fight";
}

void DriftBook::hold(const Spot& spot, Holding holding) {
  const auto known = spots_.find(spot);
  if (known != spots_.end() && known->second.holding == holding) return;
  if (known == spots_.end()) {
    std::vector<Spot>& group = groups_[group_of(spot)];
    if (group.empty()) paths_[spot.at.cgroup].push_back(group_of(spot));
    group.push_back(spot);
  }
  leave(spot);
  enter(spot, Entry{.holding = std::move(holding), .damping = Damping(options_)});
}

void DriftBook::enter(const Spot& spot, Entry entry) {
  ++calm_[entry.calm];
  spots_.insert_or_assign(spot, std::move(entry));
}

void DriftBook::leave(const Spot& spot) {
  const auto known = spots_.find(spot);
  if (known == spots_.end()) return;
  --calm_[known->second.calm];
  waiting_.erase(spot);
  fights_.erase(spot);
  spots_.erase(known);
}

void DriftBook::set_calm(const Spot& spot, Entry& entry, Calm calm) {
  --calm_[entry.calm];
  ++calm_[calm];
  entry.calm = calm;
  if (calm == Calm::kFight)
    fights_.insert(spot);
  else
    fights_.erase(spot);
}

void DriftBook::set_answer_at(const Spot& spot, Entry& entry, std::optional<MonoTime> at) {
  entry.answer_at = at;
  if (at)
    waiting_.insert(spot);
  else
    waiting_.erase(spot);
}

void DriftBook::release(const Spot& spot) {
  if (!spots_.contains(spot)) return;
  leave(spot);
  std::vector<Spot>& group = groups_.at(group_of(spot));
  std::erase(group, spot);
  if (group.empty()) drop_group(group_of(spot), spot.at.cgroup);
}

void DriftBook::forget(const Group& group) {
  own_.erase(group);
  const auto spots = spots_in(group);
  if (spots.empty()) return;
  const std::string cgroup = spots.front().at.cgroup;
  for (const Spot& spot : spots) leave(spot);
  drop_group(group, cgroup);
}

void DriftBook::drop_group(const Group& group, const std::string& cgroup) {
  groups_.erase(group);
  const auto path = paths_.find(cgroup);
  std::erase(path->second, group);
  if (path->second.empty()) paths_.erase(path);
}

std::vector<Group> DriftBook::groups_at(const std::string& cgroup) const {
  const auto known = paths_.find(cgroup);
  return known == paths_.end() ? std::vector<Group>() : known->second;
}

void DriftBook::begin_own(const Group& group) {
  ++own_[group];
}

void DriftBook::end_own(const Group& group) {
  const auto own = own_.find(group);
  if (own == own_.end() || --own->second > 0) return;
  own_.erase(own);
  ended_.push_back(group);
}

std::span<const Spot> DriftBook::spots_in(const Group& group) const {
  const auto known = groups_.find(group);
  return known == groups_.end() ? std::span<const Spot>() : known->second;
}

std::vector<Spot> DriftBook::to_read(const Group& group) const {
  std::vector<Spot> spots;
  if (own_.contains(group)) return spots;
  for (const Spot& spot : spots_in(group))
    if (!spots_.at(spot).answering) spots.push_back(spot);
  return spots;
}

std::vector<Group> DriftBook::take_ended() {
  std::ranges::sort(ended_);
  ended_.erase(std::unique(ended_.begin(), ended_.end()), ended_.end());
  return std::exchange(ended_, {});
}

std::optional<Finding> DriftBook::judge(const Spot& spot, std::string_view text) {
  const auto known = spots_.find(spot);
  if (known == spots_.end() || known->second.answering || own_.contains(group_of(spot)))
    return std::nullopt;
  Entry& entry = known->second;
  if (limit::same_text(spot.file, entry.holding.expected, text)) {
    back_to_normal(spot, entry);
    return std::nullopt;
  }
  const MonoTime now = clock_.now();
  const bool waited = entry.answer_at && now >= *entry.answer_at;
  // The file was written, but with nothing new.
  if (!waited && entry.said == text) return std::nullopt;
  if (!waited) {
    ++counts_.foreign;
    entry.said = text;
    if (!entry.seen) entry.seen = clock_.wall();
    const bool first = !entry.answer_at.has_value();
    set_answer_at(spot, entry, entry.damping.wrote(now));
    if (first) entry.delay = *entry.answer_at - now;
    if (*entry.answer_at > now) {
      if (first) ++counts_.slowed;
      set_calm(spot, entry, Calm::kFight);
      return std::nullopt;
    }
  }
  return answer(spot, entry, text);
}

void DriftBook::back_to_normal(const Spot& spot, Entry& entry) {
  // Whoever wrote took it back: the answer that waited has nothing to say.
  set_answer_at(spot, entry, std::nullopt);
  entry.seen.reset();
  entry.said.reset();
  entry.damping.answered();
  if (entry.calm == Calm::kForeign) set_calm(spot, entry, Calm::kHeld);
}

Finding DriftBook::answer(const Spot& spot, Entry& entry, std::string_view text) {
  Finding finding{.spot = spot,
                  .held = entry.holding,
                  .found = std::string(text),
                  .seen = entry.seen.value_or(clock_.wall()),
                  .act = entry.holding.on_drift,
                  .in_a_row = entry.damping.in_a_row(),
                  .delay = entry.delay};
  set_answer_at(spot, entry, std::nullopt);
  entry.seen.reset();
  entry.said = text;
  entry.damping.answered();
  const bool fight = entry.damping.is_fight();
  switch (entry.holding.on_drift) {
    case OnDrift::kReport:
      ++counts_.reported;
      set_calm(spot, entry, fight ? Calm::kFight : Calm::kForeign);
      break;
    case OnDrift::kRepair:
      entry.answering = true;
      set_calm(spot, entry, fight ? Calm::kFight : Calm::kForeign);
      break;
    case OnDrift::kAdopt:
      ++counts_.adopted;
      entry.holding.expected = text;
      set_calm(spot, entry, fight ? Calm::kFight : Calm::kAdopted);
      break;
  }
  return finding;
}

void DriftBook::repaired(const Spot& spot, Repair how) {
  const auto known = spots_.find(spot);
  if (known == spots_.end() || !known->second.answering) return;
  Entry& entry = known->second;
  entry.answering = false;
  entry.said.reset();
  ++(how == Repair::kDone ? counts_.repaired : counts_.failed);
  if (how == Repair::kDone && entry.calm == Calm::kForeign) set_calm(spot, entry, Calm::kHeld);
  ended_.push_back(group_of(spot));  // Nobody has looked meanwhile.
}

std::vector<Spot> DriftBook::due() const {
  std::vector<Spot> spots;
  const MonoTime now = clock_.now();
  for (const Spot& spot : waiting_)
    if (now >= *spots_.at(spot).answer_at && !own_.contains(group_of(spot))) spots.push_back(spot);
  return spots;
}

std::optional<MonoTime> DriftBook::next_due() const {
  std::optional<MonoTime> next;
  for (const Spot& spot : waiting_) {
    const auto at = spots_.at(spot).answer_at;
    if (!own_.contains(group_of(spot)) && (!next || *at < *next)) next = at;
  }
  return next;
}

// A fight ends by itself when nobody writes any longer.
Calm DriftBook::now(const Entry& entry) const {
  if (entry.calm != Calm::kFight || !entry.damping.is_quiet(clock_.now())) return entry.calm;
  if (entry.said) return Calm::kForeign;
  return entry.holding.on_drift == OnDrift::kAdopt ? Calm::kAdopted : Calm::kHeld;
}

std::optional<Calm> DriftBook::calm_of(const Spot& spot) const {
  const auto known = spots_.find(spot);
  if (known == spots_.end()) return std::nullopt;
  return now(known->second);
}

std::optional<Calm> DriftBook::calm_of(const Group& group) const {
  std::optional<Calm> worst;
  for (const Spot& spot : spots_in(group)) {
    const Calm calm = now(spots_.at(spot));
    if (!worst || calm > *worst) worst = calm;
  }
  return worst;
}

std::map<Calm, std::size_t> DriftBook::census() const {
  std::map<Calm, std::size_t> census;
  for (const auto& [calm, count] : calm_)
    if (calm != Calm::kFight && count > 0) census[calm] = count;
  for (const Spot& spot : fights_) ++census[now(spots_.at(spot))];
  return census;
}

}  // namespace plimsoll::drift
