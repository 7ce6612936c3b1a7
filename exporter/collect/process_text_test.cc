#include "exporter/collect/process_text.h"

#include <gtest/gtest.h>

namespace plimsoll::exporter {
namespace {

TEST(SchedStatText, IsThreeNumbers) {
  EXPECT_EQ(parse_schedstat("2713441 65526 12\n"), (SchedStat{2'713'441, 65'526, 12}));
  EXPECT_EQ(parse_schedstat("1 2 3 4 of a newer kernel\n"), (SchedStat{1, 2, 3}));
  for (const char* bad : {"", "1 2", "1 2 x", "-1 2 3", "1 2 18446744073709551616"}) {
    const auto stat = parse_schedstat(bad);
    ASSERT_FALSE(stat) << bad;
    EXPECT_EQ(stat.error().kind, ErrorKind::kMalformed);
    EXPECT_EQ(stat.error().subject, bad);
  }
}

TEST(OpenFilesLimits, AreTheSoftAndTheHardOne) {
  const char* const text =
      "Limit                     Soft Limit           Hard Limit           Units     \n"
      "Max processes             95000                95000                processes \n"
      "Max open files            1024                 4096                 files     \n";
  EXPECT_EQ(parse_open_files_limit(text).value(),
            (OpenFilesLimit{Limit<std::uint64_t>(1024), Limit<std::uint64_t>(4096)}));
  EXPECT_EQ(parse_open_files_limit("Max open files  unlimited  unlimited  files\n").value(),
            OpenFilesLimit());
  EXPECT_EQ(parse_open_files_limit("").value(), std::nullopt);
  EXPECT_EQ(parse_open_files_limit("Max open files  many 1 files").error().subject,
            "Max open files  many 1 files");
  EXPECT_FALSE(parse_open_files_limit("Max open files"));
  EXPECT_FALSE(parse_open_files_limit("Max open files  1024"));
}

TEST(Referenced, IsTheSumOfItsLines) {
  EXPECT_EQ(parse_referenced("Rss: 8 kB\nReferenced:         1056 kB\nReferenced: 4 kB\n"),
            1060U * 1024);
  EXPECT_EQ(parse_referenced(""), 0U) << "a kernel thread";
  for (const char* bad : {"Referenced: 4", "Referenced: 4 MB", "Referenced: x kB",
                          "Referenced: 18014398509481984 kB"})
    EXPECT_EQ(parse_referenced(bad).error().subject, bad);
}

TEST(TaskState, StandsBehindTheName) {
  EXPECT_EQ(parse_task_state("7 (sh) S 1 7 7"), 'S');
  EXPECT_EQ(parse_task_state("7 (a) R (b) D 1 7 7"), 'D');
  for (const char* bad : {"", "7 sh S", "7 (sh)", "7 (sh) SS 1"})
    EXPECT_FALSE(parse_task_state(bad)) << bad;
}

}  // namespace
}  // namespace plimsoll::exporter
