// The tree on the real hierarchies of this machine, with groups of our own.
#include <fcntl.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "cgroupfs/tree/test_fake_host.h"
#include "cgroupfs/tree/test_kernel_groups.h"

namespace plimsoll::cgroupfs {
namespace {

using Strings = std::vector<std::string>;

class RealTree : public testing::Test {
 protected:
  void SetUp() override {
    if (!groups_.why_not().empty()) GTEST_SKIP() << groups_.why_not();
  }
  void start(TreeOptions options = {}) {
    tree_ = *CgroupTree::create(groups_.layout(), clock_, options);
  }
  // Only our groups, named from our top ("" is the top itself): others come and go on this machine.
  Changes update() {
    changes_ = tree_->update();
    Changes paths = as_paths(changes_);
    for (Strings* list : {&paths.added, &paths.changed, &paths.written, &paths.removed}) {
      std::erase_if(*list, [&](const std::string& path) { return !is_ours(path); });
      for (std::string& path : *list) path.erase(0, groups_.top().size());
    }
    return paths;
  }
  [[nodiscard]] const Cgroup* added(const std::string& group) const {
    const auto found = std::ranges::find(changes_.added, groups_.top() + group, &Cgroup::path);
    return found == changes_.added.end() ? nullptr : *found;
  }
  [[nodiscard]] bool is_ours(const std::string& path) const {
    return path == groups_.top() || path.starts_with(groups_.top() + "/");
  }
  [[nodiscard]] std::size_t count() const { return groups_.layout().hierarchies.size(); }

  KernelGroups groups_;
  FakeClock clock_;
  std::unique_ptr<CgroupTree> tree_;
  TreeChanges changes_;
};

// What the kernel holds, by its own account: one line per watch.
std::set<std::string> kernel_watches(int inotify) {
  std::ifstream fdinfo("/proc/self/fdinfo/" + std::to_string(inotify));
  std::set<std::string> watches;
  for (std::string line; std::getline(fdinfo, line);)
    if (line.starts_with("inotify ")) watches.insert(line);
  return watches;
}

TEST_F(RealTree, FirstWalkFindsNestedGroupsInEveryHierarchy) {
  for (const char* group : {"/a", "/a/b", "/a/b/c", "/d"})
    ASSERT_TRUE(groups_.make_everywhere(group));
  ASSERT_TRUE(groups_.make(0, "/only-here"));
  start();
  EXPECT_EQ(update().added, (Strings{"", "/a", "/a/b", "/a/b/c", "/d", "/only-here"}));
  for (std::size_t h = 0; h < count(); ++h) {
    struct stat st{};
    ASSERT_EQ(::stat(groups_.directory(h, "/a/b/c").c_str(), &st), 0);
    EXPECT_EQ(added("/a/b/c")->inode[h], st.st_ino);
    EXPECT_EQ(added("/only-here")->in(h), h == 0);
  }
  EXPECT_EQ(tree_->stats().watches_refused, 0U);
}

TEST_F(RealTree, RemovalLeavesNoWatchBehindInTheKernel) {
  start();
  update();
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(groups_.make_everywhere("/g" + std::to_string(i)));
    EXPECT_EQ(update().added.size(), 10U);
    for (int i = 0; i < 10; ++i) groups_.remove_everywhere("/g" + std::to_string(i));
    EXPECT_EQ(update().removed.size(), 10U);
  }
  EXPECT_EQ(kernel_watches(tree_->notification_fd()).size(), tree_->stats().watches);
}

TEST_F(RealTree, RemovedAndMadeAgainIsAnotherGroupAndTheOldOneIsGone) {
  ASSERT_TRUE(groups_.make_everywhere("/a"));
  start();
  update();
  const std::uint64_t serial = added("/a")->serial;
  const Cgroup old_group = *added("/a");
  ASSERT_TRUE(open_cgroup(groups_.layout(), old_group, 0));
  groups_.remove_everywhere("/a");
  EXPECT_EQ(open_cgroup(groups_.layout(), old_group, 0).error().kind, ErrorKind::kGone);
  ASSERT_TRUE(groups_.make_everywhere("/a"));
  EXPECT_EQ(open_cgroup(groups_.layout(), old_group, 0).error().kind, ErrorKind::kGone);
  EXPECT_EQ(update(), (Changes{{"/a"}, {}, {}, {"/a"}}));
  EXPECT_GT(added("/a")->serial, serial);
  EXPECT_TRUE(open_cgroup(groups_.layout(), *added("/a"), 0));
}

TEST_F(RealTree, WalkAloneSeesTheSame) {
  ASSERT_TRUE(groups_.make_everywhere("/a"));
  ASSERT_TRUE(groups_.make_everywhere("/a/b"));
  TreeOptions options;
  options.max_watches = 0;
  start(options);
  update();
  groups_.remove_everywhere("/a");
  ASSERT_TRUE(groups_.make_everywhere("/a"));
  ASSERT_TRUE(groups_.make_everywhere("/c"));
  clock_.advance(options.blind_rescan_interval);
  EXPECT_EQ(update(), (Changes{{"/a", "/c"}, {}, {}, {"/a", "/a/b"}}));
}

TEST_F(RealTree, LimitsWrittenAreReportedAndMovedProcessesAreNot) {
  const auto memory = groups_.layout().of(Controller::kMemory);
  if (!memory) GTEST_SKIP() << "no memory controller is mounted";
  ASSERT_TRUE(groups_.make_everywhere("/a"));
  start();
  update();
  const bool v1 = groups_.layout().hierarchies[*memory].version == 1;
  const std::string directory = groups_.directory(*memory, "/a");
  const std::string limit = directory + (v1 ? "/memory.limit_in_bytes" : "/memory.max");
  if (::access(limit.c_str(), W_OK) != 0)
    GTEST_SKIP() << "the parent of the test's groups does not enable the memory controller";
  std::ofstream(limit) << 64 << 20;
  EXPECT_EQ(update(), (Changes{{}, {}, {"/a"}, {}}));

  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  std::ofstream(directory + "/cgroup.procs") << child;
  // v2: a group's first process changes its cgroup.events, and those above, as if it were written.
  EXPECT_EQ(update(), v1 ? Changes{} : (Changes{{}, {}, {"", "/a"}, {}}));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

TEST_F(RealTree, KernelNotificationsCountAsWritten) {
  const auto unified = groups_.layout().unified();
  if (!unified) GTEST_SKIP() << "no cgroup2 is mounted";
  ASSERT_TRUE(groups_.make(*unified, "/a"));
  start();
  update();
  // The kernel notifies only files whose inode is in its cache, as those of a reader are.
  const Fd events(
      ::open((groups_.directory(*unified, "/a") + "/cgroup.events").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(events);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  std::ofstream(groups_.directory(*unified, "/a") + "/cgroup.procs") << child;
  Changes seen;
  for (int i = 0; i < 200 && seen.written.empty(); ++i) {  // By a kernel worker, within 10 ms.
    ::usleep(10'000);
    seen = update();
  }
  // On v2 its parent, which became populated with it, is told as well.
  EXPECT_NE(std::ranges::find(seen.written, "/a"), seen.written.end()) << "populated became 1";
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

TEST_F(RealTree, RenamedV1GroupIsAnotherGroup) {
  std::size_t v1 = 0;
  while (v1 < count() && groups_.layout().hierarchies[v1].version != 1) ++v1;
  if (v1 == count()) GTEST_SKIP() << "only v1 groups can be renamed";
  ASSERT_TRUE(groups_.make(v1, "/a"));
  ASSERT_TRUE(groups_.make(v1, "/a/b"));
  start();
  update();
  ASSERT_EQ(::rename(groups_.directory(v1, "/a").c_str(), groups_.directory(v1, "/z").c_str()), 0);
  EXPECT_EQ(update(), (Changes{{"/z", "/z/b"}, {}, {}, {"/a", "/a/b"}}));
  ASSERT_TRUE(groups_.make(v1, "/z/b/c"));
  EXPECT_EQ(update().added, Strings{"/z/b/c"});
}

TEST_F(RealTree, BirthLiesBetweenBootAndNow) {
  ASSERT_TRUE(groups_.make_everywhere("/a"));
  std::ostringstream stat;
  stat << std::ifstream("/proc/stat").rdbuf();
  TreeOptions options;
  options.boot = *parse_boot_time(stat.str());
  start(options);
  update();
  const WallTime now = RealClock().wall();
  EXPECT_LE(added("/a")->created, now);
  EXPECT_GE(added("/a")->created, now - std::chrono::minutes(5));
  for (const Cgroup* group : changes_.added) EXPECT_GE(group->created, options.boot);
}

// What update() reported, replayed, is what is on disk in the end; no serial comes twice.
class Replay {
 public:
  void apply(const TreeChanges& changes) {
    for (const auto& group : changes.removed) EXPECT_EQ(live_.erase(group->serial), 1U);
    for (const Cgroup* group : changes.added) {
      EXPECT_TRUE(serials_.insert(group->serial).second);
      live_[group->serial] = group->path;
    }
  }
  [[nodiscard]] std::set<std::string> paths(const std::string& prefix) const {
    std::set<std::string> paths;
    for (const auto& [serial, path] : live_) {
      if (!path.starts_with(prefix)) continue;
      EXPECT_TRUE(paths.insert(path).second) << path;
    }
    return paths;
  }

 private:
  std::map<std::uint64_t, std::string> live_;
  std::set<std::uint64_t> serials_;
};

TEST_F(RealTree, KeepsUpWithChurn) {
  start();
  Replay replay;
  replay.apply(tree_->update());
  std::jthread churn([&] {
    std::minstd_rand random(7);
    for (int i = 0; i < 400; ++i) {
      const std::string pod = "/p" + std::to_string(random() % 5);
      const std::string group = pod + "/c" + std::to_string(random() % 5);
      switch (random() % 4) {
        case 0:
          groups_.remove_everywhere(pod);
          break;
        case 1:
          groups_.remove_everywhere(group);
          break;
        default:  // Fails where the pod or the group is there already.
          static_cast<void>(groups_.make_everywhere(pod));
          static_cast<void>(groups_.make_everywhere(group));
      }
    }
  });
  for (int i = 0; i < 200; ++i) {
    replay.apply(tree_->update());
    ::usleep(1000);
  }
  churn.join();
  replay.apply(tree_->update());

  std::set<std::string> on_disk;
  for (std::size_t h = 0; h < count(); ++h) {
    const std::string mount = groups_.layout().hierarchies[h].mount_path;
    on_disk.insert(groups_.top());
    for (const auto& entry : std::filesystem::recursive_directory_iterator(mount + groups_.top()))
      if (entry.is_directory()) on_disk.insert(entry.path().string().substr(mount.size()));
  }
  EXPECT_EQ(replay.paths(groups_.top()), on_disk);
  EXPECT_EQ(tree_->stats().rescans, count()) << "from notifications alone";
  EXPECT_EQ(kernel_watches(tree_->notification_fd()).size(), tree_->stats().watches);
}

}  // namespace
}  // namespace plimsoll::cgroupfs
