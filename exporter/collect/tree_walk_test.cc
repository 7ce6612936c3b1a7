// The size of a directory tree: what counts, what does not, and stopping in the middle.
#include "exporter/collect/tree_walk.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/temp_tree.h"

namespace plimsoll::exporter {
namespace {

Fd open_top(const std::string& path) {
  return Fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

std::uint64_t blocks_of(const std::string& path) {
  struct stat info{};
  EXPECT_EQ(::lstat(path.c_str(), &info), 0) << path;
  return static_cast<std::uint64_t>(info.st_blocks) * 512;
}

// The long way: every name below `path`, itself included.
std::uint64_t blocks_below(const std::string& path) {
  std::uint64_t sum = blocks_of(path);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path))
    sum += blocks_of(entry.path());
  return sum;
}

TreeWalk walk(const std::string& path) {
  TreeWalk walk(open_top(path));
  EXPECT_EQ(walk.step([] { return false; }), TreeWalk::Step::kDone);
  return walk;
}

TEST(TreeWalk, SumsBlocksOfEverything) {
  const TempTree tree{{"a/b/large", std::string(100'000, 'x')}, {"a/small", "x"}, {"empty/", ""}};
  const TreeWalk done = walk(tree.path());
  EXPECT_EQ(done.bytes(), blocks_below(tree.path()));
  EXPECT_GE(done.bytes(), 100'000U);
  EXPECT_EQ(done.inodes(), 6U) << "the top, a, b, empty and two files";
  EXPECT_EQ(done.denied(), 0U);
}

TEST(TreeWalk, HardLinksCountOnce) {
  const TempTree tree{{"file", std::string(50'000, 'x')}, {"dir/", ""}};
  const std::uint64_t before = walk(tree.path()).bytes();
  ASSERT_EQ(::link((tree.path() + "/file").c_str(), (tree.path() + "/dir/again").c_str()), 0);
  const TreeWalk done = walk(tree.path());
  EXPECT_EQ(done.bytes(), before);
  EXPECT_EQ(done.inodes(), 3U);
}

TEST(TreeWalk, SymbolicLinksAreNotFollowed) {
  const TempTree outside{{"large", std::string(200'000, 'x')}};
  const TempTree tree{{"file", "x"}};
  ASSERT_EQ(::symlink(outside.path().c_str(), (tree.path() + "/link").c_str()), 0);
  ASSERT_EQ(::symlink(".", (tree.path() + "/loop").c_str()), 0);
  EXPECT_LT(walk(tree.path()).bytes(), 100'000U);
  EXPECT_EQ(walk(tree.path()).inodes(), 4U) << "a link is an inode too";
}

TEST(TreeWalk, StopsAndGoesOn) {
  TempTree tree;
  for (int i = 0; i < 20; ++i)
    for (int j = 0; j < 10; ++j)
      tree.write("d" + std::to_string(i) + "/f" + std::to_string(j), "x");
  const TreeWalk whole = walk(tree.path());
  TreeWalk sliced(open_top(tree.path()));
  int slices = 1;
  while (sliced.step([] { return true; }) == TreeWalk::Step::kMore) ++slices;
  EXPECT_GT(slices, 10);
  EXPECT_EQ(sliced.bytes(), whole.bytes());
  EXPECT_EQ(sliced.inodes(), 1U + 20 + 20 * 10);
}

int open_descriptors() {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
    count += entry.is_symlink() ? 1 : 0;
  return count;
}

TEST(TreeWalk, DeepTreesKeepFewDirectoriesOpen) {
  const TempTree tree;
  std::string path;
  std::uint64_t inodes = 1;
  for (int i = 0; i < 30; ++i) {
    path += "d/";
    tree.write(path + "before", "x");
    tree.write(path + "z/inside", std::string(10'000, 'x'));
    inodes += 4;
  }
  const int before = open_descriptors();
  TreeWalk deep(open_top(tree.path()));
  int most = 0;
  while (deep.step([] { return true; }) == TreeWalk::Step::kMore)
    most = std::max(most, open_descriptors() - before);
  EXPECT_LE(most, 10);
  EXPECT_GE(most, 5);
  EXPECT_EQ(deep.denied(), 0U);
  EXPECT_EQ(deep.inodes(), inodes) << "nothing lost on the way back up";
  EXPECT_EQ(deep.bytes(), blocks_below(tree.path()));
  EXPECT_EQ(open_descriptors(), before);
}

TEST(TreeWalk, DirectoryMovedAwayUnderUsIsNotFollowedOut) {
  const TempTree tree{{"top/1/2/3/4/5/6/7/8/9/10/11/12/file", "x"}, {"elsewhere/x", "x"}};
  TreeWalk walk(open_top(tree.path() + "/top"));
  // A slice is 16 questions and a level takes five: after four slices we are near the bottom, and
  // the descriptors of the upper levels are closed.
  for (int slice = 0; slice < 4; ++slice)
    ASSERT_EQ(walk.step([] { return true; }), TreeWalk::Step::kMore);
  ASSERT_EQ(::rename((tree.path() + "/top/1/2").c_str(), (tree.path() + "/elsewhere/2").c_str()),
            0);
  EXPECT_EQ(walk.step([] { return false; }), TreeWalk::Step::kDone);
  EXPECT_EQ(walk.denied(), 1U);
  EXPECT_LE(walk.inodes(), 14U) << "elsewhere is not ours";
}

TEST(TreeWalk, VanishedTopIsEmpty) {
  TreeWalk none{Fd()};
  EXPECT_EQ(none.step([] { return false; }), TreeWalk::Step::kDone);
  EXPECT_EQ(none.bytes(), 0U);
}

}  // namespace
}  // namespace plimsoll::exporter
