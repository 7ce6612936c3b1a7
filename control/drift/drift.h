// Values that we hold, and those who write others into their files. Pure: readings come in, what to
// do goes out.
//
// A notification only says that some control file of a group was written, not which, by whom, or
// how often. So the files that matter are read, and what they say is compared with what we put
// there. While a change of our own is under way nothing is compared: its files say things in
// between (a guard's memory.high, a limit in steps). When it has ended everything is read once,
// because somebody else's write may hide behind ours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "control/drift/damping.h"
#include "control/journal/record.h"
#include "control/policy/rule.h"

namespace plimsoll::drift {

using control::Spot;
using policy::OnDrift;

// A group in one hierarchy: its index and inode.
using Group = std::pair<std::size_t, std::uint64_t>;
[[nodiscard]] inline Group group_of(const Spot& spot) {
  return {spot.at.hierarchy, spot.at.inode};
}

struct Holding {
  std::string expected;  // As the file, or the key's line, reads.
  std::string rule;
  OnDrift on_drift = OnDrift::kReport;
  bool operator==(const Holding&) const = default;
};

// How a spot is doing, for metrics and for people.
enum class Calm : std::uint8_t {
  kHeld,     // Reads as it should.
  kAdopted,  // Somebody else's value, which is ours now.
  kForeign,  // Somebody else's value, seen, said, and left there.
  kFight     // It keeps coming: answers are slowed down.
};
[[nodiscard]] std::string_view name_of(Calm calm);

// Somebody else's write, and what to do about it now.
struct Finding {
  Spot spot;
  Holding held;                      // As it was before the write.
  std::string found;                 // What it reads as.
  WallTime seen;                     // First, of those that are answered together.
  OnDrift act{};                     // Say it; repair and adopt are done besides.
  std::uint64_t in_a_row = 1;        // Writes since it was quiet.
  std::chrono::nanoseconds delay{};  // For how long this answer was held back.
};

struct DriftCounts {
  std::uint64_t foreign = 0;  // Writes seen.
  std::uint64_t reported = 0;
  std::uint64_t repaired = 0;
  std::uint64_t failed = 0;  // Repairs that the kernel or the disk refused.
  std::uint64_t adopted = 0;
  std::uint64_t slowed = 0;  // Answers that were held back.
  bool operator==(const DriftCounts&) const = default;
};

enum class Repair : std::uint8_t { kDone, kFailed };

// Not thread-safe: it belongs to the loop that owns the tree.
class DriftBook {
 public:
  explicit DriftBook(const Clock& clock, const DampingOptions& options = {})
      : clock_(clock), options_(options) {}

  // From now on; replaces what was held there. A change of the value makes peace.
  void hold(const Spot& spot, Holding holding);
  void release(const Spot& spot);
  // The group is gone, and its limits with it.
  void forget(const Group& group);

  // The groups under this path of which something is held; a group that was made again may be one
  // of two.
  [[nodiscard]] std::vector<Group> groups_at(const std::string& cgroup) const;

  // A change of our own in this group begins, and ends; they may nest.
  void begin_own(const Group& group);
  void end_own(const Group& group);
  [[nodiscard]] bool is_own(const Group& group) const { return own_.contains(group); }

  // What to read because the group was written; nothing while a change of our own is under way, or
  // an answer waits.
  [[nodiscard]] std::vector<Spot> to_read(const Group& group) const;
  // Groups in which a change of our own has ended since the last call: read them, too.
  [[nodiscard]] std::vector<Group> take_ended();

  // What a spot reads as now. A finding wants an answer: whoever repairs says repaired() at its
  // end.
  [[nodiscard]] std::optional<Finding> judge(const Spot& spot, std::string_view text);
  // Answers that were held back and are due: read these spots and judge them again.
  [[nodiscard]] std::vector<Spot> due() const;
  [[nodiscard]] std::optional<MonoTime> next_due() const;
  // A repair that failed is found again at the next look, and tried again ever more slowly.
  void repaired(const Spot& spot, Repair how);

  [[nodiscard]] std::optional<Calm> calm_of(const Spot& spot) const;
  // The worst of its spots; nothing when none is held.
  [[nodiscard]] std::optional<Calm> calm_of(const Group& group) const;
  [[nodiscard]] std::map<Calm, std::size_t> census() const;
  [[nodiscard]] const DriftCounts& counts() const { return counts_; }
  [[nodiscard]] std::size_t size() const { return spots_.size(); }

 private:
  struct Entry {
    Holding holding;
    Damping damping;
    Calm calm = Calm::kHeld;
    // The foreign value that waits for its answer, or had it and was left there.
    std::optional<std::string> said;
    std::optional<WallTime> seen;  // The first write that waits for its answer.
    std::optional<MonoTime> answer_at;
    std::chrono::nanoseconds delay{};
    bool answering = false;  // Handed out, not repaired() yet.
  };
  void enter(const Spot& spot, Entry entry);
  void leave(const Spot& spot);
  void set_calm(const Spot& spot, Entry& entry, Calm calm);
  void set_answer_at(const Spot& spot, Entry& entry, std::optional<MonoTime> at);
  [[nodiscard]] std::span<const Spot> spots_in(const Group& group) const;
  void drop_group(const Group& group, const std::string& cgroup);
  void back_to_normal(const Spot& spot, Entry& entry);
  [[nodiscard]] Calm now(const Entry& entry) const;
  Finding answer(const Spot& spot, Entry& entry, std::string_view text);

  const Clock& clock_;
  DampingOptions options_;
  std::map<Spot, Entry> spots_;
  std::map<Group, std::vector<Spot>> groups_;
  std::map<std::string, std::vector<Group>> paths_;
  std::map<Group, std::size_t> own_;  // Changes of our own under way.
  std::vector<Group> ended_;
  // Of thousands that are held few have anything to wait for: each turn asks.
  std::set<Spot> waiting_;  // Those with an answer_at.
  std::set<Spot> fights_;   // Those whose calm, as it was set, is a fight.
  std::map<Calm, std::size_t> calm_;
  DriftCounts counts_;
};

}  // namespace plimsoll::drift
