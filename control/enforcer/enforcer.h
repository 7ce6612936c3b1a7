// Executes plans so that they can be trusted: what is about to happen is in the journal, each write
// is verified, what fails is taken back, and all of it is in the audit log.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cgroupfs/limit/apply.h"
#include "cgroupfs/limit/plan.h"
#include "cgroupfs/limit/port.h"
#include "control/audit/audit_log.h"
#include "control/journal/journal.h"

namespace plimsoll::control {

class JournaledRun;

// Called right before write `index` of a plan, with the way to the kernel: a failure stops the plan
// there, and what came before is taken back. It leaves its file as it was when it fails.
using Gate =
    std::function<Result<>(const limit::Plan& plan, std::size_t index, limit::KernelPort& port)>;

struct Order {
  Purpose purpose = Purpose::kSet;
  std::chrono::nanoseconds lease{};  // With Purpose::kLease.
  Cause cause;
  Moment now;
  Gate gate;                  // May be empty.
  std::vector<Record> after;  // Said to the journal together with success.
  // When it is kBusy: who asked plans it again, and nothing is counted or written down.
  enum class IfBusy : std::uint8_t { kIsRefused, kAsksAgain } if_busy = IfBusy::kIsRefused;
};

// A plan to be carried out; both must outlive the call.
struct Change {
  const limit::Plan* plan = nullptr;
  const Order* order = nullptr;
};

struct Outcome {
  std::uint64_t change = 0;    // The journal's number; 0: nothing was begun.
  limit::Applied applied;      // Of no use where nothing was begun.
  std::optional<Error> error;  // Nothing: it is done.
  [[nodiscard]] bool done() const { return !error; }
};

// Since the start, without what it took back.
struct EnforcerCounts {
  std::uint64_t done = 0;     // Changes.
  std::uint64_t undone = 0;   // Failed, and taken back.
  std::uint64_t stuck = 0;    // Failed, and not taken back whole.
  std::uint64_t refused = 0;  // Not begun.
  std::map<limit::WriteState, std::uint64_t> writes;
  std::size_t unrecorded = 0;  // Audit records that the disk has not taken yet.
};

// What the start after a kill did.
struct Recovery {
  std::size_t changes = 0;  // That had no end.
  std::size_t undone = 0;   // Writes.
  std::size_t foreign = 0;  // Left alone: somebody else has written there since.
  std::size_t gone = 0;     // Their groups do not exist any longer.
  std::size_t stuck = 0;    // The kernel refuses the old value: see the audit log.
};

// Safe from every thread, each with a port of its own; changes of the same group exclude each
// other. Blocks as long as disk and kernel do: never call it on an event loop.
class Enforcer {
 public:
  // Both must outlive it.
  Enforcer(Journal& journal, AuditLog& audit) : journal_(journal), audit_(audit) {}

  // Everything holds and is recorded, or everything is as before as far as the kernel lets us;
  // `applied.end` is kStuck where it does not. kBusy: another change of these groups is under way
  // and was not over soon (some tenths of a second), or a value is not what the plan says it was:
  // plan again. kInvalidInput: the plan is not ok().
  [[nodiscard]] Outcome run(const limit::Plan& plan, const Order& order, limit::KernelPort& port);

  // Each change for itself as run() has it, in their order, but the journal takes what all of them
  // intend with one sync. Changes that touch the same groups do not go together: the later is
  // kBusy, as is at once what somebody else's change is under way for.
  [[nodiscard]] std::vector<Outcome> run_all(std::span<const Change> changes,
                                             limit::KernelPort& port);

  // Once, before the first run().
  Recovery recover(limit::KernelPort& port, const Moment& now);

  [[nodiscard]] EnforcerCounts counts() const;

  // A line about the engine itself.
  void note(const Moment& now, std::string text);

 private:
  using Group = std::pair<std::size_t, std::uint64_t>;
  class Claim;
  struct Admitted;

  // Nothing: the change may begin, and `claim` holds its groups. Without a port what the plan is
  // made from is not looked at.
  std::optional<Outcome> try_admit(const Change& change, const Claim& claim,
                                   limit::KernelPort* port);
  void begin_all(std::span<const Change> changes, std::vector<Admitted>& admitted,
                 std::vector<Outcome>& outcomes);
  void count(const Outcome& outcome);
  Outcome execute(const Change& change, std::uint64_t id, limit::KernelPort& port);
  Outcome call_off(const Change& change, std::uint64_t id, Error error);
  Outcome refuse(const limit::Plan& plan, const Order& order, Error error);
  void recover_one(std::uint64_t id, const OpenChange& change, limit::KernelPort& port,
                   const Moment& now, Recovery& recovery);
  void close(JournaledRun& run, const limit::Applied& applied, std::vector<AuditRecord> lines);
  Result<> record(std::vector<AuditRecord> records);

  Journal& journal_;
  AuditLog& audit_;
  mutable std::mutex mutex_;  // Of what follows.
  EnforcerCounts counts_;     // But `unrecorded`.
  std::set<Group> busy_;
  std::condition_variable released_;    // Some of them.
  std::vector<AuditRecord> unwritten_;  // Records that the disk did not take; the next bring them.
};

}  // namespace plimsoll::control
