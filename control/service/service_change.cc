// From a plan to what became of it.
#include <algorithm>
#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "cgroupfs/limit/apply.h"
#include "control/enforcer/shrink.h"
#include "control/service/service.h"

namespace plimsoll::control {
namespace {

// Somebody else is faster rarely, and hardly ever twice.
constexpr int kTries = 3;
constexpr std::chrono::milliseconds kBetweenTries{20};

// A plan that is not ok, in one sentence.
std::string why_not(const limit::Plan& plan) {
  if (!plan.refusals.empty()) {
    const limit::Refusal& first = plan.refusals.front();
    std::string text = first.cgroup + ": " + std::string(limit::name_of(first.knob));
    if (!first.detail.empty()) text += " " + first.detail;
    text += " " + first.reason;
    if (plan.refusals.size() > 1)
      text += " (and " + std::to_string(plan.refusals.size() - 1) + " more)";
    return text;
  }
  const auto bad = std::ranges::find_if(
      plan.writes, [](const limit::Write& write) { return write.predicted_errno != 0; });
  return bad == plan.writes.end() ? "" : bad->at.cgroup + ": " + bad->reason;
}

Fault fault_of(const Outcome& outcome) {
  Fault fault(*outcome.error);
  // Below the floor: our own refusal, though it comes when the change has begun.
  const bool own = outcome.error->os_error == 0 && outcome.error->kind == ErrorKind::kRejected &&
                   std::string_view(outcome.error->op) == "shrink";
  if (own) fault.problem = Problem::kRefused;
  const bool begun = outcome.change != 0;
  if (begun && !own && fault.problem != Problem::kBusy && fault.problem != Problem::kNotFound)
    fault.problem = Problem::kFailed;
  if (outcome.applied.end == limit::Applied::End::kStuck)
    fault = Fault(Problem::kFailed,
                  fault.message + "; and not everything could be taken back: see the writes");
  return fault;
}

}  // namespace

ChangeReport Service::report_of(Draft draft) {
  ChangeReport report{.target = std::move(draft.target), .plan = std::move(draft.plan)};
  if (!report.plan.ok()) {
    report.fault = Fault(Problem::kRefused, why_not(report.plan));
  } else {
    report.result = draft.request.mode == LimitRequest::Mode::kDryRun
                        ? ChangeReport::Result::kPlanned
                        : ChangeReport::Result::kUnchanged;
  }
  return report;
}

std::vector<Outcome> Service::run(std::span<const Change> changes, limit::KernelPort& port) {
  if (observer_.begins)
    for (const Change& change : changes) observer_.begins(*change.plan);
  std::vector<Outcome> outcomes = enforcer_->run_all(changes, port);
  if (observer_.ended)
    for (std::size_t i = 0; i < changes.size(); ++i) observer_.ended(*changes[i].plan, outcomes[i]);
  return outcomes;
}

Order Service::order_of(const Draft& draft, const Actor& actor, std::uint64_t free_swap,
                        Order::IfBusy if_busy) const {
  Order order;
  order.purpose = purpose_of(draft.request);
  order.lease = draft.request.lease.value_or(std::chrono::nanoseconds(0));
  order.cause = {.uid = actor.uid, .pid = actor.pid, .comm = actor.comm, .rule = actor.rule};
  order.if_busy = if_busy;
  ShrinkOptions shrink;
  shrink.deadline = draft.request.deadline;
  if (draft.request.below_floor == LimitRequest::BelowFloor::kForce)
    shrink.below_floor = ShrinkOptions::BelowFloor::kForce;
  shrink.free_swap = free_swap;
  order.gate = shrink_gate(clock_, shrink);
  order.now = machine_.now();
  order.after = draft.after;
  return order;
}

ChangeReport Service::carry_out(Draft draft, const Actor& actor) {
  std::vector<Commission> one;
  one.push_back({std::move(draft), actor});
  return std::move(carry_out(std::move(one)).front());
}

// As far as it has come: what is not finished is planned again.
struct Service::Work {
  Commission commission;
  std::optional<ChangeReport> report;
  bool replanned = false;
};

std::vector<ChangeReport> Service::carry_out(std::vector<Commission> all) {
  std::vector<Work> works;
  works.reserve(all.size());
  for (Commission& one : all) works.push_back({std::move(one), {}});
  const auto port = machine_.port();
  for (int tries = 1; tries <= kTries; ++tries)
    if (!try_once(works, tries == kTries, *port)) break;
  std::vector<ChangeReport> reports;
  reports.reserve(works.size());
  for (Work& work : works) {
    reports.push_back(*std::move(work.report));
    reports.back().replanned = work.replanned;
  }
  return reports;
}

// Whether something is to be tried again.
bool Service::try_once(std::vector<Work>& works, bool last, limit::KernelPort& port) {
  std::vector<Work*> begun;
  std::deque<Order> orders;
  std::vector<Change> changes;
  const bool shrinks =
      std::ranges::any_of(works, [](const Work& work) { return work.commission.draft.shrinks; });
  const std::uint64_t free_swap = shrinks ? machine_.free_swap() : 0;
  const auto if_busy = last ? Order::IfBusy::kIsRefused : Order::IfBusy::kAsksAgain;
  for (Work& work : works) {
    if (work.report) continue;
    Draft& draft = work.commission.draft;
    const bool nothing = draft.plan.writes.empty() && draft.after.empty();
    if (draft.request.mode == LimitRequest::Mode::kDryRun || (draft.plan.ok() && nothing)) {
      work.report = report_of(std::move(draft));
      continue;
    }
    begun.push_back(&work);
    orders.push_back(order_of(draft, work.commission.actor, free_swap, if_busy));
    changes.push_back({&draft.plan, &orders.back()});
  }
  if (begun.empty()) return false;
  std::vector<Outcome> outcomes = run(changes, port);
  bool again = false;
  for (std::size_t i = 0; i < begun.size(); ++i) {
    Draft& draft = begun[i]->commission.draft;
    const bool faster = !outcomes[i].done() && outcomes[i].change == 0 &&
                        outcomes[i].error->kind == ErrorKind::kBusy && !last;
    if (faster) {
      if (!again) std::this_thread::sleep_for(kBetweenTries);
      if (auto drawn = draft_for(draft.target, draft.request)) {
        draft = *std::move(drawn);
        begun[i]->replanned = true;
        again = true;
        continue;
      }
    }
    begun[i]->report = report_of(std::move(draft), std::move(outcomes[i]));
  }
  return again;
}

ChangeReport Service::report_of(Draft draft, Outcome outcome) {
  if (!draft.plan.ok()) return report_of(std::move(draft));
  ChangeReport report{
      .change = outcome.change, .target = std::move(draft.target), .plan = std::move(draft.plan)};
  if (outcome.done())
    report.result =
        report.plan.writes.empty() ? ChangeReport::Result::kUnchanged : ChangeReport::Result::kDone;
  else
    report.fault = fault_of(outcome);
  if (outcome.change != 0) report.applied = std::move(outcome.applied);
  return report;
}

LeaseEnd Service::carry_out(const Ending& ending) {
  LeaseEnd end{.lease = ending.lease};
  ShrinkOptions shrink;
  shrink.free_swap = machine_.free_swap();
  Order order;
  order.purpose = Purpose::kExpire;
  order.cause = ending.cause;
  order.now = machine_.now();
  order.after = ending.back.after;
  order.gate = shrink_gate(clock_, shrink);
  const auto port = machine_.port();
  const Change change{&ending.back.plan, &order};
  const Outcome outcome = std::move(run({&change, 1}, *port).front());
  if (!outcome.done()) {
    end.fault = fault_of(outcome);
    return end;
  }
  for (const Spot& spot : ending.back.foreign)
    note("lease " + std::to_string(ending.lease) + " is over; " + spot.at.cgroup + ": " +
         spot.file + " has another value since, and keeps it");
  return end;
}

}  // namespace plimsoll::control
