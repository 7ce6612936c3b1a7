#include "exporter/metrics/print.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

#include "base/number.h"
#include "base/text.h"

namespace plimsoll::exporter {
namespace {

std::string seconds(std::uint64_t ns) {
  std::string out;
  append_seconds(out, ns);
  return out;
}

std::string real(double value) {
  char text[kMaxNumber];
  return {text, put_double(text, value)};
}

TEST(Seconds, AreExactAndTrimmed) {
  EXPECT_EQ(seconds(0), "0");
  EXPECT_EQ(seconds(1), "0.000000001");
  EXPECT_EQ(seconds(1'000), "0.000001");
  EXPECT_EQ(seconds(10'000'000), "0.01");
  EXPECT_EQ(seconds(1'000'000'000), "1");
  EXPECT_EQ(seconds(12'345'678'901), "12.345678901");
  EXPECT_EQ(seconds(12'345'678'000), "12.345678");
  EXPECT_EQ(seconds(12'300'000'000), "12.3");
  EXPECT_EQ(seconds(std::numeric_limits<std::uint64_t>::max()), "18446744073.709551615");
}

RC_GTEST_PROP(Seconds, ReadBackAsTheSameNanoseconds, (std::uint64_t ns)) {
  const std::string text = seconds(ns);
  const std::size_t dot = std::min(text.find('.'), text.size());
  std::string fraction = dot < text.size() ? text.substr(dot + 1) : "";
  if (dot < text.size()) RC_ASSERT(!fraction.empty() && fraction.back() != '0');
  fraction.resize(9, '0');
  const auto whole = to_number<std::uint64_t>(text.substr(0, dot));
  const auto rest = to_number<std::uint64_t>(fraction);
  RC_ASSERT(whole && rest);
  RC_ASSERT(*whole * kNano + *rest == ns);
}

TEST(Doubles, AreShortestAndSpeltAsPrometheusDoes) {
  EXPECT_EQ(real(0.1), "0.1");
  EXPECT_EQ(real(3.0), "3");
  EXPECT_EQ(real(-0.00025), "-0.00025");
  EXPECT_EQ(real(std::numeric_limits<double>::infinity()), "+Inf");
  EXPECT_EQ(real(-std::numeric_limits<double>::infinity()), "-Inf");
  EXPECT_EQ(real(std::numeric_limits<double>::quiet_NaN()), "NaN");
}

TEST(Numbers, FitTheRoomPromised) {
  EXPECT_LE(real(-std::numeric_limits<double>::denorm_min()).size(), kMaxNumber);
  EXPECT_LE(real(-std::numeric_limits<double>::max()).size(), kMaxNumber);
  EXPECT_LE(seconds(std::numeric_limits<std::uint64_t>::max() - 1).size(), kMaxNumber);
}

RC_GTEST_PROP(Times, AreWhatTheSlowFunctionSays, (std::int64_t ns)) {
  const WallTime time{std::chrono::nanoseconds(ns)};
  std::string out;
  append_rfc3339(out, time);
  RC_ASSERT(out == rfc3339(time));
}

TEST(Times, OfTheEndsOfTheClock) {
  for (const std::int64_t ns : {std::numeric_limits<std::int64_t>::max(), std::int64_t{0},
                                std::int64_t{-1}, std::int64_t{951'782'400'000'000'000}}) {
    std::string out;
    append_rfc3339(out, WallTime{std::chrono::nanoseconds(ns)});
    EXPECT_EQ(out, rfc3339(WallTime{std::chrono::nanoseconds(ns)}));
  }
}

}  // namespace
}  // namespace plimsoll::exporter
