#include "control/policy/match.h"

#include <gmock/gmock.h>

#include "control/policy/glob_relation.h"
#include "control/policy/test_policies.h"
#include "control/policy/ties.h"

namespace plimsoll::policy {
namespace {

using Answer = Matching::Answer;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Rule rule(const std::string& match, const std::string& more = "") {
  return rules_of("rules: [{name: r, match: " + match + more + ", limits: {pids.max: 5}}]\n").at(0);
}
Answer answer(const std::string& match, const inventory::Identity& identity,
              const std::string& more = "") {
  return policy::match(rule(match, more), identity).answer;
}

TEST(Matching, AllKeysMustMatchAndOneGlobOfEach) {
  auto web = container("web-1", "nginx:1.25");
  web.labels = {{"empty", ""}, {"tier", "front"}};
  web.compose_project = "shop";
  EXPECT_EQ(answer("{name: web-*}", web), Answer::kYes);
  EXPECT_EQ(answer("{name: [db*, web*], image: nginx*}", web), Answer::kYes);
  EXPECT_EQ(answer("{name: web-*, image: redis*}", web), Answer::kNo);
  EXPECT_EQ(answer("{label: {tier: fr*}, runtime: docker, cgroup: /docker/*}", web), Answer::kYes);
  EXPECT_EQ(answer("{label: {tier: back, empty: \"*\"}}", web), Answer::kNo);
  EXPECT_EQ(answer("{label: {empty: \"*\"}}", web), Answer::kYes);
  EXPECT_EQ(answer("{compose: {project: shop}}", web), Answer::kYes);
}

TEST(Matching, WhatAContainerHasNotMatchesNoGlob) {
  const auto bare = container("lxc-1");
  EXPECT_EQ(answer("{image: \"*\"}", bare), Answer::kNo);
  EXPECT_EQ(answer("{label: {tier: \"*\"}}", bare), Answer::kNo);
  EXPECT_EQ(answer("{namespace: \"*\"}", bare), Answer::kNo);
  EXPECT_EQ(answer("{name: \"*\"}", bare, ", not: {image: \"*\"}"), Answer::kYes);
}

TEST(Matching, NotTakesOutThoseForWhichAllOfOneMapMatches) {
  const std::string exceptions = ", not: [{name: web-*, image: nginx*}, {name: db}]";
  EXPECT_EQ(answer("{name: \"*\"}", container("web-1", "nginx"), exceptions), Answer::kNo);
  EXPECT_EQ(answer("{name: \"*\"}", container("web-1", "redis"), exceptions), Answer::kYes);
  EXPECT_EQ(answer("{name: \"*\"}", container("db", "nginx"), exceptions), Answer::kNo);
  EXPECT_EQ(policy::match(rule("{name: \"*\"}", exceptions), container("db")).why, "not: name: db");
}

TEST(Matching, DockersOwnRegistryNeedNotBeSaid) {
  const auto nginx = container("w", "docker.io/library/nginx:1");
  for (const char* glob : {"nginx:1", "nginx*", "library/nginx:1", "docker.io/*", "*/nginx:*"})
    EXPECT_EQ(answer("{image: \"" + std::string(glob) + "\"}", nginx), Answer::kYes) << glob;
  EXPECT_EQ(answer("{image: nginx*}", container("w", "quay.io/nginx")), Answer::kNo);
}

TEST(Matching, WhatTheRuntimeHasNotToldIsNotKnown) {
  auto early = container("0123456789ab");
  early.metadata = inventory::Metadata::kPending;
  EXPECT_EQ(answer("{image: nginx*}", early), Answer::kUnknown);
  EXPECT_EQ(answer("{runtime: docker}", early), Answer::kYes);
  EXPECT_EQ(answer("{runtime: podman, image: nginx*}", early), Answer::kNo);
  // Else it would be limited until its image is known.
  EXPECT_EQ(answer("{runtime: docker}", early, ", not: {image: db*}"), Answer::kUnknown);
  EXPECT_THAT(policy::match(rule("{image: nginx*}"), early).why, HasSubstr("not known yet"));
  early.metadata = inventory::Metadata::kUnreadable;
  EXPECT_THAT(policy::match(rule("{image: nginx*}"), early).why, HasSubstr("plimsoll doctor"));
}

TEST(Matching, OtherGroupsAreMeantOnlyByTheirKind) {
  inventory::Identity unit = container("ssh.service");
  unit.runtime = inventory::Runtime::kSystemd;
  unit.cgroup = "/system.slice/ssh.service";
  EXPECT_EQ(answer("{name: \"*\"}", unit), Answer::kNo);
  EXPECT_EQ(answer("{runtime: \"*\"}", unit), Answer::kNo);
  EXPECT_EQ(answer("{runtime: systemd, name: ssh*}", unit), Answer::kYes);
  inventory::Identity root;
  root.runtime = inventory::Runtime::kRoot;
  root.cgroup = root.display = "/";
  EXPECT_EQ(answer("{runtime: root}", root), Answer::kNo);
  auto pause = container("pause");
  pause.sandbox = true;
  EXPECT_EQ(answer("{name: \"*\"}", pause), Answer::kNo);
}

TEST(Globs, MeetWhereOneTextMatchesBoth) {
  for (const auto& [one, other, meet] :
       std::vector<std::tuple<const char*, const char*, bool>>{{"a*", "*b", true},
                                                               {"a*", "b*", false},
                                                               {"a?", "a", false},
                                                               {"a?c*", "ab*", true},
                                                               {"*x*", "*y*", true},
                                                               {"*", "", true},
                                                               {"", "", true},
                                                               {"?*", "", false},
                                                               {"web-*-1", "web-2", false},
                                                               {"web-*-1", "*-b-?", true}}) {
    EXPECT_EQ(globs_meet(one, other), meet) << one << " " << other;
    EXPECT_EQ(globs_meet(other, one), meet) << other << " " << one;
  }
}

TEST(Globs, CoverWhatTheyContain) {
  EXPECT_TRUE(glob_covers("*", "web-*"));
  EXPECT_TRUE(glob_covers("web-*", "web-*-1"));
  EXPECT_TRUE(glob_covers("web-?", "web-1"));
  EXPECT_FALSE(glob_covers("web-*-1", "web-*"));
  EXPECT_FALSE(glob_covers("a??", "a*"));
  EXPECT_FALSE(glob_covers("?", "*"));
}

std::vector<std::string> ties(const std::string& one, const std::string& other) {
  const auto rules =
      rules_of("rules:\n  - {name: one, " + one + "}\n  - {name: other, " + other + "}\n");
  return texts_of(ties_of(rules));
}

TEST(Ties, AreRefusedNamingBoth) {
  EXPECT_THAT(
      ties("match: {name: a*}, limits: {memory.max: 1M, pids.max: 5}",
           "match: {image: b*}, limits: {memory: 2M}"),
      ElementsAre("a.yaml:3:5: rules one (a.yaml:2) and other (a.yaml:3) both set "
                  "memory.max with priority 0 and may hold for the same container: give one "
                  "a higher priority, or keep them apart by match, not or when"));
  EXPECT_THAT(ties("match: {name: a*}, limits: {cpu.weight: 5}",
                   "match: {name: \"*\"}, limits: {cpu.shares: 5}, mode: enforce"),
              testing::SizeIs(1));
  EXPECT_THAT(texts_of(ties_of(rules_of("rules: [{name: a, match: {name: a}, limits: {pids: 1}},\n"
                                        "{name: a, match: {name: b}, limits: {pids: 1}}]"))),
              ElementsAre("a.yaml:2:1: rule a: the name is taken by a (a.yaml:1)"));
}

TEST(Ties, AreNoneWhereSomethingKeepsTheRulesApart) {
  const std::string five = ", limits: {pids.max: 5}";
  const std::string any = "match: {name: \"*\"}" + five;
  EXPECT_THAT(ties(any, any + ", priority: 1"), IsEmpty());
  EXPECT_THAT(ties(any, "match: {name: \"*\"}, limits: {memory.max: 5M}"), IsEmpty());
  EXPECT_THAT(ties("match: {name: \"*\"}, limits: {io.rbps: \"8:0=1M\"}",
                   "match: {name: \"*\"}, limits: {io.rbps: \"8:16=1M\"}"),
              IsEmpty());
  EXPECT_THAT(ties("match: {name: a*}" + five, "match: {name: b*}" + five), IsEmpty());
  EXPECT_THAT(ties("match: {image: nginx*}" + five, "match: {image: redis*}" + five), IsEmpty());
  EXPECT_THAT(ties("match: {image: docker.io/*}" + five, "match: {image: redis*}" + five),
              testing::SizeIs(1));
  EXPECT_THAT(ties("match: {label: {t: a}}" + five, "match: {label: {t: b}}" + five), IsEmpty());
  EXPECT_THAT(ties("match: {label: {t: a}}" + five, "match: {label: {u: b}}" + five),
              testing::SizeIs(1));
  EXPECT_THAT(ties(any + ", not: {name: web*}", "match: {name: [web-1, web-2*]}" + five),
              IsEmpty());
  EXPECT_THAT(ties(any + ", not: {name: web*, image: x}", "match: {name: web-1}" + five),
              testing::SizeIs(1));
  EXPECT_THAT(ties(any + ", when: {from: \"22:00\", to: \"06:00\"}",
                   any + ", when: {from: \"06:00\", to: \"22:00\"}"),
              IsEmpty());
  EXPECT_THAT(ties(any + ", when: {days: sun, from: \"22:00\", to: \"06:00\"}",
                   any + ", when: {days: mon, from: \"05:00\"}"),
              testing::SizeIs(1));
}

}  // namespace
}  // namespace plimsoll::policy
