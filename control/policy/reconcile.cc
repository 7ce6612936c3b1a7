#include "control/policy/reconcile.h"

#include <algorithm>

namespace plimsoll::policy {
namespace {

constexpr std::string_view kCause = "policy ";
constexpr std::string_view kAdopted = "adopted over policy ";

// The same knob, under either of two names.
bool is_same(const limit::Setting& setting, limit::Knob knob, std::string_view detail) {
  return slot_of(setting.knob) == slot_of(knob) && setting.detail == detail;
}

bool is_among(std::span<const KnobName> names, const limit::Setting& setting) {
  return std::ranges::any_of(
      names, [&](const KnobName& name) { return is_same(setting, name.knob, name.detail); });
}

// The rule that holds the value cannot tell at the moment: its share is of what was observed, and
// an engine that has just started has not observed long enough; or its container's metadata is not
// there. Then what is held stays.
bool is_undecided(const Decision& decision, const Held& held) {
  const auto verdict = std::ranges::find_if(
      decision.rules, [&](const Verdict& one) { return one.rule->name == held.rule; });
  if (verdict == decision.rules.end() || verdict->rule->mode != Mode::kEnforce) return false;
  const Rule* holder = verdict->rule;
  bool unknown = verdict->kind == Verdict::Kind::kUnknown;
  for (const KnobDecision& knob : decision.knobs) {
    if (!is_same(held.setting, knob.knob, knob.detail)) continue;
    const Candidate* winner = knob.enforced();
    if (winner != nullptr && winner->rule->priority > holder->priority) return false;
    for (const Candidate& candidate : knob.candidates)
      if (candidate.rule == holder && candidate.standing == Candidate::Standing::kUnknown)
        unknown = true;
  }
  return unknown;
}

}  // namespace

Reconciled reconcile(const Decision& decision, std::span<const Held> held,
                     std::span<const KnobName> by_hand) {
  Reconciled out;
  std::vector<bool> stays(held.size());
  for (std::size_t i = 0; i < held.size(); ++i)
    stays[i] = is_undecided(decision, held[i]) || is_among(by_hand, held[i].setting);
  for (const KnobDecision& knob : decision.knobs) {
    const Candidate* winner = knob.enforced();
    if (winner == nullptr) continue;
    const limit::Setting& setting = *winner->setting;
    if (is_among(by_hand, setting)) {
      out.by_hand.push_back({setting.knob, setting.detail});
      continue;
    }
    const auto now = std::ranges::find_if(
        held, [&](const Held& one) { return is_same(one.setting, setting.knob, setting.detail); });
    const auto index = static_cast<std::size_t>(now - held.begin());
    if (now != held.end() && stays[index]) continue;
    if (now != held.end()) stays[index] = true;
    if (now == held.end() || now->setting != setting || now->rule != winner->rule->name)
      out.set.push_back({setting, winner->rule});
  }
  for (std::size_t i = 0; i < held.size(); ++i)
    if (!stays[i]) out.give_back.push_back({held[i].setting.knob, held[i].setting.detail});
  return out;
}

std::string cause_of(const Rule& rule) {
  return std::string(kCause) + rule.name;
}

std::string rule_of(std::string_view cause) {
  return cause.starts_with(kCause) ? std::string(cause.substr(kCause.size())) : std::string();
}

std::string cause_of(const Adopted& adopted) {
  return std::string(kAdopted) + adopted.rule + ": " + adopted.decided;
}

std::optional<Adopted> adopted_in(std::string_view cause) {
  if (!cause.starts_with(kAdopted)) return std::nullopt;
  cause.remove_prefix(kAdopted.size());
  const std::size_t colon = cause.find(": ");  // Not in a rule's name.
  if (colon == std::string_view::npos) return std::nullopt;
  return Adopted{std::string(cause.substr(0, colon)), std::string(cause.substr(colon + 2))};
}

}  // namespace plimsoll::policy
