// Containers of our own runtime: their limits are there before their first instruction.
#include <algorithm>
#include <memory>
#include <tuple>
#include <utility>

#include "control/applier/ceilings.h"
#include "control/applier/policies.h"
#include "control/policy/match.h"

namespace plimsoll::control {

std::unique_ptr<Policies::Start> Policies::starts(std::string id) {
  const policy::PolicyBook::SetPtr rules = book_.current();
  const bool any = std::ranges::any_of(
      rules->rules, [](const policy::Rule& rule) { return rule.mode == policy::Mode::kEnforce; });
  if (!any) return nullptr;
  {
    const std::scoped_lock guard(starting_mutex_);
    starting_.insert(id);
  }
  return std::make_unique<Start>(*this, std::move(id));
}

void Policies::started(const std::string& id) {
  {
    const std::scoped_lock guard(starting_mutex_);
    if (const auto one = starting_.find(id); one != starting_.end()) starting_.erase(one);
  }
  wake_();
}

bool Policies::is_starting(const Member& member) const {
  const std::scoped_lock guard(starting_mutex_);
  return !starting_.empty() && starting_.contains(member.group.identity->id);
}

// What is set here stands in the journal as what the rules hold, as it does after a restart of the
// engine: the turn that sees the group takes it from there.
void Policies::set_at_start(const inventory::Identity& container) {
  const policy::PolicyBook::SetPtr rules = book_.current();
  const bool matters = std::ranges::any_of(rules->rules, [&](const policy::Rule& rule) {
    return rule.mode == policy::Mode::kEnforce &&
           policy::match(rule, container).answer == policy::Matching::Answer::kYes;
  });
  if (!matters) return;
  const std::string& path = container.cgroup;
  const auto view = machine_.view({&path, 1});
  const auto group = view ? view->index_of(path) : std::nullopt;
  if (!group) return;
  Member member;
  member.group.cgroup.path = path;
  member.group.identity = std::make_shared<const inventory::Identity>(container);
  const policy::Decision decision = decide(rules, member, *view, *group, machine_.host());
  const auto by_hand = service_.with_state(
      [&](const State& state) { return by_hand_in(state, *view, *group, decision); });
  // What one rule sets another's plan may build upon.
  for (Step& step : steps_of(policy::reconcile(decision, {}, by_hand), 0, member)) {
    Steps one;
    one.push_back(std::move(step));
    std::ignore = carry_out(std::move(one), Lane::kShrinks);
  }
}

}  // namespace plimsoll::control
