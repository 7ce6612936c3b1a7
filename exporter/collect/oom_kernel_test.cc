// Real kills in real groups of this kernel, seen by a whole sampler.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <thread>

#include "exporter/collect/sampler.h"

namespace plimsoll::exporter {
namespace {

using cgroupfs::Field;
using std::chrono::milliseconds;

constexpr std::size_t kLimit = std::size_t{16} << 20;

bool write(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.flush();
  return file.good();
}

// Where the memory controller is: v1's own mount, or the v2 tree.
std::string memory_root() {
  if (::access("/sys/fs/cgroup/memory/memory.oom_control", F_OK) == 0)
    return "/sys/fs/cgroup/memory";
  if (::access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0) return "/sys/fs/cgroup";
  return "";
}

// A container's group as Docker would make it, below one of the test's own.
class OomKernel : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root to make cgroups";
    root_ = memory_root();
    if (root_.empty()) GTEST_SKIP() << "no memory controller here";
    v1_ = root_ == "/sys/fs/cgroup/memory";
    for (const std::string& path : {top_, top_ + "/docker", web_, inner_})
      if (!make(path)) GTEST_SKIP() << "cannot make " << path << ": " << std::strerror(errno);
    const std::string limit = v1_ ? "/memory.limit_in_bytes" : "/memory.max";
    if (!write(root_ + web_ + limit, std::to_string(kLimit)))
      GTEST_SKIP() << "cannot limit memory in " << root_ + web_;
    if (!v1_) (void)write(root_ + web_ + "/memory.swap.max", "0");
  }
  void TearDown() override {
    for (const std::string& path : {inner_, web_, top_ + "/docker", top_}) remove(path);
  }
  bool make(const std::string& path) const {
    if (::mkdir((root_ + path).c_str(), 0755) != 0) return false;
    // v2: not in the container's own, where processes are put.
    if (!path.starts_with(web_)) spread_memory(path);
    return true;
  }
  // v2: groups below get the memory controller; then none but they may have processes.
  void spread_memory(const std::string& path) const {
    if (!v1_) (void)write(root_ + path + "/cgroup.subtree_control", "+memory");
  }
  // A process that was killed leaves its group a moment later.
  void remove(const std::string& path) const {
    for (int i = 0; i < 500 && ::rmdir((root_ + path).c_str()) != 0 && errno == EBUSY; ++i)
      std::this_thread::sleep_for(milliseconds(10));
  }
  // Eats memory in the group until it is killed. Its pid.
  [[nodiscard]] pid_t kill_one(const std::string& path) const {
    const std::string procs = root_ + path + "/cgroup.procs";
    const pid_t pid = ::fork();
    if (pid == 0) {
      if (!write(procs, std::to_string(::getpid()))) ::_exit(2);
      const std::size_t size = 8 * kLimit;
      void* memory =
          ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (memory == MAP_FAILED) ::_exit(3);
      std::memset(memory, 1, size);
      ::_exit(4);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
    return pid;
  }
  void start(const std::string& kernel_log) {
    SamplerConfig config;
    config.kernel_log = kernel_log;
    config.render_labels = [](const inventory::Identity& identity, std::uint64_t&) {
      return "id=\"" + identity.cgroup + "\"";
    };
    config.keep_history = false;
    config.reader.groups = cgroupfs::GroupSet()
                               .set(cgroupfs::Group::kAlways)
                               .set(cgroupfs::Group::kMemory)
                               .set(cgroupfs::Group::kOomEvent);
    auto sampler = Sampler::create(config, clock_);
    ASSERT_TRUE(sampler) << sampler.error().message();
    sampler_ = *std::move(sampler);
    tick(Freshness::kFull);
    events_.clear();
  }
  void tick(Freshness freshness = Freshness::kTick) {
    snapshot_ = sampler_->sample(freshness);
    for (const OomEvent& event : snapshot_->ooms)
      if (event.cgroup.starts_with(top_)) events_.push_back(event);
  }
  [[nodiscard]] bool log_is_readable() const { return sampler_->stats().oom.log.readable; }
  [[nodiscard]] std::optional<std::uint64_t> live(const std::string& path) const {
    for (std::size_t row = 0; row < snapshot_->rows.size(); ++row)
      if (snapshot_->rows[row].identity->cgroup == path)
        return snapshot_->value(Field::kMemoryEventsOomKill, row);
    return std::nullopt;
  }
  [[nodiscard]] std::optional<std::uint64_t> ended(const std::string& path) const {
    for (const Tombstone& stone : snapshot_->tombstones)
      if (stone.identity->cgroup == path) return stone.oom_kills;
    return std::nullopt;
  }
  [[nodiscard]] long kills_told(pid_t pid) const {
    return std::ranges::count_if(events_, [&](const OomEvent& event) {
      return event.kind == OomKind::kKill && event.pid == pid;
    });
  }

  // The log remembers the kills of other tests: no two have groups of the same name.
  static std::string unique_name() {
    return "/plimsoll-test-oom-" + std::to_string(::getpid()) + "-" +
           testing::UnitTest::GetInstance()->current_test_info()->name();
  }
  const std::string top_ = unique_name();
  const std::string web_ = top_ + "/docker/" + std::string(64, 'c');
  const std::string inner_ = web_ + "/inner";
  std::string root_;
  bool v1_ = true;
  RealClock clock_;
  std::unique_ptr<Sampler> sampler_;
  SnapshotPtr snapshot_;
  std::vector<OomEvent> events_;
};

TEST_F(OomKernel, AContainerRemovedAtOnceAfterItsKillIsCountedOnce) {
  start("/dev/kmsg");
  if (!log_is_readable()) GTEST_SKIP() << "no kernel log: " << sampler_->stats().oom.log.error;
  EXPECT_EQ(live(web_), 0U);
  const std::uint64_t host = snapshot_->host_oom_kills.value_or(0);
  const pid_t pid = kill_one(web_);
  remove(inner_);
  remove(web_);
  ASSERT_NE(::access((root_ + web_).c_str(), F_OK), 0) << "still there";
  for (int i = 0; i < 3; ++i) {
    tick();
    EXPECT_EQ(live(web_), std::nullopt);
    EXPECT_EQ(ended(web_), 1U);
  }
  EXPECT_EQ(kills_told(pid), 1);
  EXPECT_GE(snapshot_->host_oom_kills, host + 1);
}

TEST_F(OomKernel, ANestedKillIsTheContainersAndNotCountedTwice) {
  spread_memory(web_);
  start("/dev/kmsg");
  const pid_t pid = kill_one(inner_);
  tick();
  if (log_is_readable()) {
    EXPECT_EQ(live(web_), 1U) << "from the log, at once";
  }
  tick(Freshness::kFull);
  EXPECT_EQ(live(inner_), 1U);
  EXPECT_EQ(live(web_), 1U);
  EXPECT_EQ(live(top_ + "/docker"), 1U);
  if (log_is_readable()) {
    EXPECT_EQ(kills_told(pid), 1);
    ASSERT_FALSE(events_.empty());
    EXPECT_EQ(events_.back().limited, web_);
    EXPECT_EQ(events_.back().cgroup, inner_);
    EXPECT_EQ(events_.back().process, std::string("plimsoll_oom_kernel_test").substr(0, 15));
  }
  remove(inner_);
  tick(Freshness::kFull);
  EXPECT_EQ(live(web_), 1U) << "its nested group is gone, the kill is not";
}

TEST_F(OomKernel, WithoutTheLogTheCountersTell) {
  start("");
  (void)kill_one(web_);
  tick();  // The host's count moved: every group that did something is asked.
  EXPECT_EQ(live(web_), 1U);
  EXPECT_EQ(events_.size(), 1U);
  EXPECT_EQ(events_.front().cgroup, web_);
}

TEST_F(OomKernel, ARestartOfOursCountsTheSame) {
  spread_memory(web_);
  start("/dev/kmsg");
  (void)kill_one(inner_);
  tick(Freshness::kFull);
  EXPECT_EQ(live(web_), 1U);
  start("/dev/kmsg");
  EXPECT_EQ(live(web_), 1U);
  tick(Freshness::kFull);
  EXPECT_EQ(live(web_), 1U);
}

}  // namespace
}  // namespace plimsoll::exporter
