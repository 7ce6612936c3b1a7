#include "agent/stats/units.h"

#include <gtest/gtest.h>

namespace plimsoll::agent {
namespace {

struct Size {
  double bytes;
  const char* binary;
  const char* decimal;
};
class Sizes : public ::testing::TestWithParam<Size> {};

TEST_P(Sizes, AreWhatDockerPrints) {
  EXPECT_EQ(bytes_size(GetParam().bytes), GetParam().binary);
  EXPECT_EQ(human_size(GetParam().bytes), GetParam().decimal);
}

// Printed by docker 28.2.2 itself, but for 999500 and 999999, where it says "1e+03kB".
INSTANTIATE_TEST_SUITE_P(
    , Sizes,
    ::testing::Values(Size{0, "0B", "0B"}, Size{1, "1B", "1B"}, Size{999, "999B", "999B"},
                      Size{1000, "1000B", "1kB"}, Size{1023, "1023B", "1.02kB"},
                      Size{1024, "1KiB", "1.02kB"}, Size{1025, "1.001KiB", "1.02kB"},
                      Size{1500, "1.465KiB", "1.5kB"}, Size{9999, "9.765KiB", "10kB"},
                      Size{10239, "9.999KiB", "10.2kB"}, Size{99949, "97.61KiB", "99.9kB"},
                      Size{99950, "97.61KiB", "100kB"}, Size{999499, "976.1KiB", "999kB"},
                      Size{999500, "976.1KiB", "1MB"}, Size{999999, "976.6KiB", "1MB"},
                      Size{1000000, "976.6KiB", "1MB"}, Size{1048575, "1024KiB", "1.05MB"},
                      Size{1048576, "1MiB", "1.05MB"}, Size{1234567, "1.177MiB", "1.23MB"},
                      Size{12345678, "11.77MiB", "12.3MB"}, Size{123456789, "117.7MiB", "123MB"},
                      Size{1073741823, "1024MiB", "1.07GB"}, Size{1073741824, "1GiB", "1.07GB"},
                      Size{1234567890, "1.15GiB", "1.23GB"}, Size{1e12, "931.3GiB", "1TB"},
                      Size{1099511627776, "1TiB", "1.1TB"}, Size{8232402944, "7.667GiB", "8.23GB"},
                      Size{1e15, "909.5TiB", "1PB"}, Size{1125899906842624, "1PiB", "1.13PB"},
                      Size{1e18, "888.2PiB", "1EB"}, Size{1152921504606846976, "1EiB", "1.15EB"},
                      Size{95367432, "90.95MiB", "95.4MB"}, Size{1047552, "1023KiB", "1.05MB"},
                      Size{1048452, "1024KiB", "1.05MB"}));

TEST(HumanSize, StaysBelowTheLastUnit) {
  EXPECT_EQ(human_size(1.8e19), "18EB");
  EXPECT_EQ(human_size(9.996e26), "1e+03YB");  // There is no next unit.
}

TEST(Percentage, HasTwoDecimals) {
  EXPECT_EQ(percentage(0), "0.00%");
  EXPECT_EQ(percentage(12.345678), "12.35%");
  EXPECT_EQ(percentage(99.999), "100.00%");
  EXPECT_EQ(percentage(1234.5), "1234.50%");
}

TEST(Decimal, DropsWhatAFloatDoesNotCarry) {
  EXPECT_EQ(decimal(static_cast<double>(0.123F) * 100), "12.3");
  EXPECT_EQ(decimal(0.5), "0.5");
  EXPECT_EQ(decimal(400), "400");
}

TEST(GoDuration, IsWhatPodmanPrints) {
  EXPECT_EQ(go_duration(0), "0s");
  EXPECT_EQ(go_duration(999), "999ns");
  EXPECT_EQ(go_duration(1500), "1.5µs");
  EXPECT_EQ(go_duration(12'500'000), "12.5ms");
  EXPECT_EQ(go_duration(1'234'567'890), "1.23456789s");
  EXPECT_EQ(go_duration(61'500'000'000), "1m1.5s");
  EXPECT_EQ(go_duration(3'600'000'000'000), "1h0m0s");
}

TEST(Printable, NeverDrivesTheTerminal) {
  EXPECT_EQ(printable("web\033[31m\n"), "web?[31m?");
  EXPECT_EQ(printable("caf\xC3\xA9"), "café");
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m"),
            "?31m");  // The one-character escape of C1.
  EXPECT_EQ(printable("a\xFF"
                      "b"),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(printable(""), "");
}

TEST(DisplayWidth, CountsColumnsNotBytes) {
  EXPECT_EQ(display_width("web"), 3U);
  EXPECT_EQ(display_width("café"), 4U);
  EXPECT_EQ(display_width("数据库"), 6U);
  EXPECT_EQ(display_width("e\xCC\x81"), 1U);  // A combining accent.
}

TEST(Clip, MarksWhatWasCut) {
  EXPECT_EQ(clip("short", 5), "short");
  EXPECT_EQ(clip("longer", 5), "long…");
  EXPECT_EQ(clip("数据库", 4), "数…");
  EXPECT_EQ(clip("x", 0), "");
}

TEST(JsonString, Escapes) {
  EXPECT_EQ(json_string("a\"b\\\n"), R"("a\"b\\\n")");
}

}  // namespace
}  // namespace plimsoll::agent
