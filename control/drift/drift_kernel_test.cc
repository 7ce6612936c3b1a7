// Somebody else's write to a limit that we hold, on the kernel of this machine: seen through
// inotify, found, and taken back.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cgroupfs/limit/apply.h"
#include "cgroupfs/limit/port.h"
#include "cgroupfs/limit/read_view.h"
#include "cgroupfs/limit/test_limit_groups.h"
#include "cgroupfs/limit/test_views.h"
#include "cgroupfs/tree/group_path.h"
#include "control/drift/check.h"

namespace plimsoll::drift {
namespace {

class DriftOnTheKernel : public testing::Test {
 protected:
  void SetUp() override {
    groups_.make("/a");
    if (!groups_.why_not().empty()) GTEST_SKIP() << groups_.why_not();
    (void)apply({"pids=60"});  // On v2 this enables the controller; later plans are of one write.
    auto tree = cgroupfs::CgroupTree::create(groups_.layout(), clock_);
    ASSERT_TRUE(tree) << tree.error().message();
    tree_ = *std::move(tree);
    if (tree_->notification_fd() < 0) GTEST_SKIP() << "no inotify instance is left for us";
    (void)tree_->update();
  }

  limit::Plan apply(std::initializer_list<std::string_view> limits) {
    const std::string path = groups_.top() + "/a";
    const std::string paths[] = {path};
    const auto view = limit::read_view(groups_.layout(), groups_.sys(), paths);
    EXPECT_TRUE(view) << view.error().message();
    const limit::Wanted wanted[] = {{path, limit::limits_of(limits)}};
    limit::Plan plan = limit::make_plan(*view, wanted);
    EXPECT_TRUE(plan.ok()) << limit::to_text(plan);
    const limit::Applied applied = limit::apply(plan, port_);
    EXPECT_EQ(applied.end, limit::Applied::End::kDone);
    return plan;
  }

  // As `echo TEXT > FILE` in a process of its own.
  void foreign_write(const limit::Write& write, const std::string& text) {
    const std::string path = groups_.layout().hierarchies[write.at.hierarchy].mount_path +
                             write.at.cgroup + "/" + write.file;
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      std::ofstream file(path);
      file << text << std::flush;
      ::_exit(file.good() ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0) << path;
  }

  // Waits for notifications until something is found, or a second has passed.
  Checked wait() {
    for (const MonoTime end = clock_.now() + std::chrono::seconds(1); clock_.now() < end;) {
      pollfd wait{tree_->notification_fd(), POLLIN, 0};
      ::poll(&wait, 1, 50);
      Checked checked = checker_.check(tree_->update());
      EXPECT_TRUE(checked.unreadable.empty());
      if (!checked.findings.empty()) return checked;
    }
    return {};
  }

  RealClock clock_;
  limit::LimitGroups groups_{"drift"};
  limit::CgroupPort port_{groups_.layout()};
  DriftBook book_{clock_};
  DriftChecker checker_{book_, port_};
  std::unique_ptr<cgroupfs::CgroupTree> tree_;
};

TEST_F(DriftOnTheKernel, AForeignWriteIsSeenAndTakenBack) {
  const limit::Plan plan = apply({"pids=50"});
  ASSERT_EQ(plan.writes.size(), 1U);
  const limit::Write& write = plan.writes[0];
  book_.hold(control::spot_of(write), {write.expected, "web", OnDrift::kRepair});
  EXPECT_TRUE(checker_.check(tree_->update()).findings.empty());  // Our own write.

  const MonoTime start = clock_.now();
  foreign_write(write, "77");
  const Checked checked = wait();
  const auto took = clock_.now() - start;
  ASSERT_EQ(checked.findings.size(), 1U);
  EXPECT_EQ(checked.findings[0].held.expected, "50");
  EXPECT_EQ(checked.findings[0].found, "77");
  std::printf("found %.2f ms after the writing process was started\n",
              std::chrono::duration<double, std::milli>(took).count());

  book_.begin_own(group_of(control::spot_of(write)));
  const limit::Plan repair = apply({"pids=50"});
  EXPECT_EQ(repair.writes.size(), 1U);
  book_.end_own(group_of(control::spot_of(write)));
  book_.repaired(control::spot_of(write), Repair::kDone);
  EXPECT_TRUE(checker_.check(tree_->update()).findings.empty());
  EXPECT_EQ(*port_.read(write.at, write.file), "50");
  EXPECT_EQ(book_.calm_of(control::spot_of(write)), Calm::kHeld);
}

TEST_F(DriftOnTheKernel, AWriteBehindOurBackIsFoundAtTheNextLook) {
  const limit::Plan plan = apply({"pids=50", "memory=64M"});
  for (const limit::Write& write : plan.writes)
    book_.hold(control::spot_of(write), {write.expected, "web", OnDrift::kReport});
  (void)tree_->update();
  const auto pids = std::ranges::find(plan.writes, "pids.max", &limit::Write::file);
  ASSERT_NE(pids, plan.writes.end());
  foreign_write(*pids, "max");
  const Checked checked = checker_.check_group(group_of(control::spot_of(*pids)));
  ASSERT_EQ(checked.findings.size(), 1U);
  EXPECT_EQ(checked.findings[0].found, "max");
}

TEST_F(DriftOnTheKernel, AGroupThatIsRemovedIsForgotten) {
  const limit::Plan plan = apply({"pids=50"});
  book_.hold(control::spot_of(plan.writes.at(0)), {"50", "web", OnDrift::kRepair});
  for (const auto& hierarchy : groups_.layout().hierarchies)
    ASSERT_EQ(::unlinkat(hierarchy.dir.get(), cgroupfs::relative(groups_.top() + "/a").c_str(),
                         AT_REMOVEDIR),
              0);
  for (int i = 0; i < 100 && book_.size() > 0; ++i) {
    pollfd wait{tree_->notification_fd(), POLLIN, 0};
    ::poll(&wait, 1, 50);
    EXPECT_TRUE(checker_.check(tree_->update()).findings.empty());
  }
  EXPECT_EQ(book_.size(), 0U);
}

}  // namespace
}  // namespace plimsoll::drift
