// Limits of a group just made, into plain files that stand for the kernel's.
#include "runtime/cgroup/limits.h"

#include <gtest/gtest.h>

#include <string>

#include "base/read_file.h"
#include "base/temp_tree.h"

namespace plimsoll::runtime {
namespace {

class Limits : public ::testing::Test {
 protected:
  // A v2 host with the group "/box" that has these files.
  void have(std::initializer_list<const char*> files) {
    tree_.write("cgroup.controllers", "cpu memory pids\n");
    tree_.write("box/cgroup.controllers", "cpu memory pids\n");
    for (const char* file : files) tree_.write(std::string("box/") + file, "");
    root_ = *open_dir(tree_.path().c_str());
    auto layout = cgroupfs::open_layout("", root_, tree_.path());
    ASSERT_TRUE(layout) << layout.error().message();
    host_.layout = *std::move(layout);
  }
  Result<> write(const spec::Resources& resources) {
    return write_limits(host_, "/box", resources, GroupAge::kNew);
  }
  std::string text(const char* file) {
    const auto read = read_file_at(root_, (std::string("box/") + file).c_str());
    return read ? *read : "none";
  }

  TempTree tree_;
  DirFd root_;
  CgroupHost host_;
};

TEST_F(Limits, AreWrittenWithoutReadingTheRest) {
  have({"memory.max", "memory.swap.max", "memory.low", "cpu.max", "cpu.weight", "pids.max"});
  spec::Resources resources;
  resources.memory = {.limit = 64 << 20, .reservation = 32 << 20, .swap = 96 << 20};
  resources.cpu = {.shares = 2048, .quota = 25'000, .period = 50'000};
  resources.pids_limit = 100;
  const auto written = write(resources);
  ASSERT_TRUE(written) << written.error().message();
  EXPECT_EQ(text("memory.max"), "67108864");
  EXPECT_EQ(text("memory.swap.max"), "33554432");
  EXPECT_EQ(text("memory.low"), "33554432");
  EXPECT_EQ(text("cpu.max"), "25000 50000");
  EXPECT_EQ(text("cpu.weight"), "174");
  EXPECT_EQ(text("pids.max"), "100");
}

TEST_F(Limits, ThatAreTheDefaultsAreNotWritten) {
  have({"memory.max", "memory.swap.max", "pids.max"});
  spec::Resources resources;
  resources.memory = {.limit = -1};
  resources.pids_limit = -1;
  ASSERT_TRUE(write(resources));
  EXPECT_EQ(text("memory.max"), "");
  EXPECT_EQ(text("pids.max"), "");
}

TEST_F(Limits, OfSwapAreMootWithoutItsAccounting) {
  have({"memory.max"});
  spec::Resources resources;
  resources.memory = {.limit = 64 << 20, .swap = 64 << 20};
  const auto written = write(resources);
  EXPECT_TRUE(written) << written.error().message();
  EXPECT_EQ(text("memory.max"), "67108864");
  resources.memory->swap = 96 << 20;
  EXPECT_FALSE(write(resources)) << "a bound that nobody keeps";
}

TEST_F(Limits, ThatAreRefusedAreTakenBackAndNamed) {
  have({"memory.max"});
  spec::Resources resources;
  resources.memory = {.limit = 64 << 20};
  resources.pids_limit = 100;
  const auto written = write(resources);
  ASSERT_FALSE(written);
  EXPECT_NE(written.error().message().find("pids"), std::string::npos) << written.error().message();
  EXPECT_TRUE(text("memory.max").empty() || text("memory.max").starts_with("max"))
      << text("memory.max");
}

TEST_F(Limits, OfFilesByNameAreWrittenLast) {
  have({"memory.max", "memory.high"});
  spec::Resources resources;
  resources.memory = {.limit = 64 << 20};
  resources.unified = {{"memory.high", "1048576"}};
  ASSERT_TRUE(write(resources));
  EXPECT_EQ(text("memory.high"), "1048576");
  resources.unified = {{"memory.nothing", "1"}};
  const auto written = write(resources);
  ASSERT_FALSE(written);
  EXPECT_NE(written.error().message().find("memory.nothing"), std::string::npos);
}

}  // namespace
}  // namespace plimsoll::runtime
