// From what is and what is wanted to the writes that lead there, in an order the kernel accepts.
// Pure: nothing is read or written here, so the plan is what a dry run prints and what apply()
// executes, byte for byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cgroupfs/limit/convert.h"
#include "cgroupfs/limit/knob.h"
#include "cgroupfs/limit/limits.h"
#include "cgroupfs/limit/view.h"

namespace plimsoll::limit {

// A group in one hierarchy, by identity: a group made again under the same path has another inode.
struct Place {
  std::string cgroup;
  std::size_t hierarchy = 0;
  std::uint64_t inode = 0;
  bool operator==(const Place&) const = default;
};

// One write(2) to the same group that takes a write back.
struct UndoWrite {
  std::string file;
  std::string text;
  bool operator==(const UndoWrite&) const = default;
};

// One write(2) to one control file. Texts are without newlines at the end.
struct Write {
  Place at;
  std::string file;
  std::optional<Knob> knob;  // Nothing: cgroup.subtree_control.
  // Files with a line per device: the line that counts ("254:0"); the others are not looked at.
  std::string key;
  std::string old_text;  // As read. With a key: its line, or empty where there was none.
  std::string new_text;
  std::string expected;  // What the file, or the key's line, reads as afterwards.
  // The file that says what holds after the ancestors had their say (cpuset.cpus.effective), and
  // what it must say; empty when there is none.
  std::string effective_file;
  std::string effective_text;
  // Restores the old state, side effects included (cpu.idle resets the weight), in this order.
  std::vector<UndoWrite> undo;
  std::string reason;  // For people: "cpu.quota 0.25 cpus", "raised before its children".
  // What the kernel will answer; 0: accepts. A plan with such a write is not ok().
  int predicted_errno = 0;
  // What may go wrong all the same, because it depends on what processes do meanwhile; empty:
  // nothing.
  std::string hazard;
  bool operator==(const Write&) const = default;
};

// A request that is not planned at all, and why.
struct Refusal {
  std::string cgroup;
  Knob knob{};
  std::string detail;
  std::string reason;
  bool operator==(const Refusal&) const = default;
};

struct Plan {
  std::vector<Write> writes;
  std::vector<Refusal> refusals;

  // May be applied: nothing was refused, and the kernel is expected to accept every write.
  [[nodiscard]] bool ok() const;
  bool operator==(const Plan&) const = default;
};

struct PlanOptions {
  SharesFormula formula = SharesFormula::kQuadratic;
  // v1 throttles only direct and synchronous writes: a cap on writes does not hold buffered ones.
  enum class DirectIo : std::uint8_t { kRefuse, kAccept } v1_write_caps = DirectIo::kRefuse;
  // Groups that have a manager: kWrite is for who tells the manager as well.
  enum class Managed : std::uint8_t { kRefuse, kWrite } managed = Managed::kRefuse;
  // Controllers that v2 has not enabled for the group: "+memory" in its ancestors, or a refusal.
  enum class Enabling : std::uint8_t { kEnable, kRefuse } enabling = Enabling::kEnable;
};

struct Wanted {
  std::string cgroup;
  Limits limits;
};

// `view` has every group of `wanted` with its ancestors and descendants. A knob that nobody asked
// for keeps its value; a knob that has the wanted value already makes no write.
[[nodiscard]] Plan make_plan(const KernelView& view, std::span<const Wanted> wanted,
                             const PlanOptions& options = {});

// One line per write, then one per refusal, as --dry-run prints them.
[[nodiscard]] std::string to_text(const Plan& plan);

}  // namespace plimsoll::limit
