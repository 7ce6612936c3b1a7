#include "cgroupfs/tree/mountinfo.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plimsoll::cgroupfs {
namespace {

ControllerSet set_of(std::initializer_list<Controller> controllers) {
  ControllerSet set;
  for (const Controller c : controllers) set.set(static_cast<std::size_t>(c));
  return set;
}

struct Row {
  const char* what;
  const char* line;
  CgroupMount mount;
};

class CgroupMounts : public testing::TestWithParam<Row> {};

TEST_P(CgroupMounts, ReadsOneLine) {
  const auto mounts = parse_cgroup_mounts(GetParam().line);
  ASSERT_TRUE(mounts) << mounts.error().message();
  EXPECT_THAT(*mounts, testing::ElementsAre(GetParam().mount));
}

INSTANTIATE_TEST_SUITE_P(
    Lines, CgroupMounts,
    testing::Values(
        Row{"V1",
            "32 31 0:29 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n",
            {1, "/", "/sys/fs/cgroup/memory", set_of({Controller::kMemory}), ""}},
        Row{"CoMounted",
            "33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct",
            {1, "/", "/sys/fs/cgroup/cpu,cpuacct", set_of({Controller::kCpu, Controller::kCpuacct}),
             ""}},
        Row{"BlkioIsIo",
            "33 31 0:30 / /sys/fs/cgroup/blkio rw - cgroup cgroup rw,blkio",
            {1, "/", "/sys/fs/cgroup/blkio", set_of({Controller::kIo}), ""}},
        Row{"NamedSystemd",
            "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup "
            "rw,xattr,release_agent=/lib/systemd/agent,name=systemd",
            {1, "/", "/sys/fs/cgroup/systemd", {}, "systemd"}},
        Row{"V2",
            "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot",
            {2, "/", "/sys/fs/cgroup", {}, ""}},
        Row{"ManyOptionalFields",
            "30 23 0:26 / /sys/fs/cgroup rw shared:1 master:2 propagate_from:3 unbindable - "
            "cgroup2 cgroup2 rw",
            {2, "/", "/sys/fs/cgroup", {}, ""}},
        Row{"NamespaceRoot",
            "30 23 0:26 /../.. /sys/fs/cgroup ro - cgroup2 cgroup rw",
            {2, "/../..", "/sys/fs/cgroup", {}, ""}},
        Row{"Escapes",
            R"(30 23 0:26 /a\134b /mnt/two\040words\011x ro - cgroup2 no\040name rw)",
            {2, "/a\\b", "/mnt/two words\tx", {}, ""}},
        Row{"EmptySource",
            "30 23 0:26 / /sys/fs/cgroup/pids rw - cgroup  rw,pids",
            {1, "/", "/sys/fs/cgroup/pids", set_of({Controller::kPids}), ""}},
        Row{"UnknownControllerBesideKnown",
            "30 23 0:26 / /sys/fs/cgroup/x rw - cgroup cgroup rw,pids,quantum",
            {1, "/", "/sys/fs/cgroup/x", set_of({Controller::kPids}), ""}}),
    [](const auto& row) { return row.param.what; });

TEST(MountInfo, SkipsOtherFileSystemsAndHierarchiesWithoutAnythingKnown) {
  const auto mounts = parse_cgroup_mounts(
      "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
      "31 23 0:28 / /sys/fs/cgroup rw - tmpfs cgroup rw,mode=755\n"
      "\n"
      "32 23 0:29 / /sys/fs/cgroup/quantum rw - cgroup cgroup rw,quantum\n");
  ASSERT_TRUE(mounts) << mounts.error().message();
  EXPECT_THAT(*mounts, testing::IsEmpty());
  EXPECT_THAT(*parse_cgroup_mounts(""), testing::IsEmpty());
}

TEST(MountInfo, KeepsOfOneHierarchyTheShortestRootThenTheFirst) {
  const auto mounts = parse_cgroup_mounts(
      "1 0 0:1 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
      "2 0 0:2 / /host/memory rw - cgroup cgroup rw,memory\n"
      "3 0 0:3 / /again/memory rw - cgroup cgroup rw,memory\n"
      "4 0 0:4 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
      "5 0 0:5 /kubepods /elsewhere rw - cgroup2 cgroup2 rw\n");
  ASSERT_TRUE(mounts) << mounts.error().message();
  ASSERT_EQ(mounts->size(), 2U);
  EXPECT_EQ((*mounts)[0].point, "/host/memory");
  EXPECT_EQ((*mounts)[1].point, "/sys/fs/cgroup/unified");
  EXPECT_EQ(parse_every_cgroup_mount("1 0 0:1 / /a rw - cgroup2 c rw\n"
                                     "2 0 0:1 / /b rw - cgroup2 c rw\n")
                ->size(),
            2U);
}

class MalformedMountInfo : public testing::TestWithParam<const char*> {};

TEST_P(MalformedMountInfo, NamesTheLine) {
  const std::string good = "32 31 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
  const auto mounts = parse_cgroup_mounts(good + GetParam() + "\n" + good);
  ASSERT_FALSE(mounts);
  EXPECT_EQ(mounts.error().kind, ErrorKind::kMalformed);
  EXPECT_EQ(mounts.error().subject, GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Lines, MalformedMountInfo,
    testing::Values("32 31 0:29 / /sys/fs/cgroup/memory rw",  // No separator: torn.
                    "32 31 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup",
                    "32 31 0:29 / /sys/fs/cgroup/memory rw - cgroup",
                    "32 31 0:29 relative /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory",
                    "32 31 0:29 / relative rw - cgroup2 cgroup rw",
                    "32 31 0:29 /  /sys/fs/cgroup rw - cgroup2 cgroup rw",
                    R"(32 31 0:29 / /sys/fs/cgroup\04 rw - cgroup2 cgroup rw)",
                    R"(32 31 0:29 / /sys/fs/cgroup\477 rw - cgroup2 cgroup rw)",
                    R"(32 31 0:29 /a\x20b /sys/fs/cgroup rw - cgroup2 cgroup rw)", "-"));

TEST(Controllers, AreKnownByBothWords) {
  EXPECT_EQ(controller_named("blkio"), Controller::kIo);
  EXPECT_EQ(controller_named("io"), Controller::kIo);
  EXPECT_EQ(name_of(Controller::kIo), "io");
  EXPECT_EQ(name_of(Controller::kNetPrio), "net_prio");
  EXPECT_EQ(controller_named(""), std::nullopt);
  EXPECT_EQ(controller_named("quantum"), std::nullopt);
  for (std::size_t i = 0; i < kControllerCount; ++i) {
    const auto controller = static_cast<Controller>(i);
    EXPECT_EQ(controller_named(name_of(controller)), controller);
  }
}

}  // namespace
}  // namespace plimsoll::cgroupfs
