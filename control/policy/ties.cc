#include "control/policy/ties.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "control/policy/match.h"

namespace plimsoll::policy {
namespace {

constexpr std::size_t kMostProblems = 100;  // Enough to work on.

std::string where(const Rule& rule) {
  return rule.name + " (" + rule.file + ":" + std::to_string(rule.at.line) + ")";
}

// "memory.max, cpu.quota"; empty: none.
std::string shared_knobs(const Rule& one, const Rule& other) {
  std::string shared;
  for (const Amount& amount : one.limits)
    if (std::ranges::any_of(other.limits, [&](const Amount& theirs) {
          return slot_of(theirs.knob) == slot_of(amount.knob) && theirs.detail == amount.detail;
        }))
      shared.append(shared.empty() ? "" : ", ").append(limit::name_of(amount.knob));
  return shared;
}

class Ties {
 public:
  explicit Ties(std::span<const Rule> rules) : minutes_(rules.size()) {}

  std::vector<Problem> run(std::span<const Rule> rules) {
    std::map<std::string_view, std::size_t> names;
    for (std::size_t i = 0; i < rules.size() && problems_.size() < kMostProblems; ++i) {
      const auto [known, fresh] = names.emplace(rules[i].name, i);
      if (!fresh)
        problem(rules[i],
                "rule " + rules[i].name + ": the name is taken by " + where(rules[known->second]));
      for (std::size_t j = 0; j < i; ++j) pair(rules, j, i);
    }
    return std::move(problems_);
  }

 private:
  void pair(std::span<const Rule> rules, std::size_t first, std::size_t second) {
    const Rule& one = rules[first];
    const Rule& other = rules[second];
    if (one.priority != other.priority) return;
    const std::string knobs = shared_knobs(one, other);
    if (knobs.empty() || !may_both_match(one, other)) return;
    if ((minutes(rules, first) & minutes(rules, second)).none()) return;
    problem(other, "rules " + where(one) + " and " + where(other) + " both set " + knobs +
                       " with priority " + std::to_string(one.priority) +
                       " and may hold for the same container: give one a higher priority, or keep "
                       "them apart by match, not or when");
  }
  const std::bitset<kWeekMinutes>& minutes(std::span<const Rule> rules, std::size_t rule) {
    if (!minutes_[rule]) minutes_[rule] = minutes_of(rules[rule].windows);
    return *minutes_[rule];
  }
  void problem(const Rule& rule, std::string what) {
    problems_.push_back({rule.file, rule.at, std::move(what)});
  }

  // Only of rules that come so far.
  std::vector<std::optional<std::bitset<kWeekMinutes>>> minutes_;
  std::vector<Problem> problems_;
};

}  // namespace

std::vector<Problem> ties_of(std::span<const Rule> rules) {
  return Ties(rules).run(rules);
}

}  // namespace plimsoll::policy
