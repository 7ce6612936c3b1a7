// Policies carried out: what the rules decide is set on containers as they appear, kept while a
// rule holds, defended against foreign writes, and given back.
//
// One turn of the keeper's thread decides and looks; changes run on the lanes and report back
// through a queue. Nothing here waits for the kernel to write.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "control/applier/views.h"
#include "control/drift/check.h"
#include "control/enforcer/worker.h"
#include "control/policy/load.h"
#include "control/policy/reconcile.h"
#include "control/service/host_machine.h"
#include "control/service/service.h"

namespace plimsoll::control {

struct PolicyOptions {
  std::string directory = "/etc/plimsoll/policy.d";
  uid_t owner = 0;
  drift::DampingOptions damping;
  // What a container was seen to use; empty: nothing is observed, and shares of it are not known.
  std::function<policy::Observed(const KnownGroup&)> observed;
};

// For metrics; of the last turn.
struct PolicyCounts {
  std::size_t files = 0;
  std::size_t rules = 0;
  std::size_t matched = 0;  // Groups for which some rule speaks, observing ones included.
  std::size_t values = 0;   // Held by rules.
  std::uint64_t reloads = 0;
  std::uint64_t reload_failures = 0;  // Then the rules before stay in force.
  bool reload_ok = false;             // The last one.
  std::optional<WallTime> reload_ok_at;
  drift::DriftCounts drift;
  std::map<drift::Calm, std::size_t> calm;
};

class Policies {
 public:
  using Submit = std::function<Result<>(Worker::Job)>;
  struct Lanes {
    Submit changes;
    Submit shrinks;  // What takes memory away.
  };

  // All must outlive it; the lanes have ended before it does. `wake` asks for a turn().
  Policies(Service& service, Machine& machine, Lanes lanes, const Clock& clock,
           const policy::Zone& zone, PolicyOptions options, std::function<void()> wake);

  // Reads the directory anew and says in the log what is wrong with it. Any thread.
  policy::Loaded reload();
  // GET /plimsoll/v1/policy: the rules in force; what they make of one group. Any thread.
  [[nodiscard]] std::string json() const;
  [[nodiscard]] Answer<std::string> explain(std::string_view ref);

  // A container that our own runtime is about to make, on any thread. Until what it gives is
  // destroyed turns leave the container's groups alone: the runtime writes limits of its own there.
  // Null: there is no rule that enforces.
  class Start;
  [[nodiscard]] std::unique_ptr<Start> starts(std::string id);

  // The keeper's thread, with what is new since the last turn, or when rest() is over.
  void turn(const GroupNews& news);
  // After a turn: how long until the next one, if there is no news and nobody wakes. An hour: there
  // is nothing to do.
  [[nodiscard]] std::chrono::nanoseconds rest() const;

  // Never waits for a turn.
  [[nodiscard]] PolicyCounts counts() const;
  [[nodiscard]] drift::DriftCounts drift_counts() const;
  [[nodiscard]] std::map<drift::Calm, std::size_t> drift_census() const;

 private:
  struct Member {
    KnownGroup group;
    std::vector<policy::Held> held;
    std::vector<Spot> spots;  // Whose owner it is, see `owners_`.
    bool is_read = false;     // The journal was asked what is held.
    bool look = true;
    bool matched = false;  // Some rule speaks for it.
    bool has_by_hand = false;
    std::size_t under_way = 0;  // Changes on the lanes.
    std::optional<WallTime> next;
    // What was refused or failed, not to be tried before `retry_at` or before the group changes.
    std::vector<limit::Setting> refused;
    bool back_refused = false;  // Giving back, likewise.
    std::optional<MonoTime> retry_at;
    std::chrono::nanoseconds pause{};
    std::uint64_t version = 0;  // Of the group, as the news have it.
    std::set<std::string> said;
  };
  struct Step {
    std::uint64_t serial = 0;
    std::string cgroup;
    std::uint64_t version = 0;  // Member::version when it was begun.
    LimitRequest request;
    std::string cause;  // Of the rule, or of giving back.
    drift::OnDrift on_drift = drift::OnDrift::kReport;
    std::vector<limit::Setting> refused;  // Left out, because the group cannot have them.
    std::string why;
    // What it was decided from, where nothing was under way then: read just now, with all that its
    // plan needs. Null: to be read.
    std::shared_ptr<const Views> seen;
  };
  struct Done {
    Step step;
    std::optional<Fault> fault;
    std::vector<std::pair<Spot, std::string>> spots;  // What each setting reads as.
  };
  struct Owner {
    std::uint64_t serial = 0;
    KnobRef knob;
  };

  enum class Own : std::uint8_t { kBegins, kEnds };  // A change of ours.
  enum class Lane : std::uint8_t { kChanges, kShrinks };

  // Changes that go together: no two of them have to do with the same part of the tree.
  class Batches;
  using Steps = std::vector<Step>;

  void take_news(const GroupNews& news);
  [[nodiscard]] bool take_done();  // Whether there was anything.
  void settle(const Done& done);
  void look_for_drift(const GroupNews& news);
  void answer(const drift::Finding& finding);
  [[nodiscard]] std::string manager_of(const std::string& cgroup);
  void look_at(const std::vector<std::uint64_t>& serials);
  struct Looked {
    std::uint64_t serial = 0;
    bool found = false;  // The journal knows of values there, and nobody has asked it yet.
  };
  // Nothing: there is nothing to decide.
  [[nodiscard]] std::optional<Looked> wants_look(std::uint64_t serial, Member& member);
  void look_at(const Looked& looked, Member& member, const std::shared_ptr<const Views>& views,
               const limit::Host& host);
  [[nodiscard]] bool speaks_for(const Member& member) const;
  [[nodiscard]] bool may_matter(const Member& member) const;
  [[nodiscard]] policy::Decision decide(const policy::PolicyBook::SetPtr& rules,
                                        const Member& member, const limit::KernelView& view,
                                        std::size_t group, const limit::Host& host) const;
  [[nodiscard]] cgroupfs::ControllerSet controllers_for(std::span<const Looked> lot) const;
  [[nodiscard]] static Steps steps_of(const policy::Reconciled& todo, std::uint64_t serial,
                                      const Member& member);
  [[nodiscard]] bool is_starting(const Member& member) const;
  void set_at_start(const inventory::Identity& container);
  void started(const std::string& id);
  void remember(std::uint64_t serial, Member& member, const State& state,
                const limit::KernelView& view, std::size_t group);
  // What is to be read there from now on: as planned where it was written, else as it was in
  // `before`, which the plan was made from.
  [[nodiscard]] std::vector<std::pair<Spot, std::string>> spots_of(
      const Step& step, const limit::Plan& plan, const limit::KernelView& before) const;
  void own(std::uint64_t serial, Member& member, const Spot& spot, const KnobRef& knob);
  void disown(Member& member, const Spot& spot);
  void begin(Member& member, Step step);
  void submit();  // What a turn has begun.
  // The same without what this group cannot have, if that leaves anything.
  [[nodiscard]] static bool leave_out(Step& step, const limit::Plan& plan);
  [[nodiscard]] Answer<Draft> draft(Step& step, const limit::KernelView& view);
  // Of the steps that bring none along.
  [[nodiscard]] std::shared_ptr<const Views> views_of(const Steps& steps) const;
  void run(Steps steps, Lane lane);
  // Nothing: it takes memory away, and was handed over to the lane for that.
  [[nodiscard]] std::vector<Done> carry_out(Steps steps, Lane lane);
  void hand_over(Step step, std::vector<Done>& done);
  void report(std::vector<Done> done);
  void give_up(Member& member, const Step& step, const Fault& fault);
  void try_again(Member& member);
  void want_look(Member& member);
  [[nodiscard]] bool wants_looks() const;
  [[nodiscard]] std::vector<std::uint64_t> due_for_look();
  void take_stock();
  void say_once(Member& member, const std::string& what);
  void publish();
  void own_groups(const Member& member, Own own);

  Service& service_;
  Machine& machine_;
  const Lanes lanes_;
  const Clock& clock_;
  const policy::Zone& zone_;
  const PolicyOptions options_;
  const std::function<void()> wake_;
  policy::PolicyBook book_;

  mutable std::mutex counts_mutex_;  // Of `counts_`.
  PolicyCounts counts_;

  mutable std::mutex starting_mutex_;    // Of `starting_`.
  std::multiset<std::string> starting_;  // Ids of containers.

  std::mutex done_mutex_;  // Of `done_`: lanes write, a turn reads.
  std::vector<Done> done_;

  mutable std::mutex mutex_;  // Of what follows: turns, and those who ask.
  bool reloaded_ = true;
  bool busy_ = true;  // Something happened in the last turn; the next one sees what came of it.
  policy::PolicyBook::SetPtr rules_;
  std::map<std::uint64_t, Member> members_;  // By serial.
  bool looks_wanted_ = false;                // By some member.
  std::size_t under_way_ = 0;                // Steps of all members, those begun in this turn too.
  // Of all members; taken when something has happened to one.
  struct Stock {
    std::size_t matched = 0;
    std::size_t values = 0;
    bool has_by_hand = false;
    std::optional<MonoTime> retry_at;  // The first.
    std::optional<WallTime> next;      // The first.
  };
  Stock stock_;
  std::unique_ptr<limit::KernelPort> port_;
  drift::DriftBook drift_;
  std::map<Spot, Owner> owners_;
  Steps begun_;  // In this turn.
};

// On the thread that makes the container.
class Policies::Start {
 public:
  Start(Policies& policies, std::string id) : policies_(policies), id_(std::move(id)) {}
  ~Start() { policies_.started(id_); }
  Start(const Start&) = delete;
  Start& operator=(const Start&) = delete;

  // Its groups are there, and its process waits: when this returns, what the rules want of it is
  // set. What cannot be is left to the next turn, which says why. Blocks as disk and kernel do.
  void set_limits(const inventory::Identity& container) { policies_.set_at_start(container); }

 private:
  Policies& policies_;
  const std::string id_;
};

}  // namespace plimsoll::control
