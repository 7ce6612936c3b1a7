#include "agent/engine/limits_at_start.h"

#include <gmock/gmock.h>

#include "control/policy/decode.h"
#include "control/policy/match.h"

namespace plimsoll::agent {
namespace {

engine::Container some_container() {
  engine::Container container;
  container.id = std::string(64, 'a');
  container.name = "web";
  container.cgroup = "/plimsoll/" + container.id;
  container.definition.config.image = "docker.io/library/nginx:1";
  container.definition.config.labels = {{"tier", "front"},
                                        {"com.docker.compose.project", "shop"},
                                        {"com.docker.compose.service", "proxy"}};
  return container;
}

TEST(LimitsAtStart, AllThatARuleMayLookAtIsKnown) {
  for (const char* match :
       {"name: web", "image: 'nginx*'", "label: {tier: front}", "runtime: plimsoll",
        "cgroup: '/plimsoll/*'", "compose: {project: shop, service: proxy}"}) {
    const auto decoded = policy::decode(
        "test", "rules: [{name: r, match: {" + std::string(match) + "}, limits: {pids.max: 5}}]\n");
    ASSERT_EQ(decoded.rules.size(), 1U) << match;
    const auto matching = policy::match(decoded.rules[0], identity_of(some_container()));
    EXPECT_EQ(matching.answer, policy::Matching::Answer::kYes) << match << ": " << matching.why;
  }
}

TEST(LimitsAtStart, OneOfAPodHasThePodsNameAsInTheInventory) {
  engine::Container container = some_container();
  container.definition.config.labels = {{"io.kubernetes.pod.name", "shop"},
                                        {"io.kubernetes.container.name", "cart"}};
  EXPECT_EQ(identity_of(container).display, "shop/cart");
  container.definition.config.labels.clear();
  EXPECT_EQ(identity_of(container).display, "web");
}

TEST(LimitsAtStart, WhatItHasNotIsNotAwaited) {
  const auto decoded = policy::decode(
      "test", "rules: [{name: r, match: {label: {tier: back}}, limits: {pids.max: 5}}]\n");
  ASSERT_EQ(decoded.rules.size(), 1U);
  EXPECT_EQ(policy::match(decoded.rules[0], identity_of(some_container())).answer,
            policy::Matching::Answer::kNo);
}

}  // namespace
}  // namespace plimsoll::agent
