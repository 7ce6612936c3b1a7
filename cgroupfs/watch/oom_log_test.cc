#include "cgroupfs/watch/oom_log.h"

#include <gtest/gtest.h>

#include <vector>

namespace plimsoll::cgroupfs {
namespace {

std::string line(const std::string& groups, const std::string& task = "hog", int pid = 20144) {
  return "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=web,mems_allowed=0," +
         groups + ",task=" + task + ",pid=" + std::to_string(pid) + ",uid=0";
}

LoggedKill kill_in(const std::string& cgroup, const std::string& limited) {
  return {.cgroup = cgroup,
          .limited = limited,
          .constraint = "CONSTRAINT_MEMCG",
          .pid = 20144,
          .process = "hog"};
}

TEST(OomKill, NamesGroupLimitAndProcess) {
  EXPECT_EQ(*parse_oom_kill(line("oom_memcg=/docker/a,task_memcg=/docker/a/b")),
            kill_in("/docker/a/b", "/docker/a"));
}

TEST(OomKill, OfTheWholeHostHasNoLimitedGroup) {
  const auto kill = parse_oom_kill(
      "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,"
      "task_memcg=/system.slice/x.service,task=y,pid=7,uid=1000");
  ASSERT_TRUE(kill);
  EXPECT_EQ(kill->cgroup, "/system.slice/x.service");
  EXPECT_EQ(kill->limited, "");
  EXPECT_EQ(kill->constraint, "CONSTRAINT_NONE");
  EXPECT_EQ(kill->pid, 7);
}

// Names chosen so as to look like the rest of the line.
TEST(OomKill, HostileNamesMoveNoKill) {
  const std::string groups = "oom_memcg=/docker/a,task_memcg=/docker/a";
  for (const std::string task : {"x,task=y", "x,pid=1,uid=0", ",uid=", "a,task=b,pid=1"}) {
    const auto kill = parse_oom_kill(line(groups, task));
    ASSERT_TRUE(kill) << task;
    EXPECT_EQ(kill->cgroup, "/docker/a") << task;
    EXPECT_EQ(kill->process, task);
    EXPECT_EQ(kill->pid, 20144);
  }
  const std::string nested = "/docker/a/x,task_memcg=/docker/b";
  EXPECT_EQ(*parse_oom_kill(line("oom_memcg=" + nested + ",task_memcg=" + nested)),
            kill_in(nested, nested));
  EXPECT_EQ(*parse_oom_kill(line("oom_memcg=/docker/a,task_memcg=" + nested)),
            kill_in(nested, "/docker/a"));
  const auto cpuset = parse_oom_kill(
      "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,oom_memcg=,task_memcg=,"
      "mems_allowed=0,oom_memcg=/docker/a,task_memcg=/docker/a,task=hog,pid=20144,uid=0");
  EXPECT_EQ(*cpuset, kill_in("/docker/a", "/docker/a"));
}

TEST(OomKill, RefusesWhatIsCutOrContradictsItself) {
  for (const std::string& text :
       {std::string("oom-kill:constraint=CONSTRAINT_MEMCG"), line("global_oom"),
        line("oom_memcg=/docker/a,task_memcg=/docker/b"), line("oom_memcg=/a"),
        line("oom_memcg=/a,task_memcg=/a") + "x", line("oom_memcg=/a,task_memcg=/a", "hog", -4),
        line("oom_memcg=/a,task_memcg=/a", "a_command_too_long")}) {
    const auto kill = parse_oom_kill(text);
    ASSERT_FALSE(kill) << text;
    EXPECT_EQ(kill.error().subject, text);
  }
}

class Lines : public testing::Test {
 protected:
  void feed(std::string_view text, bool from_kernel = true, bool fragment = false) {
    KmsgRecord record;
    record.from_kernel = from_kernel;
    record.usec = ++usec_;
    record.fragment = fragment;
    record.text = text;
    if (auto kill = lines_.feed(record)) kills_.push_back(*std::move(kill));
  }
  OomLines lines_;
  std::vector<LoggedKill> kills_;
  std::uint64_t usec_ = 0;
};

TEST_F(Lines, AReportOfTodayIsOneKill) {
  feed("hog invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0");
  feed("Tasks state (memory values in pages):");
  feed("[  20144]     0 20144    69668    2245 1473 760 159744        0             0 hog");
  feed(line("oom_memcg=/docker/a,task_memcg=/docker/a"));
  feed("Memory cgroup out of memory: Killed process 20144 (hog) total-vm:278672kB, UID:0");
  feed("oom_reaper: reaped process 20144 (hog), now anon-rss:0kB");
  ASSERT_EQ(kills_.size(), 1U);
  EXPECT_EQ(kills_[0].usec, 4U);
  EXPECT_EQ(kills_[0].cgroup, "/docker/a");
}

TEST_F(Lines, OthersOfAGroupThatIsKilledTogetherFollow) {
  feed(line("oom_memcg=/docker/a,task_memcg=/docker/a"));
  feed("Memory cgroup out of memory: Killed process 20144 (hog) total-vm:278672kB");
  feed("Tasks in /docker/a are going to be killed due to memory.oom.group set");
  feed("Memory cgroup out of memory: Killed process 20144 (hog) total-vm:278672kB");
  feed("Memory cgroup out of memory: Killed process 20150 (a) b) total-vm:8kB");
  feed(line("oom_memcg=/docker/c,task_memcg=/docker/c"));
  feed("Memory cgroup out of memory: Killed process 20144 (hog) total-vm:278672kB");
  ASSERT_EQ(kills_.size(), 3U);
  EXPECT_EQ(kills_[1].pid, 20150);
  EXPECT_EQ(kills_[1].process, "a) b");
  EXPECT_EQ(kills_[1].cgroup, "/docker/a");
  EXPECT_EQ(kills_[1].limited, "/docker/a");
  EXPECT_FALSE(kills_[1].first);
  EXPECT_EQ(kills_[2].cgroup, "/docker/c");
}

TEST_F(Lines, BeforeLinux5TwoLinesMakeAKill) {
  feed("Task in /docker/a/b killed as a result of limit of /docker/a");
  feed("Memory cgroup out of memory: Kill process 20144 (hog) score 1972 or sacrifice child");
  feed("Killed process 20144 (hog) total-vm:278672kB, anon-rss:5892kB");
  feed("Killed process 20144 (hog) total-vm:278672kB, anon-rss:5892kB");
  LoggedKill want = kill_in("/docker/a/b", "/docker/a");
  want.usec = 3;
  EXPECT_EQ(kills_, std::vector{want});
}

TEST_F(Lines, FragmentsAreJoined) {
  const std::string whole = line("oom_memcg=/docker/a,task_memcg=/docker/a");
  feed(whole.substr(0, 100));
  feed("eth0: link up");
  feed(whole.substr(100), true, true);
  ASSERT_EQ(kills_.size(), 1U);
  EXPECT_EQ(kills_[0].cgroup, "/docker/a");
  EXPECT_EQ(kills_[0].usec, 1U);
}

TEST_F(Lines, ACutLineIsGivenUpAndCounted) {
  feed("oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null)");
  for (int i = 0; i < 20; ++i) feed("noise");
  EXPECT_EQ(lines_.malformed(), 1U);
  feed(line("oom_memcg=/docker/a,task_memcg=/docker/a"));
  EXPECT_EQ(kills_.size(), 1U);
}

TEST_F(Lines, OnlyTheKernelIsBelieved) {
  feed(line("oom_memcg=/docker/a,task_memcg=/docker/a"), false);
  EXPECT_TRUE(kills_.empty());
}

TEST_F(Lines, PathsAreUnescaped) {
  feed(line("oom_memcg=/a\\x5cx2d.slice,task_memcg=/a\\x5cx2d.slice"));
  ASSERT_EQ(kills_.size(), 1U);
  EXPECT_EQ(kills_[0].cgroup, "/a\\x2d.slice");
}

}  // namespace
}  // namespace plimsoll::cgroupfs
