// Who watches a container's start: what it does comes before the first instruction.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <string>

#include "base/read_file.h"
#include "runtime/engine/engine_testing.h"

namespace plimsoll::engine {
namespace {

using ::testing::HasSubstr;

constexpr const char* kRoot = "/sys/fs/cgroup";

// Where pids.max of a group is: v1 has a hierarchy for it.
std::string pids_dir(const std::string& cgroup) {
  const bool v2 = ::access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0;
  return kRoot + std::string(v2 ? "" : "/pids") + cgroup;
}

class WatchedStart : public EngineTest {
 protected:
  struct Seen {
    int begun = 0;
    int ended = 0;
    int waiting = 0;      // Times that a process was held.
    std::string program;  // Of that process.
    std::string cgroup;
    bool has_group_at_end = false;
  };

  class Watcher final : public StartWatcher {
   public:
    Watcher(Seen& seen, std::string limit) : seen_(seen), limit_(std::move(limit)) {
      ++seen_.begun;
    }
    ~Watcher() override {
      ++seen_.ended;
      seen_.has_group_at_end = ::access(pids_dir(seen_.cgroup).c_str(), F_OK) == 0;
    }
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;
    void before_first_instruction(const Container& container) override {
      ++seen_.waiting;
      seen_.cgroup = container.cgroup;
      const std::string group = pids_dir(container.cgroup);
      std::ifstream procs(group + "/cgroup.procs");
      std::string pid;
      procs >> pid;
      std::ifstream command("/proc/" + pid + "/cmdline");
      std::getline(command, seen_.program, '\0');
      std::ofstream(group + "/pids.max") << limit_;
    }

   private:
    Seen& seen_;
    std::string limit_;
  };

  void watch() {
    watch_start_ = [this](const std::string& id) {
      return std::make_unique<Watcher>(seen_[id], std::to_string(77 + seen_[id].begun));
    };
    open();
  }
  std::map<std::string, Seen> seen_;  // By ids.
};

const char* const kSayLimit =
    "cat /sys/fs/cgroup/pids/pids.max 2>/dev/null || cat /sys/fs/cgroup/pids.max";

TEST_F(WatchedStart, ComesBeforeTheFirstInstruction) {
  watch();
  const std::string id = run(sh(kSayLimit));
  EXPECT_EQ(end_of(id), 0);
  EXPECT_EQ(log_of(id), "77\n");
  const Seen& seen = seen_[id];
  EXPECT_EQ(seen.cgroup, group_of(id));
  EXPECT_THAT(seen.program, HasSubstr("plimsoll-oci"));  // Not yet what it is to run.
  EXPECT_EQ(seen.begun, 1);
  EXPECT_EQ(seen.waiting, 1);
  EXPECT_EQ(seen.ended, 1);
}

TEST_F(WatchedStart, AlsoWhenAPolicyStartsItAgain) {
  watch();
  model::Definition definition = sh(std::string(kSayLimit) + "; exit 3");
  definition.host.restart_policy.name = "on-failure";
  definition.host.restart_policy.maximum_retry_count = 2;
  const std::string id = run(definition);
  ASSERT_TRUE(becomes(id, Status::kExited));
  EXPECT_EQ(log_of(id), "77\n78\n79\n");
  EXPECT_EQ(seen_[id].ended, 3);
}

TEST_F(WatchedStart, EndsWithAStartThatFails) {
  watch();
  model::Definition definition = sh("");
  definition.config.cmd = {"nosuch"};
  const auto created = engine_->create("", definition);
  ASSERT_TRUE(created) << created.error().message;
  EXPECT_FALSE(engine_->start(created->id));
  const Seen& seen = seen_[created->id];
  EXPECT_EQ(seen.begun, 1);
  EXPECT_EQ(seen.ended, 1);
  EXPECT_EQ(seen.waiting, 0);  // That there is no such program is known before.
  EXPECT_EQ(seen_.size(), 1U);
}

// What has no known format is only found out by becoming it.
TEST_F(WatchedStart, EndsWhenTheGroupsOfAStartThatFailedAreGone) {
  watch();
  tree_.write("nothing", "\x01\x02");
  ASSERT_EQ(::chmod((tree_.path() + "/nothing").c_str(), 0755), 0);
  model::Definition definition = sh("");
  definition.config.cmd = {"/nothing"};
  definition.host.binds = {tree_.path() + "/nothing:/nothing:ro"};
  const auto created = engine_->create("", definition);
  ASSERT_TRUE(created) << created.error().message;
  const auto started = engine_->start(created->id);
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("exec format error"));
  const Seen& seen = seen_[created->id];
  EXPECT_EQ(seen.waiting, 1);
  EXPECT_EQ(seen.ended, 1);
  EXPECT_FALSE(seen.has_group_at_end) << seen.cgroup;
}

}  // namespace
}  // namespace plimsoll::engine
