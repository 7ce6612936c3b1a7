#include "control/enforcer/returning.h"

#include <algorithm>
#include <ranges>
#include <set>
#include <tuple>
#include <utility>

#include "cgroupfs/limit/apply.h"
#include "cgroupfs/limit/model.h"
#include "cgroupfs/limit/order.h"
#include "cgroupfs/limit/translate.h"

namespace plimsoll::control {
namespace {

bool is_named(std::string_view pattern, std::string_view file) {
  const std::size_t percent = pattern.find('%');
  if (percent == std::string_view::npos) return pattern == file;
  return file.size() >= pattern.size() && file.starts_with(pattern.substr(0, percent)) &&
         file.ends_with(pattern.substr(percent + 1));
}

// Some knob that is kept in this file; those that share a file share a controller.
std::optional<limit::Knob> knob_of(std::string_view file) {
  for (const limit::KnobInfo& info : limit::catalogue())
    if (is_named(info.file_v1, file) || is_named(info.file_v2, file)) return info.knob;
  return std::nullopt;
}

bool is_list(std::string_view file) {
  return file == "cpuset.cpus" || file == "cpuset.mems";
}

// Collects values to come back to, then orders their writes.
class Return {
 public:
  Return(const limit::KernelView& view, std::string reason)
      : model_(view), reason_(std::move(reason)) {}

  // Nothing: the group is gone. The text is the file's, or the key's line.
  [[nodiscard]] std::optional<std::string> current(const Spot& spot) const {
    const auto group = group_of(spot);
    const std::string* text = group ? model_.text(*group, spot.file) : nullptr;
    if (text == nullptr) return std::nullopt;
    return std::string(limit::line_of(*text, spot.key));
  }
  void add(const Spot& spot, const Before& before) {
    const auto group = group_of(spot);
    if (!group) return;
    // A value of its own wins over another one's side effect.
    for (const limit::UndoWrite& write : before.writes) {
      const bool own = write.file == spot.file;
      limit::UndoWrite back = write;
      // What stood for none at the time of the first change may not be what does now.
      if (own && before.text.empty() && is_list(write.file)) back.text.clear();
      limit::Change change{.group = *group,
                           .file = write.file,
                           .key = own ? spot.key : std::string(),
                           .text = possible(*group, back),
                           .knob = knob_of(write.file),
                           .reason = reason_};
      (own ? own_ : side_).push_back(std::move(change));
    }
  }
  [[nodiscard]] limit::Plan plan() {
    std::set<std::tuple<std::size_t, std::string, std::string>> taken;
    std::vector<limit::Change> changes;
    for (std::vector<limit::Change>* list : {&own_, &side_})
      for (limit::Change& change : *list)
        if (taken.emplace(change.group, change.file, change.key).second)
          changes.push_back(std::move(change));
    limit::Plan plan;
    limit::order_changes(model_, std::move(changes), plan);
    return plan;
  }

 private:
  // A v2 group must not lose its own list while it has processes (ENOSPC in validate_change of
  // kernel/cgroup/cpuset.c); what the ancestors have is the same for now, as in "unset".
  [[nodiscard]] std::string possible(std::size_t group, const limit::UndoWrite& write) const {
    const auto& cpuset = model_.view().of(cgroupfs::Controller::kCpuset);
    const auto above = model_.parent(group);
    const std::string* now = model_.text(group, write.file);
    if (!is_list(write.file) || !write.text.empty() || cpuset.version != 2 || !above ||
        now == nullptr || now->empty() || !model_.populated(group, cpuset.hierarchy))
      return write.text;
    return model_.effective(*above, std::string_view(write.file).substr(sizeof("cpuset.") - 1))
        .text();
  }
  [[nodiscard]] std::optional<std::size_t> group_of(const Spot& spot) const {
    const auto group = model_.view().index_of(spot.at.cgroup);
    if (!group || model_.view().groups[*group].inode[spot.at.hierarchy] != spot.at.inode)
      return std::nullopt;
    return group;
  }

  limit::KernelModel model_;
  std::string reason_;
  std::vector<limit::Change> own_;
  std::vector<limit::Change> side_;
};

bool held_by_later(const State& state, std::uint64_t lease, const Spot& spot) {
  for (auto later = state.leases().upper_bound(lease); later != state.leases().end(); ++later)
    if (std::ranges::find(later->second.spots, spot, &LeasedSpot::spot) !=
        later->second.spots.end())
      return true;
  return false;
}

}  // namespace

std::vector<std::string> groups_of(const Lease& lease) {
  std::set<std::string> groups;
  for (const LeasedSpot& leased : lease.spots) groups.insert(leased.spot.at.cgroup);
  return {groups.begin(), groups.end()};
}

Returning restoration(const State& state, const limit::KernelView& view,
                      std::span<const std::string> groups) {
  std::vector<Spot> spots;
  for (const auto& [spot, value] : state.found())
    if (std::ranges::find(groups, spot.at.cgroup) != groups.end()) spots.push_back(spot);
  return restoration(state, view, spots);
}

Returning restoration(const State& state, const limit::KernelView& view,
                      std::span<const Spot> spots) {
  Returning returning;
  Return back(view, "as it was found");
  for (const Spot& spot : spots) {
    const auto found = state.found().find(spot);
    if (found == state.found().end()) continue;
    if (back.current(spot)) {
      back.add(spot, found->second.found);
      returning.after.emplace_back(Returned{spot});
    } else {
      returning.after.emplace_back(Forgotten{spot.at});
    }
  }
  returning.plan = back.plan();
  return returning;
}

Returning expiry(const State& state, const limit::KernelView& view, std::uint64_t lease) {
  Returning returning;
  const auto ended = state.leases().find(lease);
  if (ended == state.leases().end()) return returning;
  Return back(view, "end of lease " + std::to_string(lease));
  for (const LeasedSpot& leased : ended->second.spots) {
    const Spot& spot = leased.spot;
    const auto current = back.current(spot);
    if (!current) {
      returning.after.emplace_back(Forgotten{spot.at});
      continue;
    }
    if (held_by_later(state, lease, spot)) continue;
    const auto found = state.found().find(spot);
    const bool ours =
        found != state.found().end() && limit::same_text(spot.file, found->second.ours, *current);
    if (ours)
      back.add(spot, leased.before);
    else if (!limit::same_text(spot.file, leased.before.text, *current))
      returning.foreign.push_back(spot);
  }
  returning.after.emplace_back(LeaseEnded{lease});
  returning.plan = back.plan();
  return returning;
}

std::vector<std::uint64_t> due(const State& state, const Moment& now) {
  std::vector<std::uint64_t> ids;
  for (const auto& [id, lease] : std::views::reverse(state.leases())) {
    const auto left = remaining(lease, now);
    if (!left || *left <= std::chrono::nanoseconds(0)) ids.push_back(id);
  }
  return ids;
}

std::optional<std::chrono::nanoseconds> next_due(const State& state, const Moment& now) {
  std::optional<std::chrono::nanoseconds> least;
  for (const auto& [id, lease] : state.leases()) {
    const auto left = std::max(std::chrono::nanoseconds(0),
                               remaining(lease, now).value_or(std::chrono::nanoseconds(0)));
    if (!least || left < *least) least = left;
  }
  return least;
}

}  // namespace plimsoll::control
