#include "base/go_duration.h"

#include <gtest/gtest.h>

#include <string_view>

namespace plimsoll {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

TEST(GoDuration, ReadsWhatGoPrints) {
  EXPECT_EQ(parse_go_duration("24h"), hours(24));
  EXPECT_EQ(parse_go_duration("1h30m0.5s"), minutes(90) + milliseconds(500));
  EXPECT_EQ(parse_go_duration("300ms"), milliseconds(300));
  EXPECT_EQ(parse_go_duration("1.5us"), nanoseconds(1500));
  EXPECT_EQ(parse_go_duration("2\xC2\xB5s"), microseconds(2));
  EXPECT_EQ(parse_go_duration("-2m"), minutes(-2));
  EXPECT_EQ(parse_go_duration("+1s"), seconds(1));
  EXPECT_EQ(parse_go_duration("0"), seconds(0));
  EXPECT_EQ(parse_go_duration(".5s"), milliseconds(500));
}

TEST(GoDuration, RefusesEverythingElse) {
  for (const std::string_view bad : {"", "-", "5", "s", ".s", "1.2.3s", "1d", "1s ", " 1s", "1e3s",
                                     "nan", "1h-2m", "--1s", "300000h1", "9999999999h"})
    EXPECT_EQ(parse_go_duration(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace plimsoll
