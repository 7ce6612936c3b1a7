#include "control/policy/decide.h"

#include <algorithm>
#include <map>
#include <utility>

#include "control/policy/match.h"

namespace plimsoll::policy {
namespace {

// How often shares of what was observed are looked at again.
constexpr std::chrono::minutes kObservedStep{10};

using Slot = std::pair<limit::Knob, std::string>;

std::string windows_text(const Rule& rule) {
  std::string text;
  for (const Window& window : rule.windows) text += (text.empty() ? "" : "; ") + to_text(window);
  return text;
}

class Decider {
 public:
  Decider(const inventory::Identity& container, const Situation& situation, const Zone& zone)
      : container_(container), situation_(situation), zone_(zone) {}

  Decision run(std::span<const Rule> rules) {
    for (const Rule& rule : rules) decision_.rules.push_back(judge(rule));
    for (const Verdict& verdict : decision_.rules)
      if (verdict.kind == Verdict::Kind::kHolds) collect(*verdict.rule);
    for (auto& [slot, candidates] : slots_) rank(slot, candidates);
    return std::move(decision_);
  }

 private:
  Verdict judge(const Rule& rule) {
    const Matching matching = match(rule, container_);
    if (matching.answer == Matching::Answer::kNo)
      return {Verdict::Kind::kNoMatch, &rule, matching.why};
    if (!rule.windows.empty()) look_again(policy::next_change(rule.windows, now(), zone_));
    if (matching.answer == Matching::Answer::kUnknown)
      return {Verdict::Kind::kUnknown, &rule, matching.why};
    if (!is_active(rule.windows, now(), zone_))
      return {Verdict::Kind::kOutsideWindow, &rule, "only " + windows_text(rule)};
    return {Verdict::Kind::kHolds, &rule, ""};
  }

  void collect(const Rule& rule) {
    const Known known{situation_.host, situation_.parent, situation_.observed, rule.min_observed};
    for (const Amount& amount : rule.limits) {
      Resolved resolved = resolve(amount, known);
      if (amount.share && (amount.share->base == Base::kP95 || amount.share->base == Base::kMax))
        settle(rule, resolved);
      slots_[{slot_of(amount.knob), amount.detail}].push_back({Candidate::Standing::kOutranked,
                                                               &rule, std::move(resolved.setting),
                                                               std::move(resolved.how)});
    }
  }

  void settle(const Rule& rule, Resolved& resolved) {
    if (!resolved.setting) {
      const auto left = rule.min_observed - situation_.observed.span;
      return look_again(now() +
                        (left.count() > 0 ? left : std::chrono::nanoseconds(kObservedStep)));
    }
    look_again(now() + kObservedStep);
    for (const limit::Setting& held : situation_.in_force)
      if (held != *resolved.setting && is_near(held, *resolved.setting)) {
        resolved.setting = held;
        resolved.how += ", kept: moved by less than a tenth";
      }
  }

  void rank(const Slot& slot, std::vector<Candidate>& candidates) {
    // Rules of the same priority are never for the same container: loading refuses ties. Without
    // that, the first one.
    std::ranges::stable_sort(candidates, std::ranges::greater{},
                             [](const Candidate& one) { return one.rule->priority; });
    bool enforced = false;
    bool observed = false;
    for (Candidate& candidate : candidates) {
      if (!candidate.setting) {
        candidate.standing = Candidate::Standing::kUnknown;
      } else if (candidate.rule->mode == Mode::kEnforce) {
        if (!enforced) candidate.standing = Candidate::Standing::kEnforced;
        enforced = true;
      } else if (!enforced && !observed) {
        candidate.standing = Candidate::Standing::kObserved;
        observed = true;
      }
    }
    KnobDecision knob{slot.first, slot.second, std::move(candidates)};
    // By the name that its value has: cpu.weight or cpu.shares.
    for (const auto* one : {knob.observed(), knob.enforced()})
      if (one != nullptr) knob.knob = one->setting->knob;
    decision_.knobs.push_back(std::move(knob));
  }

  [[nodiscard]] WallTime now() const { return situation_.now; }
  void look_again(WallTime at) {
    if (!decision_.next_change || at < *decision_.next_change) decision_.next_change = at;
  }

  const inventory::Identity& container_;
  const Situation& situation_;
  const Zone& zone_;
  Decision decision_;
  std::map<Slot, std::vector<Candidate>> slots_;
};

}  // namespace

std::string_view name_of(Verdict::Kind kind) {
  switch (kind) {
    case Verdict::Kind::kHolds:
      return "holds";
    case Verdict::Kind::kNoMatch:
      return "no match";
    case Verdict::Kind::kOutsideWindow:
      return "outside its window";
    case Verdict::Kind::kUnknown:
      break;
  }
  return "unknown";
}

std::string_view name_of(Candidate::Standing standing) {
  switch (standing) {
    case Candidate::Standing::kEnforced:
      return "enforced";
    case Candidate::Standing::kObserved:
      return "observed";
    case Candidate::Standing::kOutranked:
      return "outranked";
    case Candidate::Standing::kUnknown:
      break;
  }
  return "unknown";
}

const Candidate* KnobDecision::enforced() const {
  const auto found =
      std::ranges::find(candidates, Candidate::Standing::kEnforced, &Candidate::standing);
  return found == candidates.end() ? nullptr : &*found;
}

const Candidate* KnobDecision::observed() const {
  const auto found =
      std::ranges::find(candidates, Candidate::Standing::kObserved, &Candidate::standing);
  return found == candidates.end() ? nullptr : &*found;
}

Decision decide(std::span<const Rule> rules, const inventory::Identity& container,
                const Situation& situation, const Zone& zone) {
  return Decider(container, situation, zone).run(rules);
}

}  // namespace plimsoll::policy
