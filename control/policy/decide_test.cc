#include "control/policy/decide.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "control/policy/json.h"
#include "control/policy/reconcile.h"
#include "control/policy/test_policies.h"

namespace plimsoll::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
const FakeZone kUtc;

Situation situation(std::string_view now = "2026-11-20T12:00:00Z") {
  return {.host = {.memory_bytes = 8192 * kMiB, .cpus = 4, .pids = 4'000'000},
          .parent = {},
          .observed = {},
          .in_force = {},
          .now = at(now)};
}
Observed observed(std::chrono::minutes span) {
  return {.span = span,
          .memory = Use{100 * kMiB, 200 * kMiB},
          .nano_cpus = Use{250'000'000, 1'000'000'000},
          .pids = Use{7, 9}};
}

// "pids.max: 5 (a enforced), 6 (b outranked)" for each knob.
std::vector<std::string> said(const Decision& decision) {
  std::vector<std::string> all;
  for (const KnobDecision& knob : decision.knobs) {
    std::string text = std::string(limit::name_of(knob.knob)) + ":";
    for (const Candidate& one : knob.candidates)
      text += " " + (one.setting ? to_text(*one.setting) : "?") + " (" + one.rule->name + " " +
              std::string(name_of(one.standing)) + ")";
    all.push_back(std::move(text));
  }
  return all;
}

TEST(Decisions, TheHighestPriorityWinsKnobByKnob) {
  const auto rules = rules_of(R"(
mode: enforce
rules:
  - {name: all, match: {name: "*"}, limits: {memory.max: 1G, pids.max: 100}}
  - {name: web, priority: 5, match: {name: web*}, limits: {memory.max: 2G, cpu.weight: 50}}
  - {name: db, priority: 9, match: {name: db*}, limits: {memory.max: 4G}}
)");
  const auto web = decide(rules, container("web-1"), situation(), kUtc);
  EXPECT_THAT(said(web), ElementsAre("cpu.weight: 50 (web enforced)",
                                     "memory.max: 2G (web enforced) 1G (all outranked)",
                                     "pids.max: 100 (all enforced)"));
  EXPECT_EQ(web.rules.at(2).kind, Verdict::Kind::kNoMatch);
  EXPECT_EQ(web.rules.at(2).why, "name: db* is not \"web-1\"");
  EXPECT_EQ(web.next_change, std::nullopt);
}

TEST(Decisions, ARuleThatObservesTakesNothingFromOnesThatEnforce) {
  const auto rules = rules_of(R"(
rules:
  - {name: all, mode: enforce, match: {name: "*"}, limits: {memory.max: 1G}}
  - {name: trial, priority: 5, match: {name: "*"}, limits: {memory.max: 2G}}
  - {name: low, priority: -5, match: {name: "*"}, limits: {memory.max: 3G, pids.max: 7}}
)");
  const auto decision = decide(rules, container("a"), situation(), kUtc);
  EXPECT_THAT(said(decision),
              ElementsAre("memory.max: 2G (trial observed) 1G (all enforced) 3G (low outranked)",
                          "pids.max: 7 (low observed)"));
  EXPECT_EQ(decision.knobs.at(0).enforced()->rule->name, "all");
  EXPECT_EQ(decision.knobs.at(1).enforced(), nullptr);
}

TEST(Decisions, WindowsOpenAndClose) {
  const auto rules = rules_of(R"(
mode: enforce
rules:
  - {name: day, match: {name: "*"}, limits: {cpus: 1}}
  - {name: night, priority: 1, match: {name: "*"}, limits: {cpus: 3}, when: {from: "22:00", to: "06:00"}}
)");
  const auto noon = decide(rules, container("a"), situation(), kUtc);
  EXPECT_THAT(said(noon), ElementsAre("cpu.quota: 1 cpus (day enforced)"));
  EXPECT_EQ(noon.rules.at(1).kind, Verdict::Kind::kOutsideWindow);
  EXPECT_EQ(noon.rules.at(1).why, "only daily 22:00-06:00");
  ASSERT_TRUE(noon.next_change);
  EXPECT_EQ(*noon.next_change, at("2026-11-20T22:00:00Z"));
  const auto night = decide(rules, container("a"), situation("2026-11-20T22:00:00Z"), kUtc);
  EXPECT_EQ(said(night).at(0), "cpu.quota: 3 cpus (night enforced) 1 cpus (day outranked)");
  EXPECT_EQ(*night.next_change, at("2026-11-21T06:00:00Z"));
}

struct ShareRow {
  const char* name;
  const char* limit;
  const char* value;
  const char* how;
};
class Shares : public testing::TestWithParam<ShareRow> {};

TEST_P(Shares, AreOfWhatIsKnown) {
  const auto rules = rules_of("rules: [{name: r, match: {name: \"*\"}, limits: {" +
                              std::string(GetParam().limit) + "}}]\n");
  Situation now = situation();
  now.observed = observed(std::chrono::minutes(30));
  now.parent = {.memory = 1024 * kMiB, .nano_cpus = std::nullopt, .pids = 1000};
  const auto decision = decide(rules, container("a"), now, kUtc);
  ASSERT_EQ(decision.knobs.size(), 1U);
  const Candidate& one = decision.knobs[0].candidates.at(0);
  EXPECT_EQ(one.setting ? to_text(*one.setting) : "?", GetParam().value);
  EXPECT_THAT(one.how, HasSubstr(GetParam().how));
}

INSTANTIATE_TEST_SUITE_P(
    , Shares,
    testing::Values(
        ShareRow{"Host", "memory.max: 50% of host", "4G", "the host's 8G"},
        ShareRow{"HostCpus", "cpus: 62.5% of host", "2.5 cpus", "the host's 4 cpus"},
        ShareRow{"HostPids", "pids.max: 0.01% of host", "400", "the host's 4000000"},
        ShareRow{"AsFlags", "memory.max: 50%", "4G", "50%"},
        ShareRow{"OneCpu", "cpus: 50%", "0.5 cpus", "50%"},
        ShareRow{"Parent", "memory.high: 80% of parent", "838860K", "its parent's 1G"},
        ShareRow{"ParentWithout", "cpus: 50% of parent", "2 cpus", "no parent has a limit"},
        ShareRow{"ParentPids", "pids.max: 10% of parent", "100", "its parent's 1000"},
        ShareRow{"P95", "memory.max: 150% of p95", "150M", "p95 100M over 30 min"},
        ShareRow{"Max", "memory.max: 101% of max", "202M", "max 200M"},
        ShareRow{"P95Cpu", "cpus: 150.1% of p95", "0.38 cpus", "p95 0.25 cpus"},
        ShareRow{"MaxPids", "pids.max: 200% of max", "18", "max 9"},
        ShareRow{"Least", "\"memory.max\": \"150% of p95, at least 1G\"", "1G", "raised"},
        ShareRow{"Most", "memory.max: \"150% of p95, at most 64M\"", "64M", "lowered"},
        ShareRow{"Within", "cpus: \"200% of p95, at least 0.1, at most 2\"", "0.5 cpus", "p95"},
        ShareRow{"Protection", "memory.low: 100% of p95", "100M", "p95 100M"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Decisions, SharesOfTooLittleObservedAreNotKnownYet) {
  const auto rules = rules_of(R"(
mode: enforce
rules:
  - {name: fixed, match: {name: "*"}, limits: {memory.max: 1G}}
  - {name: learned, priority: 1, min_observed: 1h, match: {name: "*"}, limits: {memory.max: 150% of p95}}
)");
  Situation now = situation();
  now.observed = observed(std::chrono::minutes(45));
  const auto early = decide(rules, container("a"), now, kUtc);
  EXPECT_THAT(said(early), ElementsAre("memory.max: ? (learned unknown) 1G (fixed enforced)"));
  EXPECT_EQ(early.knobs[0].candidates[0].how, "not yet known: observed for 45 min of 60 min");
  EXPECT_EQ(*early.next_change, now.now + std::chrono::minutes(15));
  now.observed = observed(std::chrono::minutes(60));
  EXPECT_THAT(said(decide(rules, container("a"), now, kUtc)),
              ElementsAre("memory.max: 150M (learned enforced) 1G (fixed outranked)"));
  now.host = {};
  const auto percent = rules_of("rules: [{name: r, match: {name: a}, limits: {pids: 5%}}]");
  const auto unknown = decide(percent, container("a"), now, kUtc);
  EXPECT_EQ(said(unknown).at(0), "pids.max: ? (r unknown)");
}

TEST(Decisions, SharesOfWhatWasObservedDoNotTremble) {
  const auto rules = rules_of(
      "rules: [{name: r, mode: enforce, match: {name: a}, limits: {memory.max: 150% of p95}}]");
  Situation now = situation();
  now.observed = observed(std::chrono::minutes(60));
  std::vector<limit::Setting> held = {{limit::Knob::kMemoryMax, "", 145 * kMiB}};
  now.in_force = held;
  auto decision = decide(rules, container("a"), now, kUtc);
  EXPECT_EQ(said(decision).at(0), "memory.max: 145M (r enforced)");
  EXPECT_THAT(decision.knobs[0].candidates[0].how, HasSubstr("less than a tenth"));
  EXPECT_EQ(*decision.next_change, now.now + std::chrono::minutes(10));
  held = {{limit::Knob::kMemoryMax, "", 130 * kMiB}};
  EXPECT_EQ(said(decide(rules, container("a"), now, kUtc)).at(0), "memory.max: 150M (r enforced)");
}

std::vector<std::string> steps(const Reconciled& reconciled) {
  std::vector<std::string> all;
  for (const ToSet& set : reconciled.set)
    all.push_back("set " + std::string(limit::name_of(set.setting.knob)) + " " +
                  to_text(set.setting) + " " + cause_of(*set.rule));
  for (const KnobName& back : reconciled.give_back)
    all.push_back("back " + std::string(limit::name_of(back.knob)) + back.detail);
  for (const KnobName& hand : reconciled.by_hand)
    all.push_back("by hand " + std::string(limit::name_of(hand.knob)));
  return all;
}

class Reconciling : public testing::Test {
 protected:
  std::vector<std::string> run(const std::vector<Held>& held,
                               const std::vector<KnobName>& hand = {},
                               std::string_view now = "2026-11-20T12:00:00Z") {
    decision_ = decide(rules_, container("web-1"), situation(now), kUtc);
    return steps(reconcile(decision_, held, hand));
  }
  static Held held(limit::Knob knob, std::uint64_t value, const std::string& rule) {
    return {{knob, "", value}, rule, Held::Kept::kOwn};
  }

  std::vector<Rule> rules_ = rules_of(R"(
mode: enforce
rules:
  - {name: web, match: {name: web*}, limits: {memory.max: 2G, pids.max: 9}}
  - {name: night, priority: 2, match: {name: web*}, limits: {pids.max: 90}, when: {from: "22:00"}}
  - {name: p95, priority: 1, match: {name: web*}, limits: {memory.high: 150% of p95}}
)");
  Decision decision_;
  const Held memory_ = held(limit::Knob::kMemoryMax, 2048 * kMiB, "web");
  const Held pids_ = held(limit::Knob::kPidsMax, 9, "web");
};

TEST_F(Reconciling, SetsWhatIsWantedAndNotHeld) {
  EXPECT_THAT(run({}), ElementsAre("set memory.max 2G policy web", "set pids.max 9 policy web"));
  EXPECT_THAT(run({memory_, pids_}), IsEmpty());
  EXPECT_THAT(run({memory_, pids_}, {}, "2026-11-20T22:30:00Z"),
              ElementsAre("set pids.max 90 policy night"));
  EXPECT_THAT(run({memory_, held(limit::Knob::kPidsMax, 90, "night")}),
              ElementsAre("set pids.max 9 policy web"));
}

TEST_F(Reconciling, GivesBackWhatNoRuleWants) {
  EXPECT_THAT(run({memory_, pids_, held(limit::Knob::kCpuWeight, 5, "web")}),
              ElementsAre("back cpu.weight"));
  rules_.clear();
  EXPECT_THAT(run({memory_, pids_}), ElementsAre("back memory.max", "back pids.max"));
}

TEST_F(Reconciling, LeavesAloneWhatSomebodySetByHand) {
  const KnobName memory{limit::Knob::kMemoryMax, ""};
  EXPECT_THAT(run({pids_}, {memory}), ElementsAre("by hand memory.max"));
  EXPECT_THAT(run({memory_, pids_}, {memory}), ElementsAre("by hand memory.max"));
  rules_.clear();
  EXPECT_THAT(run({memory_}, {memory}), IsEmpty());
}

TEST_F(Reconciling, KeepsAdoptedValuesUntilTheRuleDecidesAnew) {
  Held adopted = pids_;
  adopted.kept = Held::Kept::kAdopted;
  EXPECT_THAT(run({memory_, adopted}), IsEmpty());
  EXPECT_THAT(run({memory_, adopted}, {}, "2026-11-20T22:30:00Z"),
              ElementsAre("set pids.max 90 policy night"));
}

TEST_F(Reconciling, KeepsWhatItsRuleCannotTellAtTheMoment) {
  // An engine that has just started has observed nothing.
  EXPECT_THAT(run({memory_, pids_, held(limit::Knob::kMemoryHigh, 150 * kMiB, "p95")}), IsEmpty());
  // Once the rule is gone there is no reason left.
  rules_.pop_back();
  EXPECT_THAT(run({memory_, pids_, held(limit::Knob::kMemoryHigh, 150 * kMiB, "p95")}),
              ElementsAre("back memory.high"));
}

TEST(Causes, NameTheRule) {
  EXPECT_EQ(
      rule_of(cause_of(rules_of("rules: [{name: a, match: {name: a}, limits: {pids: 1}}]")[0])),
      "a");
  EXPECT_EQ(rule_of("request"), "");
}

TEST(PolicyJson, SaysWhatWasWrittenAndWhatItCameTo) {
  const auto rules = rules_of(R"(
rules:
  - {name: r, match: {label: {tier: "w*"}}, not: {name: b}, limits: {memory.max: 50% of host}, when: {days: mon}}
)");
  const PolicySet set{{"a.yaml"}, rules, at("2026-11-20T12:00:00Z")};
  const auto json =
      nlohmann::json::parse(policy_json(set, std::vector{Problem{"b.yaml", {1, 2}, "x"}}));
  EXPECT_EQ(json["rules"][0]["match"]["label"]["tier"][0], "w*");
  EXPECT_EQ(json["rules"][0]["limits"][0]["value"], "50% of host");
  EXPECT_EQ(json["rules"][0]["when"][0], "mon");
  EXPECT_EQ(json["problems"][0], "b.yaml:1:2: x");
  auto strange = container("a");
  strange.labels = {{"tier", "w\xff"}};
  const auto decision = nlohmann::json::parse(
      decision_json(decide(rules, strange, situation("2026-11-23T12:00:00Z"), kUtc)));
  EXPECT_EQ(decision["rules"][0]["verdict"], "holds");
  EXPECT_EQ(decision["knobs"][0]["candidates"][0]["value"], "4G");
  EXPECT_EQ(decision["next_change"], "2026-11-24T00:00:00.000000000Z");
}

}  // namespace
}  // namespace plimsoll::policy
