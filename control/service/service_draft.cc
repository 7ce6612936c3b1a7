// From a request to a plan.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "control/enforcer/returning.h"
#include "control/enforcer/shrink.h"
#include "control/service/knob_place.h"
#include "control/service/managed.h"
#include "control/service/service.h"

namespace plimsoll::control {
namespace {

using limit::Knob;

bool has_write(const limit::Plan& plan, const Spot& spot) {
  return std::ranges::any_of(plan.writes,
                             [&](const limit::Write& write) { return spot_of(write) == spot; });
}

// What was there before our first change.
std::optional<std::string> found_at(const Journal& journal, const Spot& spot) {
  return journal.with_state([&](const State& state) {
    const auto found = state.found().find(spot);
    return found == state.found().end() ? std::nullopt : std::optional(found->second.found.text);
  });
}

bool is_leased(const State& state, const Spot& spot) {
  return std::ranges::any_of(state.leases(), [&](const auto& lease) {
    return std::ranges::find(lease.second.spots, spot, &LeasedSpot::spot) !=
           lease.second.spots.end();
  });
}

// Writes what is there already: a value that a lease holds is to be held longer, or for good.
limit::Write write_again(Knob knob, const KnobPlace& place, const std::string& text) {
  limit::Write write;
  write.at = place.spot.at;
  write.file = place.spot.file;
  write.key = place.spot.key;
  write.knob = knob;
  write.old_text = write.expected = text;
  write.new_text = place.spot.key.empty() ? text : place.spot.key + " " + text;
  // Its line has a name, and is written without.
  if (knob == Knob::kMemoryOomKillDisable) write.new_text = text;
  write.undo = {{write.file, write.new_text}};
  write.reason = std::string(limit::name_of(knob)) + " is so already, and is held by a lease";
  return write;
}

// The same value on the scale of the file.
Knob native(Knob knob, int version) {
  const bool weight = knob == Knob::kCpuWeight || knob == Knob::kCpuShares;
  return !weight ? knob : version == 1 ? Knob::kCpuShares : Knob::kCpuWeight;
}

limit::PlanOptions plan_options(const LimitRequest& request, const Machine& machine) {
  limit::PlanOptions options;
  options.v1_write_caps = request.v1_write_caps;
  if (machine.manager() != nullptr) options.managed = limit::PlanOptions::Managed::kWrite;
  return options;
}

}  // namespace

Purpose Service::purpose_of(const LimitRequest& request) {
  if (request.restore_all || !request.restore.empty()) return Purpose::kRestore;
  if (request.lease) return Purpose::kLease;
  return request.why == LimitRequest::Why::kRepair ? Purpose::kRepair : Purpose::kSet;
}

Answer<Draft> Service::draft(std::string_view ref, const LimitRequest& request) {
  return draft_for(PLIMSOLL_TRY(resolve(ref)), request);
}

Answer<Draft> Service::draft(std::string_view ref, const LimitRequest& request,
                             const limit::KernelView& view) {
  return draft_from(PLIMSOLL_TRY(resolve(ref)), request, view);
}

Answer<Draft> Service::draft_for(Target target, const LimitRequest& request) {
  const std::span<const std::string> group(&target.cgroup, 1);
  // Which knobs are given back, the journal knows.
  const bool all = purpose_of(request) == Purpose::kRestore;
  limit::KernelView view = PLIMSOLL_TRY(
      machine_.view(group, all ? limit::kAll : limit::controllers_of(request.settings)));
  // It may be in hierarchies of other controllers: then the plan says which it is not in.
  if (!all && !view.index_of(target.cgroup)) view = PLIMSOLL_TRY(machine_.view(group));
  return draft_from(std::move(target), request, view);
}

Answer<Draft> Service::draft_from(Target target, const LimitRequest& request,
                                  const limit::KernelView& view) {
  Draft draft{.target = std::move(target), .request = request};
  if (!view.index_of(draft.target.cgroup))
    return refuse(Problem::kNotFound, "cgroup " + draft.target.cgroup + " is gone just now");
  if (purpose_of(request) == Purpose::kRestore)
    PLIMSOLL_TRY(plan_return(draft, view));
  else
    plan_limits(draft, view);
  if (machine_.manager() != nullptr) ask_manager(draft);
  draft.plan = with_guards(std::move(draft.plan), view);
  draft.shrinks = std::ranges::any_of(draft.plan.writes, is_shrink);
  return draft;
}

bool Service::takes_long(const Draft& draft) const {
  if (!draft.shrinks) return false;
  const auto port = machine_.port();
  return std::ranges::any_of(draft.plan.writes, [&](const limit::Write& write) {
    return is_shrink(write) && !fits(write, *port);
  });
}

void Service::plan_limits(Draft& draft, const limit::KernelView& view) const {
  limit::Wanted wanted{draft.target.cgroup, {}};
  for (const limit::Setting& setting : draft.request.settings) {
    auto with = limit::with(wanted.limits, setting);
    if (with)
      wanted.limits = *std::move(with);
    else
      draft.plan.refusals.push_back(
          {draft.target.cgroup, setting.knob, setting.detail, with.error().subject});
  }
  limit::Plan plan = limit::make_plan(view, {&wanted, 1}, plan_options(draft.request, machine_));
  std::ranges::move(plan.refusals, std::back_inserter(draft.plan.refusals));
  draft.plan.writes = std::move(plan.writes);
  if (!draft.plan.ok() || draft.request.why == LimitRequest::Why::kRepair) return;
  const std::size_t group = *view.index_of(draft.target.cgroup);
  journal_->with_state([&](const State& state) {
    for (const limit::Setting& setting : draft.request.settings) {
      const auto place = place_of(view, group, setting.knob, setting.detail);
      const auto text = place ? text_at(view, group, *place) : std::nullopt;
      if (!text || !is_leased(state, place->spot) || has_write(draft.plan, place->spot)) continue;
      draft.plan.writes.push_back(write_again(setting.knob, *place, *text));
    }
  });
}

Answer<> Service::plan_return(Draft& draft, const limit::KernelView& view) const {
  if (draft.request.restore_all) {
    Returning back = journal_->with_state(
        [&](const State& state) { return restoration(state, view, {&draft.target.cgroup, 1}); });
    draft.plan = std::move(back.plan);
    draft.after = std::move(back.after);
    return {};
  }
  // One knob goes back and leaves those alone that share its file, so it is set to what was found.
  const std::size_t group = *view.index_of(draft.target.cgroup);
  Draft setting_back{.target = draft.target, .request = draft.request};
  std::vector<std::pair<Spot, std::string>> spots;  // With what was found there.
  std::vector<Spot> raw;
  for (const KnobRef& ref : draft.request.restore) {
    const auto place = place_of(view, group, ref.knob, ref.detail);
    if (!place)
      return refuse(Problem::kRefused, draft.target.cgroup + " has no " +
                                           std::string(limit::name_of(ref.knob)) +
                                           (ref.detail.empty() ? "" : " for " + ref.detail));
    const auto before = found_at(*journal_, place->spot);
    if (!before) continue;
    const std::string& text = *before;
    limit::Setting setting{native(ref.knob, place->version), ref.detail, std::nullopt};
    limit::GroupView then = view.groups[group];
    std::erase_if(then.files, [](const limit::FileText& file) {
      return file.name == "freezer.self_freezing";  // Of now.
    });
    spots.emplace_back(place->spot, text);
    // An empty cpuset is no value that somebody may ask for.
    if (text.empty() && limit::info_of(ref.knob).unit == limit::Unit::kIds) {
      raw.push_back(place->spot);
      continue;
    }
    if (!text.empty()) setting.value = value_in(setting.knob, place->version, text, then);
    setting_back.request.settings.push_back(std::move(setting));
  }
  setting_back.request.v1_write_caps = limit::PlanOptions::DirectIo::kAccept;
  plan_limits(setting_back, view);
  draft.plan = std::move(setting_back.plan);
  if (!raw.empty()) {
    Returning as_found =
        journal_->with_state([&](const State& state) { return restoration(state, view, raw); });
    std::ranges::move(as_found.plan.writes, std::back_inserter(draft.plan.writes));
    draft.after = std::move(as_found.after);
  }
  for (const auto& [spot, before] : spots) {
    const std::string* text = view.groups[group].find(spot.file);
    if (!has_write(draft.plan, spot) && text != nullptr &&
        limit::same_text(spot.file, before, limit::line_of(*text, spot.key)))
      draft.after.emplace_back(Returned{spot});
  }
  return {};
}

void Service::ask_manager(Draft& draft) const {
  for (const limit::Write& write : draft.plan.writes) {
    const auto unit =
        write.knob && !draft.target.manager.empty() ? unit_of(write.at.cgroup) : std::nullopt;
    if (!unit) continue;
    const std::string why = machine_.manager()->why_not(*unit, write);
    if (!why.empty()) draft.plan.refusals.push_back({write.at.cgroup, *write.knob, write.key, why});
  }
}

Answer<Ending> Service::draft_ending(std::uint64_t lease) {
  const auto granted = journal_->with_state([&](const State& state) {
    const auto entry = state.leases().find(lease);
    return entry == state.leases().end() ? std::nullopt : std::optional(entry->second);
  });
  if (!granted) return Ending{.lease = lease};
  const limit::KernelView view = PLIMSOLL_TRY(machine_.view(groups_of(*granted)));
  Ending ending{.lease = lease, .cause = granted->cause};
  ending.back =
      journal_->with_state([&](const State& state) { return expiry(state, view, lease); });
  ending.back.plan = with_guards(std::move(ending.back.plan), view);
  ending.cause.rule = "end of lease " + std::to_string(lease) + ": " + granted->cause.rule;
  ending.shrinks = std::ranges::any_of(ending.back.plan.writes, is_shrink);
  return ending;
}

}  // namespace plimsoll::control
