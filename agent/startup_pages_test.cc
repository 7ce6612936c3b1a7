#include "agent/startup_pages.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace plimsoll::agent {
namespace {

constexpr std::string_view kSmaps =
    "55d0c0000000-55d0c0010000 r--p 00000000 fe:00 17    /usr/bin/plimsoll\n"
    "Size:                 64 kB\n"
    "Anonymous:             0 kB\n"
    "VmFlags: rd mr mw me\n"
    "55d0c0010000-55d0c0030000 r-xp 00010000 fe:00 17    /usr/bin/plimsoll\n"
    "Anonymous:             0 kB\n"
    "55d0c0030000-55d0c0034000 r--p 00030000 fe:00 17    /usr/bin/plimsoll\n"
    "Anonymous:            16 kB\n"
    "55d0c0034000-55d0c0036000 rw-p 00034000 fe:00 17    /usr/bin/plimsoll\n"
    "Anonymous:             0 kB\n"
    "55d0c1000000-55d0c1021000 rw-p 00000000 00:00 0     [heap]\n"
    "Anonymous:           132 kB\n"
    "7f0000000000-7f0000001000 r--s 00000000 fe:00 99    /var/lib/shared\n"
    "Anonymous:             0 kB\n"
    "7f0000002000-7f0000003000 r-xp 00000000 00:00 0     [vdso]\n"
    "Anonymous:             0 kB\n"
    "7f0000004000-7f0000005000 r--p 00000000 00:00 0 \n"
    "Anonymous:             0 kB\n";

TEST(StartupPages, OnlyWhatAFileCanRefillIsClean) {
  const auto clean = clean_file_pages(kSmaps);
  ASSERT_TRUE(clean) << clean.error().message();
  EXPECT_EQ(*clean, (std::vector<PageRange>{{0x55d0c0000000, 0x55d0c0010000},
                                            {0x55d0c0010000, 0x55d0c0030000}}));
}

TEST(StartupPages, WithoutItsOwnCountAMappingIsLeftAlone) {
  const auto clean = clean_file_pages("1000-2000 r-xp 00000000 fe:00 17 /a\nSize: 4 kB\n");
  ASSERT_TRUE(clean);
  EXPECT_TRUE(clean->empty());
}

TEST(StartupPages, MalformedNamesTheLine) {
  for (const std::string line :
       {"nonsense", "2000-1000 r-xp 0 fe:00 17 /a", "1000 r-xp 0 fe:00 17 /a", "Anonymous: 0 kB"}) {
    const auto clean = clean_file_pages(line + "\n");
    ASSERT_FALSE(clean) << line;
    EXPECT_EQ(clean.error().kind, ErrorKind::kMalformed);
    EXPECT_EQ(clean.error().subject, line);
  }
}

std::uint64_t resident_file_kib() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word)
    if (word == "RssFile:") {
      std::uint64_t kib = 0;
      status >> kib;
      return kib;
    }
  return 0;
}

TEST(StartupPages, CodeIsLetGoAndRunsOn) {
  const std::uint64_t before = resident_file_kib();
  const auto released = release_startup_pages();
  const std::uint64_t after = resident_file_kib();
  ASSERT_TRUE(released) << released.error().message();
  EXPECT_GT(*released, 0U);
  EXPECT_LT(after, before);
}

}  // namespace
}  // namespace plimsoll::agent
