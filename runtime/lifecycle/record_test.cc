#include "runtime/lifecycle/record.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/temp_tree.h"
#include "runtime/lifecycle/proc.h"

namespace plimsoll::runtime {
namespace {

TEST(Record, ComesBackAsItWasWritten) {
  Record record;
  record.id = "c";
  record.bundle = "/a b\n\\n";
  record.pid = 42;
  record.start_ticks = 4711;
  record.cgroup.places = {{"cpu,cpuacct", "/sys/fs/cgroup/cpu/c c"}, {"", "/sys/fs/cgroup/u/c"}};
  const Result<Record> read = decode_record(encode(record));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->bundle, record.bundle);
  EXPECT_EQ(read->pid, 42);
  EXPECT_EQ(read->start_ticks, 4711U);
  EXPECT_EQ(read->cgroup, record.cgroup);
}

TEST(Record, WithoutItsLastLineIsTorn) {
  EXPECT_FALSE(decode_record("id c\npid 4\n"));
  EXPECT_FALSE(decode_record(""));
}

TEST(Id, IsANameAndNoPath) {
  EXPECT_TRUE(check_id("a-Z_0.9+"));
  for (const char* bad : {"", ".", "..", "a/b", "../x", "a b", "a\n", "\xc3\xa4"})
    EXPECT_FALSE(check_id(bad)) << bad;
  EXPECT_FALSE(check_id(std::string(1025, 'a')));
}

TEST(StateDirectory, IsNobodyElsesAndAnIdIsTakenOnce) {
  const TempTree tree;
  const std::string path = tree.path() + "/a/b";
  const Result<DirFd> root = open_state_root(path);
  ASSERT_TRUE(root) << root.error().message();
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
  const Result<Directory> made = Directory::make(*root, "c");
  ASSERT_TRUE(made) << made.error().message();
  ASSERT_TRUE(made->write("record", "text"));
  EXPECT_EQ(*made->read("record"), "text");
  EXPECT_EQ(Directory::make(*root, "c").error().kind, ErrorKind::kBusy);
  EXPECT_EQ(*list_ids(*root), std::vector<std::string>{"c"});
  EXPECT_TRUE(made->remove(*root, "c"));
  EXPECT_EQ(Directory::open(*root, "c").error().kind, ErrorKind::kGone);
}

TEST(ProcessStat, TheNameMayContainAnything) {
  const auto state =
      parse_process_stat("7 (a) Z (b) S 1 7 7 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 98765 1 1");
  ASSERT_TRUE(state);
  EXPECT_EQ(state->state, 'S');
  EXPECT_EQ(state->start_ticks, 98765U);
  EXPECT_FALSE(state->has_ended());
  EXPECT_FALSE(parse_process_stat("7 (a) S 1"));
  EXPECT_FALSE(parse_process_stat(""));
}

TEST(ProcessStat, OursIsThereAndNobodysIsNot) {
  EXPECT_TRUE(look_at_process(::getpid()));
  EXPECT_FALSE(look_at_process(0x7ffffff0));
}

}  // namespace
}  // namespace plimsoll::runtime
