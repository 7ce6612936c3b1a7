// What policies do before a container's first instruction, and with many containers at once.
#include <gmock/gmock.h>

#include <set>

#include "control/applier/test_applying.h"

namespace plimsoll::control {
namespace {

using testing::HasSubstr;

const std::string kRule =
    "mode: enforce\nrules: [{name: r, match: {name: a}, limits: {pids.max: 5}";

class StartOfAContainer : public Applying {
 protected:
  [[nodiscard]] inventory::Identity who(const std::string& path) {
    return *known(path, 0).identity;
  }
  std::unique_ptr<Policies::Start> begins(const std::string& path) {
    return policies_->starts(who(path).id);
  }
  [[nodiscard]] std::string history() {
    const auto history = service_->history(std::nullopt, 100);
    std::string text;
    if (history)
      for (const std::string& line : history->records) text += line + "\n";
    return text;
  }
};

TEST_F(StartOfAContainer, TheLimitsAreThereBeforeItGoesOn) {
  rules(kRule + "}]\n");
  const auto start = begins("/a");
  ASSERT_TRUE(start);
  start->set_limits(who("/a"));
  EXPECT_EQ(pids("/a"), "5");
  EXPECT_THAT(history(), HasSubstr("\"rule\":\"policy r\""));
  ASSERT_EQ(service_->state().found().size(), 1U);
  EXPECT_EQ(service_->state().found().begin()->second.found.text, "max");
}

TEST_F(StartOfAContainer, TheTurnThatSeesTheGroupTakesItFromThere) {
  rules(kRule + "}]\n");
  auto start = begins("/a");
  start->set_limits(who("/a"));
  start.reset();
  appear();
  EXPECT_EQ(service_->counts().changes.done, 1U) << history();
  EXPECT_EQ(policies_->counts().values, 1U);
  EXPECT_EQ(policies_->drift_counts().reported + policies_->drift_counts().repaired, 0U);
  foreign("/a", "pids.max", "99");
  EXPECT_EQ(pids("/a"), "5");
  EXPECT_EQ(policies_->drift_counts().repaired, 1U);
  rules("");
  settle();
  EXPECT_EQ(pids("/a"), "max");
}

// The runtime writes what it was told into the groups it has just made; that is no foreign write.
TEST_F(StartOfAContainer, TurnsLeaveItAloneMeanwhile) {
  rules(kRule + "}]\n");
  auto start = begins("/a");
  appear();
  EXPECT_EQ(pids("/a"), "max");
  machine_.write("/a", "pids.max", "1000");
  GroupNews news;
  news.written = {known("/a", 1)};
  policies_->turn(news);
  settle();
  EXPECT_EQ(pids("/a"), "1000");
  start->set_limits(who("/a"));
  start.reset();
  settle();
  EXPECT_EQ(pids("/a"), "5");
  EXPECT_EQ(policies_->drift_counts().repaired, 0U);
  rules("");
  settle();
  EXPECT_EQ(pids("/a"), "1000");
}

TEST_F(StartOfAContainer, OneThatFailsIsLeftToTheTurns) {
  rules(kRule + "}]\n");
  auto start = begins("/a");
  appear();
  start.reset();
  settle();
  EXPECT_EQ(pids("/a"), "5");
}

TEST_F(StartOfAContainer, WhatCannotBeSetIsTriedAgainAndSaid) {
  rules(kRule + "}]\n");
  auto start = begins("/a");
  store_.before = [](FakeStore::Call) { return FakeStore::Fate{.os_error = ENOSPC}; };
  start->set_limits(who("/a"));
  EXPECT_EQ(pids("/a"), "max");
  start.reset();
  appear();
  EXPECT_EQ(pids("/a"), "max");
  store_.before = [](FakeStore::Call) { return FakeStore::Fate{}; };
  clock_.advance(std::chrono::seconds(10));
  settle();
  EXPECT_EQ(pids("/a"), "5");
  EXPECT_THAT(history(), HasSubstr("policy r: /a: "));
}

TEST_F(StartOfAContainer, WithoutAnEnforcingRuleNothingIsDone) {
  EXPECT_FALSE(begins("/a"));
  rules("rules: [{name: r, match: {name: a}, limits: {pids.max: 5}}]\n");
  EXPECT_FALSE(begins("/a"));
}

TEST_F(StartOfAContainer, OthersContainersCostNoDisk) {
  rules(kRule + "}]\n");
  const auto start = begins("/b");
  std::size_t calls = 0;
  store_.before = [&](FakeStore::Call) {
    ++calls;
    return FakeStore::Fate{};
  };
  start->set_limits(who("/b"));
  EXPECT_EQ(pids("/b"), "max");
  EXPECT_EQ(calls, 0U);
}

TEST_F(StartOfAContainer, TwoRulesTwoChanges) {
  rules(
      "mode: enforce\nrules:\n  - {name: r, match: {name: a}, limits: {pids.max: 5}}\n"
      "  - {name: s, match: {name: a}, limits: {memory.swappiness: 5, cpu.weight: 50}}\n");
  const auto start = begins("/a");
  start->set_limits(who("/a"));
  EXPECT_EQ(pids("/a"), "5");
  EXPECT_EQ(machine_.text("/a", "cpu.weight"), "50");  // Though v2 has no swappiness.
  EXPECT_THAT(history(), HasSubstr("\"rule\":\"policy s\""));
}

// Many groups, some within others.
class ManyAtOnce : public Applying {
 protected:
  static constexpr int kGroups = 100;
  static std::vector<std::string> some_groups() {
    std::vector<std::string> groups;
    groups.reserve(kGroups + 1);
    for (int i = 0; i < kGroups; ++i) groups.push_back("/g" + std::to_string(i));
    groups.emplace_back("/g0/below");
    return groups;
  }
  ManyAtOnce() : Applying(some_groups()), groups_(some_groups()) {}
  void all_appear() {
    GroupNews news;
    for (std::size_t i = 0; i < groups_.size(); ++i) news.added.push_back(known(groups_[i], i + 1));
    policies_->turn(news);
    settle();
  }
  const std::vector<std::string> groups_;
};

TEST_F(ManyAtOnce, ShareTheirSyncs) {
  rules("mode: enforce\nrules: [{name: r, match: {name: '*'}, limits: {pids.max: 5}}]\n");
  std::size_t syncs = 0;
  store_.before = [&](FakeStore::Call call) {
    syncs += call == FakeStore::Call::kSync ? 1U : 0U;
    return FakeStore::Fate{};
  };
  all_appear();
  for (const std::string& group : groups_) EXPECT_EQ(pids(group), "5") << group;
  EXPECT_EQ(service_->counts().changes.done, groups_.size());  // Each is a change of its own.
  EXPECT_LE(syncs, 3U);
}

TEST_F(ManyAtOnce, WhatOneCannotHaveIsNoOthersAffair) {
  rules("mode: enforce\nrules: [{name: r, match: {name: '*'}, limits: {pids.max: 5}}]\n");
  all_appear();
  const auto done = service_->counts().changes.done;
  machine_.after_view = [&] { machine_.write("/g7", "pids.max", "99"); };
  rules("mode: enforce\nrules: [{name: r, match: {name: '*'}, limits: {pids.max: 6}}]\n");
  settle();
  for (const std::string& group : groups_) EXPECT_EQ(pids(group), "6") << group;
  EXPECT_EQ(service_->counts().changes.done, done + groups_.size());
  EXPECT_EQ(service_->counts().changes.refused, 0U);  // It was planned again.
}

// The plan has nothing to write any more, and what is held is what is there.
TEST_F(ManyAtOnce, WhatSomebodyHasSetBeforeItsTurnIsHeldAsItIs) {
  rules("mode: enforce\nrules: [{name: r, match: {name: '*'}, limits: {pids.max: 5}}]\n");
  all_appear();
  machine_.after_view = [&] { machine_.write("/g7", "pids.max", "6"); };
  rules("mode: enforce\nrules: [{name: r, match: {name: '*'}, limits: {pids.max: 6}}]\n");
  settle();
  machine_.write("/g7", "pids.max", "5");  // As it was when the turn began.
  GroupNews news;
  news.written = {known("/g7", 8)};
  policies_->turn(news);
  settle();
  EXPECT_EQ(policies_->drift_counts().foreign, 1U);
}

TEST_F(ManyAtOnce, RulesForOneGroupFollowEachOther) {
  rules(
      "mode: enforce\nrules:\n  - {name: r, match: {name: '*'}, limits: {cpu.period: 50ms}}\n"
      "  - {name: s, match: {name: '*'}, limits: {cpu.quota: 50%}}\n");
  all_appear();
  for (const std::string& group : groups_)
    EXPECT_EQ(machine_.text(group, "cpu.max"), "25000 50000") << group;
}

}  // namespace
}  // namespace plimsoll::control
