// A container's groups on this machine's kernel, v1, hybrid or v2.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "base/read_file.h"
#include "base/text.h"
#include "runtime/cgroup/container_cgroup.h"
#include "runtime/cgroup/group_files.h"

namespace plimsoll::runtime {
namespace {

using namespace std::chrono_literals;

class CgroupOnKernel : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root to make cgroups";
    auto host = open_cgroup_host();
    ASSERT_TRUE(host) << host.error().message();
    host_ = *std::move(host);
  }
  void TearDown() override {
    for (const pid_t child : children_) ::kill(child, SIGKILL);
    if (made_) {
      std::ignore = made_->kill_all(SIGKILL);
      const auto removed = made_->remove(5s);
      EXPECT_TRUE(removed) << removed.error().message();
    }
    for (const pid_t child : children_) ::waitpid(child, nullptr, 0);
    for (const cgroupfs::Hierarchy& h : host_.layout.hierarchies)
      ::rmdir((h.mount_path + parent()).c_str());
  }

  static std::string parent() { return "/plimsoll-test-rc-" + std::to_string(::getpid()); }
  static CgroupRequest request(const spec::Resources& resources) {
    return {.id = "box", .cgroups_path = parent() + "/box", .resources = &resources};
  }
  Result<> make(const spec::Resources& resources) {
    auto made = ContainerCgroup::create(host_, request(resources));
    if (!made) return std::unexpected(made.error());
    made_.emplace(*std::move(made));
    return {};
  }
  void enter(pid_t pid, ContainerCgroup::Born born) const {
    for (const std::string& file : made_->entry_files(born)) {
      const auto moved = write_once(DirFd(AT_FDCWD), file, std::to_string(pid));
      EXPECT_TRUE(moved) << moved.error().message();
    }
  }
  // A child that does `body` in the group, or sleeps for ever.
  template <class Body>
  pid_t child(Body body) {
    int go[2];
    EXPECT_EQ(::pipe2(go, O_CLOEXEC), 0);
    const pid_t pid = ::fork();
    if (pid == 0) {
      char byte = 0;
      const bool told = ::read(go[0], &byte, 1) == 1;
      ::_exit(told ? body() : 99);
    }
    children_.push_back(pid);
    enter(pid, ContainerCgroup::Born::kElsewhere);
    EXPECT_EQ(::write(go[1], "x", 1), 1);
    ::close(go[0]);
    ::close(go[1]);
    return pid;
  }
  pid_t sleeper() {
    return child([] {
      for (;;) ::pause();
      return 0;
    });
  }
  int wait_for(pid_t pid) {
    int status = 0;
    ::waitpid(pid, &status, 0);
    std::erase(children_, pid);
    return status;
  }
  // The file of the container's group in whichever hierarchy has the controller.
  std::string file(cgroupfs::Controller controller, const char* v1, const char* v2) {
    const auto h = host_.layout.of(controller);
    if (!h) return "no controller";
    const cgroupfs::Hierarchy& hierarchy = host_.layout.hierarchies[*h];
    const std::string path = (hierarchy.mount_path + made_->record().group).substr(1) + "/" +
                             (hierarchy.version == 1 ? v1 : v2);
    const auto text = read_file_at(root_, path.c_str());
    return text ? std::string(trim(*text)) : text.error().message();
  }
  [[nodiscard]] bool v1(cgroupfs::Controller controller) const {
    const auto h = host_.layout.of(controller);
    return h && host_.layout.hierarchies[*h].version == 1;
  }
  [[nodiscard]] bool left_behind() const {
    return std::ranges::any_of(host_.layout.hierarchies, [](const auto& h) {
      return ::access((h.mount_path + parent() + "/box").c_str(), F_OK) == 0;
    });
  }

  CgroupHost host_;
  DirFd root_ = *open_dir("/");
  std::optional<ContainerCgroup> made_;
  std::vector<pid_t> children_;
};

using cgroupfs::Controller;

TEST_F(CgroupOnKernel, IsInEveryHierarchyAndThenInNone) {
  ASSERT_TRUE(make({}));
  ASSERT_EQ(made_->record().places.size(), host_.layout.hierarchies.size());
  for (const CgroupPlace& place : made_->record().places)
    EXPECT_EQ(::access(place.path.c_str(), F_OK), 0) << place.path;
  EXPECT_TRUE(made_->remove(1s));
  EXPECT_FALSE(left_behind());
  EXPECT_TRUE(made_->remove(0s)) << "what is gone is none to remove";
}

TEST_F(CgroupOnKernel, HasItsLimitsBeforeAnybodyIsIn) {
  spec::Resources resources;
  resources.memory = {.limit = 64 << 20, .reservation = 32 << 20};
  resources.cpu = {.shares = 512, .quota = 50'000, .period = 100'000};
  resources.pids_limit = 17;
  const auto made = make(resources);
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(file(Controller::kMemory, "memory.limit_in_bytes", "memory.max"), "67108864");
  EXPECT_EQ(file(Controller::kMemory, "memory.soft_limit_in_bytes", "memory.low"), "33554432");
  EXPECT_EQ(file(Controller::kPids, "pids.max", "pids.max"), "17");
  if (v1(Controller::kCpu)) {
    EXPECT_EQ(file(Controller::kCpu, "cpu.shares", ""), "512");
    EXPECT_EQ(file(Controller::kCpu, "cpu.cfs_quota_us", ""), "50000");
  } else {
    EXPECT_EQ(file(Controller::kCpu, "", "cpu.weight"), "59");
    EXPECT_EQ(file(Controller::kCpu, "", "cpu.max"), "50000 100000");
  }
}

TEST_F(CgroupOnKernel, ALimitThatIsRefusedLeavesNothing) {
  spec::Resources resources;
  resources.pids_limit = 17;
  resources.cpu = {.quota = 10, .period = 100'000};
  const auto made = make(resources);
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().message().find("cpu.quota"), std::string::npos) << made.error().message();
  EXPECT_FALSE(left_behind());
}

TEST_F(CgroupOnKernel, ACpuThatIsNotThereIsNamed) {
  spec::Resources resources;
  resources.cpu = {.cpus = "0,4000"};
  const auto made = make(resources);
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().message().find("cpuset.cpus"), std::string::npos)
      << made.error().message();
  EXPECT_FALSE(left_behind());
}

TEST_F(CgroupOnKernel, TakesCpusAndGivesTheRest) {
  spec::Resources resources;
  resources.cpu = {.cpus = "0"};
  const auto made = make(resources);
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(file(Controller::kCpuset, "cpuset.cpus", "cpuset.cpus"), "0");
  const pid_t pid = sleeper();
  cpu_set_t set;
  ASSERT_EQ(::sched_getaffinity(pid, sizeof set, &set), 0);
  EXPECT_EQ(CPU_COUNT(&set), 1);
}

TEST_F(CgroupOnKernel, FindsWhoIsInItAndBelow) {
  ASSERT_TRUE(make({}));
  const pid_t first = sleeper();
  EXPECT_EQ(made_->pids().value_or(std::vector<pid_t>{}), std::vector{first});
  // A container that makes groups of its own.
  for (const CgroupPlace& place : made_->record().places)
    EXPECT_EQ(::mkdir((place.path + "/inner").c_str(), 0755), 0);
  EXPECT_EQ(made_->pids().value_or(std::vector<pid_t>{}), std::vector{first});
  EXPECT_FALSE(made_->remove(10ms)) << "somebody is in";
  ASSERT_TRUE(made_->kill_all(SIGKILL));
  EXPECT_EQ(WTERMSIG(wait_for(first)), SIGKILL);
  const auto removed = made_->remove(5s);
  EXPECT_TRUE(removed) << removed.error().message();
  EXPECT_FALSE(left_behind());
}

TEST_F(CgroupOnKernel, FreezesAndThaws) {
  ASSERT_TRUE(make({}));
  EXPECT_FALSE(*made_->is_frozen());
  int beats[2];
  ASSERT_EQ(::pipe2(beats, O_CLOEXEC | O_NONBLOCK), 0);
  const Fd from(beats[0]);
  const Fd to(beats[1]);
  child([&] {
    for (;;) {
      std::ignore = ::write(to.get(), "x", 1);
      ::usleep(500);
    }
    return 0;
  });
  const auto lives = [&] {
    char bytes[65536];
    while (::read(from.get(), bytes, sizeof bytes) > 0) {
    }
    for (int i = 0; i < 50; ++i) {
      std::this_thread::sleep_for(1ms);
      if (::read(from.get(), bytes, sizeof bytes) > 0) return true;
    }
    return false;
  };
  EXPECT_TRUE(lives());
  const auto frozen = made_->freeze(5s);
  ASSERT_TRUE(frozen) << frozen.error().message();
  EXPECT_TRUE(*made_->is_frozen());
  EXPECT_FALSE(lives()) << "it ran while it was frozen";
  ASSERT_TRUE(made_->thaw());
  EXPECT_FALSE(*made_->is_frozen());
  EXPECT_TRUE(lives());
}

TEST_F(CgroupOnKernel, KillsWhatIsFrozen) {
  ASSERT_TRUE(make({}));
  const pid_t pid = sleeper();
  ASSERT_TRUE(made_->freeze(5s));
  ASSERT_TRUE(made_->kill_all(SIGKILL));
  EXPECT_EQ(WTERMSIG(wait_for(pid)), SIGKILL);
}

TEST_F(CgroupOnKernel, KillsWhoForksMeanwhile) {
  spec::Resources resources;
  resources.pids_limit = 64;
  ASSERT_TRUE(make(resources));
  // Each generation makes the next and ends: a list of processes is old before it is read.
  child([] {
    for (;;)
      if (::fork() > 0) ::_exit(0);
    return 0;
  });
  std::this_thread::sleep_for(20ms);
  ASSERT_TRUE(made_->kill_all(SIGKILL));
  const auto removed = made_->remove(5s);
  EXPECT_TRUE(removed) << removed.error().message();
}

TEST_F(CgroupOnKernel, SignalsEverybody) {
  ASSERT_TRUE(make({}));
  const pid_t one = sleeper();
  const pid_t two = sleeper();
  ASSERT_TRUE(made_->kill_all(SIGUSR1));
  EXPECT_EQ(WTERMSIG(wait_for(one)), SIGUSR1);
  EXPECT_EQ(WTERMSIG(wait_for(two)), SIGUSR1);
}

TEST_F(CgroupOnKernel, RefusesAGroupInUse) {
  ASSERT_TRUE(make({}));
  sleeper();
  const spec::Resources none;
  const auto second = ContainerCgroup::create(host_, request(none));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kBusy);
  EXPECT_TRUE(left_behind()) << "it removed what it had not made";
}

TEST_F(CgroupOnKernel, UpdatesAllOrNothing) {
  spec::Resources resources;
  resources.memory = {.limit = 64 << 20};
  resources.pids_limit = 20;
  ASSERT_TRUE(make(resources));
  sleeper();
  spec::Resources next;
  next.memory = {.limit = 128 << 20};
  next.pids_limit = -1;
  const auto updated = made_->update(host_, next);
  ASSERT_TRUE(updated) << updated.error().message();
  EXPECT_EQ(file(Controller::kMemory, "memory.limit_in_bytes", "memory.max"), "134217728");
  EXPECT_EQ(file(Controller::kPids, "pids.max", "pids.max"), "max");
  next.memory->limit = 256 << 20;
  next.cpu = {.quota = 10};
  EXPECT_FALSE(made_->update(host_, next));
  EXPECT_EQ(file(Controller::kMemory, "memory.limit_in_bytes", "memory.max"), "134217728");
}

int may_open(const char* device) {
  const int fd = ::open(device, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return errno;
  ::close(fd);
  return 0;
}

TEST_F(CgroupOnKernel, KeepsFromDevicesThatNoRuleAllows) {
  if (may_open("/dev/kmsg") != 0) GTEST_SKIP() << "/dev/kmsg cannot be opened here at all";
  ASSERT_TRUE(make({}));
  EXPECT_EQ(WEXITSTATUS(wait_for(child([] { return may_open("/dev/null"); }))), 0);
  EXPECT_EQ(WEXITSTATUS(wait_for(child([] { return may_open("/dev/kmsg"); }))), EPERM);
  spec::Resources next;
  next.devices = {{.allow = true,
                   .type = spec::DeviceRule::Type::kCharacter,
                   .major = 1,
                   .minor = 11,
                   .read = true}};
  const auto updated = made_->update(host_, next);
  ASSERT_TRUE(updated) << updated.error().message();
  EXPECT_EQ(WEXITSTATUS(wait_for(child([] { return may_open("/dev/kmsg"); }))), 0);
  EXPECT_EQ(WEXITSTATUS(wait_for(child([] { return may_open("/dev/null"); }))), 0);
  next.devices.front().allow = false;
  ASSERT_TRUE(made_->update(host_, next));
  EXPECT_EQ(WEXITSTATUS(wait_for(child([] { return may_open("/dev/kmsg"); }))), EPERM);
}

TEST_F(CgroupOnKernel, IsWhereAChildIsBorn) {
  ASSERT_TRUE(make({}));
  const auto into = made_->clone_into();
  ASSERT_TRUE(into) << into.error().message();
  if (*into == nullptr) GTEST_SKIP() << "this machine has no cgroup2 mount";
  clone_args arguments{};
  arguments.flags = CLONE_INTO_CGROUP;
  arguments.exit_signal = SIGCHLD;
  arguments.cgroup = static_cast<__u64>((*into)->get());
  const long pid = ::syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid == 0)
    for (;;) ::pause();
  ASSERT_GT(pid, 0);
  children_.push_back(static_cast<pid_t>(pid));
  enter(static_cast<pid_t>(pid), ContainerCgroup::Born::kInside);
  const auto where = read_file_at(root_, ("proc/" + std::to_string(pid) + "/cgroup").c_str());
  ASSERT_TRUE(where);
  std::string_view rest = *where;
  for (std::string_view line; next_line(rest, line);) EXPECT_TRUE(line.ends_with("/box")) << line;
}

}  // namespace
}  // namespace plimsoll::runtime
