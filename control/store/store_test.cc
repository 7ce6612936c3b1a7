#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/temp_tree.h"
#include "control/store/dir_store.h"
#include "control/store/moment.h"

namespace plimsoll::control {
namespace {

std::unique_ptr<DirStore> open_store(const TempTree& tree) {
  auto store = DirStore::open(tree.path() + "/state");
  EXPECT_TRUE(store) << store.error().message();
  return store ? *std::move(store) : nullptr;
}

TEST(DirStore, KeepsWhatWasAppended) {
  const TempTree tree;
  ASSERT_TRUE(open_store(tree)->append("log", "one"));
  const auto store = open_store(tree);
  ASSERT_TRUE(store->append("log", "two"));
  ASSERT_TRUE(store->sync("log"));
  EXPECT_EQ(store->read("log").value_or("?"), "onetwo");
}

TEST(DirStore, AnAbsentFileIsNotAnEmptyOne) {
  const TempTree tree;
  const auto text = open_store(tree)->read("log");
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().kind, ErrorKind::kNotOffered);
}

TEST(DirStore, AppendsToWhatReplacedAFile) {
  const TempTree tree;
  const auto store = open_store(tree);
  ASSERT_TRUE(store->append("log", "long ago"));
  ASSERT_TRUE(store->replace("log", "new"));
  ASSERT_TRUE(store->append("log", "er"));
  EXPECT_EQ(store->read("log").value_or("?"), "newer");
  EXPECT_THAT(*store->list(), testing::ElementsAre("lock", "log"));
}

TEST(DirStore, ARenamedFileIsNotAppendedToAnyLonger) {
  const TempTree tree;
  const auto store = open_store(tree);
  ASSERT_TRUE(store->append("log", "first"));
  ASSERT_TRUE(store->rename("log", "log.1"));
  ASSERT_TRUE(store->append("log", "second"));
  EXPECT_EQ(store->read("log.1").value_or("?"), "first");
  EXPECT_EQ(store->read("log").value_or("?"), "second");
}

TEST(DirStore, HasOneOwnerAtATime) {
  const TempTree tree;
  const auto store = open_store(tree);
  const auto second = DirStore::open(tree.path() + "/state");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kBusy);
  EXPECT_THAT(second.error().message(), testing::HasSubstr(std::to_string(::getpid())));
}

TEST(DirStore, RefusesADirectoryThatOthersMayWrite) {
  const TempTree tree{{"state/", ""}};
  ASSERT_EQ(::chmod((tree.path() + "/state").c_str(), 0770), 0);
  const auto store = DirStore::open(tree.path() + "/state");
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().kind, ErrorKind::kDenied);
}

TEST(DirStore, NobodyElseReadsItsFiles) {
  const TempTree tree;
  ASSERT_TRUE(open_store(tree)->append("log", "x"));
  struct stat facts{};
  ASSERT_EQ(::stat((tree.path() + "/state/log").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
}

// A limit of the file size stands for a full disk: both take a part of the bytes, then none.
TEST(DirStore, CutsOffWhatAFullDiskTook) {
  const TempTree tree;
  const auto store = open_store(tree);
  ASSERT_TRUE(store->append("log", "0123456789"));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto ignored = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{.rlim_cur = 15, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto full = store->append("log", "abcdefghij");
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, ignored);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().os_error, EFBIG);
  EXPECT_EQ(store->read("log").value_or("?"), "0123456789");
  ASSERT_TRUE(store->append("log", "-"));
  EXPECT_EQ(store->read("log").value_or("?"), "0123456789-");
}

TEST(Moment, KnowsTheBoot) {
  const TempTree proc{{"sys/kernel/random/boot_id", "6f0b\n"}};
  const auto dir = open_dir(proc.path().c_str());
  ASSERT_TRUE(dir);
  const auto id = read_boot_id(*dir);
  ASSERT_TRUE(id) << id.error().message();
  EXPECT_EQ(*id, "6f0b");
  const Moment first = now(*id);
  const Moment second = now(*id);
  EXPECT_GT(first.since_boot.count(), 0);
  EXPECT_LE(first.since_boot, second.since_boot);
}

TEST(Moment, AnEmptyBootIdIsMalformed) {
  const TempTree proc{{"sys/kernel/random/boot_id", "\n"}};
  const auto dir = open_dir(proc.path().c_str());
  ASSERT_TRUE(dir);
  const auto id = read_boot_id(*dir);
  ASSERT_FALSE(id);
  EXPECT_EQ(id.error().kind, ErrorKind::kMalformed);
}

}  // namespace
}  // namespace plimsoll::control
