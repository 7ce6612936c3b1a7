#include "exporter/push/batcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>

#include "exporter/push/test_write_request.h"

namespace plimsoll::exporter {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::SizeIs;

constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};

std::vector<PushedSeries> decode_all(const std::vector<Batch>& batches) {
  std::vector<PushedSeries> all;
  for (const Batch& batch : batches) {
    std::vector<PushedSeries> series = decode_write_request(batch.body);
    EXPECT_EQ(series.size(), batch.samples);
    all.insert(all.end(), series.begin(), series.end());
  }
  return all;
}

bool is_stale(double value) {
  return std::bit_cast<std::uint64_t>(value) == 0x7ff0000000000002;
}

TEST(WriteRequest, LongTextsAndOldTimesKeepTheirLengths) {
  const std::vector<PushLabel> labels{{"__name__", std::string(300, 'n')},
                                      {"v", std::string(20'000, 'v')}};
  WriteRequest request;
  request.add(labels, -0.5, -1);
  const std::vector<PushedSeries> series = decode_write_request(request.take_compressed());
  ASSERT_THAT(series, SizeIs(1));
  EXPECT_EQ(series[0].label("__name__"), labels[0].value);
  EXPECT_EQ(series[0].label("v"), labels[1].value);
  EXPECT_EQ(series[0].value, -0.5);
  EXPECT_EQ(series[0].milliseconds, -1);
  EXPECT_EQ(request.samples(), 0U);
}

TEST(Batcher, LabelsAreSortedAndExternalOnesDoNotOverrule) {
  Batcher batcher({.external_labels = {{"job", "plimsoll"}, {"instance", "here"}}});
  const std::vector<PushedSeries> all =
      decode_all(batcher.batches("a_total{name=\"web\",instance=\"own\",Z=\"1\"} 3\n", kNow));
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_THAT(all[0].labels,
              ElementsAre(Pair("Z", "1"), Pair("__name__", "a_total"), Pair("instance", "own"),
                          Pair("job", "plimsoll"), Pair("name", "web")));
  EXPECT_EQ(all[0].value, 3);
  EXPECT_EQ(all[0].milliseconds, 1'700'000'000'000);
  EXPECT_EQ(all[1].label("__name__"), "up");
  EXPECT_EQ(all[1].label("instance"), "here");
  EXPECT_EQ(all[1].value, 1);
}

TEST(Batcher, ASeriesThatEndsGetsOneStaleMarkerWithItsLabels) {
  Batcher batcher({});
  static_cast<void>(batcher.batches("a{n=\"x\"} 1\na{n=\"y\"} 2\n", kNow));
  const std::vector<PushedSeries> second = decode_all(batcher.batches("a{n=\"y\"} 3\n", kNow));
  ASSERT_THAT(second, SizeIs(3));
  EXPECT_EQ(second[2].label("n"), "x");
  EXPECT_TRUE(is_stale(second[2].value));
  const std::vector<PushedSeries> third = decode_all(batcher.batches("a{n=\"y\"} 4\n", kNow));
  EXPECT_THAT(third, SizeIs(2));
}

TEST(Batcher, EverythingThatEndsAtOnceIsToldOfToo) {
  Batcher batcher({});
  std::string text;
  for (int i = 0; i < 500; ++i) text += "a{n=\"" + std::to_string(i) + "\"} 1\n";
  static_cast<void>(batcher.batches(text, kNow));
  const std::vector<PushedSeries> all = decode_all(batcher.batches("", kNow));
  EXPECT_THAT(all, SizeIs(501));
  EXPECT_EQ(std::ranges::count_if(all, is_stale, &PushedSeries::value), 500);
}

TEST(Batcher, RequestsHoldAtMostSoManySamples) {
  Batcher batcher({.external_labels = {}, .samples_per_request = 10});
  std::string text;
  for (int i = 0; i < 25; ++i) text += "a{n=\"" + std::to_string(i) + "\"} 1\n";
  const std::vector<Batch> batches = batcher.batches(text, kNow);
  EXPECT_THAT(batches, SizeIs(3));  // 25 and `up`.
  EXPECT_THAT(decode_all(batches), SizeIs(26));
}

TEST(Batcher, MalformedLinesAreCountedAndTheRestIsPushed) {
  Batcher batcher({});
  EXPECT_THAT(decode_all(batcher.batches("a{ 1\nb 2\nc{x=y} 3\n", kNow)), SizeIs(2));
  EXPECT_EQ(batcher.malformed_lines(), 2U);
}

}  // namespace
}  // namespace plimsoll::exporter
