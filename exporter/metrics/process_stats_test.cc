#include "exporter/metrics/process_stats.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/temp_tree.h"

namespace plimsoll::exporter {
namespace {

constexpr ProcessUnits kUnits{.ticks_per_second = 100, .page_bytes = 4096};
constexpr const char* kStat =
    "4711 (a b) c) S 1 4711 4711 0 -1 4194560 900 0 1 0 250 51 0 0 20 0 3 0 12345 11173888 700 "
    "18446744073709551615 1 1 0 0 0 0 0 4096 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n";

TEST(ProcessStat, ReadsPastANameWithParentheses) {
  const auto stats = parse_process_stat(kStat, kUnits);
  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->cpu_ns, 3'010'000'000U);
  EXPECT_EQ(stats->threads, 3U);
  EXPECT_EQ(stats->start_ns, 123'450'000'000U);
  EXPECT_EQ(stats->virtual_bytes, 11'173'888U);
  EXPECT_EQ(stats->resident_bytes, 700U * 4096);
}

TEST(ProcessStat, MalformedNamesTheLine) {
  for (const char* text : {"", "4711 no name S 1", "4711 (a) S 1 2", "4711 (a) S 1 2 3 0 x 1"}) {
    const auto stats = parse_process_stat(text, kUnits);
    ASSERT_FALSE(stats) << text;
    EXPECT_EQ(stats.error().kind, ErrorKind::kMalformed);
    EXPECT_EQ(stats.error().subject, text);
  }
}

TEST(MaxOpenFiles, IsTheSoftLimit) {
  constexpr const char* kHead = "Limit                     Soft Limit  Hard Limit  Units\n";
  const auto with = [&](const char* line) {
    return parse_max_open_files(kHead + std::string(line));
  };
  EXPECT_EQ(with("Max open files            1024        524288      files\n"), 1024U);
  EXPECT_EQ(with("Max open files            unlimited   unlimited   files\n"), std::nullopt);
  EXPECT_EQ(with("Max processes             1024        524288      processes\n"), std::nullopt);
  EXPECT_EQ(with("Max open files"), std::nullopt);
}

TEST(ProcessStats, AreOfThisProcess) {
  const auto proc = open_dir("/proc");
  ASSERT_TRUE(proc);
  const ProcessStats before = read_process_stats(*proc);
  ASSERT_TRUE(before.open_fds && before.resident_bytes && before.start_ns && before.threads);
  EXPECT_GT(*before.resident_bytes, 0U);
  EXPECT_GE(*before.threads, 1U);

  std::size_t listed = 0;
  for ([[maybe_unused]] const auto& fd : std::filesystem::directory_iterator("/proc/self/fd"))
    ++listed;
  EXPECT_EQ(*before.open_fds, listed - 1);  // Without the iterator's own.
  const Fd more(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(read_process_stats(*proc).open_fds, *before.open_fds + 1);
}

TEST(ProcessStats, AreAbsentWithoutAProcFileSystem) {
  const TempTree tree;
  const auto proc = open_dir(tree.path().c_str());
  ASSERT_TRUE(proc);
  EXPECT_EQ(read_process_stats(*proc), ProcessStats());
}

}  // namespace
}  // namespace plimsoll::exporter
