// What the rules want of one container at one instant, and why. Pure: everything that the answer
// depends on is an argument.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "cgroupfs/limit/limits.h"
#include "control/policy/amount.h"
#include "control/policy/rule.h"
#include "control/policy/window.h"
#include "inventory/identity.h"

namespace plimsoll::policy {

// What one rule makes of the container.
struct Verdict {
  enum class Kind : std::uint8_t {
    kHolds,
    kNoMatch,
    kOutsideWindow,
    kUnknown  // The runtime has not told yet what the rule looks at.
  } kind = Kind::kNoMatch;
  const Rule* rule = nullptr;
  std::string why;  // Empty where it holds.
};
[[nodiscard]] std::string_view name_of(Verdict::Kind kind);

// One rule's say about one knob.
struct Candidate {
  enum class Standing : std::uint8_t {
    kEnforced,
    kObserved,   // Would hold if its rule enforced.
    kOutranked,  // By a rule of higher priority.
    kUnknown     // Its value is not known yet; rules below it stand in for it.
  } standing = Standing::kOutranked;
  const Rule* rule = nullptr;
  std::optional<limit::Setting> setting;  // Nothing: kUnknown.
  std::string how;                        // How the value came about, or what is missing.
};
[[nodiscard]] std::string_view name_of(Candidate::Standing standing);

struct KnobDecision {
  limit::Knob knob{};
  std::string detail;
  std::vector<Candidate> candidates;  // The highest priority first; never empty.

  // Null: no rule enforces it, or none has a value yet.
  [[nodiscard]] const Candidate* enforced() const;
  // What would hold if every rule enforced, where that is something else.
  [[nodiscard]] const Candidate* observed() const;
};

struct Decision {
  std::vector<Verdict> rules;       // All of them, in their order.
  std::vector<KnobDecision> knobs;  // In the order of the catalogue, then of the detail.
  // Look again then; nothing: only when something else changes. Never before `now`.
  std::optional<WallTime> next_change;
};

struct Situation {
  limit::Host host;
  Ceilings parent;
  Observed observed;
  // What policies hold in this container now: a share of what was observed is decided anew only if
  // it moved by more than a tenth.
  std::span<const limit::Setting> in_force;
  WallTime now;
};

// Pointers in the answer are into `rules`. `zone` tells what the clock on the wall shows.
[[nodiscard]] Decision decide(std::span<const Rule> rules, const inventory::Identity& container,
                              const Situation& situation, const Zone& zone);

}  // namespace plimsoll::policy
