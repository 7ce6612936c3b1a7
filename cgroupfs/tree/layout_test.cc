#include "cgroupfs/tree/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temp_tree.h"

namespace plimsoll::cgroupfs {
namespace {

DirFd open_tree(const TempTree& tree, const std::string& name = "") {
  return *open_dir((tree.path() + "/" + name).c_str());
}

constexpr const char* kHybrid =
    "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

TEST(OpenLayout, HybridFromMountInfoBelowAnotherRoot) {
  const TempTree host{{"cpu,cpuacct/", ""},
                      {"memory/", ""},
                      {"systemd/", ""},
                      {"unified/cgroup.controllers", "hugetlb quantum\n"}};
  const auto layout = open_layout(kHybrid, open_tree(host));
  ASSERT_TRUE(layout) << layout.error().message();
  EXPECT_EQ(layout->mode, Mode::kHybrid);
  EXPECT_EQ(name_of(layout->mode), "hybrid");
  ASSERT_EQ(layout->hierarchies.size(), 4U);
  EXPECT_EQ(layout->of(Controller::kCpuacct), layout->of(Controller::kCpu));
  EXPECT_EQ(layout->hierarchies[*layout->of(Controller::kMemory)].mount_path,
            "/sys/fs/cgroup/memory");
  EXPECT_EQ(layout->of(Controller::kHugetlb), layout->unified());
  EXPECT_EQ(layout->of(Controller::kPids), std::nullopt);
  EXPECT_EQ(layout->hierarchies.back().v1_name, "systemd") << "named ones come last";
}

TEST(OpenLayout, MountsThatAreNotUnderTheRootGivenAreMissingControllers) {
  const TempTree host{{"memory/", ""}};
  const auto layout = open_layout(kHybrid, open_tree(host));
  ASSERT_TRUE(layout) << layout.error().message();
  EXPECT_EQ(layout->mode, Mode::kV1);
  ASSERT_EQ(layout->hierarchies.size(), 1U);
  EXPECT_EQ(layout->unified(), std::nullopt);
}

TEST(OpenLayout, PureV2) {
  const TempTree host{{"cgroup.controllers", "cpuset cpu io memory hugetlb pids rdma misc\n"}};
  const auto layout =
      open_layout("30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", open_tree(host));
  ASSERT_TRUE(layout) << layout.error().message();
  EXPECT_EQ(layout->mode, Mode::kV2);
  ASSERT_EQ(layout->hierarchies.size(), 1U);
  EXPECT_EQ(layout->hierarchies[0].controllers.count(), 8U);
  EXPECT_EQ(layout->of(Controller::kIo), 0U);
  EXPECT_EQ(layout->of(Controller::kCpuacct), std::nullopt);
}

TEST(OpenLayout, NamedV1BesideFullV2IsStillV2) {
  const TempTree host{{"cgroup.controllers", "memory\n"}, {"systemd/", ""}};
  const auto layout = open_layout(
      "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
      "31 30 0:27 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n",
      open_tree(host));
  ASSERT_TRUE(layout) << layout.error().message();
  EXPECT_EQ(layout->mode, Mode::kV2);
  EXPECT_EQ(layout->hierarchies.size(), 2U);
}

TEST(OpenLayout, V2MountHiddenByALaterTmpfsIsNotThere) {
  const TempTree host{{"memory/", ""}};
  const auto layout = open_layout(
      "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
      "31 30 0:27 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
      "32 31 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
      open_tree(host));
  ASSERT_TRUE(layout) << layout.error().message();
  EXPECT_EQ(layout->mode, Mode::kV1);
}

TEST(OpenLayout, AStrayMountElsewhereDoesNotShadowTheReachableOne) {
  const TempTree host{{"memory/", ""}};
  const auto layout = open_layout(
      "32 31 0:28 / /mnt/stray rw - cgroup cgroup rw,memory\n"
      "33 31 0:28 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
      open_tree(host));
  ASSERT_TRUE(layout) << layout.error().message();
  ASSERT_EQ(layout->hierarchies.size(), 1U);
  EXPECT_EQ(layout->hierarchies[0].mount_root, "/docker/abc");
}

TEST(OpenLayout, OtherNominalRoots) {
  const TempTree host{{"memory/", ""}};
  const auto layout = open_layout("32 1 0:28 / /cgroup/memory rw - cgroup cgroup rw,memory\n",
                                  open_tree(host), "/cgroup/");
  ASSERT_TRUE(layout) << layout.error().message();
  EXPECT_EQ(layout->hierarchies[0].mount_path, "/cgroup/memory");
  const TempTree root{{"sys/fs/cgroup/cgroup.controllers", "cpu\n"}};
  const auto from_top =
      open_layout("30 23 0:26 / /sys/fs/cgroup rw - cgroup2 c rw\n", open_tree(root), "/");
  ASSERT_TRUE(from_top) << from_top.error().message();
  EXPECT_EQ(from_top->mode, Mode::kV2);
}

// A recorded tree, or a host's tree mounted into a container whose own mountinfo knows nothing.
TEST(OpenLayout, WithoutMountInfoTheDirectoryTellsByItself) {
  const TempTree hybrid{{"cpu,cpuacct/", ""},
                        {"cpu/", ""},
                        {"blkio/", ""},
                        {"systemd/", ""},
                        {"not-a-controller/", ""},
                        {"README", "recorded"},
                        {"unified/cgroup.controllers", ""}};
  const auto layout = open_layout("", open_tree(hybrid));
  ASSERT_TRUE(layout) << layout.error().message();
  EXPECT_EQ(layout->mode, Mode::kHybrid);
  std::vector<std::string> paths;
  for (const Hierarchy& h : layout->hierarchies) paths.push_back(h.mount_path);
  EXPECT_THAT(paths, testing::ElementsAre("/sys/fs/cgroup/blkio", "/sys/fs/cgroup/cpu,cpuacct",
                                          "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"));

  const TempTree v2{{"cgroup.controllers", "cpu memory\n"}, {"memory/", ""}};
  const auto pure = open_layout("22 27 0:21 / /proc rw - proc proc rw\n", open_tree(v2));
  ASSERT_TRUE(pure) << pure.error().message();
  EXPECT_EQ(pure->mode, Mode::kV2);
  EXPECT_EQ(pure->hierarchies.size(), 1U);
}

TEST(OpenLayout, SaysWhatItLookedForWhenThereIsNoCgroupTree) {
  const TempTree empty;
  const auto layout = open_layout("", open_tree(empty));
  ASSERT_FALSE(layout);
  EXPECT_EQ(layout.error().kind, ErrorKind::kNotOffered);
  EXPECT_THAT(layout.error().message(), testing::HasSubstr("/sys/fs/cgroup"));
  EXPECT_THAT(layout.error().message(), testing::HasSubstr("cgroup.controllers"));
}

TEST(OpenLayout, MalformedMountInfoIsReportedWithItsLine) {
  const TempTree host{{"cgroup.controllers", "cpu\n"}};
  const auto layout = open_layout("30 23 0:26 / /sys/fs/cgroup", open_tree(host));
  ASSERT_FALSE(layout);
  EXPECT_EQ(layout.error().kind, ErrorKind::kMalformed);
  EXPECT_EQ(layout.error().subject, "mountinfo: 30 23 0:26 / /sys/fs/cgroup");
}

TEST(OpenLayout, NamedHierarchiesBeyondOurPlacesAreLeftOut) {
  TempTree host{{"memory/", ""}};
  std::string text;
  for (int i = 0; i < 20; ++i) {
    const std::string name = "n" + std::to_string(i);
    host.write(name + "/", "");
    text += "1 0 0:1 / /sys/fs/cgroup/" + name + " rw - cgroup cgroup rw,name=" + name + "\n";
  }
  text += "1 0 0:1 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
  const auto layout = open_layout(text, open_tree(host));
  ASSERT_TRUE(layout) << layout.error().message();
  EXPECT_EQ(layout->hierarchies.size(), kMaxHierarchies);
  EXPECT_EQ(layout->of(Controller::kMemory), 0U);
}

}  // namespace
}  // namespace plimsoll::cgroupfs
