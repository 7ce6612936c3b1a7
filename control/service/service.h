// Limits of containers, as a whole: from what somebody asks for to what became of it. Over the
// host's groups, the journal and the audit log; below the API, policies and the command line.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "control/audit/audit_log.h"
#include "control/enforcer/enforcer.h"
#include "control/enforcer/returning.h"
#include "control/journal/journal.h"
#include "control/service/machine.h"
#include "control/service/request.h"
#include "control/store/store.h"

namespace plimsoll::control {

// A request that was planned, and may be carried out by Service::carry_out().
struct Draft {
  Target target;
  LimitRequest request;
  limit::Plan plan;
  std::vector<Record> after;  // Order::after.
  bool shrinks = false;       // Takes memory away: may take as long as the request's deadline.
};

// The end of a lease, planned.
struct Ending {
  std::uint64_t lease = 0;
  Returning back;
  Cause cause;
  bool shrinks = false;
};

// How a lease came to its end.
struct LeaseEnd {
  std::uint64_t lease = 0;
  std::optional<Fault> fault;  // It holds still; to be tried again.
};

// Told of every change of ours, on the thread that makes it: whoever looks at what others write
// must know what is not theirs. `ended` comes after every `begins`.
struct ChangeObserver {
  std::function<void(const limit::Plan& plan)> begins;
  std::function<void(const limit::Plan& plan, const Outcome& outcome)> ended;
};

struct History {
  std::vector<std::string> records;  // Lines of JSON, the newest last.
  std::string broken;                // What does not verify; empty: the chain is whole.
};

// For metrics.
struct ServiceCounts {
  EnforcerCounts changes;
  std::size_t under_way = 0;  // Changes.
  std::size_t values = 0;     // That are ours: what was found is remembered.
  std::size_t leases = 0;
};

// Safe from every thread. What blocks as long as kernel and disk do is marked so.
class Service {
 public:
  // `store`, `machine` and `clock` must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<Service>> open(Store& store, Machine& machine,
                                                             const Clock& clock);

  // Before start(), or never.
  void observe(ChangeObserver observer) { observer_ = std::move(observer); }

  // Once, before anything else: takes back what a kill left half done, ends the leases whose time
  // was over meanwhile, and forgets groups that are gone.
  Recovery start();
  [[nodiscard]] const JournalOpening& journal_opening() const { return journal_->opening(); }
  [[nodiscard]] const AuditOpening& audit_opening() const { return audit_->opening(); }

  [[nodiscard]] Answer<Target> resolve(std::string_view ref);
  [[nodiscard]] Answer<Shown> show(std::string_view ref);
  // Groups with values that we changed, with those values.
  [[nodiscard]] Answer<std::vector<Shown>> changed();

  // Reads and plans, and changes nothing. A plan with refusals is a good draft.
  [[nodiscard]] Answer<Draft> draft(std::string_view ref, const LimitRequest& request);
  // The same from a view that was read just now, with all above and below the group and no more.
  [[nodiscard]] Answer<Draft> draft(std::string_view ref, const LimitRequest& request,
                                    const limit::KernelView& view);
  // It takes memory away that is in use: to be carried out where others do not wait behind it.
  [[nodiscard]] bool takes_long(const Draft& draft) const;
  // The report of a draft that is not carried out: a dry run, or a plan that is not ok.
  [[nodiscard]] static ChangeReport report_of(Draft draft);
  // Blocks. Plans again when somebody was faster.
  [[nodiscard]] ChangeReport carry_out(Draft draft, const Actor& actor);
  // The same for several that touch different groups; the disk is waited for once. Reports in their
  // order. What one of them has is no other's affair.
  struct Commission {
    Draft draft;
    Actor actor;
  };
  [[nodiscard]] std::vector<ChangeReport> carry_out(std::vector<Commission> all);

  // Of one group, by its reference or as "cgroup:/path" also when it is gone; of all without. The
  // newest `most`. Blocks: verifies every file of the log.
  [[nodiscard]] Answer<History> history(std::optional<std::string_view> ref, std::size_t most);

  // Until the next lease ends; nothing without leases.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> next_lease_end();
  // Leases whose time is over, in the order in which they are to be ended.
  [[nodiscard]] std::vector<std::uint64_t> due_leases();
  [[nodiscard]] Answer<Ending> draft_ending(std::uint64_t lease);
  // Blocks.
  [[nodiscard]] LeaseEnd carry_out(const Ending& ending);
  // The groups that are gone, and what we keep about them.
  void forget(std::span<const limit::Place> gone);

  [[nodiscard]] State state() const { return journal_->state(); }
  // The same without a copy; `look` must call nothing of ours.
  template <class Look>
  [[nodiscard]] auto with_state(Look look) const {
    return journal_->with_state(look);
  }
  [[nodiscard]] ServiceCounts counts() const;
  // A value that somebody else wrote is what we hold from now on; what was found first stays.
  void adopt(const Spot& spot, const std::string& text, std::string rule);
  void note(std::string text) { enforcer_->note(machine_.now(), std::move(text)); }

 private:
  Service(Store& store, Machine& machine, const Clock& clock)
      : store_(store), machine_(machine), clock_(clock) {}
  [[nodiscard]] Answer<Draft> draft_for(Target target, const LimitRequest& request);
  [[nodiscard]] Answer<Draft> draft_from(Target target, const LimitRequest& request,
                                         const limit::KernelView& view);
  void plan_limits(Draft& draft, const limit::KernelView& view) const;
  [[nodiscard]] Answer<> plan_return(Draft& draft, const limit::KernelView& view) const;
  void ask_manager(Draft& draft) const;
  std::vector<Outcome> run(std::span<const Change> changes, limit::KernelPort& port);
  [[nodiscard]] static Purpose purpose_of(const LimitRequest& request);
  [[nodiscard]] Order order_of(const Draft& draft, const Actor& actor, std::uint64_t free_swap,
                               Order::IfBusy if_busy) const;
  struct Work;
  [[nodiscard]] bool try_once(std::vector<Work>& works, bool last, limit::KernelPort& port);
  [[nodiscard]] static ChangeReport report_of(Draft draft, Outcome outcome);
  void forget_gone();

  Store& store_;
  Machine& machine_;
  const Clock& clock_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<AuditLog> audit_;
  std::unique_ptr<Enforcer> enforcer_;
  ChangeObserver observer_;
};

}  // namespace plimsoll::control
