#include "control/applier/policies.h"

#include <gmock/gmock.h>

#include "control/applier/ceilings.h"
#include "control/applier/test_applying.h"

namespace plimsoll::control {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kRule =
    "mode: enforce\nrules: [{name: r, match: {name: a}, limits: {pids.max: 5}";

TEST_F(Applying, ContainersGetTheirLimitsWhenTheyAppear) {
  rules(kRule + "}]\n");
  appear();
  EXPECT_EQ(pids("/a"), "5");
  EXPECT_EQ(pids("/b"), "max");
  const auto shown = service_->show("cgroup:/a");
  ASSERT_TRUE(shown);
  const auto knob = std::ranges::find_if(shown->settings, [](const KnobState& one) {
    return one.setting.knob == limit::Knob::kPidsMax;
  });
  ASSERT_NE(knob, shown->settings.end());
  EXPECT_EQ(knob->rule, "policy r");
  EXPECT_EQ(knob->found, "max");
}

TEST_F(Applying, WhatIsReadToDecideForManyIsPlannedFrom) {
  rules("mode: enforce\nrules: [{name: r, match: {name: '*'}, limits: {pids.max: 5}}]\n");
  GroupNews news;
  news.added = {known("/a", 1), known("/b", 2)};
  const std::size_t before = machine_.views;
  policies_->turn(news);
  EXPECT_EQ(machine_.views, before + 1);
  EXPECT_EQ(pids("/a"), "5");
  EXPECT_EQ(pids("/b"), "5");
}

// The second rule's plan is made from what the first has left.
TEST_F(Applying, TheChangesOfTwoRulesInOneGroupAreReadApart) {
  rules(
      "mode: enforce\nrules: [{name: r, match: {name: a}, limits: {pids.max: 5}},"
      "{name: s, match: {name: a}, limits: {cpu.weight: 50}}]\n");
  GroupNews news;
  news.added = {known("/a", 1)};
  const std::size_t before = machine_.views;
  policies_->turn(news);
  EXPECT_EQ(machine_.views, before + 2);
  EXPECT_EQ(pids("/a"), "5");
  EXPECT_EQ(machine_.text("/a", "cpu.weight"), "50");
}

TEST_F(Applying, RestsUntilSomethingIsDue) {
  rules(kRule + ", when: [{from: \"08:00\", to: \"09:00\"}]}]\n");
  appear();
  settle();
  const auto rest = policies_->rest();
  EXPECT_GT(rest, std::chrono::seconds(2));
  GroupNews news;
  news.written = {known("/a", 1)};
  policies_->turn(news);
  EXPECT_LE(policies_->rest(), std::chrono::seconds(2)) << "somebody may write again";
}

TEST_F(Applying, WhatAGroupCannotHaveKeepsNothingElseBack) {
  rules(
      "mode: enforce\nrules: [{name: r, match: {name: a}, limits: {memory.swappiness: 5, pids.max: "
      "5}}]\n");
  appear();
  EXPECT_EQ(pids("/a"), "5");
  const auto history = service_->history(std::nullopt, 10);
  ASSERT_TRUE(history);
  EXPECT_THAT(history->records, testing::Contains(HasSubstr("memory.swappiness")));
  // Nor the defence of what it has.
  foreign("/a", "pids.max", "99");
  EXPECT_EQ(pids("/a"), "5");
}

TEST_F(Applying, ObservingWritesNothing) {
  rules("rules: [{name: r, match: {name: a}, limits: {pids.max: 5}}]\n");
  appear();
  EXPECT_EQ(pids("/a"), "max");
  const auto said = policies_->explain("cgroup:/a");
  ASSERT_TRUE(said);
  EXPECT_THAT(*said, HasSubstr("\"standing\":\"observed\",\"value\":\"5\""));
}

TEST_F(Applying, ARuleThatGoesGivesBackWhatWasFound) {
  machine_.write("/a", "pids.max", "77");
  rules(kRule + "}]\n");
  appear();
  EXPECT_EQ(pids("/a"), "5");
  rules("");
  settle();
  EXPECT_EQ(pids("/a"), "77");
  EXPECT_TRUE(service_->state().found().empty());
}

TEST_F(Applying, AlsoWhenItWentWhileTheEngineWasDead) {
  rules(kRule + "}]\n");
  appear();
  tree_.write("policy.d/a.yaml", "");
  start();
  appear();
  EXPECT_EQ(pids("/a"), "max");
}

TEST_F(Applying, ForeignWritesAreRepaired) {
  rules(kRule + "}]\n");
  appear();
  foreign("/a", "pids.max", "99");
  EXPECT_EQ(pids("/a"), "5");
  EXPECT_EQ(policies_->drift_counts().repaired, 1U);
  EXPECT_THAT(policies_->drift_census(), ElementsAre(testing::Pair(drift::Calm::kHeld, 1)));
}

TEST_F(Applying, AlsoThoseOfTheTimeWhenTheEngineWasDead) {
  rules(kRule + "}]\n");
  appear();
  machine_.write("/a", "pids.max", "99");
  start();
  appear();
  settle();
  EXPECT_EQ(pids("/a"), "5");
}

TEST_F(Applying, ForeignWritesAreReportedAndLeft) {
  rules(kRule + ", drift: report}]\n");
  appear();
  foreign("/a", "pids.max", "99");
  EXPECT_EQ(pids("/a"), "99");
  EXPECT_EQ(policies_->drift_counts().reported, 1U);
}

TEST_F(Applying, AdoptedValuesStayAndTheWayBackIsKept) {
  rules(kRule + ", drift: adopt}]\n");
  appear();
  foreign("/a", "pids.max", "99");
  EXPECT_EQ(pids("/a"), "99");
  rules(kRule + ", drift: adopt, priority: 1}]\n");  // Read again, with nothing new for it.
  settle();
  EXPECT_EQ(pids("/a"), "99");
  rules("");
  settle();
  LimitRequest back;
  back.restore_all = true;
  auto draft = service_->draft("cgroup:/a", back);
  ASSERT_TRUE(draft);
  EXPECT_FALSE(service_->carry_out(*std::move(draft), {}).fault);
  EXPECT_EQ(pids("/a"), "max");
}

TEST_F(Applying, AdoptedValuesOutliveTheEngine) {
  rules(kRule + ", drift: adopt}]\n");
  appear();
  foreign("/a", "pids.max", "99");
  foreign("/a", "pids.max", "98");  // Adopted once more, over the same decision.
  start();
  appear();
  EXPECT_EQ(pids("/a"), "98");
  foreign("/a", "pids.max", "97");  // Still the rule's, not somebody's who set it by hand.
  EXPECT_EQ(pids("/a"), "97");
  EXPECT_EQ(policies_->drift_counts().adopted, 1U);
  const std::string other =
      "mode: enforce\nrules: [{name: r, match: {name: a}, limits: {pids.max: 6}, drift: adopt}]\n";
  rules(other);  // Another decision of the rule: in force.
  settle();
  EXPECT_EQ(pids("/a"), "6");
  rules("");  // No rule: what was found.
  settle();
  EXPECT_EQ(pids("/a"), "max");
}

TEST_F(Applying, AForeignWriteNamesWhoManagesTheGroup) {
  rules(kRule + ", drift: report}]\n");
  appear();
  machine_.managers["/a"] = "systemd unit a.service";
  foreign("/a", "pids.max", "99");
  const auto history = service_->history(std::nullopt, 10);
  ASSERT_TRUE(history);
  EXPECT_THAT(history->records, testing::Contains(testing::AllOf(
                                    HasSubstr("systemd unit a.service manages the group"),
                                    HasSubstr("dockerd writes"))));
}

TEST_F(Applying, WhatSomebodySetsByHandIsLeftToThem) {
  rules(kRule + "}]\n");
  appear();
  LimitRequest request;
  request.settings = {{limit::Knob::kPidsMax, "", std::uint64_t{50}}};
  auto draft = service_->draft("cgroup:/a", request);
  ASSERT_TRUE(draft);
  EXPECT_FALSE(service_->carry_out(*std::move(draft), {}).fault);
  GroupNews news;
  news.written = {known("/a", 1)};
  policies_->turn(news);
  settle();
  EXPECT_EQ(pids("/a"), "50");
  LimitRequest back;
  back.restore = {{limit::Knob::kPidsMax, ""}};
  auto restored = service_->draft("cgroup:/a", back);
  ASSERT_TRUE(restored);
  EXPECT_FALSE(service_->carry_out(*std::move(restored), {}).fault);
  settle();
  EXPECT_EQ(pids("/a"), "5");  // Its rule takes over again.
}

TEST_F(Applying, GroupsThatGoAreForgotten) {
  rules(kRule + "}]\n");
  appear();
  GroupNews news;
  news.removed = {known("/a", 1)};
  policies_->turn(news);
  EXPECT_TRUE(policies_->drift_census().empty());
}

TEST(Ceilings, AreTheTightestOfTheAncestors) {
  const limit::ViewOf host(2, {"/a", "/a/b", "/a/b/c"});
  limit::KernelView view = host.view();
  const auto set = [&](const std::string& group, const std::string& file, const std::string& text) {
    for (limit::FileText& one : view.groups[*view.index_of(group)].files)
      if (one.name == file) one.text = text;
  };
  set("/a", "memory.max", "1048576");
  set("/a/b", "memory.max", "max");
  set("/a", "cpu.max", "150000 100000");
  set("/a/b", "pids.max", "7");
  set("/a/b/c", "pids.max", "3");  // Its own does not count.
  const auto least = ceilings_of(view, *view.index_of("/a/b/c"));
  EXPECT_EQ(least.memory, 1048576U);
  EXPECT_EQ(least.nano_cpus, 1'500'000'000U);
  EXPECT_EQ(least.pids, 7U);
}

}  // namespace
}  // namespace plimsoll::control
