// What notifications do not tell: refused watches, overflow, unreadable directories.
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "cgroupfs/tree/test_fake_host.h"

namespace plimsoll::cgroupfs {
namespace {

using Strings = std::vector<std::string>;

class BlindTree : public FakeHost {};

TEST_F(BlindTree, WithoutNotificationsWalksAtTheBlindInterval) {
  make_everywhere("a");
  TreeOptions options;
  options.max_watches = 0;
  start(options);
  update();
  EXPECT_EQ(tree_->notification_fd(), -1);
  EXPECT_EQ(tree_->stats().watches, 0U);
  EXPECT_EQ(tree_->stats().watches_refused, 6U) << "2 directories in 3 hierarchies";
  make_everywhere("b");
  remove_everywhere("a");
  EXPECT_EQ(update(), Changes{}) << "nothing tells";
  clock_.advance(options.blind_rescan_interval);
  EXPECT_EQ(update(), (Changes{{"/b"}, {}, {}, {"/a"}}));
  EXPECT_EQ(tree_->stats().rescans, 6U);
}

TEST_F(BlindTree, WalkSeesARemovedAndRemadeGroupAsAnother) {
  make_everywhere("a/b");
  TreeOptions options;
  options.max_watches = 0;
  start(options);
  update();
  pin_inodes("a");
  pin_inodes("a/b");
  remove_everywhere("a");
  make_everywhere("a/b");
  clock_.advance(options.blind_rescan_interval);
  EXPECT_EQ(update(), (Changes{{"/a", "/a/b"}, {}, {}, {"/a", "/a/b"}}));
}

// The first hierarchy has all its watches, the others none.
TEST_F(BlindTree, AWatchedHierarchyTellsWhereToLookInTheOthers) {
  TreeOptions options;
  options.max_watches = 1;
  start(options);
  update();
  EXPECT_EQ(tree_->stats().watches, 1U);
  EXPECT_EQ(tree_->stats().watches_refused, 2U);
  make("memory/a");
  make("unified/a");
  make("cpu/a");
  const TreeChanges changes = tree_->update();
  EXPECT_EQ(as_paths(changes), (Changes{{"/a"}, {}, {}, {}}));
  EXPECT_TRUE(changes.added[0]->in(memory_));
  EXPECT_EQ(tree_->stats().rescans, 3U);
  remove_everywhere("a");
  EXPECT_EQ(update(), (Changes{{}, {}, {}, {"/a"}}));
}

// "/a" is there in memory by the time its child is looked for, but nothing told of it.
TEST_F(BlindTree, AGroupIsNeverKnownWithoutItsParent) {
  make("cpu/a");
  TreeOptions options;
  options.max_watches = 2;  // cpu's root and cpu's "/a".
  start(options);
  update();
  make("memory/a/b");
  make("cpu/a/b");
  const TreeChanges changes = tree_->update();
  ASSERT_EQ(as_paths(changes), (Changes{{"/a/b"}, {"/a"}, {}, {}}));
  EXPECT_TRUE(changes.added[0]->in(memory_));
  EXPECT_TRUE(changes.changed[0]->in(memory_));
  host_.remove("memory/a");
  host_.remove("cpu/a");
  EXPECT_EQ(update(), (Changes{{}, {}, {}, {"/a", "/a/b"}}));
}

TEST_F(BlindTree, OnlyHierarchiesThatLackWatchesAreWalkedAtTheBlindInterval) {
  TreeOptions options;
  options.max_watches = 1;
  start(options);
  update();
  clock_.advance(options.blind_rescan_interval);
  update();
  EXPECT_EQ(tree_->stats().rescans, 3U + 2U);
}

TEST_F(BlindTree, RefusedWatchesAreTriedAgainByTheNextWalk) {
  make("cpu/a");
  TreeOptions options;
  options.max_watches = 3;  // Of 4 directories.
  start(options);
  update();
  EXPECT_EQ(tree_->stats().watches_refused, 1U);
  host_.remove("cpu/a");
  update();
  clock_.advance(options.blind_rescan_interval);
  update();
  EXPECT_EQ(tree_->stats().watches_refused, 0U);
  EXPECT_EQ(tree_->stats().watches, 3U);
}

TEST_F(BlindTree, WalksAreStaggeredAndEachHierarchyHasItsTurn) {
  const TreeOptions options;
  start(options);
  update();
  for (std::uint64_t turn = 1; turn <= 6; ++turn) {
    clock_.advance(options.rescan_interval / 3);
    update();
    EXPECT_EQ(tree_->stats().rescans, 3U + turn);
  }
  clock_.advance(options.rescan_interval);
  update();
  EXPECT_EQ(tree_->stats().rescans, 3U + 6U + 3U);
}

// The kernel's queue holds fs.inotify.max_queued_events (16384 by default).
TEST_F(BlindTree, QueueOverflowIsFollowedByAWalk) {
  int limit = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> limit;
  if (limit <= 0 || limit > 100'000)
    GTEST_SKIP() << "max_queued_events is " << limit << ": filling the queue would take too long";
  make_everywhere("a");
  make_everywhere("kept");
  host_.write("cpu/even", "");
  host_.write("cpu/odd", "");
  start();
  update();
  remove_everywhere("a");
  make_everywhere("b");
  // Equal neighbours would be merged, so two files in turn.
  const DirFd cpu = *open_dir((host_.path() + "/cpu").c_str());
  const Fd even = *open_at(cpu, "even", O_WRONLY);
  const Fd odd = *open_at(cpu, "odd", O_WRONLY);
  for (int i = 0; i <= limit; ++i)
    ASSERT_EQ(::pwrite(i % 2 == 0 ? even.get() : odd.get(), "x", 1, 0), 1);
  make_everywhere("c");  // Lost.
  EXPECT_EQ(update(), (Changes{{"/b", "/c"}, {}, {"/", "/kept"}, {"/a"}}))
      << "a write to /kept may be among what was lost";
  EXPECT_EQ(tree_->stats().overflows, 1U);
  make_everywhere("d");
  EXPECT_EQ(update().added, Strings{"/d"});
}

// Root may look everywhere. Another fsuid takes that away from this thread, also for what was
// opened before.
class AsNobody {
 public:
  AsNobody() : old_(static_cast<uid_t>(::setfsuid(65534))) {}
  ~AsNobody() { ::setfsuid(old_); }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;

 private:
  uid_t old_;
};

TEST_F(BlindTree, UnreadableDirectoriesAreCountedAndNotTakenForRemoved) {
  make("cpu/secret/below");
  make("cpu/open");
  start();
  update();
  ASSERT_EQ(::chmod((host_.path() + "/cpu/secret").c_str(), 0), 0);
  host_.remove("cpu/open");
  {
    const AsNobody nobody;
    clock_.advance(std::chrono::seconds(60));
    EXPECT_EQ(update(), (Changes{{}, {}, {}, {"/open"}}));
  }
  EXPECT_EQ(tree_->stats().unreadable, 1U);
  EXPECT_EQ(tree_->stats().cgroups, 3U);
  ASSERT_EQ(::chmod((host_.path() + "/cpu/secret").c_str(), 0755), 0);
}

// The walk goes from directory to directory, so no path is too long for it.
TEST_F(BlindTree, PathsLongerThanTheKernelTakesAreWalked) {
  const std::string name(200, 'n');
  DirFd at = *open_dir((host_.path() + "/cpu").c_str());
  for (int i = 0; i < 25; ++i) {
    ASSERT_EQ(::mkdirat(at.get(), name.c_str(), 0755), 0);
    at = *open_dir_at(at, name.c_str());
  }
  start();
  EXPECT_EQ(update().added.size(), 26U);
  EXPECT_EQ(tree_->stats().watches_refused, 0U);
  clock_.advance(std::chrono::seconds(60));
  EXPECT_EQ(update(), Changes{});
}

}  // namespace
}  // namespace plimsoll::cgroupfs
