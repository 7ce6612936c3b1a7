#include "control/policy/decode.h"

#include <gmock/gmock.h>

#include "control/policy/keys.h"
#include "control/policy/test_policies.h"
#include "control/policy/yaml_tree.h"

namespace plimsoll::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(PolicyFile, SaysAllThatARuleCan) {
  const auto rules = rules_of(R"(
mode: enforce
priority: 5
rules:
  - name: web
    match:
      name: [web*, front*]
      image: nginx*
      label: {tier: "web", env: [prod, staging]}
      runtime: docker
      cgroup: /docker/*
      compose: {project: shop, service: web}
    not:
      - {name: web-test*}
      - {label: {limits: "off"}}
    limits:
      memory.max: 512M
      cpus: 1.5 cpus
      pids.max: 50% of host
      memory.low: 100% of p95, at least 16M, at most 256M
      io.rbps: {"8:0": 10M, "8:16": max}
      io.wiops: [8:0=100, 8:16=unset]
      memory.swap: unset
    priority: -3
    drift: adopt
    min_observed: 1h30m
    when: [{days: mon-fri, from: "22:00", to: "06:30"}, {days: [sat, sun]}]
  - name: pods
    match: {namespace: kube-*, pod: "*", container: app}
    limits: {pids: 100}
)");
  ASSERT_EQ(rules.size(), 2U);
  const Rule& web = rules[0];
  EXPECT_EQ(web.name, "web");
  EXPECT_EQ(web.at, (Mark{5, 5}));
  EXPECT_EQ(web.priority, -3);
  EXPECT_EQ(web.mode, Mode::kEnforce);
  EXPECT_EQ(web.drift, OnDrift::kAdopt);
  EXPECT_EQ(web.min_observed, std::chrono::minutes(90));
  std::vector<std::string> terms;
  for (const Term& term : web.match) terms.push_back(to_text(term));
  EXPECT_THAT(terms, ElementsAre("name: web*, front*", "image: nginx*", "label tier: web",
                                 "label env: prod, staging", "runtime: docker", "cgroup: /docker/*",
                                 "compose.project: shop", "compose.service: web"));
  ASSERT_EQ(web.exceptions.size(), 2U);
  EXPECT_EQ(to_text(web.exceptions[1].at(0)), "label limits: off");
  std::vector<std::string> limits;
  for (const Amount& amount : web.limits)
    limits.push_back(std::string(limit::name_of(amount.knob)) + " " + amount.detail + " " +
                     amount.text);
  EXPECT_THAT(limits,
              ElementsAre("memory.max  512M", "cpu.quota  1.5 cpus", "pids.max  50% of host",
                          "memory.low  100% of p95, at least 16M, at most 256M",
                          "io.rbps 8:0 8:0=10M", "io.rbps 8:16 8:16=max", "io.wiops 8:0 8:0=100",
                          "io.wiops 8:16 8:16=unset", "memory.swap  unset"));
  ASSERT_EQ(web.windows.size(), 2U);
  EXPECT_EQ(to_text(web.windows[0]), "mon-fri 22:00-06:30");
  EXPECT_EQ(to_text(web.windows[1]), "sat,sun");
  EXPECT_EQ(rules[1].priority, 5);
  EXPECT_EQ(rules[1].drift, OnDrift::kRepair);
}

TEST(PolicyFile, NothingIsNoRules) {
  for (const char* text :
       {"", "# comment\n", "rules:\n", "rules: []\n", "mode: enforce\n", "---\n"})
    EXPECT_TRUE(rules_of(text).empty()) << text;
}

TEST(PolicyFile, AnchorsStandForWhatTheyName) {
  const auto rules = rules_of(
      "rules:\n"
      "  - {name: a, priority: 1, match: {name: a}, limits: &small {memory.max: 1M, pids.max: 5}}\n"
      "  - {name: b, match: {name: b}, limits: *small}\n");
  ASSERT_EQ(rules.size(), 2U);
  EXPECT_EQ(rules[1].limits, rules[0].limits);
}

TEST(PolicyFile, AllMistakesAreSaidInOneGoWithTheirPlaces) {
  const auto decoded = decode("10-web.yaml", R"(mod: enforce
rules:
  - name: web page
    match: {imgae: nginx*}
    limits: {memroy.max: 512M, cpus: lots}
    drift: repairs
  - match: {}
    limits: {}
    when: {days: mon-caturday, from: "25:00"}
  - just words
)");
  EXPECT_TRUE(decoded.rules.empty());
  EXPECT_THAT(
      texts_of(decoded.problems),
      ElementsAre(
          "10-web.yaml:1:1: unknown key \"mod\"; the nearest known one is \"mode\"",
          "10-web.yaml:3:11: name: letters, digits, '.', '_' and '-', at most 64",
          "10-web.yaml:4:13: match: unknown key \"imgae\"; the nearest known one is \"image\"",
          "10-web.yaml:5:14: limits: unknown knob \"memroy.max\"; the nearest known one is "
          "\"memory.max\"",
          "10-web.yaml:5:38: cpu.quota: \"lots\" is not CPUs such as 0.25, 25%, time such as 25ms, "
          "or max",
          "10-web.yaml:6:12: drift: unknown \"repairs\"; the nearest known one is \"repair\"",
          "10-web.yaml:7:5: rule: has no name",
          "10-web.yaml:7:12: match: empty; every container is name: \"*\"",
          "10-web.yaml:8:13: limits: empty: the rule would do nothing",
          "10-web.yaml:9:18: when.days: \"mon-caturday\" is not a day or a range of days such as "
          "mon, mon-fri, sat,sun",
          "10-web.yaml:9:38: when.from: \"25:00\" is not a time such as 08:30 or 22:00",
          "10-web.yaml:10:5: rule: expected keys and values, not a text"));
}

struct BadRule {
  const char* name;
  const char* line;  // Of a rule that is right without it.
  const char* says;
};
class BadRules : public testing::TestWithParam<BadRule> {};

TEST_P(BadRules, NameTheLineAndTheReason) {
  const std::string text =
      "rules:\n  - name: a\n    match: {name: a}\n    limits: {pids.max: 5}\n    " +
      std::string(GetParam().line) + "\n";
  const auto decoded = decode("x.yaml", text);
  ASSERT_EQ(decoded.problems.size(), 1U) << testing::PrintToString(texts_of(decoded.problems));
  EXPECT_EQ(decoded.problems[0].at.line, 5U);
  EXPECT_THAT(decoded.problems[0].what, HasSubstr(GetParam().says));
  EXPECT_TRUE(decoded.rules.empty());
}

INSTANTIATE_TEST_SUITE_P(
    , BadRules,
    testing::Values(
        BadRule{"Twice", "name: b", "rule.name: given twice"},
        BadRule{"NoMode", "mode: dry-run", "known are observe, enforce"},
        BadRule{"NoPriority", "priority: high", "whole number from -1000 to 1000"},
        BadRule{"PriorityTooHigh", "priority: 1001", "whole number from -1000 to 1000"},
        BadRule{"EmptyNot", "not: {}", "not: empty"},
        BadRule{"EmptyNots", "not: []", "not: an empty list"},
        BadRule{"NotAText", "not: never", "expected keys and values, not a text"},
        BadRule{"NotIsNull", "not:", "expected keys and values, not nothing"},
        BadRule{"GlobIsMap", "not: {name: {a: b}}", "not.name: expected a value"},
        BadRule{"GlobIsEmpty", "not: {name: \"\"}", "an empty text"},
        BadRule{"NoGlobs", "not: {name: []}", "not.name: an empty list"},
        BadRule{"Observed", "min_observed: 3s", "duration from 10s to 720h"},
        BadRule{"WhenIsEmpty", "when: {}", "holds always"},
        BadRule{"WhenIsAnInstant", "when: {from: \"08:00\", to: \"08:00\"}", "are the same"},
        BadRule{"WhenEndsBeforeItBegins", "when: {from: \"24:00\", to: \"08:00\"}", "next day"},
        BadRule{"TimeWithOneDigit", "when: {from: \"8:0\"}", "not a time"},
        BadRule{"TimeIsNumber", "when: {from: 8}", "not a time"},
        BadRule{"Syntax", "when: {from: [}", "not YAML"}),
    [](const auto& row) { return std::string(row.param.name); });

struct BadLimit {
  const char* name;
  const char* limits;
  const char* says;
};
class BadLimits : public testing::TestWithParam<BadLimit> {};

TEST_P(BadLimits, AreRefusedWithTheReason) {
  const auto decoded = decode("x.yaml", "rules: [{name: a, match: {name: a}, limits: " +
                                            std::string(GetParam().limits) + "}]\n");
  ASSERT_EQ(decoded.problems.size(), 1U) << testing::PrintToString(texts_of(decoded.problems));
  EXPECT_THAT(decoded.problems[0].what, HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    , BadLimits,
    testing::Values(
        BadLimit{"Alias", "{memory: 1M, memory.max: 2M}", "memory.max: this rule sets it twice"},
        BadLimit{"WeightAndShares", "{cpu.weight: 50, cpu.shares: 512}", "sets it twice"},
        BadLimit{"DeviceTwice", "{io.rbps: [8:0=1M, 08:0=2M]}", "sets it twice"},
        BadLimit{"NoDevice", "{io.rbps: 1M}", "io.rbps"},
        BadLimit{"ListOfOne", "{pids.max: [5]}", "not a list"},
        BadLimit{"OutOfRange", "{cpu.weight: 0}", "1 to 10000"},
        BadLimit{"NoCpus", "{cpus: 0}", "outside of what a kernel keeps"},
        BadLimit{"BareNumberOfMemory", "{memory.max: 1.5}", "a number of bytes"},
        BadLimit{"ShareOfWhat", "{memory.max: 50% of neighbour}", "of host, of parent, of p95"},
        BadLimit{"ShareOfWeight", "{cpu.weight: 50% of host}", "no share of anything"},
        BadLimit{"ShareOfNothing", "{memory.max: 0% of host}", "is not a share"},
        BadLimit{"MoreThanTheHost", "{memory.max: 120% of host}", "limits nothing"},
        BadLimit{"MoreThanTheParent", "{cpus: 100.01% of parent}", "limits nothing"},
        BadLimit{"PressesDown", "{memory.max: 100% of p95}", "leave room"},
        BadLimit{"PressesCpuDown", "{cpus: 90% of max}", "leave room"},
        BadLimit{"BoundsCross", "{memory.max: \"50% of host, at least 2G, at most 1G\"}",
                 "at least 2G and at most 1G"},
        BadLimit{"BoundTwice", "{memory.max: \"50% of host, at most 2G, at most 1G\"}", "twice"},
        BadLimit{"BoundIsShare", "{memory.max: \"50% of host, at most 10%\"}", "plain value"},
        BadLimit{"BoundIsWord", "{memory.max: \"50% of host, roughly\"}", "at least VALUE"},
        BadLimit{"NotPercent", "{memory.max: lots% of host}", "is not a share"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(PolicyFile, KnowsEveryKeyOfTheTable) {
  for (const KeyInfo& key : keys()) {
    std::string text = std::string(key.name) + ": [[]]\n";  // Right for no key.
    if (key.section != Section::kFile) {
      text = "{" + text.substr(0, text.size() - 1) + "}";
      if (key.section == Section::kCompose) text = "{compose: " + text + "}";
      if (key.section == Section::kWindow) text = "{when: " + text + "}";
      if (key.section == Section::kMatch || key.section == Section::kCompose)
        text = "{match: " + text + "}";
      text = "rules: [" + text + "]\n";
    }
    const auto texts = texts_of(decode("x.yaml", text).problems);
    EXPECT_FALSE(texts.empty()) << text;
    for (const std::string& problem : texts)
      EXPECT_THAT(problem, testing::Not(HasSubstr("unknown"))) << text;
  }
}

TEST(Yaml, WhatWouldEatTheMemoryIsRefused) {
  std::string text = "a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int j = 0; j < 7; ++j) text += ", " + before;
    text += "]\n";
  }
  const YamlDocument document = parse_yaml(text);
  ASSERT_TRUE(document.problem);
  EXPECT_THAT(document.problem->what, HasSubstr("too large"));
  EXPECT_THAT(parse_yaml(std::string(100'000, '[')).problem->what, HasSubstr("not YAML"));
  EXPECT_THAT(parse_yaml("a: &a [*a]\n").problem->what, HasSubstr("part of what it stands for"));
  EXPECT_THAT(parse_yaml("a: 1\n---\nb: 2\n").problem->what, HasSubstr("one document"));
  EXPECT_THAT(parse_yaml("a: \"x\\0y\"\n").problem->what, HasSubstr("NUL"));
  EXPECT_THAT(texts_of(decode("x.yaml", std::string((1U << 20) + 1, ' ')).problems),
              ElementsAre("x.yaml: larger than 1 MiB"));
}

TEST(Nearest, IsNamedOnlyIfItIsNear) {
  const std::vector<std::string_view> known = {"image", "name", "namespace", "label"};
  EXPECT_EQ(nearest("imgae", known), "image");
  EXPECT_EQ(nearest("lable", known), "label");
  EXPECT_EQ(nearest("Name", known), "name");
  EXPECT_EQ(nearest("nmespaces", known), "namespace");
  EXPECT_EQ(nearest("memory", known), std::nullopt);
  EXPECT_EQ(nearest("", known), std::nullopt);
  EXPECT_EQ(nearest(std::string(100, 'n'), known), std::nullopt);
}

}  // namespace
}  // namespace plimsoll::policy
