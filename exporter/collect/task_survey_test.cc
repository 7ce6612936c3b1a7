#include "exporter/collect/task_survey.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/fake_clock.h"
#include "base/read_file.h"
#include "base/temp_tree.h"

namespace plimsoll::exporter {
namespace {

using cgroupfs::Group;
using cgroupfs::GroupSet;

constexpr const char* kLimits =
    "Max open files            1024                 4096                 files     \n";

// A cgroup v2 host of plain files: /web has the processes 7 and 8, /web/inner the process 9.
class Survey : public ::testing::Test {
 protected:
  Survey() {
    tree_.write("cgroup/cgroup.controllers", "cpu\n");
    group("", "");
    group("web/", "7\n8\n");
    group("web/inner/", "9\n");
    for (const int pid : {7, 8, 9}) process(pid, 100 * static_cast<std::uint64_t>(pid));
    root_ = open_dir((tree_.path() + "/cgroup").c_str()).value();
  }
  void group(const std::string& name, const std::string& pids) const {
    tree_.write("cgroup/" + name + "cgroup.procs", pids);
    tree_.write("cgroup/" + name + "cgroup.threads", pids);
  }
  void process(int pid, std::uint64_t run_ns) const {
    const std::string dir = "proc/" + std::to_string(pid) + "/";
    tree_.write(dir + "schedstat", std::to_string(run_ns) + " 5 1\n");
    tree_.write(dir + "stat", std::to_string(pid) + (pid == 7 ? " (a) R 1\n" : " (b) D 1\n"));
    tree_.write(dir + "limits", kLimits);
    tree_.write(dir + "smaps_rollup", "Referenced: 4 kB\n");
    tree_.write(dir + "clear_refs", "");
    tree_.write(dir + "fd/0", "");
    tree_.write(dir + "fd/1", "");
    const std::string link = tree_.path() + "/" + dir + "fd/2";
    [[maybe_unused]] const int made = ::symlink("socket:[4711]", link.c_str());
    tree_.write(dir + "net/dev", "");
    tree_.write(dir + "net/tcp", "0: a b 0A c\n");
  }

  TaskSurvey& survey(std::initializer_list<Group> groups, TaskOptions options = {}) {
    GroupSet set;
    for (const Group g : groups) set.set(g);
    layout_ = cgroupfs::open_layout("", root_).value();
    cgroup_tree_ = cgroupfs::CgroupTree::create(layout_, clock_).value();
    for (const auto* cgroup : cgroup_tree_->update().added) groups_[cgroup->path] = cgroup;
    TaskSurveyRoots roots;
    roots.proc = open_dir((tree_.path() + "/proc").c_str()).value();
    roots.layout = cgroupfs::open_layout("", root_).value();
    survey_ = std::make_unique<TaskSurvey>(std::move(roots), clock_, options, set,
                                           std::chrono::seconds(0));
    return *survey_;
  }
  [[nodiscard]] TaskTarget target(const std::string& path) const {
    TaskTarget target;
    target.cgroup = *groups_.at(path);
    if (path == "/web") target.pid = 7;
    target.owns_network = path == "/web";
    target.container = path == "/web";
    return target;
  }
  void look() {
    static_cast<void>(survey_->step([] { return false; }));
  }
  void look_all() {
    survey_->want({target("/"), target("/web"), target("/web/inner")});
    look();
  }
  [[nodiscard]] const TaskValues& of(const std::string& path) const {
    return survey_->results()->at(groups_.at(path)->serial);
  }

  TempTree tree_;
  FakeClock clock_;
  DirFd root_;
  cgroupfs::Layout layout_;
  std::unique_ptr<cgroupfs::CgroupTree> cgroup_tree_;
  std::map<std::string, const cgroupfs::Cgroup*> groups_;
  std::unique_ptr<TaskSurvey> survey_;
};

TEST_F(Survey, ReadsOnlyTheGroupsThatAreOn) {
  survey({Group::kProcess});
  look_all();
  EXPECT_EQ(of("/web").files, (OpenFiles{.descriptors = 6, .sockets = 2}));
  ASSERT_TRUE(of("/web").open_files_limit);
  EXPECT_EQ(of("/web").open_files_limit->soft, Limit<std::uint64_t>(1024));
  EXPECT_FALSE(of("/web").referenced_bytes);
  EXPECT_FALSE(of("/web").sched);
  EXPECT_EQ(of("/web").sockets, nullptr);
  EXPECT_FALSE(of("/web").load);
  EXPECT_EQ(of("/").files, (OpenFiles{.descriptors = 0, .sockets = 0})) << "no process of its own";
}

TEST_F(Survey, WhoComesLastHasATurnWhereARoundTakesLongerThanTheInterval) {
  TaskOptions options;
  options.interval = std::chrono::milliseconds(1);
  survey({Group::kProcess}, options);
  survey_->want({target("/"), target("/web"), target("/web/inner")});
  for (int step = 0; step < 3; ++step) {
    clock_.advance(std::chrono::seconds(1));
    // Each step is over after one of them.
    int looks = 0;
    const auto slow = [&] {
      if (looks++ > 0) clock_.advance(std::chrono::seconds(1));
      return false;
    };
    static_cast<void>(survey_->step(slow));
    EXPECT_EQ(looks, 2);
  }
  EXPECT_EQ(of("/web").files.descriptors, 6U);
  EXPECT_EQ(of("/web/inner").files.descriptors, 3U);
}

TEST_F(Survey, SchedulerTimesIncludeWhatIsBelow) {
  survey({Group::kSched});
  look_all();
  EXPECT_EQ(of("/web").sched->run_ns, 2400U);
  EXPECT_EQ(of("/web/inner").sched->run_ns, 900U);
  EXPECT_EQ(of("/").sched->run_ns, 2400U);
  process(7, 1000);
  look();
  EXPECT_EQ(of("/web").sched->run_ns, 2400U) << "not due";
  clock_.advance(std::chrono::seconds(10));
  look();
  EXPECT_EQ(of("/web").sched->run_ns, 2700U);
  survey_->want({target("/"), target("/web")});
  look();
  EXPECT_EQ(of("/web").sched->run_ns, 2700U) << "the group below is gone, its time is not";
  EXPECT_EQ(survey_->stats().cgroups, 2U);
}

TEST_F(Survey, SocketsBelongToTheOwnerOfTheNetwork) {
  survey({Group::kTcp});
  look_all();
  ASSERT_NE(of("/web").sockets, nullptr);
  EXPECT_EQ(of("/web").sockets->tcp.value()[9], 1U);
  EXPECT_EQ(of("/web/inner").sockets, nullptr);
  TaskTarget shared = target("/web");
  shared.owns_network = false;
  survey_->want({shared});
  look();
  EXPECT_EQ(of("/web").sockets, nullptr) << "at once, not when it is due";
}

TEST_F(Survey, ReferencedPagesAreClearedEveryNthLook) {
  survey({Group::kReferencedMemory}, {.referenced_reset = 2});
  look_all();
  EXPECT_EQ(of("/web").referenced_bytes, 8192U);
  const DirFd proc = open_dir((tree_.path() + "/proc").c_str()).value();
  EXPECT_EQ(read_file_at(proc, "7/clear_refs").value(), "");
  clock_.advance(std::chrono::seconds(10));
  look();
  EXPECT_EQ(read_file_at(proc, "7/clear_refs").value(), "1\n");
  EXPECT_EQ(read_file_at(proc, "9/clear_refs").value(), "1\n");
}

TEST_F(Survey, NeverClearsWithoutBeingTold) {
  survey({Group::kReferencedMemory});
  for (int i = 0; i < 5; ++i) {
    look_all();
    clock_.advance(std::chrono::seconds(10));
  }
  const DirFd proc = open_dir((tree_.path() + "/proc").c_str()).value();
  EXPECT_EQ(read_file_at(proc, "7/clear_refs").value(), "");
}

TEST_F(Survey, OldKernelsHaveNoRollup) {
  for (const int pid : {7, 8}) {
    const std::string dir = tree_.path() + "/proc/" + std::to_string(pid) + "/";
    ASSERT_EQ(::unlink((dir + "smaps_rollup").c_str()), 0);
    tree_.write("proc/" + std::to_string(pid) + "/smaps", "Referenced: 8 kB\nReferenced: 4 kB\n");
  }
  survey({Group::kReferencedMemory});
  look_all();
  EXPECT_EQ(of("/web").referenced_bytes, 2U * 12 * 1024);
}

TEST_F(Survey, LoadIsAveragedOverTenSeconds) {
  survey({Group::kCpuLoad}, {.load_reader = true});
  look_all();
  EXPECT_EQ(of("/web").states, (TaskStates{.running = 1, .uninterruptible = 1}));
  EXPECT_EQ(of("/web").load, 1000U);
  tree_.write("proc/7/stat", "7 (a) S 1\n");
  clock_.advance(std::chrono::seconds(10));
  look();
  EXPECT_EQ(of("/web").load, 368U) << "1000 / e";
  EXPECT_EQ(of("/web").load_d, 1000U);
  EXPECT_EQ(of("/web").states->sleeping, 1U);
}

TEST_F(Survey, NoLoadWithoutTheReader) {
  survey({Group::kCpuLoad});
  look_all();
  EXPECT_FALSE(of("/web").states);
}

TEST_F(Survey, ProcessesThatEndMeanwhileCountNothing) {
  group("web/", "7\n8\n4711\n");
  survey({Group::kProcess, Group::kSched, Group::kReferencedMemory});
  look_all();
  EXPECT_EQ(of("/web").files.descriptors, 6U);
  EXPECT_EQ(of("/web").referenced_bytes, 8192U);
  EXPECT_EQ(survey_->stats().denied, 0U);
  EXPECT_EQ(survey_->stats().malformed, 0U);
}

TEST_F(Survey, MalformedFilesAreCountedAndTheirValueIsAbsent) {
  tree_.write("proc/8/smaps_rollup", "Referenced: lots\n");
  survey({Group::kReferencedMemory});
  look_all();
  EXPECT_FALSE(of("/web").referenced_bytes);
  EXPECT_EQ(survey_->stats().malformed, 1U);
}

TEST_F(Survey, AStoppedSurveyDoesNothingMore) {
  survey({Group::kProcess});
  survey_->want({target("/web")});
  static_cast<void>(survey_->step([] { return true; }));
  EXPECT_EQ(survey_->results(), nullptr);
}

TEST(ParseIds, SkipsProcessesOfOtherNamespaces) {
  EXPECT_EQ(parse_ids("7\n0\n8\n").value(), (std::vector<std::int32_t>{7, 8}));
  EXPECT_EQ(parse_ids("").value(), std::vector<std::int32_t>());
  for (const char* bad : {"7\nx\n", "-1\n", "99999999999\n"}) EXPECT_FALSE(parse_ids(bad)) << bad;
}

}  // namespace
}  // namespace plimsoll::exporter
