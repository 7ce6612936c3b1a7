#include "base/text.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

std::string valid(std::string_view text) {
  std::string out;
  append_valid_utf8(out, text);
  return out;
}

TEST(Utf8, KeepsWhatIsValid) {
  for (const std::string_view text :
       {"", "plain", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x9A\xA2", "a\xED\x9F\xBF"}) {
    EXPECT_EQ(valid(text), text);
    EXPECT_TRUE(is_valid_utf8(text));
  }
}

struct BadUtf8 {
  const char* name;
  std::string_view text;
  std::string_view fixed;
};
class InvalidUtf8 : public ::testing::TestWithParam<BadUtf8> {};

TEST_P(InvalidUtf8, IsReplacedAndTheRestKept) {
  EXPECT_FALSE(is_valid_utf8(GetParam().text));
  EXPECT_EQ(valid(GetParam().text), GetParam().fixed);
  EXPECT_TRUE(is_valid_utf8(valid(GetParam().text)));
}

INSTANTIATE_TEST_SUITE_P(
    , InvalidUtf8,
    ::testing::Values(BadUtf8{"LoneContinuation", "a\x80z", "a\xEF\xBF\xBDz"},
                      BadUtf8{"Truncated", "a\xE2\x82", "a\xEF\xBF\xBD"},
                      BadUtf8{"Overlong", "\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD"},
                      BadUtf8{"Surrogate", "\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
                      BadUtf8{"TooLarge", "\xF4\x90\x80\x80",
                              "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
                      BadUtf8{"CutByAscii", "\xF0\x9F\x9A!", "\xEF\xBF\xBD!"}),
    [](const auto& p) { return std::string(p.param.name); });

TEST(Lines, LastLineNeedsNoNewline) {
  std::string_view text = "a\n\nb";
  std::string_view line;
  ASSERT_TRUE(next_line(text, line));
  EXPECT_EQ(line, "a");
  ASSERT_TRUE(next_line(text, line));
  EXPECT_EQ(line, "");
  ASSERT_TRUE(next_line(text, line));
  EXPECT_EQ(line, "b");
  EXPECT_FALSE(next_line(text, line));
}

TEST(Words, AreSplitAtRunsOfBlanks) {
  std::string_view line = "  a \t bc";
  std::string_view word;
  ASSERT_TRUE(next_word(line, word));
  EXPECT_EQ(word, "a");
  ASSERT_TRUE(next_word(line, word));
  EXPECT_EQ(word, "bc");
  EXPECT_FALSE(next_word(line, word));
}

TEST(Rfc3339, RoundTrips) {
  const WallTime time(std::chrono::nanoseconds(1'700'000'000'123'456'789));
  EXPECT_EQ(rfc3339(time), "2023-11-14T22:13:20.123456789Z");
  EXPECT_EQ(parse_rfc3339(rfc3339(time)), time);
}

TEST(Rfc3339, ReadsOffsetsAndShortFractions) {
  EXPECT_EQ(parse_rfc3339("2023-11-14T23:13:20.5+01:00"),
            WallTime(std::chrono::nanoseconds(1'700'000'000'500'000'000)));
  EXPECT_EQ(parse_rfc3339("2023-11-14T22:13:20Z"),
            WallTime(std::chrono::nanoseconds(1'700'000'000'000'000'000)));
}

TEST(Rfc3339, RefusesWhatIsNot) {
  for (const std::string_view text :
       {"", "0001-01-01T00:00:00Z", "2023-11-14 22:13:20Z", "2023-11-14T22:13:20",
        "2023-13-14T22:13:20Z", "2023-11-14T22:13:20.Z", "2023-11-14T22:13:20+1:00",
        "-023-11-14T22:13:20Z"})
    EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
}

}  // namespace
}  // namespace plimsoll
