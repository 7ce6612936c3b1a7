#include "control/applier/ceilings.h"

#include <algorithm>
#include <optional>

#include "control/service/knob_place.h"

namespace plimsoll::control {
namespace {

using limit::Knob;

std::optional<std::uint64_t> number_of(const limit::KernelView& view, std::size_t group, Knob knob,
                                       std::uint64_t unlimited) {
  const auto place = place_of(view, group, knob, "");
  const auto text = place ? text_at(view, group, *place) : std::nullopt;
  const auto value =
      text ? value_in(knob, place->version, *text, view.groups[group]) : std::nullopt;
  const auto* number = value ? std::get_if<std::uint64_t>(&*value) : nullptr;
  if (number != nullptr && *number < unlimited) return *number;
  return std::nullopt;
}

// CPU time and period may be in two files, or in one.
std::optional<std::uint64_t> nano_cpus_of(const limit::KernelView& view, std::size_t group) {
  const auto place = place_of(view, group, Knob::kCpuQuota, "");
  const auto text = place ? text_at(view, group, *place) : std::nullopt;
  const auto value =
      text ? value_in(Knob::kCpuQuota, place->version, *text, view.groups[group]) : std::nullopt;
  const auto* time = value ? std::get_if<limit::CpuTime>(&*value) : nullptr;
  if (time == nullptr) return std::nullopt;
  if (time->unit == limit::CpuTime::Unit::kNanoCpus) return time->amount;
  const auto period = number_of(view, group, Knob::kCpuPeriod, UINT64_MAX);
  if (!period || *period == 0) return std::nullopt;
  return limit::nano_cpus_from_quota(time->amount, *period);
}

void keep_least(std::optional<std::uint64_t>& least, std::optional<std::uint64_t> one) {
  if (one && (!least || *one < *least)) least = one;
}

// Every knob that the group has, with its place.
template <class Use>
void for_each_place(const limit::KernelView& view, std::size_t group, Use use) {
  for (const limit::KnobInfo& info : limit::catalogue())
    for (const std::string& detail : details_of(view, group, info.knob))
      if (const auto place = place_of(view, group, info.knob, detail))
        use(info.knob, detail, *place);
}

bool is_leased(const State& state, const Spot& spot) {
  return std::ranges::any_of(state.leases(), [&](const auto& lease) {
    return std::ranges::find(lease.second.spots, spot, &LeasedSpot::spot) !=
           lease.second.spots.end();
  });
}

}  // namespace

std::vector<Above> above(const limit::KernelView& view, std::size_t group) {
  // v1 prints "no limit" as the greatest number of whole pages.
  constexpr std::uint64_t kNoMemoryLimit = std::uint64_t{1} << 62;
  std::vector<Above> all;
  for (auto at = view.groups[group].parent; at; at = view.groups[*at].parent)
    all.push_back({view.groups[*at].path,
                   {.memory = number_of(view, *at, Knob::kMemoryMax, kNoMemoryLimit),
                    .nano_cpus = nano_cpus_of(view, *at),
                    .pids = number_of(view, *at, Knob::kPidsMax, UINT64_MAX)}});
  return all;
}

policy::Ceilings ceilings_of(const limit::KernelView& view, std::size_t group) {
  policy::Ceilings least;
  for (const Above& one : above(view, group)) {
    keep_least(least.memory, one.own.memory);
    keep_least(least.nano_cpus, one.own.nano_cpus);
    keep_least(least.pids, one.own.pids);
  }
  return least;
}

bool has_found(const State& state, const cgroupfs::Cgroup& group) {
  for (std::size_t h = 0; h < cgroupfs::kMaxHierarchies; ++h) {
    if (!group.in(h)) continue;
    // The spots of a group stand together.
    const auto first = state.found().lower_bound(Spot{{"", h, group.inode[h]}, "", ""});
    if (first == state.found().end()) continue;
    const limit::Place& at = first->first.at;
    if (at.hierarchy == h && at.inode == group.inode[h]) return true;
  }
  return false;
}

std::vector<policy::Held> held_in(const State& state, const limit::KernelView& view,
                                  std::size_t group) {
  std::vector<policy::Held> held;
  for_each_place(view, group, [&](Knob knob, const std::string& detail, const KnobPlace& place) {
    const auto found = state.found().find(place.spot);
    if (found == state.found().end() || is_leased(state, place.spot)) return;
    const auto adopted = policy::adopted_in(found->second.rule);
    const std::string rule = adopted ? adopted->rule : policy::rule_of(found->second.rule);
    const std::string& decided = adopted ? adopted->decided : found->second.ours;
    const bool known = std::ranges::any_of(held, [&](const policy::Held& one) {
      return policy::slot_of(one.setting.knob) == policy::slot_of(knob) &&
             one.setting.detail == detail;
    });
    if (rule.empty() || known) return;
    held.push_back({{knob, detail, value_in(knob, place.version, decided, view.groups[group])},
                    rule,
                    adopted ? policy::Held::Kept::kAdopted : policy::Held::Kept::kOwn});
  });
  return held;
}

std::vector<policy::KnobName> by_hand_in(const State& state, const limit::KernelView& view,
                                         std::size_t group, const policy::Decision& decision) {
  std::vector<policy::KnobName> by_hand;
  for (const policy::KnobDecision& knob : decision.knobs) {
    const auto place = place_of(view, group, knob.knob, knob.detail);
    if (!place) continue;
    const auto found = state.found().find(place->spot);
    const bool set = found != state.found().end() && !found->second.rule.empty() &&
                     policy::rule_of(found->second.rule).empty() &&
                     !policy::adopted_in(found->second.rule);
    if (set || is_leased(state, place->spot)) by_hand.push_back({knob.knob, knob.detail});
  }
  return by_hand;
}

}  // namespace plimsoll::control
