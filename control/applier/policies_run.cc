// Changes of policies: handed over by a turn, carried out on the lanes, reported back.
#include <algorithm>
#include <memory>
#include <utility>

#include "control/applier/policies.h"
#include "control/service/knob_place.h"

namespace plimsoll::control {

void Policies::begin(Member& member, Step step) {
  ++member.under_way;
  own_groups(member, Own::kBegins);
  const auto shared = std::make_shared<Step>(step);
  auto taken = lanes_.changes([this, shared] { run(std::move(*shared), Lane::kChanges); });
  if (!taken) report({.step = std::move(step), .fault = Fault(taken.error()), .spots = {}});
}

bool Policies::leave_out(Step& step, const limit::Plan& plan) {
  std::vector<limit::Setting> kept = step.request.settings;
  std::vector<limit::Setting> refused;
  std::string why;
  for (const limit::Refusal& refusal : plan.refusals) {
    const auto left_out = std::ranges::find_if(kept, [&](const limit::Setting& one) {
      return policy::slot_of(one.knob) == policy::slot_of(refusal.knob) &&
             one.detail == refusal.detail;
    });
    if (left_out == kept.end()) continue;
    why.append(why.empty() ? "" : "; ")
        .append(limit::name_of(refusal.knob))
        .append(" " + refusal.reason);
    refused.push_back(*left_out);
    kept.erase(left_out);
  }
  if (kept.empty() || why.empty()) return false;
  step.request.settings = std::move(kept);
  step.refused = std::move(refused);
  step.why = std::move(why);
  return true;
}

// On a lane.
void Policies::run(Step step, Lane lane) {
  auto draft = service_.draft("cgroup:" + step.cgroup, step.request);
  // Rules decide knob by knob, so one that cannot be had keeps none of the others back.
  if (draft && leave_out(step, draft->plan))
    draft = service_.draft("cgroup:" + step.cgroup, step.request);
  if (!draft) return report({.step = std::move(step), .fault = draft.error(), .spots = {}});
  if (draft->shrinks && draft->plan.ok() && lane == Lane::kChanges) {
    const auto shared = std::make_shared<Step>(step);
    auto taken = lanes_.shrinks([this, shared] { run(std::move(*shared), Lane::kShrinks); });
    if (!taken) report({.step = std::move(step), .fault = Fault(taken.error()), .spots = {}});
    return;
  }
  const ChangeReport report_of = service_.carry_out(
      *std::move(draft), {.uid = 0, .pid = 0, .comm = "plimsoll", .rule = step.cause});
  Done done{.step = std::move(step), .fault = report_of.fault, .spots = {}};
  if (!done.fault) done.spots = spots_of(done.step, report_of.plan);
  report(std::move(done));
}

std::vector<std::pair<Spot, std::string>> Policies::spots_of(const Step& step,
                                                             const limit::Plan& plan) {
  std::vector<std::pair<Spot, std::string>> spots;
  const auto view = machine_.view({&step.cgroup, 1});
  if (!view) return spots;
  const auto group = view->index_of(step.cgroup);
  if (!group) return spots;
  for (const limit::Setting& setting : step.request.settings) {
    const auto place = place_of(*view, *group, setting.knob, setting.detail);
    if (!place) break;
    std::string text = text_at(*view, *group, *place).value_or("");
    for (const limit::Write& write : plan.writes)
      if (spot_of(write) == place->spot) text = write.expected;
    spots.emplace_back(place->spot, std::move(text));
  }
  return spots;
}

void Policies::report(Done done) {
  {
    const std::scoped_lock guard(done_mutex_);
    done_.push_back(std::move(done));
  }
  wake_();
}

}  // namespace plimsoll::control
