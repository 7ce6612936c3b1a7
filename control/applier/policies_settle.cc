// What became of changes of policies, and who owns what they have set.
#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "control/applier/policies.h"

namespace plimsoll::control {
namespace {

constexpr std::chrono::seconds kFirstPause{5};
constexpr std::chrono::seconds kLongestPause{300};

}  // namespace

bool Policies::take_done() {
  std::vector<Done> all;
  {
    const std::scoped_lock guard(done_mutex_);
    all.swap(done_);
  }
  for (const Done& done : all) settle(done);
  return !all.empty();
}

void Policies::settle(const Done& done) {
  --under_way_;
  const auto known = members_.find(done.step.serial);
  if (known == members_.end()) return;
  Member& member = known->second;
  const auto result = done.fault ? drift::Repair::kFailed : drift::Repair::kDone;
  const auto refs = [&](const KnobRef& ref) {
    return [&](const auto& one) {
      return policy::slot_of(one.setting.knob) == policy::slot_of(ref.knob) &&
             one.setting.detail == ref.detail;
    };
  };
  for (const KnobRef& back : done.step.request.restore) {
    if (done.fault) continue;
    std::erase_if(member.held, refs(back));
    for (const Spot& spot : std::vector(member.spots)) {
      const auto owner = owners_.find(spot);
      if (owner == owners_.end() || owner->second.knob != back) continue;
      drift_.release(spot);
      disown(member, spot);
    }
  }
  const std::string rule = policy::rule_of(done.step.cause);
  for (const limit::Setting& setting : done.step.request.settings) {
    if (done.fault) continue;
    std::erase_if(member.held, refs({setting.knob, setting.detail}));
    member.held.push_back({setting, rule, policy::Held::Kept::kOwn});
  }
  for (std::size_t i = 0; i < done.spots.size() && !done.fault; ++i) {
    const auto& [spot, text] = done.spots[i];
    const limit::Setting& setting = done.step.request.settings[i];
    own(done.step.serial, member, spot, {setting.knob, setting.detail});
    drift_.hold(spot, {text, rule, done.step.on_drift});
    drift_.repaired(spot, result);
  }
  if (done.fault)
    for (const Spot& spot : member.spots) drift_.repaired(spot, result);
  own_groups(member, Own::kEnds);
  --member.under_way;
  want_look(member);  // What comes next, such as the end of a window.
  if (done.fault)
    give_up(member, done.step, *done.fault);
  else if (!done.step.refused.empty())
    give_up(member, done.step, Fault(Problem::kRefused, done.step.why));
}

void Policies::own(std::uint64_t serial, Member& member, const Spot& spot, const KnobRef& knob) {
  if (std::ranges::find(member.spots, spot) == member.spots.end()) member.spots.push_back(spot);
  owners_.insert_or_assign(spot, Owner{serial, knob});
}

void Policies::disown(Member& member, const Spot& spot) {
  owners_.erase(spot);
  std::erase(member.spots, spot);
}

void Policies::give_up(Member& member, const Step& step, const Fault& fault) {
  if (step.version != member.version) return;  // The group has changed meanwhile: at once again.
  member.pause = std::clamp<std::chrono::nanoseconds>(2 * member.pause, kFirstPause, kLongestPause);
  member.retry_at = clock_.now() + member.pause;
  const bool all = step.refused.empty();
  for (const limit::Setting& setting : all ? step.request.settings : step.refused)
    member.refused.push_back(setting);
  member.back_refused = member.back_refused || !step.request.restore.empty();
  if (fault.problem != Problem::kNotFound)
    say_once(member, step.cause + ": " + member.group.cgroup.path + ": " + fault.message);
}

void Policies::want_look(Member& member) {
  member.look = true;
  looks_wanted_ = true;
}

void Policies::try_again(Member& member) {
  want_look(member);
  member.refused.clear();
  member.back_refused = false;
  member.retry_at.reset();
  member.pause = {};
}

void Policies::say_once(Member& member, const std::string& what) {
  if (!member.said.insert(what).second) return;
  log::warn(what);
  service_.note(what);
}

}  // namespace plimsoll::control
