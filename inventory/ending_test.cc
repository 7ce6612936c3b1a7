#include "inventory/ending.h"

#include <gtest/gtest.h>

#include "inventory/test_host.h"

namespace plimsoll::inventory {
namespace {

constexpr const char* kExited =
    R"({"State":{"Running":false,"Paused":false,"OOMKilled":true,"Pid":0,"ExitCode":137,)"
    R"("StartedAt":"2026-01-02T03:04:05Z","FinishedAt":"2026-01-02T03:05:05.5Z"},)"
    R"("RestartCount":3})";

TEST(DockerEnding, IsWhatTheRecordOfAnExitedContainerSays) {
  const auto ending = parse_docker_ending(kExited);
  ASSERT_TRUE(ending && *ending);
  EXPECT_EQ((*ending)->exit_code, 137);
  EXPECT_EQ((*ending)->oom_killed, true);
  EXPECT_EQ((*ending)->restart_count, 3U);
  EXPECT_EQ(*(*ending)->finished - *(*ending)->started, std::chrono::milliseconds(60'500));
}

TEST(DockerEnding, IsNothingWhileItRunsOrOfTheRunBefore) {
  for (const char* text :
       {R"({"State":{"Running":true,"ExitCode":0,"FinishedAt":"2026-01-02T03:05:05Z"}})",
        R"({"State":{"Running":false,"ExitCode":0,"FinishedAt":"0001-01-01T00:00:00Z"}})",
        R"({"State":{"StartedAt":"2026-01-02T03:05:06Z","FinishedAt":"2026-01-02T03:05:05Z"}})",
        R"({"State":{"Running":false}})", "{}"}) {
    const auto ending = parse_docker_ending(text);
    ASSERT_TRUE(ending) << text;
    EXPECT_EQ(*ending, std::nullopt) << text;
  }
  EXPECT_FALSE(parse_docker_ending("{\"State\":"));
}

TEST(ExitFile, IsADecimalNumber) {
  EXPECT_EQ(parse_exit_file("137"), 137);
  EXPECT_EQ(parse_exit_file("0\n"), 0);
  EXPECT_EQ(parse_exit_file(""), std::nullopt);
  EXPECT_EQ(parse_exit_file("1x"), std::nullopt);
}

class EndingOnHost : public testing::Test {
 protected:
  EndingOnHost() {
    tree_.write("proc/1/cgroup", "0::/\n");
    proc_ = *open_dir((tree_.path() + "/proc").c_str());
    InventoryOptions options;
    options.host_root = tree_.path();
    inventory_ = Inventory::create(proc_, clock_, options);
  }
  TempTree tree_;
  FakeClock clock_;
  DirFd proc_;
  std::unique_ptr<Inventory> inventory_;
};

TEST_F(EndingOnHost, OfDocker) {
  Identity identity = classify("/docker/" + kIdA);
  EXPECT_EQ(inventory_->ending_of(identity), std::nullopt) << "no record";
  tree_.write(docker_file(kIdA), kExited);
  ASSERT_TRUE(inventory_->ending_of(identity));
  EXPECT_EQ(inventory_->ending_of(identity)->exit_code, 137);
  identity.id = "../../" + kIdA;
  EXPECT_EQ(inventory_->ending_of(identity), std::nullopt) << "not a name of a file";
}

TEST_F(EndingOnHost, OfPodmanByConmonsFiles) {
  Identity identity = classify("/machine.slice/libpod-" + kIdB + ".scope");
  ASSERT_EQ(identity.runtime, Runtime::kPodman);
  identity.runtime_root = "/var/lib/containers/storage";
  identity.storage_driver = "overlay";
  tree_.write("run/libpod/exits/" + kIdB, "3");
  auto ending = inventory_->ending_of(identity);
  ASSERT_TRUE(ending);
  EXPECT_EQ(ending->exit_code, 3);
  EXPECT_EQ(ending->oom_killed, false);
  EXPECT_TRUE(ending->finished);
  tree_.write("var/lib/containers/storage/overlay-containers/" + kIdB + "/userdata/oom", "");
  EXPECT_EQ(inventory_->ending_of(identity)->oom_killed, true);
  identity.started = *ending->finished + std::chrono::seconds(1);
  EXPECT_EQ(inventory_->ending_of(identity), std::nullopt) << "of the run before";
}

TEST_F(EndingOnHost, OfServicesIsNotKnown) {
  EXPECT_EQ(inventory_->ending_of(classify("/system.slice/x.service")), std::nullopt);
}

}  // namespace
}  // namespace plimsoll::inventory
