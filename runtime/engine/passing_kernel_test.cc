// Containers that remove themselves: nothing of them waits for the disk, and a power cut is their
// end, while the engine's is not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <chrono>
#include <fstream>
#include <string>
#include <thread>

#include "runtime/engine/engine_testing.h"
#include "runtime/engine/files.h"

namespace plimsoll::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class PassingTest : public EngineTest {
 protected:
  static model::Definition brief() {
    model::Definition definition = sh("sleep 1000");
    definition.host.auto_remove = true;
    return definition;
  }
  // The line of the container's root in the table of mounts.
  static std::string mount_of(const std::string& id) {
    std::ifstream mounts("/proc/self/mountinfo");
    for (std::string line; std::getline(mounts, line);)
      if (line.find("/" + id + "/merged ") != std::string::npos) return line;
    return {};
  }
  [[nodiscard]] bool disappears(const std::string& id) const {
    for (int i = 0; i < 2000 && engine_->find(id); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return !engine_->find(id);
  }
};

TEST_F(PassingTest, OutlivesTheEngine) {
  const std::string id = run(brief(), "brief");
  open();
  ASSERT_TRUE(engine_->find("brief"));
  EXPECT_EQ(seen("brief")->state.status, Status::kRunning);
  ASSERT_TRUE(engine_->kill("brief", "KILL"));
  EXPECT_TRUE(disappears(id));
  EXPECT_TRUE(leftovers().empty());
}

TEST_F(PassingTest, GoesWithThePowerAndTheOthersStay) {
  const auto kept = engine_->create("kept", sh("true"));
  const auto gone = engine_->create("brief", brief());
  ASSERT_TRUE(kept && gone);
  close();
  const std::string run = tree_.path() + "/run";
  ASSERT_EQ(::umount2(run.c_str(), MNT_DETACH), 0);
  ASSERT_EQ(::mount("run", run.c_str(), "tmpfs", 0, "mode=755"), 0);
  open();
  EXPECT_TRUE(engine_->find("kept"));
  EXPECT_FALSE(engine_->find("brief"));
  EXPECT_THAT(names_in(tree_.path() + "/state/containers"), ElementsAre(kept->id));
  EXPECT_THAT(engine_->images().roots(), ElementsAre(kept->id));
}

TEST_F(PassingTest, ItsRootWaitsForNoDiskAndMayBeMountedAgain) {
  const std::string kept = run(sh("sleep 1000"));
  const std::string gone = run(brief(), "brief");
  EXPECT_THAT(mount_of(kept), Not(HasSubstr("volatile")));
  EXPECT_THAT(mount_of(gone), HasSubstr("volatile"));
  const auto again = engine_->restart("brief", 0, "");
  EXPECT_TRUE(again) << again.error().message;
  EXPECT_EQ(seen("brief")->state.status, Status::kRunning);
}

// The volume stays on the disk after a power cut: so does what says that it is to be removed.
TEST_F(PassingTest, WithAnonymousVolumesItIsWrittenDownForGood) {
  model::Definition definition = brief();
  definition.config.volumes = {"/scratch"};
  const auto created = engine_->create("brief", definition);
  ASSERT_TRUE(created);
  EXPECT_TRUE(exists(tree_.path() + "/state/containers/" + created->id + "/config.json"));
  EXPECT_TRUE(names_in(tree_.path() + "/run/passing").empty());
}

}  // namespace
}  // namespace plimsoll::engine
