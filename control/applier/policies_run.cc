// Changes of policies: handed over by a turn, carried out on the lanes, reported back.
#include <algorithm>
#include <chrono>
#include <functional>
#include <iterator>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "control/applier/policies.h"
#include "control/service/knob_place.h"

namespace plimsoll::control {

namespace {

// Claims are held, and somebody's request waits, as long as one lot takes.
constexpr std::size_t kMostTogether = 64;
// What fits without reclaiming, unless the group grows in between.
constexpr std::chrono::milliseconds kShortDeadline{200};

// In the order of the settings, as far as the view has their files.
std::vector<std::pair<Spot, std::string>> spots_in(const limit::KernelView& view,
                                                   const std::string& cgroup,
                                                   std::span<const limit::Setting> settings,
                                                   const limit::Plan& plan) {
  std::vector<std::pair<Spot, std::string>> spots;
  const auto group = view.index_of(cgroup);
  if (!group) return spots;
  for (const limit::Setting& setting : settings) {
    const auto place = place_of(view, *group, setting.knob, setting.detail);
    if (!place) break;
    std::string text = text_at(view, *group, *place).value_or("");
    for (const limit::Write& write : plan.writes)
      if (spot_of(write) == place->spot) text = write.expected;
    spots.emplace_back(place->spot, std::move(text));
  }
  return spots;
}

}  // namespace

// Steps that go together, in lots of which each is carried out before the next is planned. What has
// to do with the same group, or with one above or below, is in different lots, in its order.
class Policies::Batches {
 public:
  void add(Step step) {
    std::size_t lot = 0;
    for (std::size_t i = lots_.size(); i > 0 && lot == 0; --i)
      if (lots_[i - 1].meets(step.cgroup)) lot = i;
    if (lot > 0) step.seen.reset();  // It is decided from what is there before the others.
    while (lot < lots_.size() && lots_[lot].steps.size() == kMostTogether) ++lot;
    if (lot == lots_.size()) lots_.emplace_back();
    lots_[lot].add(std::move(step));
  }
  [[nodiscard]] std::vector<Steps> take() {
    std::vector<Steps> all;
    all.reserve(lots_.size());
    for (Lot& lot : lots_) all.push_back(std::move(lot.steps));
    return all;
  }

 private:
  struct Lot {
    Steps steps;
    std::set<std::string, std::less<>> groups;
    std::set<std::string, std::less<>> above;  // Each group's ancestors.

    static std::string_view parent_of(std::string_view path) {
      return path.substr(0, path.rfind('/'));
    }
    [[nodiscard]] bool meets(const std::string& group) const {
      if (groups.contains(group) || above.contains(group)) return true;
      for (std::string_view path = parent_of(group); !path.empty(); path = parent_of(path))
        if (groups.contains(path)) return true;
      return false;
    }
    void add(Step step) {
      groups.insert(step.cgroup);
      for (std::string_view path = parent_of(step.cgroup); !path.empty(); path = parent_of(path))
        above.emplace(path);
      steps.push_back(std::move(step));
    }
  };
  std::vector<Lot> lots_;
};

void Policies::begin(Member& member, Step step) {
  ++under_way_;
  ++member.under_way;
  own_groups(member, Own::kBegins);
  begun_.push_back(std::move(step));
}

void Policies::submit() {
  Batches batches;
  for (Step& step : std::exchange(begun_, {})) batches.add(std::move(step));
  for (Steps& steps : batches.take()) {
    const auto shared = std::make_shared<Steps>(std::move(steps));
    auto taken = lanes_.changes([this, shared] { run(std::move(*shared), Lane::kChanges); });
    if (taken) continue;
    std::vector<Done> done;
    for (Step& step : *shared)
      done.push_back({.step = std::move(step), .fault = Fault(taken.error()), .spots = {}});
    report(std::move(done));
  }
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

// Rules decide knob by knob, so one that cannot be had keeps none of the others back.
Answer<Draft> Policies::draft(Step& step, const limit::KernelView& view) {
  auto draft = service_.draft("cgroup:" + step.cgroup, step.request, view);
  if (draft && leave_out(step, draft->plan))
    draft = service_.draft("cgroup:" + step.cgroup, step.request, view);
  return draft;
}

// On a lane.
void Policies::run(Steps steps, Lane lane) {
  if (auto done = carry_out(std::move(steps), lane); !done.empty()) report(std::move(done));
}

std::vector<Policies::Done> Policies::carry_out(Steps steps, Lane lane) {
  std::vector<Done> done;
  std::vector<Service::Commission> all;
  Steps going;
  std::vector<limit::KernelView> befores;  // Of those going.
  const auto views = views_of(steps);
  for (Step& step : steps) {
    const auto seen = std::exchange(step.seen, nullptr);
    limit::KernelView before = (seen ? seen : views)->of(step.cgroup);
    auto drawn = draft(step, before);
    if (!drawn) {
      done.push_back({.step = std::move(step), .fault = drawn.error(), .spots = {}});
      continue;
    }
    if (lane == Lane::kChanges && drawn->plan.ok() && service_.takes_long(*drawn)) {
      hand_over(std::move(step), done);
      continue;
    }
    // A group that grows just now holds up nobody: it is tried again.
    if (lane == Lane::kChanges) drawn->request.deadline = kShortDeadline;
    all.push_back(
        {*std::move(drawn), {.uid = 0, .pid = 0, .comm = "plimsoll", .rule = step.cause}});
    going.push_back(std::move(step));
    befores.push_back(std::move(before));
  }
  const std::vector<ChangeReport> reports = service_.carry_out(std::move(all));
  for (std::size_t i = 0; i < reports.size(); ++i) {
    Done& one = done.emplace_back();
    one.step = std::move(going[i]);
    one.fault = reports[i].fault;
    if (one.fault) continue;
    const limit::KernelView unread;
    one.spots = spots_of(one.step, reports[i].plan, reports[i].replanned ? unread : befores[i]);
  }
  return done;
}

void Policies::hand_over(Step step, std::vector<Done>& done) {
  const auto shared = std::make_shared<Steps>();
  shared->push_back(step);
  auto taken = lanes_.shrinks([this, shared] { run(std::move(*shared), Lane::kShrinks); });
  if (!taken) done.push_back({.step = std::move(step), .fault = Fault(taken.error()), .spots = {}});
}

std::shared_ptr<const Views> Policies::views_of(const Steps& steps) const {
  std::vector<std::string> groups;
  cgroupfs::ControllerSet needed;
  for (const Step& step : steps) {
    if (step.seen) continue;
    groups.push_back(step.cgroup);
    needed |= limit::controllers_of(step.request.settings);
    for (const KnobRef& knob : step.request.restore)
      needed.set(static_cast<std::size_t>(limit::info_of(knob.knob).controller));
  }
  return groups.empty() ? nullptr : std::make_shared<const Views>(machine_, groups, needed);
}

std::vector<std::pair<Spot, std::string>> Policies::spots_of(
    const Step& step, const limit::Plan& plan, const limit::KernelView& before) const {
  auto spots = spots_in(before, step.cgroup, step.request.settings, plan);
  if (spots.size() == step.request.settings.size()) return spots;
  // A file that was not there before, for the change has enabled its controller; or the plan was
  // made from what nobody has any more.
  const auto now = machine_.view({&step.cgroup, 1});
  return now ? spots_in(*now, step.cgroup, step.request.settings, plan) : spots;
}

void Policies::report(std::vector<Done> done) {
  {
    const std::scoped_lock guard(done_mutex_);
    std::ranges::move(done, std::back_inserter(done_));
  }
  wake_();
}

}  // namespace plimsoll::control
