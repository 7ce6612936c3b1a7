#include "control/api/roles.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "base/fake_clock.h"

namespace plimsoll::control {
namespace {

constexpr RoleGroups kGroups{.control = 500, .read = 501};

TEST(Roles, AreByUserAndGroup) {
  EXPECT_EQ(role_of(0, {}, {}), Role::kControl);
  EXPECT_EQ(role_of(1000, {1000, 500}, kGroups), Role::kControl);
  EXPECT_EQ(role_of(1000, {501, 500}, kGroups), Role::kControl);
  EXPECT_EQ(role_of(1000, {1000, 501}, kGroups), Role::kRead);
  EXPECT_EQ(role_of(1000, {1000}, kGroups), Role::kNone);
}

TEST(Roles, AreNobodysWhereThereAreNoSuchGroups) {
  EXPECT_EQ(role_of(1000, {500, 501}, {}), Role::kNone);
  EXPECT_EQ(role_of(1000, {0}, {}), Role::kNone);
}

TEST(Roles, CountTheGroupsOfTheProcessAndOfTheDatabase) {
  const FakeClock clock;
  Roles roles(kGroups, clock, [](uid_t uid, gid_t gid) {
    return uid == 1000 ? std::vector<gid_t>{gid, 500} : std::vector<gid_t>{gid};
  });
  EXPECT_EQ(roles.of(1000, 1000, {}), Role::kControl);
  EXPECT_EQ(roles.of(1001, 1001, {}), Role::kNone);
  EXPECT_EQ(roles.of(1001, 1001, {501}), Role::kRead);
  EXPECT_EQ(roles.of(1001, 501, {}), Role::kRead);
}

TEST(Roles, AskTheDatabaseAgainAfterAMoment) {
  FakeClock clock;
  int asked = 0;
  std::vector<gid_t> member{501};
  Roles roles(kGroups, clock, [&](uid_t, gid_t) {
    ++asked;
    return member;
  });
  EXPECT_EQ(roles.of(1000, 1000, {}), Role::kRead);
  member.clear();
  EXPECT_EQ(roles.of(1000, 1000, {}), Role::kRead);
  EXPECT_EQ(asked, 1);
  clock.advance(Roles::kKept);
  EXPECT_EQ(roles.of(1000, 1000, {}), Role::kNone);
  EXPECT_EQ(asked, 2);
}

TEST(Roles, FindGroupsByNameAndByNumber) {
  EXPECT_EQ(group_named("root"), 0U);
  EXPECT_EQ(group_named("4711"), 4711U);
  EXPECT_EQ(group_named("no such group"), std::nullopt);
}

TEST(Roles, KnowTheGroupsOfUsers) {
  const auto root = groups_of_user(0, 0);
  EXPECT_NE(std::ranges::find(root, 0U), root.end());
  EXPECT_EQ(groups_of_user(4'000'000'000, 4'000'000'001), std::vector<gid_t>{4'000'000'001});
}

}  // namespace
}  // namespace plimsoll::control
