#include "control/enforcer/enforcer.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <tuple>
#include <utility>

#include "control/enforcer/audit_of.h"
#include "control/enforcer/journaled_run.h"
#include "control/enforcer/side_effects.h"

namespace plimsoll::control {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostUnwritten = 10'000;
// Longer than some dozens of changes take that go together.
constexpr auto kPatience = 400ms;

std::string describe(const limit::Plan& plan) {
  if (plan.writes.empty()) return "a plan without writes";
  return plan.writes.front().at.cgroup + ", " + std::to_string(plan.writes.size()) + " writes";
}

// What the plan says there is, is there.
Result<> still_so(const limit::Plan& plan, limit::KernelPort& port) {
  SideEffects earlier;
  for (const limit::Write& write : plan.writes) {
    const bool touched_before = earlier.having_say_in(write) > 0;
    earlier.add(write);
    if (touched_before) continue;
    const std::string text = PLIMSOLL_TRY(in(write.at.cgroup, port.read(write.at, write.file)));
    const std::string_view line = limit::line_of(text, write.key);
    if (!limit::same_text(write.file, write.old_text, line))
      return failure(ErrorKind::kBusy, "enforce",
                     write.at.cgroup + ": " + write.file + " is \"" + std::string(line) +
                         "\", not \"" + write.old_text + "\" as planned: plan again");
  }
  return {};
}

}  // namespace

// Groups that a change works on, as long as it does.
class Enforcer::Claim {
 public:
  Claim(Enforcer& enforcer, const limit::Plan& plan, std::chrono::milliseconds patience)
      : enforcer_(enforcer) {
    std::set<Group> wanted;
    for (const limit::Write& write : plan.writes)
      wanted.emplace(write.at.hierarchy, write.at.inode);
    std::unique_lock guard(enforcer_.mutex_);
    const bool free = enforcer_.released_.wait_for(guard, patience, [&] {
      return std::ranges::none_of(
          wanted, [&](const Group& group) { return enforcer_.busy_.contains(group); });
    });
    if (!free) return;
    enforcer_.busy_.insert(wanted.begin(), wanted.end());
    groups_ = std::move(wanted);
    held_ = true;
  }
  ~Claim() {
    {
      const std::scoped_lock guard(enforcer_.mutex_);
      for (const Group& group : groups_) enforcer_.busy_.erase(group);
    }
    enforcer_.released_.notify_all();
  }
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;
  [[nodiscard]] bool held() const { return held_; }

 private:
  Enforcer& enforcer_;
  std::set<Group> groups_;
  bool held_ = false;
};

// A change that goes on, and where it stands among those asked for.
struct Enforcer::Admitted {
  std::size_t index = 0;
  std::unique_ptr<Claim> claim;
  std::uint64_t id = 0;
};

Outcome Enforcer::run(const limit::Plan& plan, const Order& order, limit::KernelPort& port) {
  const Change change{&plan, &order};
  return std::move(run_all({&change, 1}, port).front());
}

std::vector<Outcome> Enforcer::run_all(std::span<const Change> changes, limit::KernelPort& port) {
  std::vector<Outcome> outcomes(changes.size());
  std::vector<Admitted> admitted;
  // Alone it is looked at before it is begun. Of several each is when its turn comes: what was so
  // before the others went may be otherwise then.
  const bool is_alone = changes.size() == 1;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    // Who holds some already waits for nobody, so no two can wait for each other.
    auto claim = std::make_unique<Claim>(*this, *changes[i].plan, is_alone ? kPatience : 0ms);
    if (auto settled = try_admit(changes[i], *claim, is_alone ? &port : nullptr))
      outcomes[i] = *std::move(settled);
    else
      admitted.push_back({i, std::move(claim), 0});
  }
  begin_all(changes, admitted, outcomes);
  for (Admitted& one : admitted) {
    const Change& change = changes[one.index];
    auto fresh = is_alone ? Result<>() : still_so(*change.plan, port);
    outcomes[one.index] =
        fresh ? execute(change, one.id, port) : call_off(change, one.id, std::move(fresh).error());
    one.claim.reset();
  }
  for (const Outcome& outcome : outcomes) count(outcome);
  return outcomes;
}

void Enforcer::count(const Outcome& outcome) {
  const std::scoped_lock guard(mutex_);
  if (outcome.change == 0) return;  // Refused, or there was nothing to do.
  switch (outcome.applied.end) {
    case limit::Applied::End::kDone:
      ++counts_.done;
      break;
    case limit::Applied::End::kUndone:
      ++counts_.undone;
      break;
    case limit::Applied::End::kStuck:
      ++counts_.stuck;
      break;
  }
  for (const limit::WriteOutcome& write : outcome.applied.writes) ++counts_.writes[write.state];
}

EnforcerCounts Enforcer::counts() const {
  const std::scoped_lock guard(mutex_);
  EnforcerCounts counts = counts_;
  counts.unrecorded = unwritten_.size();
  return counts;
}

std::optional<Outcome> Enforcer::try_admit(const Change& change, const Claim& claim,
                                           limit::KernelPort* port) {
  const limit::Plan& plan = *change.plan;
  const Order& order = *change.order;
  if (!plan.ok()) {
    std::string why = "a write that the kernel will refuse";
    if (!plan.refusals.empty())
      why = std::string(limit::name_of(plan.refusals.front().knob)) + ": " +
            plan.refusals.front().reason;
    return refuse(plan, order, invalid_input("enforce", why).error());
  }
  if (!claim.held())
    return refuse(
        plan, order,
        failure(ErrorKind::kBusy, "enforce", "another change of it is under way").error());
  if (port != nullptr)
    if (auto fresh = still_so(plan, *port); !fresh)
      return refuse(plan, order, std::move(fresh).error());
  if (!plan.writes.empty()) return std::nullopt;
  Outcome nothing_to_do;
  if (order.after.empty()) return nothing_to_do;
  if (auto said = journal_.settle(order.after); !said)
    nothing_to_do.error = std::move(said).error();
  return nothing_to_do;
}

// Gives them their numbers. Where the disk does not take it, none of them is begun.
void Enforcer::begin_all(std::span<const Change> changes, std::vector<Admitted>& admitted,
                         std::vector<Outcome>& outcomes) {
  if (admitted.empty()) return;
  std::vector<Begun> begun;
  for (const Admitted& one : admitted) {
    const Order& order = *changes[one.index].order;
    Begun& last = begun.emplace_back();
    last.purpose = order.purpose;
    last.at = order.now;
    last.lease = order.lease;
    last.cause = order.cause;
    last.writes = changes[one.index].plan->writes;
  }
  // What an earlier change left unrecorded comes first.
  const auto recorded = record({});
  auto ids = recorded ? journal_.begin_all(std::move(begun)) : std::unexpected(recorded.error());
  if (!ids) {
    for (const Admitted& one : admitted)
      outcomes[one.index] =
          refuse(*changes[one.index].plan, *changes[one.index].order, ids.error());
    return admitted.clear();
  }
  for (std::size_t i = 0; i < admitted.size(); ++i) admitted[i].id = (*ids)[i];
}

// It was begun with others, and somebody wrote before its turn came: as if it had not been.
Outcome Enforcer::call_off(const Change& change, std::uint64_t id, Error error) {
  Outcome outcome = refuse(*change.plan, *change.order, std::move(error));
  JournaledRun run(journal_, id);
  std::ignore = run.end(outcome.applied);
  return outcome;
}

Outcome Enforcer::refuse(const limit::Plan& plan, const Order& order, Error error) {
  Outcome outcome;
  outcome.applied.end = limit::Applied::End::kUndone;
  outcome.applied.writes.resize(plan.writes.size());
  if (order.if_busy == Order::IfBusy::kAsksAgain && error.kind == ErrorKind::kBusy) {
    outcome.error = std::move(error);
    return outcome;
  }
  AuditRecord line = record_of(order.cause, order.now);
  line.kind = AuditRecord::Kind::kRefused;
  if (!plan.writes.empty())
    line.cgroup = plan.writes.front().at.cgroup;
  else if (!plan.refusals.empty())
    line.cgroup = plan.refusals.front().cgroup;
  line.detail = describe(plan) + ": " + error.message();
  // Nothing happened, so nothing depends on this line.
  std::ignore = record({std::move(line)});
  const std::scoped_lock guard(mutex_);
  ++counts_.refused;
  outcome.error = std::move(error);
  return outcome;
}

Outcome Enforcer::execute(const Change& change, std::uint64_t id, limit::KernelPort& port) {
  const limit::Plan& plan = *change.plan;
  const Order& order = *change.order;
  Outcome outcome{.change = id};
  JournaledRun run(journal_, id);
  run.set_gate(order.gate, port);
  outcome.applied = limit::apply(plan, port, &run);
  outcome.error = outcome.applied.error;
  const auto lines = [&] { return records_of(plan, outcome.applied, order.cause, order.now, id); };
  if (outcome.applied.end == limit::Applied::End::kDone) {
    // Done is what is recorded as done, in both.
    auto recorded = record(lines());
    if (recorded) recorded = run.end(outcome.applied, order.after);
    if (recorded) return outcome;
    outcome.error = std::move(recorded).error();
    outcome.applied = limit::take_back(plan, plan.writes.size(), port, &run);
    outcome.applied.error = outcome.error;
  }
  outcome.applied = run.insist(plan, port, std::move(outcome.applied));
  close(run, outcome.applied, lines());
  return outcome;
}

// Of a change that was taken back. What the audit log could not say stays open in the journal's
// file: after a kill, recovery says it.
void Enforcer::close(JournaledRun& run, const limit::Applied& applied,
                     std::vector<AuditRecord> lines) {
  if (record(std::move(lines)))
    std::ignore = run.end(applied);
  else
    run.end_in_memory(applied);
}

Result<> Enforcer::record(std::vector<AuditRecord> records) {
  const std::scoped_lock guard(mutex_);
  if (!unwritten_.empty()) {
    records.insert(records.begin(), std::make_move_iterator(unwritten_.begin()),
                   std::make_move_iterator(unwritten_.end()));
    unwritten_.clear();
  }
  auto written = audit_.append(records);
  if (written) return {};
  if (records.size() > kMostUnwritten)
    records.erase(records.begin(), records.end() - static_cast<std::ptrdiff_t>(kMostUnwritten));
  unwritten_ = std::move(records);
  return written;
}

void Enforcer::note(const Moment& now, std::string text) {
  AuditRecord line = record_of(Cause{.rule = "engine"}, now);
  line.detail = std::move(text);
  std::ignore = record({std::move(line)});
}

}  // namespace plimsoll::control
