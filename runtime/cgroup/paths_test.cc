#include "runtime/cgroup/paths.h"

#include <gtest/gtest.h>

#include <string>

namespace plimsoll::runtime {
namespace {

std::string group(const std::string& path) {
  const auto result = group_of({.id = "box", .cgroups_path = path});
  return result ? *result : "error: " + result.error().message();
}

std::string scope(const std::string& path) {
  const auto result =
      scope_of({.id = "box", .cgroups_path = path, .manager = CgroupManager::kSystemd});
  return result ? result->unit + " " + result->group : "error: " + result.error().message();
}

TEST(GroupOf, IsThePathOfTheSpecificationOrTheId) {
  EXPECT_EQ(group("/docker/abc"), "/docker/abc");
  EXPECT_EQ(group("pods//a/./b/"), "/pods/a/b");
  EXPECT_EQ(group(""), "/box");
  EXPECT_EQ(group("/...a/b..c"), "/...a/b..c");
}

TEST(GroupOf, NeverLeadsUpwardsOrToTheRoot) {
  for (const char* path : {"/", "//.//", "/a/../../b", "..", "a/..", "/a\nb"})
    EXPECT_TRUE(group(path).starts_with("error: ")) << path << ": " << group(path);
}

TEST(ScopeOf, TakesSliceAndPrefixApart) {
  EXPECT_EQ(scope("system.slice:docker:abc"), "docker-abc.scope /system.slice/docker-abc.scope");
  EXPECT_EQ(scope(":docker:abc"), "docker-abc.scope /system.slice/docker-abc.scope");
  EXPECT_EQ(scope("user-1000-a.slice::abc"),
            "abc.scope /user.slice/user-1000.slice/user-1000-a.slice/abc.scope");
  EXPECT_EQ(scope("-.slice:p:abc"), "p-abc.scope /p-abc.scope");
  EXPECT_EQ(scope(""), "plimsoll-box.scope /system.slice/plimsoll-box.scope");
}

TEST(ScopeOf, RefusesWhatIsNoUnit) {
  for (const std::string path :
       {"/docker/abc", "a:b", "a.slice:b:c:d", "a:b:c", "a--b.slice:p:c", "-a.slice:p:c",
        "a-.slice:p:c", ".slice:p:c", "a/b.slice:p:c", "a.slice:p:c/d",
        "a.slice:p:", "a.slice:p:c.slice", "a.slice:p:c d"}) {
    EXPECT_TRUE(scope(path).starts_with("error: ")) << path << ": " << scope(path);
  }
  EXPECT_EQ(scope("a.slice:p:.."), "p-...scope /a.slice/p-...scope");
  EXPECT_TRUE(scope("a.slice:p:" + std::string(250, 'x')).starts_with("error: "));
}

TEST(RecordOf, SpellsHierarchiesAsTheKernelDoes) {
  cgroupfs::Layout layout;
  layout.hierarchies.resize(3);
  layout.hierarchies[0].controllers.set(static_cast<std::size_t>(cgroupfs::Controller::kCpu));
  layout.hierarchies[0].controllers.set(static_cast<std::size_t>(cgroupfs::Controller::kCpuacct));
  layout.hierarchies[0].mount_path = "/c/cpu,cpuacct";
  layout.hierarchies[1].v1_name = "systemd";
  layout.hierarchies[1].mount_path = "/c/systemd";
  layout.hierarchies[2].version = 2;
  layout.hierarchies[2].mount_path = "/c/unified";
  const CgroupRecord record = record_of(layout, CgroupManager::kFiles, "", "/a/b");
  EXPECT_EQ(record.group, "/a/b");
  EXPECT_EQ(record.places, (std::vector<CgroupPlace>{{"cpu,cpuacct", "/c/cpu,cpuacct/a/b"},
                                                     {"name=systemd", "/c/systemd/a/b"},
                                                     {"", "/c/unified/a/b"}}));
}

}  // namespace
}  // namespace plimsoll::runtime
