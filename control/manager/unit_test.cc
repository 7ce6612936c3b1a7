#include "control/manager/unit.h"

#include <gtest/gtest.h>

namespace plimsoll::control {
namespace {

struct Row {
  const char* cgroup;
  const char* unit;  // Empty: none.
};

TEST(UnitOf, IsTheUnitWhoseOwnGroupItIs) {
  for (const Row& row : {
           Row{"/", "-.slice"},
           Row{"/system.slice", "system.slice"},
           Row{"/init.scope", "init.scope"},
           Row{"/system.slice/web.service", "web.service"},
           Row{"/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service"},
           Row{"/system.slice/docker-4e1f.scope", "docker-4e1f.scope"},
           Row{"/machine.slice/machine-my\\x2dbox.scope", "machine-my\\x2dbox.scope"},
           Row{"/system.slice/dev-hugepages.mount", "dev-hugepages.mount"},
           Row{"/user.slice/user-1000.slice/session-3.scope", "session-3.scope"},
           Row{"/user.slice/user-1000.slice/user@1000.service", "user@1000.service"},
           Row{"/_cpu.service", "cpu.service"},
           Row{"/a.slice/a-b.slice/a-b-c.slice", "a-b-c.slice"},
       }) {
    const auto unit = unit_of(row.cgroup);
    ASSERT_TRUE(unit) << row.cgroup;
    EXPECT_EQ(unit->name, row.unit);
    EXPECT_EQ(unit->uid, std::nullopt);
    EXPECT_EQ(unit->manager(), std::string("systemd unit ") + row.unit);
  }
}

TEST(UnitOf, IsNothingBelowAUnitAndForForeignPaths) {
  for (const char* cgroup : {
           "",
           "/docker/4e1f",
           "/system.slice/web.service/worker",
           "/plimsoll",
           "/machine.slice/box.scope/payload/system.slice/web.service",
           "/system.slice/docker-4e1f.scope/init.scope",
           // Not where systemd would put it: somebody else's directory of that name.
           "/a-b.slice",
           "/system.slice/user.slice",
           "/system.slice/x-y.slice/web.service",
           "/.slice",
           "/.service",
           "/-a.slice",
           "/a-.slice",
           "/docker/web.service",
       })
    EXPECT_EQ(unit_of(cgroup), std::nullopt) << cgroup;
}

TEST(UnitOf, KnowsUsersOwnManagers) {
  const auto unit =
      unit_of("/user.slice/user-1000.slice/user@1000.service/app.slice/libpod-4e1f.scope");
  ASSERT_TRUE(unit);
  EXPECT_EQ(unit->name, "libpod-4e1f.scope");
  EXPECT_EQ(unit->uid, 1000U);
  EXPECT_EQ(unit->manager(), "unit libpod-4e1f.scope of user 1000's own systemd");
  EXPECT_EQ(unit_of("/user.slice/user-1000.slice/user@1000.service/plain"), std::nullopt);
}

}  // namespace
}  // namespace plimsoll::control
