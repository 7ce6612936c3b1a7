#include "exporter/stream/frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plimsoll::exporter {
namespace {

using std::chrono::seconds;

TEST(Framed, OneLineOrOneServerSentEvent) {
  EXPECT_EQ(framed(StreamFormat::kNdjson, "event", 7, "{}"), "{}\n");
  EXPECT_EQ(framed(StreamFormat::kSse, "event", 7, "{}"), "event: event\nid: 7\ndata: {}\n\n");
  EXPECT_EQ(framed(StreamFormat::kSse, "skipped", 0, "{}"), "event: skipped\ndata: {}\n\n");
}

TEST(ParseSince, FourWaysToSayWhen) {
  const WallTime now{seconds(1'700'000'000)};
  EXPECT_EQ(parse_since("#12", now)->sequence, 12U);
  EXPECT_EQ(parse_since("-5m", now)->time, now - seconds(300));
  EXPECT_EQ(parse_since("1600000000.5", now)->time,
            WallTime(seconds(1'600'000'000)) + std::chrono::milliseconds(500));
  EXPECT_EQ(parse_since("2020-09-13T12:26:40Z", now)->time, WallTime(seconds(1'600'000'000)));
}

TEST(ParseSince, RefusesTheRestAndSaysWhatItTakes) {
  for (const std::string bad : {"", "#", "#-1", "-", "-x", "yesterday", "5 m", "1.2.3"}) {
    const auto since = parse_since(bad, WallTime{});
    ASSERT_FALSE(since) << bad;
    EXPECT_THAT(since.error().subject, ::testing::HasSubstr("since=" + bad + ": give"));
  }
}

}  // namespace
}  // namespace plimsoll::exporter
