#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <string>
#include <vector>

#include "base/read_file.h"
#include "base/temp_tree.h"
#include "runtime/shim/client.h"
#include "runtime/shim/exit_record.h"
#include "runtime/shim/log_file.h"
#include "runtime/shim/log_line.h"
#include "runtime/shim/memory_events.h"
#include "runtime/shim/options.h"

namespace plimsoll::shim {
namespace {

constexpr WallTime kThen{std::chrono::nanoseconds(1'000'000'001)};

std::string line(std::string_view text) {
  std::string out;
  append_log_line(out, text, "stdout", kThen);
  return out;
}

TEST(LogLine, IsDockersJson) {
  EXPECT_EQ(line("hello\n"),
            "{\"log\":\"hello\\n\",\"stream\":\"stdout\","
            "\"time\":\"1970-01-01T00:00:01.000000001Z\"}\n");
  EXPECT_TRUE(line("\"\\\t\r\x01\x7f").starts_with(R"({"log":"\"\\\t\r\u0001\u007f")"));
  EXPECT_TRUE(line("a\xff").starts_with("{\"log\":\"a\xef\xbf\xbd\""));
}

std::vector<std::string> cut(const std::vector<std::string>& reads) {
  LineCutter cutter;
  std::vector<std::string> lines;
  const auto keep = [&](std::string_view text) { lines.emplace_back(text); };
  for (const std::string& bytes : reads) cutter.feed(bytes, keep);
  lines.emplace_back("|");
  cutter.finish(keep);
  return lines;
}

TEST(LineCutter, JoinsWhatWasReadInPieces) {
  EXPECT_EQ(cut({"a", "b\nc\n", "d"}), (std::vector<std::string>{"ab\n", "c\n", "|", "d"}));
  EXPECT_EQ(cut({"\n\n"}), (std::vector<std::string>{"\n", "\n", "|"}));
}

TEST(LineCutter, KeepsNoMoreThanAPiece) {
  const std::string much(kMaxPiece + 5, 'x');
  const auto lines = cut({much.substr(0, 100), much.substr(100), "\n"});
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0].size(), kMaxPiece);
  EXPECT_EQ(lines[1], "xxxxx\n");
}

std::string text(const TempTree& tree, const char* name) {
  const DirFd dir = *open_dir(tree.path().c_str());
  const auto read = read_file_at(dir, name);
  return read ? *read : "none";
}

TEST(LogFile, RotatesAsDockerDoes) {
  const TempTree tree;
  auto log = LogFile::open(tree.path() + "/log", {.max_bytes = 10, .max_files = 3});
  ASSERT_TRUE(log);
  for (const char* one : {"1234567\n", "abcdefg\n", "3\n", "ABCDEFG\n", "xyz\n"}) log->append(one);
  EXPECT_EQ(text(tree, "log"), "xyz\n");
  EXPECT_EQ(text(tree, "log.1"), "ABCDEFG\n");
  EXPECT_EQ(text(tree, "log.2"), "abcdefg\n3\n");
  EXPECT_EQ(text(tree, "log.3"), "none");
  EXPECT_EQ(log->lost(), 0U);
}

TEST(LogFile, ManyLinesAtOnceAreSharedOut) {
  const TempTree tree;
  auto log = LogFile::open(tree.path() + "/log", {.max_bytes = 10, .max_files = 4});
  ASSERT_TRUE(log);
  log->append("1\n2\n3\n4\n5\n6\nlonger than ten\n7\n");
  EXPECT_EQ(text(tree, "log"), "7\n");
  EXPECT_EQ(text(tree, "log.1"), "longer than ten\n");
  EXPECT_EQ(text(tree, "log.2"), "6\n");
  EXPECT_EQ(text(tree, "log.3"), "1\n2\n3\n4\n5\n");
  EXPECT_EQ(log->lost(), 0U);
}

TEST(LogFile, OneFileBeginsAnewAndAnOldOneGoesOn) {
  const TempTree tree{{"log", "12345\n"}};
  {
    auto log = LogFile::open(tree.path() + "/log", {.max_bytes = 20});
    ASSERT_TRUE(log);
    log->append("67890\n");
    EXPECT_EQ(text(tree, "log"), "12345\n67890\n");
    log->append("a line that is longer than all\n");
    EXPECT_EQ(text(tree, "log"), "a line that is longer than all\n");
  }
  EXPECT_EQ(text(tree, "log.1"), "none");
}

TEST(LogFile, NeverHoldsTheContainer) {
  if (::access("/dev/full", W_OK) != 0) GTEST_SKIP() << "this machine has no /dev/full";
  auto log = LogFile::open("/dev/full", {});
  ASSERT_TRUE(log) << log.error().message();
  log->append("gone\n");
  EXPECT_EQ(log->lost(), 5U);
}

TEST(ExitRecord, ReadsAsItWasWritten) {
  const ExitRecord killed = exit_record(7, 9, kThen);
  EXPECT_EQ(killed.exit_code, 137);
  EXPECT_EQ(killed.signal, 9);
  EXPECT_EQ(exit_record(7, 3 << 8, kThen).exit_code, 3);
  const auto again = parse_exit_record(to_text(killed));
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(*again, killed);
}

TEST(ExitRecord, AnOomKillIsToldWhereThereWasOne) {
  ExitRecord record = exit_record(7, 9, kThen);
  EXPECT_EQ(to_text(record).find("oom_kill"), std::string::npos);
  record.oom_kill = true;
  const auto again = parse_exit_record(to_text(record));
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(*again, record);
}

TEST(ExitRecord, ATornOneIsNone) {
  ExitRecord record = exit_record(7, 9, kThen);
  for (const bool oom_kill : {false, true}) {
    record.oom_kill = oom_kill;
    const std::string whole = to_text(record);
    for (std::size_t cut = 0; cut < whole.size(); ++cut)
      EXPECT_FALSE(parse_exit_record(whole.substr(0, cut))) << cut;
    EXPECT_FALSE(parse_exit_record(whole + "x"));
  }
  EXPECT_FALSE(parse_exit_record(R"({"pid":-1,"exit_code":0,"signal":0,"at":"","log_lost":0})"));
}

TEST(MemoryEvents, TheUnifiedGroupAmongThoseOfV1) {
  const auto group = unified_group("4:memory:/a\n0::/plimsoll.slice/plimsoll-x.scope\n");
  ASSERT_TRUE(group) << group.error().message();
  EXPECT_EQ(*group, "/plimsoll.slice/plimsoll-x.scope");
  EXPECT_FALSE(unified_group("4:memory:/a\n"));
  EXPECT_FALSE(unified_group(""));
}

TEST(MemoryEvents, OnlyKillsCount) {
  EXPECT_TRUE(has_oom_kill("low 0\nhigh 0\nmax 71\noom 1\noom_kill 1\noom_group_kill 0\n"));
  EXPECT_FALSE(has_oom_kill("low 0\nhigh 0\nmax 71\noom 1\noom_kill 0\noom_group_kill 0\n"));
  EXPECT_FALSE(has_oom_kill("oom_group_kill 1\n"));
  EXPECT_FALSE(has_oom_kill(""));
}

TEST(ExitRecord, ReplacesWhatIsThere) {
  const TempTree tree{{"exit.json", "old"}};
  const DirFd dir = *open_dir(tree.path().c_str());
  ASSERT_TRUE(write_exit_record(dir, exit_record(7, 0, kThen)));
  const auto seen = look(dir);
  ASSERT_TRUE(seen) << seen.error().message();
  EXPECT_EQ(seen->state, Look::State::kEnded);
  EXPECT_EQ(seen->exit->pid, 7);
  EXPECT_EQ(text(tree, "exit.json.new"), "none");
}

TEST(Look, WithoutALockThereIsNoKeeper) {
  const TempTree tree;
  const DirFd dir = *open_dir(tree.path().c_str());
  EXPECT_EQ(look(dir)->state, Look::State::kLost);
  tree.write("shim.lock", "");
  EXPECT_EQ(look(dir)->state, Look::State::kLost);
  tree.write("exit.json", "{\"pid\":1,");
  EXPECT_FALSE(look(dir)) << "half a record is none";
}

std::string why_not(std::vector<std::string> words) {
  words.insert(words.begin(), "plimsoll-shim");
  std::vector<char*> argv;
  argv.reserve(words.size());
  for (std::string& word : words) argv.push_back(word.data());
  const auto options = parse_options(argv);
  return options ? "accepted" : options.error().message();
}

TEST(ShimOptions, NameWhatIsWrong) {
  EXPECT_EQ(why_not({"--dir", "/d", "--pid-file", "/p", "--terminal", "--log", "/l",
                     "--log-max-size", "100", "--log-max-files", "3", "--", "run", "--x"}),
            "accepted");
  EXPECT_NE(why_not({"--dir", "/d", "--", "run"}).find("--pid-file"), std::string::npos);
  EXPECT_NE(why_not({"--dir", "/d", "--pid-file", "/p"}).find("no command"), std::string::npos);
  EXPECT_NE(why_not({"--log-max-size", "1x"}).find("--log-max-size"), std::string::npos);
  EXPECT_NE(why_not({"--log-max-files", "0"}).find("--log-max-files"), std::string::npos);
  EXPECT_NE(why_not({"--ready-fd", "1"}).find("--ready-fd"), std::string::npos);
  EXPECT_NE(why_not({"--colour", "red"}).find("--colour"), std::string::npos);
  EXPECT_NE(why_not({"--dir"}).find("--dir"), std::string::npos);
}

}  // namespace
}  // namespace plimsoll::shim
