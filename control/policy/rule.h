// Rules as they are in force: what they match, what they want, when. Values, immutable once loaded.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cgroupfs/limit/knob.h"
#include "control/policy/amount.h"
#include "control/policy/problem.h"
#include "control/policy/window.h"

namespace plimsoll::policy {

enum class Mode : std::uint8_t {
  kObserve,  // Decided and shown, never written.
  kEnforce
};
// What is done when somebody else writes a value that a rule holds.
enum class OnDrift : std::uint8_t {
  kReport,  // Said.
  kRepair,  // Said, and written back.
  kAdopt    // Said, and the new value is what is held from now on.
};
// What a rule can look at.
enum class Field : std::uint8_t {
  kName,
  kImage,
  kLabel,
  kRuntime,
  kCgroup,
  kComposeProject,
  kComposeService,
  kNamespace,
  kPod,
  kContainer
};
[[nodiscard]] std::string_view name_of(Mode mode);
[[nodiscard]] std::string_view name_of(OnDrift drift);
// As messages call it: "image", "compose.project".
[[nodiscard]] std::string_view name_of(Field field);

// True when one of the globs matches.
struct Term {
  Field field{};
  std::string label;  // Of kLabel: its key.
  std::vector<std::string> globs;
  bool operator==(const Term&) const = default;
};
// "label tier: web*, db*"
[[nodiscard]] std::string to_text(const Term& term);

// All of them; none matches nothing.
using Match = std::vector<Term>;

struct Rule {
  std::string name;
  std::string file;
  Mark at;
  int priority = 0;  // The higher wins, knob by knob.
  Mode mode = Mode::kObserve;
  OnDrift drift = OnDrift::kRepair;
  std::chrono::seconds min_observed = std::chrono::minutes(10);
  Match match;
  std::vector<Match> exceptions;  // `not`: one that matches is enough.
  std::vector<Amount> limits;
  std::vector<Window> windows;  // None: always.
};

// Knobs of which one rule decides: cpu.weight and cpu.shares are two scales of one thing.
[[nodiscard]] constexpr limit::Knob slot_of(limit::Knob knob) {
  return knob == limit::Knob::kCpuShares ? limit::Knob::kCpuWeight : knob;
}

}  // namespace plimsoll::policy
