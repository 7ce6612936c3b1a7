// Making and removing groups, on directories that stand for hierarchies.
#include "runtime/cgroup/groups.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "base/read_file.h"
#include "base/temp_tree.h"
#include "runtime/cgroup/paths.h"

namespace plimsoll::runtime {
namespace {

using namespace std::chrono_literals;

// "pids cpuset" become two v1 hierarchies in that order.
CgroupHost v1_host(const TempTree& tree, const std::vector<std::string>& controllers) {
  std::string mounts;
  for (const std::string& one : controllers)
    mounts += "31 30 0:28 / " + tree.path() + "/" + one + " rw - cgroup cgroup rw," + one + "\n";
  CgroupHost host;
  const DirFd root = *open_dir(tree.path().c_str());
  auto layout = cgroupfs::open_layout(mounts, root, tree.path());
  EXPECT_TRUE(layout) << layout.error().message();
  if (layout) host.layout = *std::move(layout);
  return host;
}

bool exists(const TempTree& tree, const std::string& name) {
  return ::access((tree.path() + "/" + name).c_str(), F_OK) == 0;
}

std::string text(const TempTree& tree, const std::string& name) {
  const DirFd root = *open_dir(tree.path().c_str());
  const auto read = read_file_at(root, name.c_str());
  return read ? *read : "none";
}

struct Made {
  Result<GroupAge> age;
  CgroupRecord record;
};
Made make(const CgroupHost& host, Rollback& rollback,
          CgroupRequest::Denied denied = CgroupRequest::Denied::kFail) {
  Made made{GroupAge::kNew, record_of(host.layout, CgroupManager::kFiles, "", "/a/b/box")};
  made.age = make_groups(host, denied, made.record, rollback);
  return made;
}

TEST(MakeGroups, WithTheirAncestorsInEveryHierarchy) {
  const TempTree tree{{"pids/a/", ""}, {"freezer/", ""}};
  const CgroupHost host = v1_host(tree, {"pids", "freezer"});
  Rollback rollback;
  const Made made = make(host, rollback);
  ASSERT_TRUE(made.age) << made.age.error().message();
  EXPECT_EQ(*made.age, GroupAge::kNew);
  rollback.commit();
  for (const char* name : {"pids/a/b/box", "freezer/a/b/box"})
    EXPECT_TRUE(exists(tree, name)) << name;
  EXPECT_TRUE(ContainerCgroup::reopen(made.record).remove(0ms));
  EXPECT_FALSE(exists(tree, "pids/a/b/box"));
  EXPECT_FALSE(exists(tree, "freezer/a/b/box"));
  EXPECT_TRUE(exists(tree, "freezer/a/b")) << "ancestors stay";
}

TEST(MakeGroups, OrNone) {
  // Here no kernel puts files into a new directory: the cpuset cannot be filled.
  const TempTree tree{
      {"pids/", ""}, {"cpuset/a/b/cpuset.cpus", "0-3\n"}, {"cpuset/a/b/cpuset.mems", "0\n"}};
  const CgroupHost host = v1_host(tree, {"pids", "cpuset"});
  {
    Rollback rollback;
    const Made made = make(host, rollback);
    ASSERT_FALSE(made.age);
    EXPECT_NE(made.age.error().message().find("cpuset.cpus"), std::string::npos);
    EXPECT_TRUE(exists(tree, "pids/a/b/box"));
  }
  EXPECT_FALSE(exists(tree, "pids/a/b/box")) << "the rollback left it";
}

TEST(MakeGroups, AreNotTakenFromWhoIsInThem) {
  const TempTree tree{{"pids/a/b/box/cgroup.procs", "1\n"}};
  const CgroupHost host = v1_host(tree, {"pids"});
  {
    Rollback rollback;
    const Made made = make(host, rollback);
    ASSERT_FALSE(made.age);
    EXPECT_EQ(made.age.error().kind, ErrorKind::kBusy);
  }
  EXPECT_TRUE(exists(tree, "pids/a/b/box"));
  tree.write("pids/a/b/box/cgroup.procs", "");
  Rollback rollback;
  const Made again = make(host, rollback);
  ASSERT_TRUE(again.age) << again.age.error().message();
  EXPECT_EQ(*again.age, GroupAge::kUsed);
}

TEST(EnableControllers, WritesWhatIsMissingFromTheTop) {
  const TempTree tree{{"cgroup.controllers", "cpu memory pids\n"},
                      {"cgroup.subtree_control", "cpu\n"},
                      {"a/cgroup.controllers", "cpu memory pids\n"},
                      {"a/cgroup.subtree_control", "\n"},
                      {"a/box/cgroup.controllers", "\n"}};
  const DirFd root = *open_dir(tree.path().c_str());
  const auto layout = cgroupfs::open_layout("", root, tree.path());
  ASSERT_TRUE(layout) << layout.error().message();
  ASSERT_EQ(layout->mode, cgroupfs::Mode::kV2);
  const auto done = enable_controllers(layout->hierarchies.front(), "/a/box");
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_EQ(text(tree, "cgroup.subtree_control"), "+memory +pids");
  EXPECT_EQ(text(tree, "a/cgroup.subtree_control"), "+cpu +memory +pids");
}

TEST(EnableControllers, LeavesEnoughAlone) {
  const TempTree tree{{"cgroup.controllers", "cpu pids\n"},
                      {"cgroup.subtree_control", "cpu pids\n"},
                      {"box/cgroup.controllers", "cpu pids\n"}};
  const DirFd root = *open_dir(tree.path().c_str());
  const auto layout = cgroupfs::open_layout("", root, tree.path());
  ASSERT_TRUE(layout);
  EXPECT_TRUE(enable_controllers(layout->hierarchies.front(), "/box"));
  EXPECT_EQ(text(tree, "cgroup.subtree_control"), "cpu pids\n");
}

TEST(Remove, TakesWhatTheContainerMadeBelow) {
  const TempTree tree{{"pids/box/one/two/", ""}, {"pids/box/three/", ""}};
  const CgroupHost host = v1_host(tree, {"pids"});
  auto cgroup = ContainerCgroup::reopen(record_of(host.layout, CgroupManager::kFiles, "", "/box"));
  const auto removed = cgroup.remove(0ms);
  EXPECT_TRUE(removed) << removed.error().message();
  EXPECT_FALSE(exists(tree, "pids/box"));
  EXPECT_TRUE(exists(tree, "pids"));
}

TEST(Gone, HasNobodyAndIsNotFrozen) {
  const TempTree tree{{"freezer/", ""}};
  const CgroupHost host = v1_host(tree, {"freezer"});
  const auto cgroup =
      ContainerCgroup::reopen(record_of(host.layout, CgroupManager::kFiles, "", "/box"));
  EXPECT_TRUE(cgroup.pids().value().empty());
  EXPECT_FALSE(cgroup.is_frozen().value());
}

TEST(EntryFiles, AreOfThreadsWhereTheKernelHasThem) {
  const TempTree tree{{"pids/", ""}};
  const CgroupHost host = v1_host(tree, {"pids"});
  CgroupRecord record = record_of(host.layout, CgroupManager::kFiles, "", "/box");
  record.places.push_back({"", "/unified/box"});
  const auto cgroup = ContainerCgroup::reopen(record);
  const std::string pids = record.places.front().path + "/tasks";
  EXPECT_EQ(cgroup.entry_files(ContainerCgroup::Born::kInside), std::vector<std::string>{pids});
  EXPECT_EQ(cgroup.entry_files(ContainerCgroup::Born::kElsewhere),
            (std::vector<std::string>{pids, "/unified/box/cgroup.procs"}));
}

}  // namespace
}  // namespace plimsoll::runtime
