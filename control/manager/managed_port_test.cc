#include "control/manager/managed_port.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cgroupfs/limit/apply.h"
#include "cgroupfs/limit/fake_kernel.h"
#include "cgroupfs/limit/test_views.h"
#include "control/manager/fake_unit_manager.h"

namespace plimsoll::control {
namespace {

using limit::FakeKernel;
using ::testing::HasSubstr;

constexpr const char* kGroup = "/system.slice/web.service";
using Units = std::map<std::string, std::string>;

limit::KernelView host() {
  return limit::ViewOf(2, {"/system.slice", kGroup, "/docker"})
      .managed(kGroup, "systemd unit web.service")
      .view();
}

struct Scene {
  Scene() : kernel(host()), systemd(Units{{"web.service", kGroup}}), port(kernel, systemd) {
    // As the real one: numbers go into the file of the same meaning.
    systemd.on_change = [this](const std::string&, const UnitChange& change) -> Result<> {
      for (const UnitProperty& property : change.properties) {
        const auto value = std::get<std::uint64_t>(property.value);
        const std::string text = value == kInfinity ? "max" : std::to_string(value - value % round);
        const std::string file = property.name == "MemoryMax" ? "memory.max" : "pids.max";
        PLIMSOLL_TRY(kernel.write({kGroup, 0, 0}, file, text));
      }
      return {};
    };
  }

  [[nodiscard]] limit::Plan plan(std::initializer_list<std::string_view> wishes) const {
    const std::vector<limit::Wanted> wanted = {{kGroup, limit::limits_of(wishes)}};
    return limit::make_plan(kernel.model().view(), wanted,
                            {.managed = limit::PlanOptions::Managed::kWrite});
  }
  [[nodiscard]] std::string text(const char* file) const {
    return *kernel.model().text(*kernel.model().view().index_of(kGroup), file);
  }

  FakeKernel kernel;
  FakeUnitManager systemd;
  ManagedPort port;
  std::uint64_t round = 1;
};

TEST(ManagedPort, AsksSystemdAndVerifiesInTheFile) {
  Scene on;
  const limit::Plan plan = on.plan({"memory.max=64M", "pids.max=100"});
  const limit::Applied applied = limit::apply(plan, on.port);
  EXPECT_EQ(applied.end, limit::Applied::End::kDone);
  EXPECT_EQ(on.text("memory.max"), "67108864");
  EXPECT_EQ(on.text("pids.max"), "100");
  ASSERT_EQ(on.systemd.told.size(), 2U);
  EXPECT_EQ(on.systemd.told[0].first, "web.service");
}

TEST(ManagedPort, WhatSystemdMadeElseIsTakenBackThroughSystemd) {
  Scene on;
  on.round = 7;
  const limit::Applied applied = limit::apply(on.plan({"pids.max=100"}), on.port);
  EXPECT_EQ(applied.end, limit::Applied::End::kUndone);
  EXPECT_EQ(applied.writes[0].read_back, "98");
  EXPECT_EQ(on.text("pids.max"), "max");
  ASSERT_EQ(on.systemd.told.size(), 2U);
  EXPECT_EQ(on.systemd.told[1].second.properties[0], (UnitProperty{"TasksMax", kInfinity}));
}

TEST(ManagedPort, ARefusalOfSystemdsUndoesWhatCameBefore) {
  Scene on;
  const auto make_so = on.systemd.on_change;
  on.systemd.on_change = [&](const std::string& unit, const UnitChange& change) -> Result<> {
    if (change.properties[0] == UnitProperty{"TasksMax", std::uint64_t{100}})
      return failure(ErrorKind::kDenied, "SetUnitProperties", "Access denied");
    return make_so(unit, change);
  };
  const limit::Applied applied = limit::apply(on.plan({"memory.max=64M", "pids.max=100"}), on.port);
  EXPECT_EQ(applied.end, limit::Applied::End::kUndone);
  ASSERT_TRUE(applied.error);
  EXPECT_EQ(applied.error->kind, ErrorKind::kDenied);
  EXPECT_THAT(applied.error->message(), HasSubstr("web.service: Access denied"));
  EXPECT_EQ(on.text("memory.max"), "max");
}

TEST(ManagedPort, AUnitThatHasMovedIsNotTold) {
  Scene on;
  FakeUnitManager elsewhere(Units{{"web.service", "/other.slice/web.service"}});
  ManagedPort port(on.kernel, elsewhere);
  const auto written = port.write({kGroup, 0, 0}, "memory.max", "4096");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::kGone);
  EXPECT_TRUE(elsewhere.told.empty());
  FakeUnitManager unknown(Units{});
  EXPECT_EQ(
      ManagedPort(on.kernel, unknown).write({kGroup, 0, 0}, "memory.max", "4096").error().kind,
      ErrorKind::kGone);
}

TEST(ManagedPort, OtherGroupsAndControllersAreWrittenDirectly) {
  Scene on;
  ASSERT_TRUE(on.port.write({"/docker", 0, 0}, "memory.max", "4096"));
  ASSERT_TRUE(on.port.write({"/system.slice", 0, 0}, "cgroup.subtree_control", "+cpu"));
  EXPECT_TRUE(on.systemd.told.empty());
  const auto users = on.port.write({"/user.slice/user-7.slice/user@7.service/a.scope", 0, 0},
                                   "memory.max", "4096");
  ASSERT_FALSE(users);
  EXPECT_EQ(users.error().kind, ErrorKind::kDenied);
}

}  // namespace
}  // namespace plimsoll::control
