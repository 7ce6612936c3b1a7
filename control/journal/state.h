// What the journal's records add up to: changes under way, the values found before ours, leases.
// Pure; the file itself is journal.h's.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "control/journal/record.h"

namespace plimsoll::control {

// Of one write of a change.
struct Progress {
  bool begun = false;                      // The kernel may have heard of it.
  bool undo_begun = false;                 // And of its being taken back.
  std::optional<limit::WriteState> state;  // After the write or the undo; nothing: not known.
  std::string read_back;
  bool operator==(const Progress&) const = default;
};

struct OpenChange {
  Begun begun;
  std::vector<Progress> writes;  // One per write of `begun`.
  bool operator==(const OpenChange&) const = default;
};

struct FoundValue {
  Before found;
  std::string ours;
  std::string rule;  // As Found::rule.
  bool operator==(const FoundValue&) const = default;
};

class State {
 public:
  void add(const Record& record);

  [[nodiscard]] const std::map<std::uint64_t, OpenChange>& open() const { return open_; }
  [[nodiscard]] const std::map<Spot, FoundValue>& found() const { return found_; }
  // By their ids, so the oldest first.
  [[nodiscard]] const std::map<std::uint64_t, Lease>& leases() const { return leases_; }
  [[nodiscard]] std::uint64_t last_id() const { return last_id_; }
  // Of the last start; nothing before the first.
  [[nodiscard]] const std::optional<Moment>& started() const { return started_; }
  // A start in another boot has dropped something: the groups are gone, and their limits with them.
  [[nodiscard]] std::size_t dropped_by_boot() const { return dropped_by_boot_; }

  // The shortest journal that says the same.
  [[nodiscard]] std::vector<Record> records() const;

  bool operator==(const State&) const = default;

 private:
  void start(const Started& record);
  void begin(const Begun& record);
  void step(const Stepped& record);
  void end(const Ended& record);
  void settle(const OpenChange& change);
  void keep_found(const limit::Write& write, const Begun& begun);
  void keep_lease(Lease lease);
  void release(const Spot& spot);
  void end_index(std::uint64_t id);
  void end_lease(std::uint64_t id);
  void forget(const limit::Place& place);

  std::optional<Moment> started_;
  std::uint64_t last_id_ = 0;
  std::size_t dropped_by_boot_ = 0;
  std::map<std::uint64_t, OpenChange> open_;
  std::map<Spot, FoundValue> found_;
  std::map<std::uint64_t, Lease> leases_;
  // Which leases hold a spot, so that none is looked for among thousands.
  std::map<Spot, std::set<std::uint64_t>> leased_;
};

// When it ends on the clock of `now`'s boot. Nothing: it was granted in another boot.
[[nodiscard]] std::optional<std::chrono::nanoseconds> remaining(const Lease& lease,
                                                                const Moment& now);

}  // namespace plimsoll::control
