#include "exporter/collect/resctrl.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/read_file.h"
#include "base/temp_tree.h"

namespace plimsoll::exporter {
namespace {

constexpr MonoTime kNow{std::chrono::seconds(100)};

// A machine with two cache domains, one control group, and processes in several places.
struct FakeMachine {
  FakeMachine() {
    domains("", 1000);
    domains("gold", 2000);
    domains("gold/mon_groups/runtime", 300);
    tree.write("resctrl/mon_groups/", "");
    place(7, "res:/\nmon:\n");
    place(8, "res:gold\nmon:runtime\n");
    place(9, "res:\nmon:\n");
    place(10, "res:gold\nmon:\n");
  }
  void domains(const std::string& group, int bytes) const {
    for (const int id : {0, 1}) {
      const std::string dir = "resctrl/" + (group.empty() ? group : group + "/") +
                              "mon_data/mon_L3_0" + std::to_string(id) + "/";
      tree.write(dir + "mbm_total_bytes", std::to_string(bytes + id) + "\n");
      tree.write(dir + "mbm_local_bytes",
                 id == 0 ? std::to_string(bytes / 2) + "\n" : "Unavailable\n");
      tree.write(dir + "llc_occupancy", std::to_string(bytes * 10) + "\n");
    }
  }
  void place(int pid, const std::string& text) const {
    tree.write("proc/" + std::to_string(pid) + "/cpu_resctrl_groups", text);
  }
  [[nodiscard]] bool exists(const std::string& path) const {
    struct stat info{};
    return ::stat((tree.path() + "/" + path).c_str(), &info) == 0;
  }

  TempTree tree;
  TaskStats stats;
  DirFd resctrl, proc;
  void open() {
    resctrl = open_dir((tree.path() + "/resctrl").c_str()).value();
    proc = open_dir((tree.path() + "/proc").c_str()).value();
  }
};

class Resctrl : public ::testing::Test {
 protected:
  Resctrl() { machine_.open(); }
  FakeMachine machine_;
};

TEST(ResctrlPlaceText, TellsTheFiveCases) {
  EXPECT_FALSE(parse_resctrl_place("res:\nmon:\n").value().control);
  EXPECT_EQ(parse_resctrl_place("res:/\nmon:\n").value().control, "");
  EXPECT_EQ(parse_resctrl_place("res:/\nmon:m0\n").value().monitor, "m0");
  EXPECT_EQ(parse_resctrl_place("res:g\nmon:\n").value().control, "g");
  EXPECT_EQ(parse_resctrl_place("").value().monitor, "");
  for (const char* bad : {"rse:/", "res:../../etc\nmon:\n", "res:/\nmon:a/b"})
    EXPECT_FALSE(parse_resctrl_place(bad)) << bad;
}

TEST_F(Resctrl, TheHostIsTheRootGroup) {
  ResctrlGroups groups(machine_.resctrl, machine_.proc, std::chrono::seconds(0), machine_.stats);
  const auto usage = groups.host();
  ASSERT_EQ(usage.size(), 2U);
  EXPECT_EQ(usage[0].node, 0U);
  EXPECT_EQ(usage[0].total_bytes, 1000U);
  EXPECT_EQ(usage[0].local_bytes, 500U);
  EXPECT_EQ(usage[0].llc_bytes, 10'000U);
  EXPECT_EQ(usage[1].node, 1U);
  EXPECT_EQ(usage[1].local_bytes, std::nullopt) << "the hardware has no number now";
}

TEST_F(Resctrl, WithoutAnIntervalGroupsOfOthersAreReadAndNoneIsMade) {
  ResctrlGroups groups(machine_.resctrl, machine_.proc, std::chrono::seconds(0), machine_.stats);
  EXPECT_TRUE(groups.container({.path = "/docker/a", .pid = 7, .threads = {}}, kNow).empty());
  EXPECT_EQ(
      groups.container({.path = "/docker/a", .pid = 8, .threads = {}}, kNow).at(0).total_bytes,
      300U);
  EXPECT_TRUE(groups.container({.path = "/docker/a", .pid = 9, .threads = {}}, kNow).empty());
  EXPECT_TRUE(groups.container({.path = "/docker/a", .pid = 10, .threads = {}}, kNow).empty())
      << "a control group of several containers says nothing about one";
  EXPECT_EQ(
      groups.container({.path = "/docker/gold", .pid = 10, .threads = {}}, kNow).at(0).total_bytes,
      2000U);
  EXPECT_FALSE(machine_.exists("resctrl/mon_groups/plimsoll-docker-a"));
  EXPECT_EQ(machine_.stats.denied, 0U);
}

TEST_F(Resctrl, WithAnIntervalContainersAreMonitoredAndCleanedUp) {
  // What the kernel makes inside of a new group is there before, in this tree.
  machine_.domains("mon_groups/plimsoll-docker-a", 40);
  machine_.tree.write("resctrl/mon_groups/plimsoll-docker-a/tasks", "");
  const std::vector<std::int32_t> threads{7, 71};
  ResctrlGroups groups(machine_.resctrl, machine_.proc, std::chrono::seconds(5), machine_.stats);
  const ResctrlGroups::Container container{.path = "/docker/a", .pid = 7, .threads = threads};
  EXPECT_EQ(groups.container(container, kNow).at(0).total_bytes, 40U);
  const auto tasks = [&] {
    return read_file_at(machine_.resctrl, "mon_groups/plimsoll-docker-a/tasks").value();
  };
  EXPECT_EQ(tasks(), "7\n71\n") << "one write for each thread";
  machine_.tree.write("resctrl/mon_groups/plimsoll-docker-a/tasks", "");
  EXPECT_EQ(groups.container(container, kNow + std::chrono::seconds(4)).size(), 2U);
  EXPECT_EQ(tasks(), "") << "not due";
  EXPECT_EQ(groups.container(container, kNow + std::chrono::seconds(5)).size(), 2U);
  EXPECT_EQ(tasks(), "7\n71\n");
  EXPECT_EQ(
      groups.container({.path = "/docker/b", .pid = 8, .threads = threads}, kNow).at(0).total_bytes,
      300U)
      << "monitored by somebody else: left as it is";
  EXPECT_FALSE(machine_.exists("resctrl/gold/mon_groups/plimsoll-docker-b"));
}

TEST_F(Resctrl, GroupsItMadeGoWithTheContainerWithItAndWithTheNextRun) {
  ASSERT_EQ(::mkdir((machine_.tree.path() + "/resctrl/mon_groups/plimsoll-old").c_str(), 0755), 0);
  ASSERT_EQ(::mkdir((machine_.tree.path() + "/resctrl/gold/mon_groups/plimsoll-old").c_str(), 0755),
            0);
  {
    ResctrlGroups groups(machine_.resctrl, machine_.proc, std::chrono::seconds(5), machine_.stats);
    EXPECT_FALSE(machine_.exists("resctrl/mon_groups/plimsoll-old"));
    EXPECT_FALSE(machine_.exists("resctrl/gold/mon_groups/plimsoll-old"));
    EXPECT_TRUE(machine_.exists("resctrl/gold/mon_groups/runtime")) << "not ours";
    static_cast<void>(groups.container({.path = "/docker/a", .pid = 7, .threads = {}}, kNow));
    static_cast<void>(groups.container({.path = "/docker/c", .pid = 10, .threads = {}}, kNow));
    EXPECT_TRUE(machine_.exists("resctrl/mon_groups/plimsoll-docker-a"));
    EXPECT_TRUE(machine_.exists("resctrl/gold/mon_groups/plimsoll-docker-c"));
    groups.forget("/docker/a");
    EXPECT_FALSE(machine_.exists("resctrl/mon_groups/plimsoll-docker-a"));
  }
  EXPECT_FALSE(machine_.exists("resctrl/gold/mon_groups/plimsoll-docker-c"));
}

TEST_F(Resctrl, WithoutResctrlThereIsNothing) {
  const DirFd none;
  ResctrlGroups groups(none, machine_.proc, std::chrono::seconds(5), machine_.stats);
  EXPECT_FALSE(groups.available());
  EXPECT_TRUE(groups.host().empty());
}

}  // namespace
}  // namespace plimsoll::exporter
