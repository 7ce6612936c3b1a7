#include "cgroupfs/watch/log_paths.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/temp_tree.h"

namespace plimsoll::cgroupfs {
namespace {

constexpr auto kNothing = [](std::string_view) { return false; };
constexpr auto kWeb = [](std::string_view path) { return path.starts_with("/docker/web"); };

TEST(LogPaths, AreTheSameInTheFirstNamespace) {
  LogPaths paths(CgroupView::kWhole);
  EXPECT_EQ(paths.ours("/a/b", kNothing), "/a/b");
  EXPECT_EQ(paths.ours("/", kNothing), "/");
  EXPECT_EQ(paths.ours("", kNothing), std::nullopt) << "no group's limit";
}

TEST(LogPaths, NothingIsToldBeforeAContainerOfOursWasKilled) {
  LogPaths paths(CgroupView::kNamespace);
  EXPECT_EQ(paths.ours("/docker/node/system.slice/cron.service", kNothing), std::nullopt);
  EXPECT_EQ(paths.ours("/docker/node/docker/web/inner", kWeb), "/docker/web/inner");
  EXPECT_EQ(paths.ours("/docker/node/system.slice/cron.service", kNothing),
            "/system.slice/cron.service");
  EXPECT_EQ(paths.ours("/docker/node", kNothing), "/");
}

TEST(LogPaths, WhatIsOutsideIsNotOurs) {
  LogPaths paths(CgroupView::kNamespace);
  ASSERT_EQ(paths.ours("/docker/node/docker/web", kWeb), "/docker/web");
  for (const char* path : {"/", "/docker", "/docker/node2/docker/web", "/system.slice"})
    EXPECT_EQ(paths.ours(path, kWeb), std::nullopt) << path;
}

TEST(LogPaths, ANamespaceOfItsOwnMaySeeTheWholeTree) {
  LogPaths paths(CgroupView::kNamespace);
  ASSERT_EQ(paths.ours("/docker/web", kWeb), "/docker/web");
  EXPECT_EQ(paths.ours("/system.slice", kNothing), "/system.slice");
}

TEST(CgroupViewOfAHost, IsThatOfTheReadersNamespace) {
  const TempTree host;
  host.write("proc/self/ns/x", "");
  const DirFd proc = *open_dir((host.path() + "/proc").c_str());
  EXPECT_EQ(cgroup_view(proc), CgroupView::kWhole) << "a recorded host does not tell";
  const auto point_to = [&](const char* target) {
    const std::string link = host.path() + "/proc/self/ns/cgroup";
    (void)::unlink(link.c_str());
    ASSERT_EQ(::symlink(target, link.c_str()), 0);
  };
  point_to("cgroup:[4026531835]");
  EXPECT_EQ(cgroup_view(proc), CgroupView::kWhole);
  point_to("cgroup:[4026532451]");
  EXPECT_EQ(cgroup_view(proc), CgroupView::kNamespace);
}

}  // namespace
}  // namespace plimsoll::cgroupfs
