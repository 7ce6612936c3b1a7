// What policies do about foreign writes, those of the time before the engine's start among them.
#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "base/log.h"
#include "cgroupfs/limit/apply.h"
#include "control/applier/ceilings.h"
#include "control/applier/policies.h"
#include "control/drift/who.h"
#include "control/service/knob_place.h"

namespace plimsoll::control {

using drift::OnDrift;

void Policies::look_for_drift(const GroupNews& news) {
  if (drift_.size() == 0) return;
  cgroupfs::TreeChanges changes;
  // Changes that somebody else asked the service for: their files say things in between.
  std::set<drift::Group> busy;
  if (!news.written.empty())
    service_.with_state([&](const State& state) {
      for (const auto& [id, change] : state.open())
        for (const limit::Write& write : change.begun.writes)
          if (const drift::Group group{write.at.hierarchy, write.at.inode}; !drift_.is_own(group))
            busy.insert(group);
    });
  for (const KnownGroup& group : news.written) changes.written.push_back(&group.cgroup);
  for (const KnownGroup& group : news.changed) changes.changed.push_back(&group.cgroup);
  for (const KnownGroup& group : news.added) changes.added.push_back(&group.cgroup);
  for (const KnownGroup& group : news.removed)
    changes.removed.push_back(std::make_unique<cgroupfs::Cgroup>(group.cgroup));
  for (const drift::Group& group : busy) drift_.begin_own(group);
  const drift::Checked checked = drift::DriftChecker(drift_, *port_).check(changes);
  for (const drift::Group& group : busy) drift_.end_own(group);  // Looked at in the next turn.
  port_ = machine_.port();                                       // No directory is kept open.
  for (const drift::Finding& finding : checked.findings) answer(finding);
}

// Who writes limits of this group besides us, by plan.
std::string Policies::manager_of(const std::string& cgroup) {
  const auto view = machine_.view({&cgroup, 1});
  const auto group = view ? view->index_of(cgroup) : std::nullopt;
  return group ? view->groups[*group].manager : "";
}

void Policies::answer(const drift::Finding& finding) {
  const auto owner = owners_.find(finding.spot);
  const auto known = owner == owners_.end() ? members_.end() : members_.find(owner->second.serial);
  const auto found = service_.with_state([&](const State& state) {
    const auto one = state.found().find(finding.spot);
    return one == state.found().end() ? std::nullopt : std::optional(one->second);
  });
  // Set by hand since, or given back: nobody's drift.
  const bool by_hand = found && limit::same_text(finding.spot.file, found->ours, finding.found);
  if (known == members_.end() || by_hand) {
    if (known != members_.end()) {
      want_look(known->second);
      std::erase_if(known->second.held, [&](const policy::Held& one) {
        return one.setting.knob == owner->second.knob.knob &&
               one.setting.detail == owner->second.knob.detail;
      });
    }
    drift_.release(finding.spot);
    if (known != members_.end())
      disown(known->second, finding.spot);
    else if (owner != owners_.end())
      owners_.erase(owner);
    return;
  }
  Member& member = known->second;
  const std::string text =
      "foreign write: " + finding.spot.at.cgroup + ": " + finding.spot.file + " is \"" +
      finding.found + "\" instead of \"" + finding.held.expected + "\" of policy " +
      finding.held.rule + " (" + std::string(policy::name_of(finding.act)) + ", " +
      std::to_string(finding.in_a_row) + " in a row); " +
      drift::likely_writer(*member.group.identity, manager_of(finding.spot.at.cgroup));
  log::warn(text);
  service_.note(text);
  const auto is_it = [&](const policy::Held& one) {
    return one.setting.knob == owner->second.knob.knob &&
           one.setting.detail == owner->second.knob.detail;
  };
  if (finding.act == OnDrift::kRepair) {
    std::erase_if(member.held, is_it);  // To be set once more.
    want_look(member);
  } else if (finding.act == OnDrift::kAdopt) {
    const auto held = std::ranges::find_if(member.held, is_it);
    if (held != member.held.end()) held->kept = policy::Held::Kept::kAdopted;
    // What the rule had decided stays known over a restart: only another decision ends it.
    const auto before = found ? policy::adopted_in(found->rule) : std::nullopt;
    const bool again = before && before->rule == finding.held.rule;
    service_.adopt(finding.spot, finding.found,
                   policy::cause_of(policy::Adopted{
                       finding.held.rule, again ? before->decided : finding.held.expected}));
  }
}

// What rules held before this start, and whether somebody wrote while nobody looked.
void Policies::remember(std::uint64_t serial, Member& member, const State& state,
                        const limit::KernelView& view, std::size_t group) {
  member.held = held_in(state, view, group);
  for (const policy::Held& held : member.held) {
    const auto place = place_of(view, group, held.setting.knob, held.setting.detail);
    const auto found = place ? state.found().find(place->spot) : state.found().end();
    if (found == state.found().end()) continue;
    const auto rule = std::ranges::find(rules_->rules, held.rule, &policy::Rule::name);
    const OnDrift on_drift = rule == rules_->rules.end() ? OnDrift::kReport : rule->drift;
    own(serial, member, place->spot, {held.setting.knob, held.setting.detail});
    drift_.hold(place->spot, {found->second.ours, held.rule, on_drift});
  }
  own_groups(member, Own::kBegins);
  own_groups(member, Own::kEnds);
}

void Policies::own_groups(const Member& member, Own own) {
  for (std::size_t h = 0; h < cgroupfs::kMaxHierarchies; ++h) {
    if (!member.group.cgroup.in(h)) continue;
    const drift::Group group{h, member.group.cgroup.inode[h]};
    own == Own::kBegins ? drift_.begin_own(group) : drift_.end_own(group);
  }
}

}  // namespace plimsoll::control
