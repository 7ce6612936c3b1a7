// Scopes of the systemd that runs this machine. In the guest only.
#include <gtest/gtest.h>
#include <linux/sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "base/read_file.h"
#include "base/text.h"
#include "runtime/cgroup/container_cgroup.h"

namespace plimsoll::runtime {
namespace {

using namespace std::chrono_literals;

int run(std::vector<std::string> words) {
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t child = -1;
  if (::posix_spawnp(&child, argv[0], nullptr, nullptr, argv.data(), environ) != 0) return -1;
  int status = -1;
  return ::waitpid(child, &status, 0) == child ? status : -1;
}

std::string text(const std::string& path) {
  const DirFd root = *open_dir("/");
  const auto read = read_file_at(root, path.c_str() + 1);
  return read ? std::string(trim(*read)) : read.error().message();
}

class Scope : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::access("/run/systemd/system", F_OK) != 0) GTEST_SKIP() << "no systemd runs here";
    auto host = open_cgroup_host();
    ASSERT_TRUE(host) << host.error().message();
    host_ = *std::move(host);
    if (host_.layout.mode != cgroupfs::Mode::kV2) GTEST_SKIP() << "needs cgroup v2 alone";
  }
  Result<ContainerCgroup> make(const spec::Resources& resources) {
    return ContainerCgroup::create(host_, {.id = "box",
                                           .cgroups_path = "system.slice:plimsoll-test:box",
                                           .manager = CgroupManager::kSystemd,
                                           .resources = &resources});
  }
  static pid_t born_in(ContainerCgroup& cgroup) {
    const auto into = cgroup.clone_into();
    EXPECT_TRUE(into) << into.error().message();
    clone_args arguments{};
    arguments.flags = CLONE_INTO_CGROUP;
    arguments.exit_signal = SIGCHLD;
    arguments.cgroup = static_cast<__u64>((*into)->get());
    const long pid = ::syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid == 0)
      for (;;) ::pause();
    cgroup.entered();
    return static_cast<pid_t>(pid);
  }
  CgroupHost host_;
};

TEST_F(Scope, HoldsAContainerWithItsLimitsThroughAReload) {
  spec::Resources resources;
  resources.memory = {.limit = 64 << 20};
  resources.cpu = {.shares = 512, .quota = 50'000, .period = 100'000};
  resources.pids_limit = 20;
  auto cgroup = make(resources);
  ASSERT_TRUE(cgroup) << cgroup.error().message();
  const std::string path = cgroup->record().places.front().path;
  EXPECT_EQ(path, "/sys/fs/cgroup/system.slice/plimsoll-test-box.scope");
  const pid_t pid = born_in(*cgroup);
  ASSERT_GT(pid, 0);
  EXPECT_EQ(cgroup->pids().value_or(std::vector<pid_t>{}), std::vector{pid});
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(text(path + "/memory.max"), "67108864");
    EXPECT_EQ(text(path + "/cpu.weight"), "59");
    EXPECT_EQ(text(path + "/cpu.max"), "50000 100000");
    EXPECT_EQ(text(path + "/pids.max"), "20");
    EXPECT_EQ(run({"systemctl", "daemon-reload"}), 0);
  }
  spec::Resources next;
  next.memory = {.limit = 128 << 20};
  const auto updated = cgroup->update(host_, next);
  EXPECT_TRUE(updated) << updated.error().message();
  EXPECT_EQ(run({"systemctl", "daemon-reload"}), 0);
  EXPECT_EQ(text(path + "/memory.max"), "134217728");
  EXPECT_EQ(text(path + "/pids.max"), "20");
  EXPECT_TRUE(cgroup->kill_all(SIGKILL));
  ::waitpid(pid, nullptr, 0);
  const auto removed = cgroup->remove(10s);
  EXPECT_TRUE(removed) << removed.error().message();
  EXPECT_NE(::access(path.c_str(), F_OK), 0);
}

TEST_F(Scope, EndsWithoutAContainer) {
  const spec::Resources none;
  std::string path;
  {
    auto cgroup = make(none);
    ASSERT_TRUE(cgroup) << cgroup.error().message();
    path = cgroup->record().places.front().path;
    EXPECT_EQ(::access(path.c_str(), F_OK), 0);
  }
  for (int i = 0; i < 500 && ::access(path.c_str(), F_OK) == 0; ++i)
    std::this_thread::sleep_for(10ms);
  EXPECT_NE(::access(path.c_str(), F_OK), 0) << "the scope outlived its placeholder";
  // And the name is free again.
  auto again = make(none);
  EXPECT_TRUE(again) << again.error().message();
}

}  // namespace
}  // namespace plimsoll::runtime
