#include "control/service/target.h"

#include <gtest/gtest.h>

#include "control/service/managed.h"

namespace plimsoll::control {
namespace {

const std::vector<Target> kTargets = {
    {"4e1f00aa", "web", "docker", "/docker/4e1f00aa", "", true},
    {"4e1f11bb", "web-db", "docker", "/docker/4e1f11bb", "", true},
    {"77770000", "twin", "docker", "/docker/77770000", "", true},
    {"88880000", "twin", "podman", "/machine.slice/libpod-88880000.scope", "", true},
    {"77770000", "", "systemd", "/system.slice/77770000", "", false},
    {"web.service", "", "systemd", "/system.slice/web.service", "", false},
    {"", "", "cgroup", "/lab/a", "", false}};

std::string found(std::string_view ref) {
  const auto target = find_target(ref, kTargets);
  return target ? target->cgroup : std::string(name_of(target.error().problem));
}

TEST(FindTarget, ByNameIdPrefixAndPath) {
  EXPECT_EQ(found("web"), "/docker/4e1f00aa");
  EXPECT_EQ(found("4e1f00aa"), "/docker/4e1f00aa");
  EXPECT_EQ(found("4e1f1"), "/docker/4e1f11bb");
  EXPECT_EQ(found("web.service"), "/system.slice/web.service");
  EXPECT_EQ(found("cgroup:/lab/a"), "/lab/a");
  EXPECT_EQ(found("cgroup:/lab/a/"), "/lab/a");
}

TEST(FindTarget, ContainersComeFirst) {
  EXPECT_EQ(found("77770000"), "/docker/77770000");
}

TEST(FindTarget, SaysWhichItMayBe) {
  const auto target = find_target("4e1f", kTargets);
  ASSERT_FALSE(target);
  EXPECT_EQ(target.error().problem, Problem::kAmbiguous);
  EXPECT_NE(target.error().message.find("web (docker, cgroup:/docker/4e1f00aa), web-db"),
            std::string::npos)
      << target.error().message;
  EXPECT_EQ(found("twin"), "ambiguous");
}

TEST(FindTarget, NeedsFourCharactersOfAnId) {
  const auto target = find_target("4e1", kTargets);
  ASSERT_FALSE(target);
  EXPECT_EQ(target.error().problem, Problem::kNotFound);
  EXPECT_NE(target.error().message.find("four characters"), std::string::npos);
}

TEST(FindTarget, SaysWhatWasProbablyMeant) {
  const auto target = find_target("web-", kTargets);
  ASSERT_FALSE(target);
  EXPECT_NE(target.error().message.find("there is web (docker"), std::string::npos)
      << target.error().message;
}

TEST(FindTarget, RefusesWhatIsNoReference) {
  EXPECT_EQ(found(""), "invalid_input");
  EXPECT_EQ(found("cgroup:lab"), "invalid_input");
  EXPECT_EQ(found("cgroup:/nowhere"), "not_found");
}

struct Owner {
  const char* path;
  std::string unit;
};
class UnitOf : public ::testing::TestWithParam<Owner> {};

TEST_P(UnitOf, Path) {
  const auto unit = unit_of(GetParam().path);
  EXPECT_EQ(unit ? shown(*unit) : "", GetParam().unit) << GetParam().path;
}

INSTANTIATE_TEST_SUITE_P(
    , UnitOf,
    ::testing::Values(
        Owner{"/", "systemd unit -.slice"}, Owner{"/init.scope", "systemd unit init.scope"},
        Owner{"/system.slice", "systemd unit system.slice"},
        Owner{"/system.slice/web.service", "systemd unit web.service"},
        // With Delegate= its own group is systemd's all the same, and what is below is not.
        Owner{"/system.slice/docker-4e1f.scope", "systemd unit docker-4e1f.scope"},
        Owner{"/system.slice/docker-4e1f.scope/init", ""},
        Owner{"/machine.slice/libpod-4e1f.scope/container", ""},
        Owner{"/system.slice/web.service/sub.slice", ""}, Owner{"/docker/4e1f", ""},
        Owner{"/docker/4e1f/system.slice", ""}, Owner{"/kubepods.slice/plain", ""},
        Owner{"/user.slice/user-1000.slice/user@1000.service", "systemd unit user@1000.service"},
        Owner{"/user.slice/user-1000.slice/user@1000.service/app.slice/app-x.scope",
              "unit app-x.scope of uid 1000's systemd"},
        Owner{"/user.slice/user-1000.slice/user@1000.service/app.slice/app-x.scope/sub", ""},
        Owner{"/.slice", ""}, Owner{"/.service", ""}));

}  // namespace
}  // namespace plimsoll::control
