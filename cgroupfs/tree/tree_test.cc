#include "cgroupfs/tree/tree.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include <fstream>

#include "cgroupfs/tree/test_fake_host.h"

namespace plimsoll::cgroupfs {
namespace {

using std::chrono::seconds;
using Strings = std::vector<std::string>;

class Tree : public FakeHost {};

TEST_F(Tree, FirstUpdateReportsWhatTheFirstWalkFound) {
  make_everywhere("docker/a");
  make("memory/system.slice/only-memory.service");
  start();
  EXPECT_EQ(
      update(),
      (Changes{{"/", "/docker", "/docker/a", "/system.slice", "/system.slice/only-memory.service"},
               {},
               {},
               {}}));
  EXPECT_EQ(update(), Changes{});
  EXPECT_EQ(tree_->stats().cgroups, 5U);
  EXPECT_EQ(tree_->stats().rescans, 3U) << "one walk per hierarchy";
}

TEST_F(Tree, OneGroupHasAnInodePerHierarchy) {
  make("cpu/a");
  make("memory/a");
  start();
  const TreeChanges changes = tree_->update();
  const auto a = std::ranges::find(changes.added, "/a", &Cgroup::path);
  ASSERT_NE(a, changes.added.end());
  EXPECT_TRUE((*a)->in(cpu_));
  EXPECT_TRUE((*a)->in(memory_));
  EXPECT_FALSE((*a)->in(*layout_.unified()));
  struct stat st{};
  ASSERT_EQ(::stat((host_.path() + "/memory/a").c_str(), &st), 0);
  EXPECT_EQ((*a)->inode[memory_], st.st_ino);
}

TEST_F(Tree, CreationAndRemovalAreNotified) {
  start();
  update();
  make_everywhere("a");
  EXPECT_EQ(update(), (Changes{{"/a"}, {}, {}, {}}));
  make("cpu/a/b");
  EXPECT_EQ(update(), (Changes{{"/a/b"}, {}, {}, {}}));
  make("memory/a/b");
  EXPECT_EQ(update(), (Changes{{}, {"/a/b"}, {}, {}}));
  host_.remove("memory/a/b");
  EXPECT_EQ(update(), (Changes{{}, {"/a/b"}, {}, {}}));
  host_.remove("cpu/a/b");
  EXPECT_EQ(update(), (Changes{{}, {}, {}, {"/a/b"}}));
  remove_everywhere("a");
  EXPECT_EQ(update(), (Changes{{}, {}, {}, {"/a"}}));
  EXPECT_EQ(tree_->stats().rescans, 3U) << "all of it from notifications";
  EXPECT_EQ(tree_->stats().watches, 3U) << "only the roots are left";
  EXPECT_EQ(tree_->stats().watches_refused, 0U);
}

TEST_F(Tree, DirectoriesFilledBeforeTheirWatchExistedAreWalked) {
  start();
  update();
  make_everywhere("kubepods/burstable/pod1/c1");
  make_everywhere("kubepods/burstable/pod1/c2");
  EXPECT_EQ(update().added,
            (Strings{"/kubepods", "/kubepods/burstable", "/kubepods/burstable/pod1",
                     "/kubepods/burstable/pod1/c1", "/kubepods/burstable/pod1/c2"}));
  make("cpu/kubepods/burstable/pod1/c1/nested");
  EXPECT_EQ(update().added, Strings{"/kubepods/burstable/pod1/c1/nested"});
}

TEST_F(Tree, GroupThatCameAndWentBetweenUpdatesIsNotMentioned) {
  start();
  update();
  make_everywhere("short/lived");
  remove_everywhere("short");
  EXPECT_EQ(update(), Changes{});
  EXPECT_EQ(tree_->stats().watches, 3U);
}

TEST_F(Tree, RemovedAndMadeAgainIsAnotherGroup) {
  make_everywhere("docker/a");
  start();
  const TreeChanges first = tree_->update();
  const Cgroup* old_group = *std::ranges::find(first.added, "/docker/a", &Cgroup::path);
  const std::uint64_t old_serial = old_group->serial;
  pin_inodes("docker/a");
  remove_everywhere("docker/a");
  make_everywhere("docker/a");
  const TreeChanges second = tree_->update();
  EXPECT_EQ(as_paths(second), (Changes{{"/docker/a"}, {}, {}, {"/docker/a"}}));
  EXPECT_EQ(second.removed[0]->serial, old_serial);
  EXPECT_GT(second.added[0]->serial, old_serial);
  // The new one is watched as well.
  make("cpu/docker/a/child");
  EXPECT_EQ(update().added, Strings{"/docker/a/child"});
}

TEST_F(Tree, SubtreeMadeAgainIsAllNew) {
  make_everywhere("pod/c1");
  start();
  update();
  pin_inodes("pod");
  pin_inodes("pod/c1");
  remove_everywhere("pod");
  make_everywhere("pod/c1");
  make_everywhere("pod/c2");
  EXPECT_EQ(update(), (Changes{{"/pod", "/pod/c1", "/pod/c2"}, {}, {}, {"/pod", "/pod/c1"}}));
}

TEST_F(Tree, ReplacedInOneHierarchyOnlyIsTheSameGroup) {
  make_everywhere("a");
  start();
  const TreeChanges first = tree_->update();
  const Cgroup* group = *std::ranges::find(first.added, "/a", &Cgroup::path);
  const std::uint64_t before = group->inode[memory_];
  pin_inodes("a");
  host_.remove("memory/a");
  make("memory/a");
  EXPECT_EQ(update(), (Changes{{}, {"/a"}, {}, {}}));
  EXPECT_NE(group->inode[memory_], before);
}

TEST_F(Tree, RenameIsRemovalAndCreation) {
  make_everywhere("a/b");
  make("cpu/z");
  start();
  update();
  for (const char* h : {"/cpu", "/memory", "/unified"})
    std::filesystem::rename(host_.path() + h + "/a", host_.path() + h + "/c");
  EXPECT_EQ(update(), (Changes{{"/c", "/c/b"}, {}, {}, {"/a", "/a/b"}}));
  make("cpu/c/b/d");  // The moved directories' watches went along.
  EXPECT_EQ(update().added, Strings{"/c/b/d"});
}

TEST_F(Tree, SiblingsWhoseNamesSortBetweenAreNotTakenForTheSubtree) {
  for (const char* group : {"a/x", "a-b", "a.b/x", "a0"}) make_everywhere(group);
  start();
  update();
  remove_everywhere("a");
  EXPECT_EQ(update().removed, (Strings{"/a", "/a/x"}));
}

TEST_F(Tree, WritesAreReportedOncePerUpdate) {
  make_everywhere("a");
  host_.write("memory/a/memory.limit_in_bytes", "1");
  host_.write("cpu/a/cpu.shares", "1");
  start();
  update();
  for (int i = 0; i < 50; ++i) {
    host_.write("memory/a/memory.limit_in_bytes", std::to_string(i));
    host_.write("cpu/a/cpu.shares", std::to_string(i));
  }
  EXPECT_EQ(update(), (Changes{{}, {}, {"/a"}, {}}));
  EXPECT_EQ(update(), Changes{});
}

TEST_F(Tree, MovingAProcessIsNoWrite) {
  make_everywhere("a");
  start();
  update();
  for (const char* file : {"cgroup.procs", "tasks", "cgroup.threads"})
    host_.write(std::string("cpu/a/") + file, "1\n");
  EXPECT_EQ(update(), Changes{});
}

TEST_F(Tree, WriteToAGroupThatIsGoneByNowIsOnlyItsRemoval) {
  make_everywhere("a");
  start();
  update();
  host_.write("cpu/a/cpu.shares", "1");
  remove_everywhere("a");
  EXPECT_EQ(update(), (Changes{{}, {}, {}, {"/a"}}));
}

TEST_F(Tree, SymbolicLinksAreNoGroups) {
  make("cpu/a");
  std::filesystem::create_directory_symlink(host_.path() + "/cpu/a", host_.path() + "/cpu/link");
  start();
  EXPECT_EQ(update().added, (Strings{"/", "/a"}));
  std::filesystem::create_directory_symlink(host_.path() + "/cpu/a", host_.path() + "/cpu/later");
  EXPECT_EQ(update(), Changes{});
}

TEST_F(Tree, NotificationDescriptorIsReadableWhenThereIsSomething) {
  start();
  update();
  pollfd waiting{tree_->notification_fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&waiting, 1, 0), 0);
  make("cpu/a");
  EXPECT_EQ(::poll(&waiting, 1, 0), 1);
  update();
  EXPECT_EQ(::poll(&waiting, 1, 0), 0);
}

// read() calls of this process so far, by the kernel's account (proc_pid_io(5)).
long reads_so_far() {
  std::ifstream io("/proc/self/io");
  for (std::string key; io >> key;)
    if (long value = 0; key == "syscr:" && io >> value) return value;
  return -1;
}

TEST_F(Tree, UpdateWithNothingToDoIsOneRead) {
  make_everywhere("a/b");
  start();
  update();
  long before = reads_so_far();
  if (before < 0) GTEST_SKIP() << "/proc/self/io: this kernel counts no system calls";
  const long counting = reads_so_far() - before;
  before = reads_so_far();
  for (int i = 0; i < 1000; ++i) static_cast<void>(tree_->update());
  EXPECT_EQ(reads_so_far() - before - counting, 1000);
}

TEST_F(Tree, CapsAreCountedAndLiftedByTheNextWalk) {
  make("cpu/a/b/c/d");
  make("cpu/e");
  TreeOptions options;
  options.max_depth = 2;
  start(options);
  EXPECT_EQ(update().added, (Strings{"/", "/a", "/a/b", "/e"}));
  EXPECT_EQ(tree_->stats().skipped, 1U) << "/a/b/c, what is below it is not looked at";
  make("cpu/a/b/c2");
  EXPECT_EQ(update(), Changes{});
  EXPECT_EQ(tree_->stats().skipped, 2U);

  TreeOptions few;
  few.max_cgroups = 3;
  start(few);
  EXPECT_EQ(update().added.size(), 3U);
  EXPECT_GT(tree_->stats().skipped, 0U);
  host_.remove("cpu/a");
  update();
  clock_.advance(few.rescan_interval);
  update();
  EXPECT_EQ(tree_->stats().skipped, 0U);
  EXPECT_EQ(tree_->stats().cgroups, 2U) << "/ and /e";
}

TEST_F(Tree, BirthIsNeverBeforeBoot) {
  make("cpu/a");
  host_.write("cpu/a/cgroup.clone_children", "0\n");
  const timespec old_times[2] = {{1'000'000'000, 0}, {1'000'000'000, 0}};
  ASSERT_EQ(
      ::utimensat(AT_FDCWD, (host_.path() + "/cpu/a/cgroup.clone_children").c_str(), old_times, 0),
      0);
  start();
  TreeChanges changes = tree_->update();
  EXPECT_EQ(changes.added.back()->path, "/a");
  EXPECT_EQ(changes.added.back()->created, WallTime(seconds(1'000'000'000)))
      << "the file that nobody writes is the older one";
  TreeOptions options;
  options.boot = WallTime(seconds(1'500'000'000));
  start(options);
  changes = tree_->update();
  EXPECT_EQ(changes.added.back()->created, options.boot);
}

TEST(BootTime, IsTheBtimeLine) {
  const auto boot = parse_boot_time("cpu  1 2 3\nctxt 5\nbtime 1700000000\nprocesses 9\n");
  ASSERT_TRUE(boot) << boot.error().message();
  EXPECT_EQ(*boot, WallTime(seconds(1'700'000'000)));
  EXPECT_EQ(parse_boot_time("").error().kind, ErrorKind::kNotOffered);
  EXPECT_EQ(parse_boot_time("btime soon\n").error().subject, "btime soon");
}

TEST(CgroupTreeCreate, NeedsAHierarchy) {
  const Layout none;
  const FakeClock clock;
  EXPECT_EQ(CgroupTree::create(none, clock).error().kind, ErrorKind::kNotOffered);
}

}  // namespace
}  // namespace plimsoll::cgroupfs
