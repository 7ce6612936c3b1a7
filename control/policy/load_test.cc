#include "control/policy/load.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/temp_tree.h"
#include "control/policy/test_policies.h"

namespace plimsoll::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kRule = "rules: [{name: a, match: {name: a}, limits: {pids.max: 5}}]\n";
const std::string kOther = "rules: [{name: b, match: {name: b}, limits: {pids.max: 5}}]\n";

class PolicyDirectory : public testing::Test {
 protected:
  PolicyDirectory() { ::umask(022); }
  [[nodiscard]] Loaded load() const { return load_directory(path(), WallTime(), ::geteuid()); }
  [[nodiscard]] std::string path() const { return tree_.path() + "/policy.d"; }
  void mode(const std::string& name, mode_t mode) const {
    ASSERT_EQ(::chmod((path() + "/" + name).c_str(), mode), 0);
  }
  void write(const std::string& name, const std::string& text) const {
    tree_.write("policy.d/" + name, text);
    mode(name, 0644);
  }
  TempTree tree_{{"policy.d/", ""}};
};

std::vector<std::string> names(const PolicySet& set) {
  std::vector<std::string> all;
  for (const Rule& rule : set.rules) all.push_back(rule.file + ":" + rule.name);
  return all;
}

TEST_F(PolicyDirectory, IsReadInTheOrderOfNames) {
  write("20-b.yaml", kOther);
  write("10-a.yaml", kRule);
  write("30.yaml", "");
  write(".hidden.yaml", "]");
  write("readme.txt", "]");
  const Loaded loaded = load();
  EXPECT_THAT(texts_of(loaded.problems), IsEmpty());
  EXPECT_THAT(names(loaded.set), ElementsAre("10-a.yaml:a", "20-b.yaml:b"));
  EXPECT_THAT(loaded.set.files, ElementsAre("10-a.yaml", "20-b.yaml", "30.yaml"));
  EXPECT_THAT(loaded.notes, ElementsAre(HasSubstr("readme.txt: not read")));
}

TEST_F(PolicyDirectory, ThatIsNotThereHasNoRules) {
  const Loaded loaded = load_directory(path() + "/none", WallTime(), ::geteuid());
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_THAT(loaded.notes, ElementsAre(HasSubstr("no policies")));
}

TEST_F(PolicyDirectory, FilesThatOthersMayWriteAreRefusedWithTheRemedy) {
  write("a.yaml", kRule);
  write("b.yaml", kOther);
  mode("a.yaml", 0664);
  mode("b.yaml", 0646);
  const Loaded loaded = load();
  EXPECT_THAT(texts_of(loaded.problems),
              ElementsAre(HasSubstr("a.yaml: may be written by others than its owner: chmod go-w "),
                          HasSubstr("b.yaml: may be written")));
  EXPECT_THAT(names(loaded.set), IsEmpty());
}

TEST_F(PolicyDirectory, ThatOthersMayWriteIsRefused) {
  write("a.yaml", kRule);
  ASSERT_EQ(::chmod(path().c_str(), 0777), 0);
  EXPECT_THAT(texts_of(load().problems), ElementsAre(HasSubstr("chmod go-w " + path())));
}

TEST_F(PolicyDirectory, FilesOfOthersAreRefused) {
  write("a.yaml", kRule);
  if (::geteuid() != 0) GTEST_SKIP() << "only root gives files away";
  ASSERT_EQ(::chown((path() + "/a.yaml").c_str(), 65534, 65534), 0);
  EXPECT_THAT(texts_of(load().problems),
              ElementsAre(HasSubstr("a.yaml: belongs to uid 65534, not to root: chown root ")));
}

TEST_F(PolicyDirectory, WhatIsNoFileIsSaidAndNotWaitedFor) {
  ASSERT_EQ(::mkfifo((path() + "/pipe.yaml").c_str(), 0600), 0);
  std::filesystem::create_directory(path() + "/sub.yaml");
  std::filesystem::create_symlink("nowhere", path() + "/zlink.yaml");
  EXPECT_THAT(texts_of(load().problems),
              ElementsAre(HasSubstr("pipe.yaml: is not a regular file"),
                          HasSubstr("sub.yaml: is not a regular file"), HasSubstr("zlink.yaml")));
}

TEST_F(PolicyDirectory, LinksAreFollowed) {
  tree_.write("elsewhere", kRule);
  ASSERT_EQ(::chmod((tree_.path() + "/elsewhere").c_str(), 0644), 0);
  std::filesystem::create_symlink("../elsewhere", path() + "/a.yaml");
  EXPECT_THAT(names(load().set), ElementsAre("a.yaml:a"));
}

TEST_F(PolicyDirectory, TiesBetweenFilesAreSaid) {
  write("1.yaml", "rules: [{name: a, match: {name: a*}, limits: {pids.max: 5}}]\n");
  write("2.yaml", "rules: [{name: b, match: {name: \"*\"}, limits: {pids.max: 6}}]\n");
  EXPECT_THAT(texts_of(load().problems),
              ElementsAre(HasSubstr("2.yaml:1:9: rules a (1.yaml:1) and b (2.yaml:1) both set "
                                    "pids.max")));
}

TEST_F(PolicyDirectory, MistakesLeaveTheRulesInForce) {
  write("a.yaml", kRule);
  PolicyBook book(path(), ::geteuid());
  EXPECT_TRUE(book.current()->rules.empty());
  EXPECT_THAT(book.reload(WallTime()).problems, IsEmpty());
  const auto before = book.current();
  EXPECT_THAT(names(*before), ElementsAre("a.yaml:a"));
  write("b.yaml", "rules: [{nam: b}]\n");
  write("a.yaml", kOther);
  EXPECT_FALSE(book.reload(WallTime()).problems.empty());
  EXPECT_EQ(book.current(), before);
  EXPECT_FALSE(book.problems().empty());
  write("b.yaml", "");
  EXPECT_THAT(book.reload(WallTime()).problems, IsEmpty());
  EXPECT_THAT(names(*book.current()), ElementsAre("a.yaml:b"));
  EXPECT_THAT(book.problems(), IsEmpty());
  EXPECT_THAT(names(*before), ElementsAre("a.yaml:a"));  // What was taken stays good.
}

TEST(PolicyFileByItself, IsCheckedWhoeverOwnsIt) {
  const TempTree tree{{"x.yaml", kRule}};
  ASSERT_EQ(::chmod((tree.path() + "/x.yaml").c_str(), 0666), 0);
  const Loaded loaded = load_file(tree.path() + "/x.yaml", WallTime());
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_THAT(names(loaded.set), ElementsAre(tree.path() + "/x.yaml:a"));
  EXPECT_THAT(texts_of(load_file(tree.path() + "/none.yaml", WallTime()).problems),
              ElementsAre(HasSubstr("none.yaml")));
}

}  // namespace
}  // namespace plimsoll::policy
