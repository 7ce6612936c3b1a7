// apply() on the kernel of this machine: all of a plan or none of it, and never another group.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cgroupfs/limit/apply.h"
#include "cgroupfs/limit/plan.h"
#include "cgroupfs/limit/port.h"
#include "cgroupfs/limit/read_view.h"
#include "cgroupfs/limit/rules.h"
#include "cgroupfs/limit/test_limit_groups.h"
#include "cgroupfs/limit/test_views.h"

namespace plimsoll::limit {
namespace {

class ApplyOnKernel : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!groups_.why_not().empty()) GTEST_SKIP() << groups_.why_not();
    groups_.make("/a");
    ASSERT_EQ(groups_.why_not(), "");
    const KernelView now = view();
    const std::string* offered =
        now.groups[*now.index_of(groups_.top())].find("cgroup.controllers");
    for (const auto controller : {cgroupfs::Controller::kPids, cgroupfs::Controller::kMemory})
      if (now.of(controller).version == 2 && !has_word(*offered, cgroupfs::name_of(controller)))
        GTEST_SKIP() << "this machine has not enabled " << cgroupfs::name_of(controller)
                     << " below the root";
  }

  KernelView view() {
    auto read = read_view(groups_.layout(), groups_.sys(), std::vector{groups_.top()});
    EXPECT_TRUE(read) << read.error().message();
    return read ? *std::move(read) : KernelView();
  }
  [[nodiscard]] std::string group() const { return groups_.top() + "/a"; }

  // Two of what every host has; the group of the plan is "/a" below the top.
  Plan plan(const KernelView& now) {
    return make_plan(now, std::vector<Wanted>{{group(), limits_of({"pids=50", "memory=64M"})}});
  }

  LimitGroups groups_{"apply"};
  CgroupPort port_{groups_.layout()};
};

std::string text_of(const KernelView& view, const std::string& group, const std::string& file) {
  const auto index = view.index_of(group);
  const std::string* text = index ? view.groups[*index].find(file) : nullptr;
  return text == nullptr ? "" : *text;
}

TEST_F(ApplyOnKernel, WritesAndTakesBack) {
  const KernelView before = view();
  const Plan wanted = plan(before);
  ASSERT_TRUE(wanted.ok()) << to_text(wanted);
  const Applied applied = apply(wanted, port_);
  ASSERT_EQ(applied.end, Applied::End::kDone) << applied.error->message();
  EXPECT_EQ(text_of(view(), group(), "pids.max"), "50");
  EXPECT_TRUE(plan(view()).writes.empty());

  ASSERT_EQ(take_back(wanted, wanted.writes.size(), port_).end, Applied::End::kUndone);
  const KernelView after = view();
  for (const char* file : {"pids.max", "memory.max", "memory.limit_in_bytes"})
    EXPECT_EQ(text_of(after, group(), file), text_of(before, group(), file)) << file;
}

TEST_F(ApplyOnKernel, ARefusalAtTheEndLeavesNothing) {
  const KernelView before = view();
  Plan wanted = plan(before);
  Write nonsense = wanted.writes.back();
  nonsense.new_text = "nonsense";
  wanted.writes.push_back(nonsense);
  const Applied applied = apply(wanted, port_);
  EXPECT_EQ(applied.end, Applied::End::kUndone);
  ASSERT_TRUE(applied.error);
  EXPECT_EQ(applied.error->os_error, EINVAL);
  const KernelView after = view();
  for (const char* file : {"pids.max", "memory.max", "memory.limit_in_bytes"})
    EXPECT_EQ(text_of(after, group(), file), text_of(before, group(), file)) << file;
}

TEST_F(ApplyOnKernel, AGroupMadeAgainUnderThePathIsNotWritten) {
  // So that v2 has the controllers enabled.
  ASSERT_EQ(apply(plan(view()), port_).end, Applied::End::kDone);
  for (const bool held : {true, false}) {
    const Plan wanted = make_plan(view(), std::vector<Wanted>{{group(), limits_of({"pids=60"})}});
    // Held: the directories are open already. Not held: they are opened after the group is another
    // one.
    if (held) {
      ASSERT_TRUE(port_.read(wanted.writes.back().at, wanted.writes.back().file));
    } else {
      port_.forget();
    }
    groups_.make_again("/a");
    const Applied applied = apply(wanted, port_);
    EXPECT_EQ(applied.end, Applied::End::kUndone);
    ASSERT_TRUE(applied.error);
    EXPECT_EQ(applied.error->kind, ErrorKind::kGone) << applied.error->message();
    EXPECT_EQ(text_of(view(), group(), "pids.max"), "max");
  }
}

// As systemd does it when no unit below asks for the controller any more.
TEST_F(ApplyOnKernel, FilesHeldOfAControllerTakenAndGivenBackAreOpenedAnew) {
  const Plan wanted = plan(view());
  ASSERT_EQ(apply(wanted, port_).end, Applied::End::kDone);
  const Write& pids = *std::ranges::find(wanted.writes, "pids.max", &Write::file);
  const KernelView now = view();
  if (now.of(cgroupfs::Controller::kPids).version != 2)
    GTEST_SKIP() << "a v1 group has its controller for ever";
  const DirFd& root = groups_.layout().hierarchies[pids.at.hierarchy].dir;
  const std::string file = cgroupfs::relative(groups_.top()) + "/cgroup.subtree_control";
  const auto turn = [&](std::string_view text) {
    const Fd fd(::openat(root.get(), file.c_str(), O_WRONLY | O_CLOEXEC));
    return ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  };
  for (const bool reads : {true, false}) {
    ASSERT_TRUE(port_.read(pids.at, pids.file));
    ASSERT_TRUE(turn("-pids"));
    EXPECT_EQ(port_.read(pids.at, pids.file).error().kind, ErrorKind::kNotOffered);
    ASSERT_TRUE(turn("+pids"));
    ASSERT_TRUE(port_.read(pids.at, pids.file));
    ASSERT_TRUE(turn("-pids"));
    ASSERT_TRUE(turn("+pids"));
    if (reads) {
      EXPECT_EQ(port_.read(pids.at, pids.file).value_or("gone"), "max");
    } else {
      EXPECT_TRUE(port_.write(pids.at, pids.file, "70"));
    }
  }
  EXPECT_EQ(port_.read(pids.at, pids.file).value_or("gone"), "70");
}

// The kernel lets no cpuset with processes lose its list (ENOSPC), and empties one without.
TEST_F(ApplyOnKernel, ACpusetThatHadNoListIsTakenBack) {
  const KernelView host = view();
  if (host.of(cgroupfs::Controller::kCpuset).version != 2)
    GTEST_SKIP() << "on cgroup v1 every cpuset has a list of its own";
  if (!has_word(*host.groups[*host.index_of(groups_.top())].find("cgroup.controllers"), "cpuset"))
    GTEST_SKIP() << "this machine has not enabled cpuset below the root";
  // The controller is enabled, and only nodes are set.
  const auto nodes = std::vector<Wanted>{{group(), limits_of({"cpuset.mems=0"})}};
  ASSERT_EQ(apply(make_plan(view(), nodes), port_).end, Applied::End::kDone);
  for (const bool populated : {false, true}) {
    if (populated) {
      ASSERT_EQ(groups_.populate("/a"), "");
    }
    const KernelView before = view();
    ASSERT_EQ(text_of(before, group(), "cpuset.cpus"), "");
    const Plan wanted =
        make_plan(before, std::vector<Wanted>{{group(), limits_of({"cpuset.cpus=0"})}});
    ASSERT_TRUE(wanted.ok()) << to_text(wanted);
    const Applied applied = apply(wanted, port_);
    ASSERT_EQ(applied.end, Applied::End::kDone) << applied.error->message();
    EXPECT_EQ(text_of(view(), group(), "cpuset.cpus"), "0");
    EXPECT_EQ(take_back(wanted, wanted.writes.size(), port_).end, Applied::End::kUndone);
    EXPECT_EQ(text_of(view(), group(), "cpuset.cpus"),
              populated ? text_of(before, groups_.top(), "cpuset.cpus.effective") : "");
  }
}

}  // namespace
}  // namespace plimsoll::limit
