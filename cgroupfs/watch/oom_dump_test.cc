#include "cgroupfs/watch/oom_dump.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace plimsoll::cgroupfs {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::string_view kHead =
    "[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes swapents "
    "oom_score_adj name";
constexpr std::string_view kKillLine =
    "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
    "oom_memcg=/docker/a,task_memcg=/docker/a,task=python3,pid=26472,uid=0";
constexpr std::string_view kKilledLine =
    "Memory cgroup out of memory: Killed process 26472 (python3) total-vm:116256kB, "
    "anon-rss:16256kB, file-rss:5372kB, shmem-rss:0kB, UID:0 pgtables:88kB oom_score_adj:0";

constexpr std::string_view kFirstTask =
    "[  26472]     0 26472    29064     5407     4064     1343         0    90112        2"
    "             0 python3";
constexpr std::string_view kSecondTask =
    "[  26473]    33 26473       10        5        4        1         0    4096        0"
    "          -500 two words";

class Log {
 public:
  std::vector<OomDump> feed(std::initializer_list<std::string_view> lines) {
    std::vector<OomDump> dumps;
    for (const std::string_view line : lines) {
      const KmsgRecord record{.from_kernel = true, .sequence = 1, .usec = 7, .text = line};
      if (auto dump = dumps_.feed(record, lines_.feed(record))) dumps.push_back(*std::move(dump));
    }
    return dumps;
  }
  OomLines lines_;
  OomDumps dumps_{kPage};
};

TEST(OomDump, PutsAKernelsReportTogether) {
  Log log;
  const auto dumps =
      log.feed({"python3 invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
                "CPU: 1 UID: 0 PID: 26472 Comm: python3 Not tainted 6.18.44 #1", " </TASK>",
                "memory: usage 16384kB, limit 16384kB, failcnt 20",
                "memory+swap: usage 16384kB, limit 9007199254740988kB, failcnt 0",
                "kmem: usage 116kB, limit 9007199254740988kB, failcnt 0",
                "Memory cgroup stats for /docker/a:", "cache 0", "rss 16658432",
                "Tasks state (memory values in pages):", kHead, kFirstTask, kSecondTask, kKillLine,
                kKilledLine});
  ASSERT_EQ(dumps.size(), 1U);
  const OomDump& dump = dumps[0];
  EXPECT_EQ(dump.invoked_by, "python3");
  EXPECT_EQ(dump.memory, (OomUsage{.usage = 16777216, .limit = 16777216, .failcnt = 20}));
  ASSERT_TRUE(dump.memory_and_swap);
  EXPECT_EQ(dump.memory_and_swap->limit, std::nullopt) << "v1's largest number is no limit";
  EXPECT_EQ(dump.swap, std::nullopt);
  EXPECT_EQ(dump.stat_of, "/docker/a");
  ASSERT_EQ(dump.stat.size(), 2U);
  EXPECT_EQ(dump.stat[1], (std::pair<std::string, std::uint64_t>("rss", 16658432)));
  ASSERT_EQ(dump.tasks.size(), 2U);
  EXPECT_EQ(dump.tasks[0].rss, 5407 * kPage);
  EXPECT_EQ(dump.tasks[0].anon, 4064 * kPage);
  EXPECT_EQ(dump.tasks[0].page_tables, 90112U);
  EXPECT_EQ(dump.tasks[0].swap, 2 * kPage);
  EXPECT_EQ(dump.tasks[1].process, "two words");
  EXPECT_EQ(dump.tasks[1].oom_score_adj, -500);
  EXPECT_EQ(dump.tasks[1].uid, 33U);
  ASSERT_TRUE(dump.kill);
  EXPECT_EQ(dump.kill->limited, "/docker/a");
  ASSERT_TRUE(dump.victim);
  EXPECT_EQ(dump.victim->anon, std::uint64_t{16256} * 1024);
  EXPECT_EQ(dump.victim->page_tables, std::uint64_t{88} * 1024);
}

TEST(OomDump, OlderKernelsHaveFewerColumns) {
  const auto columns = parse_oom_columns(
      "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name");
  ASSERT_TRUE(columns);
  const auto task =
      parse_oom_task("[   1234]  1000  1234   36234     4096   331776        3           -17 hog",
                     *columns, kPage);
  ASSERT_TRUE(task);
  EXPECT_EQ(task->rss, 4096 * kPage);
  EXPECT_EQ(task->anon, std::nullopt);
  EXPECT_EQ(task->page_tables, 331776U);
  EXPECT_EQ(task->oom_score_adj, -17);
}

TEST(OomDump, OlderKernelsPrintTheStatisticsAsOneRecord) {
  Log log;
  const auto dumps =
      log.feed({"hog invoked oom-killer: gfp_mask=0x0, order=0",
                "Memory cgroup stats for /docker/a:", "anon 8192\\x0afile 4096\\x0akernel 12",
                kKillLine, kKilledLine});
  ASSERT_EQ(dumps.size(), 1U);
  ASSERT_EQ(dumps[0].stat.size(), 3U);
  EXPECT_EQ(dumps[0].stat[1], (std::pair<std::string, std::uint64_t>("file", 4096)));
}

TEST(OomDump, ARateLimitedReportStillHasItsVictim) {
  Log log;
  const auto dumps = log.feed({kKilledLine});
  ASSERT_EQ(dumps.size(), 1U);
  EXPECT_FALSE(dumps[0].kill);
  ASSERT_TRUE(dumps[0].victim);
  EXPECT_EQ(dumps[0].victim->pid, 26472);
  EXPECT_TRUE(dumps[0].tasks.empty()) << "nothing of an earlier report";
}

TEST(OomDump, AKillWhoseLastLineDoesNotComeIsGivenUp) {
  Log log;
  EXPECT_TRUE(log.feed({"hog invoked oom-killer: gfp_mask=0x0, order=0", kKillLine}).empty());
  const auto dump = log.dumps_.give_up();
  ASSERT_TRUE(dump);
  EXPECT_EQ(dump->invoked_by, "hog");
  EXPECT_FALSE(dump->victim);
  EXPECT_FALSE(log.dumps_.give_up());
}

TEST(OomDump, WhatPeopleWroteIsNoReport) {
  OomDumps dumps(kPage);
  const KmsgRecord record{.from_kernel = false, .text = kKilledLine};
  EXPECT_FALSE(dumps.feed(record, std::nullopt));
}

TEST(OomDump, LinesThatAreSomethingElseGiveNothing) {
  for (const std::string_view line :
       {"memory: usage kB, limit 1kB, failcnt 2", "memory: usage 1kB, limit 1MB, failcnt 2",
        "memory: usage 1kB", "swap: usage 1kB, limit 1kB, failcnt 0", ""})
    EXPECT_EQ(parse_oom_usage(line, "memory"), std::nullopt) << line;
  for (const std::string_view line : {"[ 12 ] 0", "[ x ] 0 1", "12 0", "[ -1 ] 1 2", "[", ""})
    EXPECT_EQ(parse_oom_task(line, {"uid", "rss"}, kPage), std::nullopt) << line;
  for (const std::string_view line : {"[  pid  ] uid rss", "[ tid ] name", "pid name", ""})
    EXPECT_EQ(parse_oom_columns(line), std::nullopt) << line;
  for (const std::string_view line : {"Killed process x (a)", "Killed process 7 no name", ""})
    EXPECT_EQ(parse_killed_process(line), std::nullopt) << line;
}

TEST(OomDump, AProcessMayCallItselfAnything) {
  const auto killed = parse_killed_process("Killed process 7 (a) b) (c) total-vm:4kB, x");
  ASSERT_TRUE(killed);
  EXPECT_EQ(killed->process, "a) b) (c");
  EXPECT_EQ(killed->total_vm, 4096U);
}

}  // namespace
}  // namespace plimsoll::cgroupfs
