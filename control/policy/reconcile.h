// From what the rules want to what must be done: values to set, values to give back. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cgroupfs/limit/limits.h"
#include "control/policy/decide.h"

namespace plimsoll::policy {

// A value that a rule holds in one container now.
struct Held {
  limit::Setting setting;  // As the rule decided it.
  std::string rule;
  // Somebody else's value was taken over in its place: the rule is content until it decides
  // something new.
  enum class Kept : std::uint8_t { kOwn, kAdopted } kept = Kept::kOwn;
  bool operator==(const Held&) const = default;
};

// A knob that somebody has set by hand or for a time: nobody decides it for them.
struct KnobName {
  limit::Knob knob{};
  std::string detail;
  bool operator==(const KnobName&) const = default;
};

struct ToSet {
  limit::Setting setting;
  const Rule* rule = nullptr;
};

struct Reconciled {
  std::vector<ToSet> set;           // Enforced, and not held like that yet.
  std::vector<KnobName> give_back;  // Held, and wanted no longer: to the value found before.
  std::vector<KnobName> by_hand;    // Enforced, and left to whoever set it by hand.
  [[nodiscard]] bool nothing_to_do() const { return set.empty() && give_back.empty(); }
};

// A knob that is in `by_hand` is neither set nor given back.
[[nodiscard]] Reconciled reconcile(const Decision& decision, std::span<const Held> held,
                                   std::span<const KnobName> by_hand);

// "policy NAME", as the audit log says on whose behalf something was changed; and back, empty for
// other causes.
[[nodiscard]] std::string cause_of(const Rule& rule);
[[nodiscard]] std::string rule_of(std::string_view cause);

// "adopted over policy NAME: TEXT": somebody else's value stands where the rule had put TEXT.
struct Adopted {
  std::string rule;
  std::string decided;
  bool operator==(const Adopted&) const = default;
};
[[nodiscard]] std::string cause_of(const Adopted& adopted);
[[nodiscard]] std::optional<Adopted> adopted_in(std::string_view cause);

}  // namespace plimsoll::policy
