#include "control/journal/state.h"

#include <algorithm>
#include <set>
#include <utility>

namespace plimsoll::control {
namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};

bool same_group(const limit::Place& a, const limit::Place& b) {
  return a.hierarchy == b.hierarchy && a.inode == b.inode;
}

LeasedSpot* find_spot(Lease& lease, const Spot& spot) {
  const auto found = std::ranges::find(lease.spots, spot, &LeasedSpot::spot);
  return found == lease.spots.end() ? nullptr : &*found;
}

bool touches(const OpenChange& change, const std::set<Spot>& spots) {
  return std::ranges::any_of(change.begun.writes, [&](const limit::Write& earlier) {
    return spots.contains(spot_of(earlier));
  });
}

// Nothing of these is known to stand.
bool came_to_nothing(const Progress& progress) {
  using limit::WriteState;
  return progress.state == WriteState::kGone || progress.state == WriteState::kNotTried;
}

}  // namespace

void State::add(const Record& record) {
  std::visit(
      Overloaded{[&](const Started& one) { start(one); }, [&](const Begun& one) { begin(one); },
                 [&](const Stepped& one) { step(one); }, [&](const Ended& one) { end(one); },
                 [&](const Found& one) {
                   found_.insert_or_assign(one.spot, FoundValue{one.found, one.ours, one.rule});
                 },
                 [&](const Lease& one) {
                   keep_lease(one);
                   last_id_ = std::max(last_id_, one.id);
                 },
                 [&](const LeaseEnded& one) { end_lease(one.id); },
                 [&](const Forgotten& one) { forget(one.place); },
                 [&](const Returned& one) {
                   release(one.spot);
                   found_.erase(one.spot);
                 },
                 [&](const Counted& one) { last_id_ = std::max(last_id_, one.last_id); }},
      record);
}

void State::start(const Started& record) {
  if (started_ && started_->boot_id != record.at.boot_id) {
    dropped_by_boot_ += open_.size() + found_.size() + leases_.size();
    open_.clear();
    found_.clear();
    leases_.clear();
    leased_.clear();
  }
  started_ = record.at;
}

void State::begin(const Begun& record) {
  // No change is begun over one that is under way. Where it reads so, the end of the first was lost
  // to a bad disk, and it must not be taken back from under the second.
  std::set<Spot> spots;
  if (!open_.empty())
    for (const limit::Write& write : record.writes) spots.insert(spot_of(write));
  std::vector<std::uint64_t> ended;
  for (const auto& [id, change] : open_)
    if (touches(change, spots)) ended.push_back(id);
  for (const std::uint64_t id : ended) end({.id = id, .end = limit::Applied::End::kDone});
  last_id_ = std::max(last_id_, record.id);
  open_.insert_or_assign(record.id,
                         OpenChange{record, std::vector<Progress>(record.writes.size())});
}

void State::step(const Stepped& record) {
  const auto change = open_.find(record.id);
  if (change == open_.end() || record.write >= change->second.writes.size()) return;
  Progress& progress = change->second.writes[record.write];
  switch (record.step) {
    case Step::kBeforeWrite:
      progress.begun = true;
      return;
    case Step::kBeforeUndo:
      progress.undo_begun = true;
      return;
    case Step::kAfterWrite:
      progress.read_back = record.read_back;
      [[fallthrough]];
    case Step::kAfterUndo:
      progress.state = record.state;
      return;
  }
}

void State::end(const Ended& record) {
  const auto found = open_.find(record.id);
  if (found == open_.end()) return;
  const OpenChange change = std::move(found->second);
  open_.erase(found);
  if (record.end == limit::Applied::End::kDone) return settle(change);
  for (const std::uint32_t index : record.stuck)
    if (index < change.begun.writes.size()) keep_found(change.begun.writes[index], change.begun);
}

void State::settle(const OpenChange& change) {
  const Begun& begun = change.begun;
  Lease lease{.id = begun.id, .granted = begun.at, .length = begun.lease, .cause = begun.cause};
  // What a change sets for the time being and puts back itself (a guard) leaves nothing behind. A
  // lone write of what was there does: it says who holds the value from now on.
  struct Ends {
    std::string_view first_old, last_new;
    int writes = 0;
  };
  std::map<Spot, Ends> ends;
  for (const limit::Write& write : begun.writes) {
    Ends& of_spot = ends.try_emplace(spot_of(write), Ends{write.old_text, "", 0}).first->second;
    of_spot.last_new = write.expected;
    ++of_spot.writes;
  }
  std::set<Spot> seen;
  for (std::size_t i = 0; i < begun.writes.size(); ++i) {
    const limit::Write& write = begun.writes[i];
    // A controller that is enabled on the way is no limit.
    if (!write.knob || came_to_nothing(change.writes[i])) continue;
    const Spot spot = spot_of(write);
    const Ends& of_spot = ends.at(spot);
    if (of_spot.writes > 1 && of_spot.first_old == of_spot.last_new) continue;
    if (begun.purpose == Purpose::kSet || begun.purpose == Purpose::kRestore) release(spot);
    // A spot that is written twice goes back to what it was before the first.
    if (begun.purpose == Purpose::kLease && seen.insert(spot).second)
      lease.spots.push_back({spot, {write.old_text, write.undo}});
    keep_found(write, begun);
  }
  if (!lease.spots.empty()) keep_lease(std::move(lease));
}

void State::keep_lease(Lease lease) {
  end_index(lease.id);
  for (const LeasedSpot& leased : lease.spots) leased_[leased.spot].insert(lease.id);
  leases_.insert_or_assign(lease.id, std::move(lease));
}

// Its spots are not looked for there any longer.
void State::end_index(std::uint64_t id) {
  const auto lease = leases_.find(id);
  if (lease == leases_.end()) return;
  for (const LeasedSpot& leased : lease->second.spots) {
    const auto ids = leased_.find(leased.spot);
    if (ids == leased_.end()) continue;
    ids->second.erase(id);
    if (ids->second.empty()) leased_.erase(ids);
  }
}

void State::keep_found(const limit::Write& write, const Begun& begun) {
  if (!write.knob) return;
  const Purpose purpose = begun.purpose;
  const auto [entry, fresh] =
      found_.try_emplace(spot_of(write), FoundValue{{write.old_text, write.undo}, "", ""});
  entry->second.ours = write.expected;
  if (purpose == Purpose::kSet || purpose == Purpose::kRepair)
    entry->second.rule = begun.cause.rule;
  const bool returns = purpose == Purpose::kRestore || purpose == Purpose::kExpire;
  if (returns && limit::same_text(write.file, entry->second.found.text, write.expected))
    found_.erase(entry);
}

// What is set for good ends every lease of that spot.
void State::release(const Spot& spot) {
  const auto ids = leased_.extract(spot);
  if (!ids) return;
  for (const std::uint64_t id : ids.mapped()) {
    const auto lease = leases_.find(id);
    std::erase_if(lease->second.spots,
                  [&](const LeasedSpot& leased) { return leased.spot == spot; });
    if (lease->second.spots.empty()) leases_.erase(lease);
  }
}

void State::end_lease(std::uint64_t id) {
  const auto ended = leases_.find(id);
  if (ended == leases_.end()) return;
  end_index(id);
  for (LeasedSpot& leased : ended->second.spots) {
    const auto ids = leased_.find(leased.spot);
    if (ids == leased_.end()) continue;
    const auto heir = ids->second.upper_bound(id);
    if (heir != ids->second.end())
      find_spot(leases_.at(*heir), leased.spot)->before = std::move(leased.before);
  }
  leases_.erase(ended);
}

void State::forget(const limit::Place& place) {
  // The spots of a group stand together.
  const Spot first{{"", place.hierarchy, place.inode}, "", ""};
  const auto here = [&](const Spot& spot) { return same_group(spot.at, place); };
  for (auto found = found_.lower_bound(first); found != found_.end() && here(found->first);)
    found = found_.erase(found);
  std::vector<Spot> leased;
  for (auto one = leased_.lower_bound(first); one != leased_.end() && here(one->first); ++one)
    leased.push_back(one->first);
  for (const Spot& spot : leased) release(spot);
}

std::vector<Record> State::records() const {
  std::vector<Record> records;
  if (started_) records.push_back(Started{*started_});
  records.push_back(Counted{last_id_});
  for (const auto& [spot, value] : found_)
    records.push_back(Found{spot, value.found, value.ours, value.rule});
  for (const auto& [id, lease] : leases_) records.push_back(lease);
  for (const auto& [id, change] : open_) {
    records.push_back(change.begun);
    for (std::uint32_t i = 0; i < change.writes.size(); ++i) {
      const Progress& progress = change.writes[i];
      Stepped step{.id = id, .write = i, .read_back = progress.read_back};
      const auto say = [&](Step which) {
        step.step = which;
        records.push_back(step);
      };
      if (progress.begun) say(Step::kBeforeWrite);
      if (progress.undo_begun) say(Step::kBeforeUndo);
      if (progress.state) {
        step.state = *progress.state;
        say(Step::kAfterWrite);
      }
    }
  }
  return records;
}

std::optional<std::chrono::nanoseconds> remaining(const Lease& lease, const Moment& now) {
  if (lease.granted.boot_id != now.boot_id) return std::nullopt;
  return lease.granted.since_boot + lease.length - now.since_boot;
}

}  // namespace plimsoll::control
